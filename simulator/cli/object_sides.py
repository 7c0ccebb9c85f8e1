"""The two sides of a copy: objects below a path, or files of this machine."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

from simulator.cli.failures import Failure, UsageFailure
from simulator.objectpaths import BadObjectPath, ObjectPath, check_key, parse_object_path
from simulator.objects import Bucket, ObjectInfo, Writer
from simulator.objects.walk import Child, Level, walk

OBJECT_SCHEMES = ("obs://", "s3://", "https://", "//")
"""How a place begins that is an object's; anything else is a file of this machine, `/tmp/x` too."""


class Side(Protocol):
    """Something with content under relative names, in the order of their bytes."""

    def entries(self) -> Iterator[ObjectInfo]: ...

    def open(self, name: str) -> tuple[ObjectInfo, BinaryIO]: ...

    def writer(self, name: str) -> Writer: ...

    def delete(self, name: str) -> bool: ...

    def make_folder(self, name: str) -> object: ...


class ObjectSide:
    """Objects of a bucket whose keys begin with a folder's."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket, self._prefix = bucket, prefix

    def entries(self) -> Iterator[ObjectInfo]:
        for info in self._bucket.entries(self._prefix):
            if name := info.key.removeprefix(self._prefix):
                yield ObjectInfo(name, info.size_bytes, info.modified_ns)

    def open(self, name: str) -> tuple[ObjectInfo, BinaryIO]:
        return self._bucket.open(self._prefix + name)

    def writer(self, name: str) -> Writer:
        return self._bucket.writer(self._prefix + name)

    def delete(self, name: str) -> bool:
        return self._bucket.delete(self._prefix + name)

    def make_folder(self, name: str) -> object:
        return self._bucket.make_folder(self._prefix + name)


class LocalSide:
    """Files in a folder of this machine. Links to files count as files; links to folders do not
    count."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def entries(self) -> Iterator[ObjectInfo]:
        return walk(self)

    def open(self, name: str) -> tuple[ObjectInfo, BinaryIO]:
        path = self._root / name
        file = path.open("rb")
        status = os.fstat(file.fileno())
        return ObjectInfo(name, status.st_size, status.st_mtime_ns), file

    def writer(self, name: str) -> Writer:
        return LocalWriter(self._root / name, name)

    def delete(self, name: str) -> bool:
        path = self._root / name
        if name.endswith("/"):
            with contextlib.suppress(OSError):
                path.rmdir()
        else:
            path.unlink(missing_ok=True)
        for folder in path.parents:
            if not folder.is_relative_to(self._root) or folder == self._root:
                break
            with contextlib.suppress(OSError):
                folder.rmdir()
        return True

    def make_folder(self, name: str) -> object:
        folder = self._root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # -- walk.Tree ---------------------------------------------------------------------------

    def level(self, folder: str, floor: str, admits: Callable[[str], bool], limit: int) -> Level:
        found: list[str] = []
        try:
            listing = os.scandir(self._root / folder)
        except FileNotFoundError:  # it is made when the first file is written
            return Level([])
        with listing:
            for entry in listing:
                if entry.is_dir(follow_symlinks=False):
                    name = f"{entry.name}/"
                elif entry.is_file():
                    name = entry.name
                else:
                    continue
                if admits(name):
                    found.append(name)
        found.sort()
        names = found[:limit]
        children = [_child(self._root / folder, name) for name in names]
        return Level(children, names[-1] if len(found) > limit else "")

    def folder_modified_ns(self, folder: str) -> int | None:
        return (self._root / folder).stat().st_mtime_ns


def _child(folder: Path, name: str) -> Child:
    path = folder / name
    try:
        check_key(name)
    except BadObjectPath as error:
        raise Failure(f"{path!s}: no object can have this name: {error}") from error
    status = path.stat()
    return Child(name, status.st_size, status.st_mtime_ns)


class LocalWriter:
    """`Writer` of a file of this machine: it is there whole, or as it was before."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._info: ObjectInfo | None = None

    @property
    def info(self) -> ObjectInfo:
        assert self._info is not None, "the file is not written yet"
        return self._info

    def __enter__(self) -> LocalWriter:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=self._path.parent, prefix=".drydock-")
        self._file, self._draft = os.fdopen(descriptor, "wb"), Path(draft)
        return self

    def write(self, data: bytes | memoryview) -> None:
        self._file.write(data)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
            if kind is None:
                mask = os.umask(0)
                os.umask(mask)
                self._draft.chmod(0o666 & ~mask)
                status = self._draft.stat()
                self._draft.replace(self._path)
                self._info = ObjectInfo(self._name, status.st_size, status.st_mtime_ns)
        finally:
            self._draft.unlink(missing_ok=True)


def is_object(place: str) -> bool:
    """Whether a place on the command line is an object's."""
    return place.startswith(OBJECT_SCHEMES)


def object_path(text: str) -> ObjectPath:
    """The object that an argument names; a name without a slash is a bucket.

    Raises:
        UsageFailure: it names none.
    """
    try:
        return parse_object_path(text if "/" in text else f"obs://{text}")
    except BadObjectPath as error:
        raise UsageFailure(str(error)) from error
