"""Many objects at once, in any kind of bucket: each whole, on disk, or as it was."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.objects import KeyInTheWay, KeyUnusable, StoreFailed, together
from simulator.objects.folder import FolderBucket
from tests.simulator.objects.conftest import get, keys, put
from tests.simulator.objects.test_writing import left_over

MANY = [(f"folder-{number % 3}/file-{number}", bytes(number)) for number in range(200)]


@pytest.fixture(params=["all together", "one by one"])
def flushing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is flushed and moved, in order; on a system with `syncfs`, and on one without."""
    done: list[str] = []
    if request.param == "one by one":
        monkeypatch.setattr(together, "_syncfs", lambda: None)
    elif (flush := together._syncfs()) is None:
        pytest.skip("this system has no syncfs that tells of errors")
    else:
        monkeypatch.setattr(together, "_syncfs", lambda: _noted("content", flush, done))
    monkeypatch.setattr(os, "fsync", _noted("fsync", os.fsync, done))
    monkeypatch.setattr(os, "replace", _noted("move", os.replace, done))
    return done


def _noted(word: str, real: Callable[..., object], done: list[str]) -> Callable[..., object]:
    def note(*of: object, **more: object) -> object:
        done.append(word)
        return real(*of, **more)

    return note


def test_all_are_there(bucket: FolderBucket, root: Path, flushing: list[str]) -> None:
    put(bucket, "folder-0/file-0", b"old")
    bucket.put_all(MANY)
    assert {key: get(bucket, key) for key in keys(bucket)} == dict(MANY)
    assert left_over(root) == []


def test_contents_are_on_disk_before_any_has_its_name(
    bucket: FolderBucket, flushing: list[str]
) -> None:
    put(bucket, "folder/other")
    flushing.clear()
    bucket.put_all([("folder/a", b"1"), ("folder/b", b"2")])
    contents = ["content"] if "content" in flushing else ["fsync"] * 2
    assert flushing == [*contents, "move", "move", "fsync"]


def test_none_are_few_enough(bucket: FolderBucket) -> None:
    bucket.put_all([])
    assert keys(bucket) == []


def test_a_full_disk_is_told_and_changes_nothing(
    bucket: FolderBucket, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, "a", b"old")
    real, written = os.write, []

    def full(file: int, data: memoryview) -> int:
        written.append(bytes(data))
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreFailed) as failed:
        bucket.put_all([("a", b"1"), ("b", b"2"), ("c", b"3")])
    assert failed.value.full
    assert keys(bucket) == ["a"]
    assert get(bucket, "a") == b"old"
    assert left_over(root) == []


def test_what_cannot_be_flushed_gets_no_name(
    bucket: FolderBucket, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(together, "_syncfs", lambda: broken)
    with pytest.raises(StoreFailed, match="Input/output error"):
        bucket.put_all([("a", b"1"), ("b", b"2")])
    assert keys(bucket) == []
    assert left_over(root) == []


@pytest.mark.parametrize("key", ["", "folder/", "../a", "a//b"])
def test_a_key_that_cannot_be_is_refused_before_any_is_written(
    bucket: FolderBucket, root: Path, key: str
) -> None:
    with pytest.raises((KeyInTheWay, KeyUnusable)):
        bucket.put_all([("a", b"1"), (key, b"2")])
    assert keys(bucket) == []
    assert left_over(root) == []


def test_a_folder_in_the_way_is_told_and_nothing_is_left_over(
    bucket: FolderBucket, root: Path
) -> None:
    put(bucket, "taken/file", b"old")
    with pytest.raises(KeyInTheWay, match="taken"):
        bucket.put_all([("taken", b"1")])
    assert keys(bucket) == ["taken/file"]
    assert left_over(root) == []


def test_a_symbolic_link_leads_nowhere(bucket: FolderBucket, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(KeyUnusable):
        bucket.put_all([("link/a", b"1"), ("link/b", b"2")])
    assert list((tmp_path / "outside").iterdir()) == []
    assert left_over(root) == []
