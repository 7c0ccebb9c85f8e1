"""A bucket that is somewhere else, behind a file system of fsspec."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

from simulator.objectpaths import is_usable
from simulator.objects.bucket import ObjectInfo
from simulator.objects.errors import (
    KeyInTheWay,
    KeyUnusable,
    NoSuchObject,
    ObjectStoreError,
    StoreFailed,
    Unsupported,
)
from simulator.objects.paths import parts_of
from simulator.objects.walk import Child, Level, walk

S3_PART_BYTES = 8 * 1024 * 1024
"""Size of the parts in which s3fs sends an object; it holds two of them in memory at most."""
AT_ONCE = 16
"""Objects that are written at once."""
_MODIFIED = ("LastModified", "last_modified", "mtime", "modified", "created")
"""What the file systems of fsspec call the time of the last change."""


class RemoteBucket:
    """`bucket.Bucket` on a file system of fsspec.

    An object is collected in a file here and then handed over in one call, so that it appears whole
    in stores whose uploads do (S3 and its like).

    Args:
        system: an fsspec `AbstractFileSystem`.
        root: the bucket's place in it.
        spool: folder for files on their way.
        protocol: the system's name, such as `s3`.
    """

    def __init__(self, name: str, system: Any, root: str, spool: Path, protocol: str) -> None:
        self.name = name
        self._system = system
        self._root = root.rstrip("/")
        self._spool = spool
        self._protocol = protocol

    def created_ns(self) -> int:
        with self._failures("", missing_ok=True):
            return _modified_ns(self._system.info(self._root))
        return 0

    def stat(self, key: str) -> ObjectInfo:
        path = self._path(key)
        with self._failures(key):
            self._system.invalidate_cache(path)
            found = self._system.info(path)
            if (found.get("type") == "directory") != key.endswith("/"):
                raise NoSuchObject(self.name, key)
            return self._info(key, found)
        raise AssertionError

    def entries(
        self, prefix: str = "", *, after: str = "", recursive: bool = True, at_once: int = 0
    ) -> Iterator[ObjectInfo]:
        return walk(self, prefix, after=after, recursive=recursive, at_once=at_once)

    def open(self, key: str) -> tuple[ObjectInfo, BinaryIO]:
        if key.endswith("/"):
            raise NoSuchObject(self.name, key)
        info = self.stat(key)
        with self._failures(key):
            return info, cast(BinaryIO, self._system.open(self._path(key), "rb"))
        raise AssertionError

    def writer(self, key: str) -> RemoteWriter:
        if not key or key.endswith("/"):
            raise KeyInTheWay(self.name, key, "a key that ends in / names a folder")
        self._path(key)
        return RemoteWriter(self, key, self._spool)

    def put_all(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """Several at once: each waits for the store on the other side."""

        def put(item: tuple[str, bytes]) -> None:
            with self.writer(item[0]) as writer:
                writer.write(item[1])

        with ThreadPoolExecutor(AT_ONCE, "objects") as pool:
            list(pool.map(put, objects))

    def append(self, key: str, offset: int, data: bytes) -> int:
        raise Unsupported(f"bucket {self.name}: objects of {self._protocol} cannot be continued")

    def make_folder(self, key: str) -> ObjectInfo:
        """Folders of other stores live by their objects; where there are real ones, it is made."""
        path = self._path(key)
        with self._failures(key):
            self._system.makedirs(path, exist_ok=True)
        return ObjectInfo(key, 0, 0)

    def delete(self, key: str) -> bool:
        try:
            self.stat(key)
        except NoSuchObject:
            return False
        with self._failures(key):
            if key.endswith("/"):
                with contextlib.suppress(OSError):  # it has objects, and lives by them
                    self._system.rmdir(self._path(key))
            else:
                self._system.rm(self._path(key))
        return True

    def take(self, key: str, file: str) -> ObjectInfo:
        """Store a local file's content as an object."""
        path = self._path(key)
        options = {"chunksize": S3_PART_BYTES} if self._protocol == "s3" else {}
        with self._failures(key):
            with contextlib.suppress(NotImplementedError):
                self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._system.put_file(file, path, **options)
        return self.stat(key)

    def _path(self, key: str) -> str:
        if not key:
            raise NoSuchObject(self.name, key)
        return f"{self._root}/{'/'.join(parts_of(self.name, key))}"

    def _info(self, key: str, found: dict[str, Any]) -> ObjectInfo:
        is_folder = key.endswith("/")
        size = 0 if is_folder else int(found.get("size") or 0)
        etag = str(found.get("ETag") or "").strip('"')
        return ObjectInfo(key, size, _modified_ns(found), store_etag=etag)

    @contextlib.contextmanager
    def _failures(self, key: str, *, missing_ok: bool = False) -> Iterator[None]:
        """Turns what any file system may raise into our own errors; nothing of it passes."""
        try:
            yield
        except ObjectStoreError:
            raise
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            if not missing_ok:
                raise NoSuchObject(self.name, key) from error
        except Exception as error:  # fsspec's file systems raise what their libraries do
            raise StoreFailed.of(self.name, error) from error

    # -- walk.Tree ---------------------------------------------------------------------------

    def level(self, folder: str, floor: str, admits: Callable[[str], bool], limit: int) -> Level:
        try:
            path = self._path(folder) if folder else self._root
        except KeyUnusable:  # no key begins like this
            return Level([])
        found: list[dict[str, Any]] = []
        with self._failures(folder, missing_ok=True):
            self._system.invalidate_cache(path)
            found = self._system.ls(path, detail=True)
        children = [child for one in found if (child := _child(one, path)) and admits(child.name)]
        children.sort(key=lambda child: child.name)
        return Level(children[:limit], children[limit - 1].name if len(children) > limit else "")

    def folder_modified_ns(self, folder: str) -> int | None:
        with contextlib.suppress(ObjectStoreError):
            return self.stat(folder).modified_ns
        return None


