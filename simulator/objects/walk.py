"""Listings in the order of the keys' bytes, over anything that has folders. Pure.

The order of keys is not that of a folder's names: `a-b` < `a/` < `a0`, so that a folder is sorted
as its name with the `/`. Python compares text by code points, which is the order of UTF-8's bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from simulator.objects.bucket import ObjectInfo

NAMES_AT_ONCE = 20_000
"""Names of one folder that are in memory at a time; a larger folder is read several times."""


@dataclass(frozen=True, slots=True)
class Child:
    """A file or folder in a folder.

    Attributes:
        name: ends in `/` for a folder.
    """

    name: str
    size_bytes: int
    modified_ns: int
    store_etag: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """The first children of a folder, by name.

    Attributes:
        last: the last name that was looked at, if there are more behind it; else empty.
    """

    children: list[Child]
    last: str = ""


class Tree(Protocol):
    """Something that has folders."""

    def level(self, folder: str, floor: str, admits: Callable[[str], bool], limit: int) -> Level:
        """The first ones, `limit` at most, of a folder's children that are admitted; none where
        there is no such folder.

        Args:
            folder: empty for the top, else with a final `/`.
            floor: no name up to this one is admitted; it saves asking.
        """

    def folder_modified_ns(self, folder: str) -> int | None:
        """When something was last added to the folder or taken from it; None without one."""


def walk(
    tree: Tree, prefix: str = "", *, after: str = "", recursive: bool = True, at_once: int = 0
) -> Iterator[ObjectInfo]:
    """Objects in order. Arguments: `Bucket.entries`."""
    start = prefix[: prefix.rfind("/") + 1]
    batch = min(at_once, NAMES_AT_ONCE) if at_once else NAMES_AT_ONCE
    listing = _Listing(tree, prefix, after, recursive, max(batch, 1))
    yield from listing.below(start, bool(start) and start == prefix)


@dataclass(frozen=True)
class _Listing:
    tree: Tree
    prefix: str
    after: str
    recursive: bool
    batch: int

    def below(self, folder: str, whole: bool) -> Iterator[ObjectInfo]:
        """The objects in a folder, or the folder itself when it is empty.

        Args:
            whole: the folder itself and all that is in it have the prefix.
        """
        floor = ""
        while True:
            level = self._level(folder, floor)
            for child in level.children:
                yield from self._child(folder, child)
            if whole and not (level.children or floor) and folder > self.after:
                yield from self._empty(folder)
            if not level.last:
                return
            floor = level.last

    def _empty(self, folder: str) -> Iterator[ObjectInfo]:
        modified_ns = self.tree.folder_modified_ns(folder)
        if modified_ns is not None:
            yield ObjectInfo(folder, 0, modified_ns)

    def _child(self, folder: str, child: Child) -> Iterator[ObjectInfo]:
        key = folder + child.name
        if not child.name.endswith("/"):
            yield ObjectInfo(key, child.size_bytes, child.modified_ns, store_etag=child.store_etag)
        elif self.recursive:
            yield from self.below(key, True)
        elif key > self.after or self._goes_on_behind(key):
            yield ObjectInfo(key, 0, child.modified_ns, is_prefix=True)

    def _goes_on_behind(self, folder: str) -> bool:
        """Whether a folder that `after` lies in has something behind it."""
        if self.after == folder:
            return False
        return next(walk(self.tree, folder, after=self.after, at_once=1), None) is not None

    def _level(self, folder: str, floor: str) -> Level:
        if self.after > folder and not self.after.startswith(folder):
            return Level([])  # everything in here lies before it
        offset = len(folder)
        wanted = self.prefix[offset:] if self.prefix.startswith(folder) else ""
        passed = self.after[offset:] if self.after.startswith(folder) else ""

        def admits(name: str) -> bool:
            if name <= floor or not name.startswith(wanted):
                return False
            # a folder that begins like `after` may hold what lies behind it
            return name > passed or (name[-1] == "/" and passed.startswith(name))

        lowest = max(floor, passed.partition("/")[0])
        return self.tree.level(folder, lowest, admits, self.batch)
