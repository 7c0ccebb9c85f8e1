"""What every bucket can do, wherever its objects lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object of a listing.

    Attributes:
        key: ends in `/` for a folder without objects, which counts as an object of no bytes.
        size_bytes: of its content.
        modified_ns: when it was last written, nanoseconds since the epoch.
        is_prefix: it stands for all objects whose keys begin like that; listings that are not
            recursive have such.
        store_etag: the entity tag that a store on the other side gave it; empty for files.
    """

    key: str
    size_bytes: int
    modified_ns: int
    is_prefix: bool = False
    store_etag: str = ""

    @property
    def etag(self) -> str:
        """An entity tag that changes when the object does. It has the form of a tag of an object in
        parts, which no client takes for the MD5 of the content."""
        if self.store_etag:
            return self.store_etag
        seen = f"{self.size_bytes}-{self.modified_ns}".encode()
        return hashlib.md5(seen, usedforsecurity=False).hexdigest() + "-1"


class Writer(Protocol):
    """An object that is being written; a context manager.

    At the end of the block the object is there whole, on disk, in place of an older one; after an
    error nothing has changed. Nobody sees it half.
    """

    def __enter__(self) -> Writer: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def write(self, data: bytes | memoryview) -> None:
        """Add to the content.

        Raises:
            StoreFailed: the disk is full, for example.
        """

    @property
    def info(self) -> ObjectInfo:
        """The object as it was stored; after the block only."""


class Bucket(Protocol):
    """A bucket. All calls block, and may come from any thread.

    Every call with a key raises `KeyUnusable` for one that this bucket cannot store,
    `NoSuchBucket` when the bucket has gone, and `StoreFailed`.
    """

    @property
    def name(self) -> str: ...

    def created_ns(self) -> int:
        """When the bucket was made, as far as the store tells: nanoseconds since the epoch."""

    def stat(self, key: str) -> ObjectInfo:
        """The object. A key that ends in `/` names a folder.

        Raises:
            NoSuchObject: there is none.
        """

    def entries(
        self, prefix: str = "", *, after: str = "", recursive: bool = True, at_once: int = 0
    ) -> Iterator[ObjectInfo]:
        """The objects whose keys begin with `prefix`, in the order of their keys' bytes.

        The memory it takes does not grow with their number. What is written or deleted meanwhile
        may be seen or not.

        Args:
            after: only keys behind this one.
            recursive: False to have everything below a folder as one entry (`is_prefix`).
            at_once: how many the caller will take at most, where known; 0 for all.
        """

    def open(self, key: str) -> tuple[ObjectInfo, BinaryIO]:
        """The object and its content, to be read bit by bit and closed; it can seek. Whoever has
        opened an object reads it to its end, whatever happens to it meanwhile.

        Raises:
            NoSuchObject: there is none.
        """

    def writer(self, key: str) -> Writer:
        """Write an object, new or in place of an older one.

        Raises:
            KeyInTheWay: a folder is where the object should go, or the other way round.
        """

    def put_all(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """Write many small objects, by key and content; keys differ. All are on disk when this
        returns; after an error each one is there whole, or as it was.

        Raises:
            KeyInTheWay: as `writer`.
        """

    def append(self, key: str, offset: int, data: bytes) -> int:
        """Continue an object: what it has beyond `offset` bytes is cut away, and the data added.

        On disk when this returns. A writer that remembers the size returned here goes on exactly
        after a crash, whatever had been written of a later call.

        Returns:
            The object's size.

        Raises:
            Unsupported: the store cannot continue objects; write a whole one.
            StoreFailed: the object is shorter than `offset`.
        """

    def make_folder(self, key: str) -> ObjectInfo:
        """Make an empty folder, which stays when it has no objects; `key` ends in `/`.

        Raises:
            KeyInTheWay: an object is where it should go.
        """

    def delete(self, key: str) -> bool:
        """Delete an object, and the folders that are empty then and were not made as such. A folder
        is deleted only when it is empty.

        Returns:
            Whether there was one.
        """
