"""Listings are in the order of the keys' bytes, whatever lies in the folders."""

from __future__ import annotations

import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from simulator.objects import walk as walking
from simulator.objects.folder import FolderBucket
from simulator.objects.walk import Child, Level, walk
from tests.simulator.objects.conftest import keys, put


class Flat:
    """A tree of one folder with very many names that are not in memory."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.scans = 0

    def level(self, folder: str, floor: str, admits: Callable[[str], bool], limit: int) -> Level:
        self.scans += 1
        chosen: list[str] = []
        for number in range(self.count):
            name = f"{number * 7919 % self.count:08d}"
            if admits(name):
                chosen.append(name)
                if len(chosen) >= 2 * limit:
                    chosen.sort()
                    del chosen[limit:]
        chosen.sort()
        names = chosen[:limit]
        children = [Child(name, 1, 1) for name in names]
        return Level(children, names[-1] if len(names) == limit else "")

    def folder_modified_ns(self, folder: str) -> int | None:
        return 0


def test_the_order_is_that_of_bytes_and_not_of_names(bucket: FolderBucket) -> None:
    wanted = ["a!", "a-b", "a/x", "a0", "a/-", "ab/c", "Z", "é", "\U00010000", "\ufffd", "a.txt"]
    for key in wanted:
        put(bucket, key)
    assert keys(bucket) == sorted(wanted, key=lambda key: key.encode())


def test_folders_are_one_entry_each_where_the_listing_is_not_recursive(
    bucket: FolderBucket,
) -> None:
    for key in ("a/b/c", "a/b/d", "a/e", "f"):
        put(bucket, key)
    bucket.make_folder("g/")
    found = [(info.key, info.is_prefix) for info in bucket.entries(recursive=False)]
    assert found == [("a/", True), ("f", False), ("g/", True)]
    assert keys(bucket, "a/", recursive=False) == ["a/b/", "a/e"]
    assert keys(bucket, "a/b", recursive=False) == ["a/b/"]
    assert keys(bucket, "g/", recursive=False) == ["g/"]


def test_a_prefix_is_the_beginning_of_a_key_and_no_folder(bucket: FolderBucket) -> None:
    for key in ("ab/c", "ab/d", "abc", "b"):
        put(bucket, key)
    assert keys(bucket, "ab") == ["ab/c", "ab/d", "abc"]
    assert keys(bucket, "ab/") == ["ab/c", "ab/d"]
    assert keys(bucket, "ab/c") == ["ab/c"]
    for prefix in ("x", "ab/x/", "abc/", "b/"):
        assert keys(bucket, prefix) == []


def test_a_listing_goes_on_behind_a_key(bucket: FolderBucket) -> None:
    for key in ("a", "b/c", "b/d/e", "b/f", "c"):
        put(bucket, key)
    assert keys(bucket, after="b/c") == ["b/d/e", "b/f", "c"]
    assert keys(bucket, after="b/") == ["b/c", "b/d/e", "b/f", "c"]
    assert keys(bucket, after="b0") == ["c"]
    assert keys(bucket, after="b/d/e/x") == ["b/f", "c"]
    assert keys(bucket, after="zzz") == []
    assert keys(bucket, after="b/", recursive=False) == ["c"]
    assert keys(bucket, after="b/c", recursive=False) == ["b/", "c"]
    assert keys(bucket, after="b/f", recursive=False) == ["c"]


KEYS = st.lists(
    st.lists(st.text("ab-/.0é", min_size=1, max_size=3), min_size=1, max_size=3).map("/".join),
    max_size=12,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    names=KEYS,
    prefix=st.text("ab-/0", max_size=3),
    after=st.text("ab-/0é", max_size=4),
    batch=st.integers(1, 4),
)
@example(names=["a", "a-/b", "a0"], prefix="a", after="a-/", batch=1)
def test_every_listing_is_that_of_the_sorted_keys(
    root: Path,
    bucket: FolderBucket,
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    prefix: str,
    after: str,
    batch: int,
) -> None:
    """The oracle: the keys that were stored, sorted and cut with plain text operations."""
    monkeypatch.setattr(walking, "NAMES_AT_ONCE", batch)
    shutil.rmtree(root)
    root.mkdir()
    stored = set()
    for name in names:
        try:
            put(bucket, name)
        except Exception:
            continue
        stored.add(name)
    wanted = sorted(key for key in stored if key.startswith(prefix) and key > after)
    assert keys(bucket, prefix, after=after) == wanted
    ends = {key: key.find("/", len(prefix)) + 1 for key in wanted}
    folded = {key[: ends[key]] or key for key in wanted} - {after}
    assert keys(bucket, prefix, after=after, recursive=False) == sorted(folded)


def test_many_names_in_one_folder_take_no_more_memory_than_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(walking, "NAMES_AT_ONCE", 300)

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            assert sum(1 for _ in walk(Flat(count))) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(6_000) < 1.3 * peak(2 * walking.NAMES_AT_ONCE)


def test_a_caller_that_wants_few_names_keeps_few_in_memory() -> None:
    tree = Flat(10_000)
    found = []
    for info in walk(tree, after="00000099", at_once=11):
        found.append(info.key)
        if len(found) == 10:
            break
    assert (found[0], found[-1], tree.scans) == ("00000100", "00000109", 1)


def test_what_vanishes_during_a_listing_ends_nothing_early(
    bucket: FolderBucket, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "NAMES_AT_ONCE", 2)
    for name in "abcdef":
        put(bucket, name)
    listing = bucket.entries()
    assert next(listing).key == "a"
    for name in "bcd":
        (root / name).unlink()
    assert [info.key for info in listing] == ["b", "e", "f"]
