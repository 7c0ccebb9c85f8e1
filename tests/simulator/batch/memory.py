"""Objects in memory, and content that is made while it is read."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from simulator.objectpaths import ObjectPath, parse_object_path

BROKEN = b"\x00 cannot be opened"
TORN = b"\x00 cannot be read to its end"


class MemoryObjects:
    """An `ObjectReader` over a dictionary of object paths and contents.

    Attributes:
        opened: every path that was opened, in order.
    """

    def __init__(self, contents: dict[str, bytes]) -> None:
        parsed = ((parse_object_path(path), content) for path, content in contents.items())
        self._contents = {(path.bucket, path.key): content for path, content in parsed}
        self.opened: list[str] = []

    def open(self, path: ObjectPath) -> BinaryIO:
        self.opened.append(str(path))
        content = self._of(path)
        if content == BROKEN:
            raise PermissionError(13, "Permission denied")
        return made(_torn()) if content == TORN else io.BytesIO(content)

    def size(self, path: ObjectPath) -> int:
        return len(self._of(path))

    def walk(self, folder: ObjectPath) -> Iterator[tuple[str, int]]:
        for (bucket, key), content in sorted(self._contents.items()):
            if bucket == folder.bucket and key.startswith(folder.key):
                yield key, len(content)

    def _of(self, path: ObjectPath) -> bytes:
        if path.is_folder or (path.bucket, path.key) not in self._contents:
            raise FileNotFoundError(2, "No such file or directory")
        return self._contents[path.bucket, path.key]


def _torn() -> Iterator[bytes]:
    yield b"some"
    raise ConnectionResetError("the connection was lost")


class Pieces(io.RawIOBase):
    """A binary stream of pieces that are made one after the other."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = next(self._pieces, b"")
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


def made(pieces: Iterable[bytes]) -> BinaryIO:
    """A buffered stream of `Pieces`."""
    return io.BufferedReader(Pieces(pieces))


def peak_bytes(work: Callable[[], object]) -> int:
    """The most memory that was in use at a time, beyond what was before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
