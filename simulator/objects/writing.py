"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections.abc import Iterator
from types import TracebackType

from simulator.objects.bucket import ObjectInfo
from simulator.objects.errors import ObjectStoreError, StoreFailed
from simulator.objects.paths import (
    WORK_FOLDER,
    explained,
    in_made_folder,
    opened_root,
    parts_of,
    sync_folder,
)

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_WORK = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def opened_work(bucket: str, root: str) -> Iterator[int]:
    """A descriptor of the bucket's work folder, which is made if it is missing.

    Raises:
        NoSuchBucket, StoreFailed
    """
    with opened_root(bucket, root) as top:
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(WORK_FOLDER, 0o700, dir_fd=top)
            descriptor = os.open(WORK_FOLDER, _WORK, dir_fd=top)
        except OSError as error:
            raise StoreFailed.of(bucket, error) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class FolderWriter:
    """`bucket.Writer` of a bucket that is a folder.

    The content goes to a file in the bucket's work folder, which is locked for as long as somebody
    writes it. At the end it is flushed to disk and moved to its place, and the move is flushed too.
    """

    def __init__(self, bucket: str, root: str, key: str) -> None:
        self._bucket, self._root, self._key = bucket, root, key
        self._parts = parts_of(bucket, key)
        self._name = uuid.uuid4().hex
        self._work = -1
        self._file = -1
        self._info: ObjectInfo | None = None

    @property
    def info(self) -> ObjectInfo:
        """The object as it was stored."""
        assert self._info is not None, "the object is not written yet"
        return self._info

    def __enter__(self) -> FolderWriter:
        try:
            with opened_work(self._bucket, self._root) as work:
                self._work = os.dup(work)
            self._file = os.open(self._name, NEW, 0o666, dir_fd=self._work)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError as error:
            self._close()
            raise StoreFailed.of(self._bucket, error) from error
        return self

    def write(self, data: bytes | memoryview) -> None:
        """Add to the content."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            raise StoreFailed.of(self._bucket, error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        moved = False
        try:
            if kind is None:
                self._flush()
                self._move()
                moved = True
        finally:
            if not moved:
                with contextlib.suppress(OSError):
                    os.unlink(self._name, dir_fd=self._work)
            self._close()

    def _flush(self) -> None:
        try:
            os.fsync(self._file)
            status = os.fstat(self._file)
        except OSError as error:
            raise StoreFailed.of(self._bucket, error) from error
        self._info = ObjectInfo(self._key, status.st_size, status.st_mtime_ns)

    def _move(self) -> None:
        *folders, name = self._parts

        def move(folder: int) -> None:
            try:
                os.replace(self._name, name, src_dir_fd=self._work, dst_dir_fd=folder)
                sync_folder(folder)
            except FileNotFoundError:
                raise
            except OSError as error:
                raise explained(
                    self._bucket, self._key, folder, name, error, making=True
                ) from error

        in_made_folder(self._bucket, self._root, folders, self._key, move)

    def _close(self) -> None:
        for descriptor in (self._file, self._work):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._work = -1


def sweep(bucket: str, root: str) -> int:
    """Remove what writers left that were killed; returns how many files. What somebody is writing
    now is locked, and stays."""
    try:
        with opened_root(bucket, root) as top:
            work = os.open(WORK_FOLDER, _WORK, dir_fd=top)
    except (OSError, ObjectStoreError):  # nobody ever wrote, or the folder is not there
        return 0
    try:
        with os.scandir(work) as listing:
            removed = sum(_remove_unlocked(work, entry.name) for entry in listing)
    finally:
        os.close(work)
    return removed


def _remove_unlocked(work: int, name: str) -> bool:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=work)
    except OSError:  # it has been moved to its place meanwhile
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name, dir_fd=work)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
