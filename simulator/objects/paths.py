"""Files of a bucket, reached part by part from the bucket's folder, so that no key leads out of it.

Each folder on the way is opened in the one before it and never through a symbolic link: there is no
moment at which a name could be exchanged for another one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from typing import TypeVar

from simulator.objectpaths import BadObjectPath, check_key
from simulator.objects.errors import (
    KeyInTheWay,
    KeyUnusable,
    NoSuchBucket,
    NoSuchObject,
    ObjectStoreError,
    StoreFailed,
)

WORK_FOLDER = ".drydock-uploads"
"""Folder in a bucket for what is being written; no key begins with it."""

TRIES = 20
"""How often a folder is made again."""

T = TypeVar("T")

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_LINK = "it leads through a symbolic link; a setting can map a bucket to a folder elsewhere"


def parts_of(bucket: str, key: str) -> list[str]:
    """The names of the folders and the file that a key is; a final `/` makes no part.

    Raises:
        KeyUnusable: a file system cannot have it, or it is not allowed.
    """
    try:
        check_key(key)
    except BadObjectPath as error:
        raise KeyUnusable(bucket, key, str(error)) from error
    parts = key.removesuffix("/").split("/")
    if not all(parts):
        raise KeyUnusable(bucket, key, "a folder cannot have a key with an empty part")
    if parts[0] == WORK_FOLDER:
        raise KeyUnusable(bucket, key, f"{WORK_FOLDER} is reserved")
    return parts


@contextlib.contextmanager
def opened_root(bucket: str, root: str) -> Iterator[int]:
    """A descriptor of the bucket's folder, which may be reached through links: the user made it.

    Raises:
        NoSuchBucket, StoreFailed
    """
    descriptor = _open_root(bucket, root)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_root(bucket: str, root: str) -> int:
    try:
        return os.open(root, _FOLDER)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoSuchBucket(bucket) from error
    except OSError as error:
        raise StoreFailed.of(bucket, error) from error


@contextlib.contextmanager
def opened_folder(
    bucket: str, root: str, parts: list[str], key: str, *, make: bool = False
) -> Iterator[int]:
    """A descriptor of a folder in the bucket.

    Args:
        parts: names of the folders on the way.
        key: for error messages.
        make: make the folders that are missing.

    Raises:
        NoSuchBucket, KeyUnusable, StoreFailed
        NoSuchObject: there is no such folder.
        KeyInTheWay: a file is where a folder should be made.
    """
    descriptor = _open_root(bucket, root)
    try:
        for part in parts:
            inner = _enter(bucket, descriptor, part, key, make)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def in_made_folder(
    bucket: str, root: str, parts: list[str], key: str, act: Callable[[int], T]
) -> T:
    """Do something in a folder that is made if it is missing. Whoever deletes the last object of a
    folder removes it; where that happens meanwhile, it is made again.

    Args:
        act: gets a descriptor of the folder; `FileNotFoundError` means that the folder has gone.

    Raises:
        NoSuchBucket, KeyUnusable, KeyInTheWay, StoreFailed
    """
    for _ in range(TRIES):
        try:
            with opened_folder(bucket, root, parts, key, make=True) as folder:
                return act(folder)
        except (FileNotFoundError, NoSuchObject):
            continue
    raise StoreFailed(f"obs://{bucket}/{key}: its folder is removed again and again")


def _enter(bucket: str, folder: int, name: str, key: str, make: bool) -> int:
    try:
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=folder)
                sync_folder(folder)
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        raise explained(bucket, key, folder, name, error, making=make) from error


def sync_folder(folder: int) -> None:
    """Flush a folder's names to disk, where the file system can."""
    with contextlib.suppress(OSError):
        os.fsync(folder)


def explained(
    bucket: str, key: str, folder: int, name: str, error: OSError, *, making: bool = False
) -> ObjectStoreError:
    """What an error of the system means for the key.

    Args:
        folder, name: the last name that was looked at, and the folder it is in.
        making: something was to be made there.
    """
    if error.errno == errno.ENAMETOOLONG:
        return KeyUnusable(bucket, key, "a part of it is longer than the file system allows")
    if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY):
        mode = mode_of(folder, name)
        if mode is not None and stat.S_ISLNK(mode):
            return KeyUnusable(bucket, key, _LINK)
        if making and mode is not None:
            what = "a folder" if stat.S_ISDIR(mode) else "an object"
            return KeyInTheWay(bucket, key, f"{what} named {name} is in its way")
        return NoSuchObject(bucket, key)
    if isinstance(error, FileNotFoundError):
        return NoSuchObject(bucket, key)
    return StoreFailed.of(bucket, error)


def mode_of(folder: int, name: str) -> int | None:
    """The mode of what has this name, not followed; None if nothing has."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except OSError:
        return None
