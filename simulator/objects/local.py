"""Objects as files, for what works on paths."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from simulator.objectpaths import ObjectPath
from simulator.objects.errors import NoSuchObject, Unsupported
from simulator.objects.folder import FolderBucket
from simulator.objects.store import ObjectStore

COPY_BYTES = 1024 * 1024


def _always(key: str) -> bool:
    return True


@contextlib.contextmanager
def local_folder(
    store: ObjectStore,
    path: ObjectPath,
    scratch: Path,
    *,
    max_bytes: int,
    whole: Callable[[str], bool] = _always,
) -> Iterator[Path]:
    """A folder of objects as a folder of this machine, for as long as the block lasts.

    A bucket that is a folder gives the folder itself, to be read only. Of another one copies are
    made; those objects for which `whole` is false are empty files then.

    Args:
        scratch: folder for the copies, on a disk that has room for them.
        max_bytes: most that is copied.

    Raises:
        NoSuchObject, NoSuchBucket, KeyUnusable, StoreFailed
        Unsupported: there is more than `max_bytes`.
    """
    bucket = store.bucket(path.bucket)
    if isinstance(bucket, FolderBucket):
        if path.key:
            bucket.stat(path.as_folder().key)  # refuses symbolic links on the way
        yield bucket.root / path.key.rstrip("/")
        return
    with tempfile.TemporaryDirectory(dir=scratch, suffix=".part") as parent:
        target = Path(parent, path.name or path.bucket)
        target.mkdir()
        _fetch(store, path.as_folder(), target, max_bytes, whole)
        yield target


def _fetch(
    store: ObjectStore,
    path: ObjectPath,
    target: Path,
    max_bytes: int,
    whole: Callable[[str], bool],
) -> None:
    left, count = max_bytes, 0
    for info in store.entries(path):
        count += 1
        if info.key.endswith("/"):
            continue
        place = target / info.key.removeprefix(path.key)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not whole(info.key):
            place.touch()
            continue
        left -= info.size_bytes
        if left < 0:
            raise Unsupported(f"{path} has more than {max_bytes} bytes")
        _, file = store.open(ObjectPath(path.bucket, info.key))
        with file, place.open("wb") as copy:
            shutil.copyfileobj(file, copy, COPY_BYTES)
    if not count:
        raise NoSuchObject(path.bucket, path.key)