class RemoteWriter:
    """`bucket.Writer` of a bucket elsewhere."""

    def __init__(self, bucket: RemoteBucket, key: str, spool: Path) -> None:
        self._bucket, self._key, self._spool = bucket, key, spool
        self._stack = contextlib.ExitStack()
        self._info: ObjectInfo | None = None

    @property
    def info(self) -> ObjectInfo:
        """The object as it was stored."""
        assert self._info is not None, "the object is not written yet"
        return self._info

    def __enter__(self) -> RemoteWriter:
        try:
            self._spool.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = self._stack.enter_context(tempfile.NamedTemporaryFile(dir=self._spool))
        except OSError as error:
            raise StoreFailed.of(self._bucket.name, error) from error
        return self

    def write(self, data: bytes | memoryview) -> None:
        """Add to the content."""
        try:
            self._file.write(data)
        except OSError as error:
            raise StoreFailed.of(self._bucket.name, error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            if kind is None:
                self.write(b"")
                self._file.flush()
                self._info = self._bucket.take(self._key, self._file.name)


def _child(found: dict[str, Any], folder: str) -> Child | None:
    path = str(found["name"]).rstrip("/")
    parent, _, name = path.rpartition("/")
    if not name or not parent.endswith(folder.strip("/")) or not is_usable(name):
        return None  # s3fs lists a folder's own marker too
    is_folder = found.get("type") == "directory"
    etag = str(found.get("ETag") or "").strip('"')
    size = 0 if is_folder else int(found.get("size") or 0)
    return Child(f"{name}/" if is_folder else name, size, _modified_ns(found), etag)


def _modified_ns(found: dict[str, Any]) -> int:
    for name in _MODIFIED:
        value = found.get(name)
        if isinstance(value, datetime):
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            return int(aware.timestamp() * 1_000_000) * 1000
        if isinstance(value, int | float):
            return int(value * 1_000_000_000)
        if isinstance(value, str) and value:
            with contextlib.suppress(ValueError):
                return _modified_ns({name: datetime.fromisoformat(value)})
    return 0
