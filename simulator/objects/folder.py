"""A bucket that is a folder, and its objects the files in it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from simulator.objectpaths import KEY_MAX_BYTES, is_usable
from simulator.objects.bucket import ObjectInfo
from simulator.objects.errors import (
    KeyInTheWay,
    KeyUnusable,
    NoSuchObject,
    ObjectStoreError,
    StoreFailed,
)
from simulator.objects.paths import (
    WORK_FOLDER,
    explained,
    in_made_folder,
    mode_of,
    opened_folder,
    opened_root,
    parts_of,
    sync_folder,
)
from simulator.objects.properties import Properties, PropertyFile
from simulator.objects.together import put_all
from simulator.objects.walk import Child, Level, walk
from simulator.objects.writing import FolderWriter

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""A named pipe is opened without waiting for its other end, and then refused."""
_APPEND = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FolderBucket:
    """`bucket.Bucket` on a folder.

    Symbolic links and files that are no regular ones are no objects: they are not listed, and keys
    do not lead through them.

    Args:
        root: the folder; it may be reached through links itself.
        properties: where it is noted which folders were made as such.
    """

    def __init__(self, name: str, root: Path, properties: PropertyFile) -> None:
        self.name = name
        self.root = root
        self._root = str(root)
        self._properties = properties

    def created_ns(self) -> int:
        with opened_root(self.name, self._root) as root:
            changed_ns = os.fstat(root).st_ctime_ns
        return self._properties.bucket_made_ns(self.name) or changed_ns

    def stat(self, key: str) -> ObjectInfo:
        *folders, name = parts_of(self.name, key)
        with opened_folder(self.name, self._root, folders, key) as folder:
            try:
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except OSError as error:
                raise explained(self.name, key, folder, name, error) from error
            self._refuse_link(key, found.st_mode, folder, name)
        is_right = stat.S_ISDIR if key.endswith("/") else stat.S_ISREG
        if not is_right(found.st_mode):
            raise NoSuchObject(self.name, key)
        return ObjectInfo(key, 0 if key.endswith("/") else found.st_size, found.st_mtime_ns)

    def entries(
        self, prefix: str = "", *, after: str = "", recursive: bool = True, at_once: int = 0
    ) -> Iterator[ObjectInfo]:
        with opened_root(self.name, self._root):
            pass
        return walk(self, prefix, after=after, recursive=recursive, at_once=at_once)

    def open(self, key: str) -> tuple[ObjectInfo, BinaryIO]:
        *folders, name = parts_of(self.name, key)
        with opened_folder(self.name, self._root, folders, key) as folder:
            try:
                descriptor = os.open(name, _READ, dir_fd=folder)
            except OSError as error:
                raise explained(self.name, key, folder, name, error) from error
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or key.endswith("/"):
            os.close(descriptor)
            raise NoSuchObject(self.name, key)
        return ObjectInfo(key, found.st_size, found.st_mtime_ns), os.fdopen(descriptor, "rb")

    def writer(self, key: str) -> FolderWriter:
        self._refuse_folder(key)
        return FolderWriter(self.name, self._root, key)

    def put_all(self, objects: Sequence[tuple[str, bytes]]) -> None:
        for key, _ in objects:
            self._refuse_folder(key)
        put_all(self.name, self._root, objects)

    def append(self, key: str, offset: int, data: bytes) -> int:
        self._refuse_folder(key)
        *folders, name = parts_of(self.name, key)

        def append(folder: int) -> int:
            is_new = mode_of(folder, name) is None
            try:
                descriptor = os.open(name, _APPEND, 0o666, dir_fd=folder)
            except FileNotFoundError:
                raise
            except OSError as error:
                raise explained(self.name, key, folder, name, error, making=True) from error
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                size = self._continue(file.fileno(), key, offset, data)
            if is_new:
                sync_folder(folder)
            return size

        return in_made_folder(self.name, self._root, folders, key, append)

    def _continue(self, file: int, key: str, offset: int, data: bytes) -> int:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise KeyInTheWay(self.name, key, "what is there is no regular file")
            if status.st_size < offset:
                raise StoreFailed(
                    f"obs://{self.name}/{key} has {status.st_size} bytes, and {offset} were written"
                )
            os.ftruncate(file, offset)
            rest, place = memoryview(data), offset
            while rest:
                written = os.pwrite(file, rest, place)
                rest, place = rest[written:], place + written
            os.fsync(file)
        except OSError as error:
            raise StoreFailed.of(self.name, error) from error
        return offset + len(data)

    def make_folder(self, key: str) -> ObjectInfo:
        parts = parts_of(self.name, key)
        status = in_made_folder(self.name, self._root, parts, key, os.fstat)
        info = ObjectInfo(key, 0, status.st_mtime_ns)
        self._properties.put(self.name, info, Properties(info.etag))
        return info

    def delete(self, key: str) -> bool:
        *folders, name = parts_of(self.name, key)
        try:
            with opened_folder(self.name, self._root, folders, key) as folder:
                self._remove(key, folder, name)
        except NoSuchObject:
            return False
        self._properties.forget(self.name, key)
        self._prune(folders)
        return True

    def _remove(self, key: str, folder: int, name: str) -> None:
        mode = mode_of(folder, name)
        is_folder = mode is not None and stat.S_ISDIR(mode)
        if mode is None or is_folder != key.endswith("/"):
            raise NoSuchObject(self.name, key)
        self._refuse_link(key, mode, folder, name)
        try:
            if is_folder:
                os.rmdir(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)
        except OSError as error:
            if is_folder and mode_of(folder, name) is not None:  # it has objects, and lives by them
                return
            raise explained(self.name, key, folder, name, error) from error

    def _prune(self, folders: list[str]) -> None:
        """Remove folders that are empty and were not made as such, from the innermost one out."""
        while folders:
            *outer, name = folders
            key = "/".join(folders) + "/"
            if self._properties.has(self.name, key):
                return
            try:
                with opened_folder(self.name, self._root, outer, key) as parent:
                    os.rmdir(name, dir_fd=parent)
            except (OSError, ObjectStoreError):
                return
            folders = outer

    def _refuse_folder(self, key: str) -> None:
        if not key or key.endswith("/"):
            raise KeyInTheWay(self.name, key, "a key that ends in / names a folder")

    def _refuse_link(self, key: str, mode: int, folder: int, name: str) -> None:
        if stat.S_ISLNK(mode):
            error = OSError(errno.ELOOP, "a symbolic link")
            raise explained(self.name, key, folder, name, error)

    # -- walk.Tree ---------------------------------------------------------------------------

    def level(self, folder: str, floor: str, admits: Callable[[str], bool], limit: int) -> Level:
        try:
            parts = parts_of(self.name, folder) if folder else []
        except KeyUnusable:  # no key begins like this
            return Level([])
        try:
            with opened_folder(self.name, self._root, parts, folder) as descriptor:
                names = _first_names(descriptor, folder, floor, admits, limit)
                found = (_measured(name, descriptor) for name in names)
                children = [child for child in found if child is not None]
        except NoSuchObject:
            return Level([])
        except OSError as error:
            raise StoreFailed.of(self.name, error) from error
        return Level(children, names[-1] if len(names) == limit else "")

    def folder_modified_ns(self, folder: str) -> int | None:
        with contextlib.suppress(ObjectStoreError):
            return self.stat(folder).modified_ns
        return None


