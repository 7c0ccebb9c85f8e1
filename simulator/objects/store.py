"""All buckets of a data directory."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from simulator.objectpaths import BadObjectPath, ObjectPath, check_bucket
from simulator.objects.bucket import Bucket, ObjectInfo, Writer
from simulator.objects.errors import (
    BucketNotEmpty,
    BucketTaken,
    NoSuchBucket,
    NoSuchObject,
    StoreFailed,
    Unsupported,
)
from simulator.objects.folder import FolderBucket
from simulator.objects.mapping import open_remote
from simulator.objects.paths import WORK_FOLDER
from simulator.objects.properties import PropertyFile
from simulator.objects.writing import sweep
from simulator.objectsettings import BucketSettings

logger = logging.getLogger(__name__)

PROPERTIES_FILE = ".properties.db"
UPLOADS_FOLDER = ".uploads"
"""Beside the buckets' folders; no bucket's name begins with a full stop."""


class ObjectStore:
    """The buckets: folders of the data directory, and those that settings map elsewhere.

    Several processes may use a data directory's buckets at the same time, the server's among them.
    Calls that take an `ObjectPath` do what `Bucket` says of the call of that name.

    Args:
        home: folder of the buckets' folders, `Paths.objects`.
        mapped: by bucket name; their hosts have been held against the allowed ones.

    Attributes:
        properties: what clients said of their objects.
        uploads: folder for uploads in parts and for objects on their way to other stores.
    """

    def __init__(self, home: Path, mapped: Mapping[str, BucketSettings] | None = None) -> None:
        self._home = home
        self._mapped = dict(mapped or {})
        self._remote: dict[str, Bucket] = {}
        self._lock = threading.Lock()
        self.properties = PropertyFile(home / PROPERTIES_FILE)
        self.uploads = home / UPLOADS_FOLDER

    # -- buckets -----------------------------------------------------------------------------

    def bucket(self, name: str) -> Bucket:
        """The bucket of this name.

        Raises:
            NoSuchBucket: there is none.
            StoreFailed: the library that it needs is missing.
        """
        settings = self._mapped.get(name)
        if settings is None:
            self._check(name)
            folder = self._home / name
        elif settings.folder is None:
            return self._elsewhere(name, settings)
        else:
            folder = settings.folder
        if not folder.is_dir():
            raise NoSuchBucket(name, "" if settings is None else f"{folder} is no folder")
        return FolderBucket(name, folder, self.properties)

    def names(self) -> list[str]:
        """The names of all buckets, in order."""
        found = set(self._mapped)
        try:
            with os.scandir(self._home) as listing:
                found |= {one.name for one in listing if one.is_dir() and _is_name(one.name)}
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreFailed.of(str(self._home), error) from error
        return sorted(found)

    def create(self, name: str) -> None:
        """Make a bucket.

        Raises:
            BadObjectPath: the name breaks a rule.
            BucketTaken: there is one.
            StoreFailed
        """
        check_bucket(name)
        if name in self._mapped:
            raise BucketTaken(name)
        try:
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self._home / name).mkdir()
            self.properties.note_bucket(name, (self._home / name).stat().st_ctime_ns)
        except FileExistsError as error:
            raise BucketTaken(name) from error
        except OSError as error:
            raise StoreFailed.of(name, error) from error

    def remove(self, name: str) -> None:
        """Delete a bucket without objects; folders without any may be left in it.

        Raises:
            NoSuchBucket, StoreFailed
            BucketNotEmpty: it has objects.
            Unsupported: a setting maps it elsewhere.
        """
        if name in self._mapped:
            raise Unsupported(f"bucket {name} is given by a setting; remove it there")
        folder = self._home / name
        bucket = self.bucket(name)
        if any(not info.key.endswith("/") for info in bucket.entries(at_once=1000)):
            raise BucketNotEmpty(name)
        try:
            if folder.is_symlink():
                folder.unlink()
            else:
                _remove_empty(folder)
        except OSError as error:  # somebody has put an object, or a file that is none
            raise BucketNotEmpty(name) from error
        self.properties.forget(name)

    # -- objects -----------------------------------------------------------------------------

    def exists(self, path: ObjectPath) -> bool:
        """Whether there is such an object or folder."""
        try:
            self.stat(path)
        except (NoSuchObject, NoSuchBucket):
            return False
        return True

    def stat(self, path: ObjectPath) -> ObjectInfo:
        return self.bucket(path.bucket).stat(path.key)

    def entries(self, path: ObjectPath, *, recursive: bool = True) -> Iterator[ObjectInfo]:
        """The objects in a folder or bucket, in order; those whose keys begin like the path's."""
        return self.bucket(path.bucket).entries(path.key, recursive=recursive)

    def open(self, path: ObjectPath) -> tuple[ObjectInfo, BinaryIO]:
        return self.bucket(path.bucket).open(path.key)

    def writer(self, path: ObjectPath) -> Writer:
        return self.bucket(path.bucket).writer(path.key)

    def put_all(self, bucket: str, objects: Sequence[tuple[str, bytes]]) -> None:
        self.bucket(bucket).put_all(objects)

    def append(self, path: ObjectPath, offset: int, data: bytes) -> int:
        return self.bucket(path.bucket).append(path.key, offset, data)

    def delete(self, path: ObjectPath) -> bool:
        return self.bucket(path.bucket).delete(path.key)

    # -- life --------------------------------------------------------------------------------

    def sweep(self) -> int:
        """Remove what writers left that were killed; returns how many files."""
        removed = 0
        for name in self.names():
            settings = self._mapped.get(name)
            folder = self._home / name if settings is None else settings.folder
            if folder is not None:
                removed += sweep(name, str(folder))
        if removed:
            logger.info("removed %d unfinished uploads", removed)
        return removed

    def close(self) -> None:
        self.properties.close()

    def _elsewhere(self, name: str, settings: BucketSettings) -> Bucket:
        with self._lock:
            if name not in self._remote:
                self._remote[name] = open_remote(name, settings, self.uploads)
            return self._remote[name]

    @staticmethod
    def _check(name: str) -> None:
        try:
            check_bucket(name)
        except BadObjectPath as error:
            raise NoSuchBucket(name) from error


def _is_name(name: str) -> bool:
    try:
        check_bucket(name)
    except BadObjectPath:
        return False
    return True


def _remove_empty(folder: Path) -> None:
    """Remove a folder with the empty ones in it; the work folder goes with what is left there."""
    work = folder / WORK_FOLDER
    if work.is_dir() and not work.is_symlink():
        for left in work.iterdir():
            left.unlink()
        work.rmdir()
    for inner, folders, _ in os.walk(folder, topdown=False):
        for name in folders:
            Path(inner, name).rmdir()
    folder.rmdir()
