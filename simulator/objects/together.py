"""Many small files at once: what costs is waiting for the disk, and it waits for all in one go."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import platform
import sys
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache, partial

from simulator.objects.errors import StoreFailed
from simulator.objects.paths import explained, in_made_folder, parts_of, sync_folder
from simulator.objects.writing import NEW, opened_work

SYNCFS_TELLS = (5, 8)
"""First Linux whose `syncfs` tells of what could not be written; older ones keep it to themselves
(syncfs(2))."""


def put_all(bucket: str, root: str, objects: Sequence[tuple[str, bytes]]) -> None:
    """See `bucket.Bucket.put_all`, of a bucket that is a folder.

    The contents go to files in the work folder, locked as a writer's are, are flushed together, and
    are moved to their places; then each folder that got some is flushed once.
    """
    parts = [parts_of(bucket, key) for key, _ in objects]
    with contextlib.ExitStack() as stack:
        work = stack.enter_context(opened_work(bucket, root))
        names: list[str] = []
        stack.callback(_remove, work, names)
        files: list[int] = []
        try:
            for _, data in objects:
                names.append(uuid.uuid4().hex)
                file = os.open(names[-1], NEW, 0o666, dir_fd=work)
                stack.callback(os.close, file)
                fcntl.flock(file, fcntl.LOCK_EX)
                _write(file, data)
                files.append(file)
            _flush(work, files)
        except OSError as error:
            raise StoreFailed.of(bucket, error) from error
        by_folder = defaultdict(list)
        for number, (*folders, name) in enumerate(parts):
            by_folder[tuple(folders)].append((number, name))
        for folder, places in by_folder.items():
            key = objects[places[0][0]][0]
            moves = [(names[number], name, objects[number][0]) for number, name in places]
            in_made_folder(bucket, root, list(folder), key, partial(_move, bucket, work, moves))
        names.clear()


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _flush(work: int, files: Sequence[int]) -> None:
    """What is in the files is on disk when this returns."""
    flush_all = _syncfs()
    if flush_all is not None and len(files) > 1:
        flush_all(work)
        return
    for file in files:
        os.fsync(file)


def _move(bucket: str, work: int, moves: list[tuple[str, str, str]], folder: int) -> None:
    """Give the files their places; those that are there already stay, when it is tried again."""
    while moves:
        source, name, key = moves[-1]
        try:
            os.replace(source, name, src_dir_fd=work, dst_dir_fd=folder)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise explained(bucket, key, folder, name, error, making=True) from error
        moves.pop()
    sync_folder(folder)


def _remove(work: int, names: Sequence[str]) -> None:
    """What has not been moved."""
    for name in names:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=work)


@cache
def _syncfs() -> Callable[[int], None] | None:
    """Flushes the file system of a descriptor; None where there is no such call, or none that tells
    of errors."""
    if sys.platform != "linux" or _linux_version() < SYNCFS_TELLS:
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):
        return None

    def flush(descriptor: int) -> None:
        if library.syncfs(descriptor):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    return flush


def _linux_version() -> tuple[int, int]:
    major, _, rest = platform.release().partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)
