"""Buckets behind a file system of fsspec, here the one in memory. `e2e/test_s3_clients.py` has a
real S3-compatible service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from simulator.objectpaths import ObjectPath
from simulator.objects import (
    Bucket,
    KeyInTheWay,
    KeyUnusable,
    NoSuchObject,
    ObjectStore,
    StoreFailed,
    Unsupported,
)
from simulator.objects.local import local_folder
from simulator.objectsettings import BucketSettings
from tests.simulator.objects.conftest import get, keys, put, put_half


@pytest.fixture
def store(home: Path) -> Iterator[ObjectStore]:
    memory = fsspec.filesystem("memory")
    memory.mkdir("/elsewhere")
    yield ObjectStore(home, {"far": BucketSettings(url="memory://elsewhere/prefix")})
    memory.rm("/elsewhere", recursive=True)


@pytest.fixture
def far(store: ObjectStore) -> Bucket:
    return store.bucket("far")


def test_objects_are_put_read_listed_and_deleted(far: Bucket, home: Path) -> None:
    put(far, "dir/file", b"content")
    put(far, "dir-2", b"x")
    assert keys(far) == ["dir-2", "dir/file"]
    assert keys(far, recursive=False) == ["dir-2", "dir/"]
    assert keys(far, "dir/", after="dir/a") == ["dir/file"]
    assert get(far, "dir/file") == b"content"
    info = far.stat("dir/file")
    assert (info.key, info.size_bytes) == ("dir/file", 7)
    assert info.modified_ns > 0
    assert far.delete("dir/file")
    assert not far.delete("dir/file")
    assert list((home / ".uploads").iterdir()) == [], "nothing is left on its way"


def test_it_lies_below_the_place_that_the_setting_names(far: Bucket) -> None:
    put(far, "file", b"content")
    assert fsspec.filesystem("memory").cat("/elsewhere/prefix/file") == b"content"


def test_an_object_can_be_read_from_any_place(far: Bucket) -> None:
    put(far, "file", b"0123456789")
    _, file = far.open("file")
    with file:
        file.seek(5)
        assert file.read(2) == b"56"


def test_an_error_leaves_what_was_there(far: Bucket, home: Path) -> None:
    put(far, "file", b"old")
    with pytest.raises(ZeroDivisionError):
        put_half(far, "file", b"new")
    assert get(far, "file") == b"old"
    assert list((home / ".uploads").iterdir()) == []


def test_what_is_not_there_is_told(far: Bucket) -> None:
    put(far, "dir/file")
    for key in ("no", "dir", "no/"):
        with pytest.raises(NoSuchObject):
            far.stat(key)
    for key in ("no", "dir/"):
        with pytest.raises(NoSuchObject):
            far.open(key)
    assert far.stat("dir/").size_bytes == 0
    assert keys(far, "nope/") == []


@pytest.mark.parametrize("key", ["../x", "a/../../x", "a//b", "/x", "a\\b", "\x00"])
def test_no_key_leads_out_of_its_place(far: Bucket, key: str) -> None:
    for call in (far.stat, far.open, far.delete, far.make_folder, far.writer):
        with pytest.raises(KeyUnusable):
            call(key)
    assert keys(far, "../") == []


def test_an_object_cannot_be_continued(far: Bucket) -> None:
    with pytest.raises(Unsupported, match="objects of memory cannot be continued"):
        far.append("log", 0, b"x")


def test_a_folders_name_takes_no_content(far: Bucket) -> None:
    with pytest.raises(KeyInTheWay):
        far.writer("dir/")


def test_whatever_the_library_raises_is_told_as_the_stores_failure(
    far: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the line is dead")

    for name in ("info", "ls", "put_file", "makedirs"):
        monkeypatch.setattr(fsspec.filesystem("memory").__class__, name, broken)
    for key, call in (
        ("k", far.stat),
        ("k", far.open),
        ("k", far.delete),
        ("k/", far.make_folder),
        ("k", lambda key: put(far, key)),
        ("", lambda key: keys(far, key)),
    ):
        with pytest.raises(StoreFailed, match="bucket far: the line is dead"):
            call(key)


def test_a_scheme_that_fsspec_does_not_know_is_a_mistake_in_the_settings(home: Path) -> None:
    store = ObjectStore(home, {"far": BucketSettings(url="nothing://x")})
    with pytest.raises(StoreFailed, match=r"bucket far: .*nothing"):
        store.bucket("far")


class TestAsFiles:
    """What works on paths gets copies."""

    @pytest.fixture(autouse=True)
    def package(self, far: Bucket) -> None:
        put(far, "pkg/model/config.json", b"{}")
        put(far, "pkg/model/net.onnx", b"0123456789")

    def test_of_all_that_is_in_the_folder(self, store: ObjectStore, tmp_path: Path) -> None:
        path = ObjectPath("far", "pkg")
        with local_folder(store, path, tmp_path, max_bytes=100) as folder:
            assert (folder / "model" / "config.json").read_bytes() == b"{}"
            assert (folder / "model" / "net.onnx").read_bytes() == b"0123456789"
            assert folder.name == "pkg"
        assert not folder.exists()

    def test_or_only_of_some(self, store: ObjectStore, tmp_path: Path) -> None:
        path = ObjectPath("far", "pkg/")

        def is_json(key: str) -> bool:
            return key.endswith(".json")

        with local_folder(store, path, tmp_path, max_bytes=5, whole=is_json) as folder:
            assert (folder / "model" / "config.json").read_bytes() == b"{}"
            assert (folder / "model" / "net.onnx").read_bytes() == b""

    def test_but_of_no_more_than_is_allowed(self, store: ObjectStore, tmp_path: Path) -> None:
        with (
            pytest.raises(Unsupported, match="more than 5 bytes"),
            local_folder(store, ObjectPath("far", "pkg/"), tmp_path, max_bytes=5),
        ):
            pass
        assert list(tmp_path.glob("*.part")) == []

    def test_a_folder_without_objects_is_none(self, store: ObjectStore, tmp_path: Path) -> None:
        with (
            pytest.raises(NoSuchObject),
            local_folder(store, ObjectPath("far", "nope"), tmp_path, max_bytes=5),
        ):
            pass

    def test_a_bucket_that_is_a_folder_gives_the_folder_itself(
        self, home: Path, tmp_path: Path
    ) -> None:
        store = ObjectStore(home)
        store.create("near")
        put(store.bucket("near"), "pkg/file")
        path = ObjectPath("near", "pkg")
        with local_folder(store, path, tmp_path, max_bytes=0) as folder:
            assert folder == home / "near" / "pkg"
        with (
            pytest.raises(NoSuchObject),
            local_folder(store, ObjectPath("near", "no"), tmp_path, max_bytes=0),
        ):
            pass
        store.close()