def _first_names(
    descriptor: int, folder: str, floor: str, admits: Callable[[str], bool], limit: int
) -> list[str]:
    """The first names in order, with never more than twice as many in memory."""
    room = KEY_MAX_BYTES - len(folder.encode())
    chosen: list[str] = []
    highest = ""
    with os.scandir(descriptor) as listing:
        for entry in listing:
            name = entry.name
            # true of a file and of a folder of this name alike
            if name + "/" <= floor or (highest and name > highest):
                continue
            name = _object_name(entry, folder, room)
            if not name or not admits(name):
                continue
            chosen.append(name)
            if len(chosen) >= 2 * limit:
                chosen.sort()
                del chosen[limit:]
                highest = chosen[-1]
    chosen.sort()
    return chosen[:limit]


def _object_name(entry: os.DirEntry[str], folder: str, room: int) -> str:
    """The name as it stands in keys; empty for what is no object and has none."""
    name = entry.name
    if entry.is_dir(follow_symlinks=False):
        if not folder and name == WORK_FOLDER:
            return ""
        name += "/"
    elif not entry.is_file(follow_symlinks=False):
        return ""
    if not is_usable(name) or (len(name) * 4 > room and len(name.encode()) > room):
        return ""
    return name


def _measured(name: str, descriptor: int) -> Child | None:
    try:
        found = os.stat(name.removesuffix("/"), dir_fd=descriptor, follow_symlinks=False)
    except OSError:  # deleted meanwhile
        return None
    return Child(name, found.st_size, found.st_mtime_ns)
