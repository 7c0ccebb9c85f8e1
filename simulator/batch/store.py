"""What a batch job needs of the place where objects lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from simulator.objectpaths import ObjectPath


class ObjectReader(Protocol):
    """Objects to read. All calls may block."""

    def open(self, path: ObjectPath) -> BinaryIO:
        """The object's content, from its beginning; the caller closes it.

        Raises:
            FileNotFoundError: there is no such object; a folder is none.
            OSError: it cannot be read.
        """
        ...

    def size(self, path: ObjectPath) -> int:
        """The object's size in bytes.

        Raises:
            FileNotFoundError: there is no such object; a folder is none.
            OSError: it cannot be asked.
        """
        ...

    def walk(self, folder: ObjectPath) -> Iterator[tuple[str, int]]:
        """Key and size of every object whose key begins with the folder's, in the order of the
        keys' UTF-8 bytes; one after the other, so that a folder of any size needs no memory. The
        folder's key is empty or ends in `/`.

        Raises:
            OSError: it cannot be listed.
        """
        ...
