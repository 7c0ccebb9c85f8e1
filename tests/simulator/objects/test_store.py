"""Buckets: folders of the data directory, and those that settings put elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.objectpaths import BadObjectPath, ObjectPath, parse_object_path
from simulator.objects import (
    BucketNotEmpty,
    BucketTaken,
    NoSuchBucket,
    NoSuchObject,
    ObjectStore,
    Unsupported,
)
from simulator.objects.folder import FolderBucket
from simulator.objects.properties import Properties
from simulator.objectsettings import BucketSettings
from tests.simulator.objects.conftest import put


class TestBuckets:
    def test_one_is_a_folder_and_a_folder_is_one(self, store: ObjectStore, home: Path) -> None:
        store.create("made")
        (home / "laid").mkdir()
        assert (home / "made").is_dir()
        assert store.names() == ["laid", "made"]
        assert store.bucket("laid").name == "laid"

    def test_nothing_else_in_the_data_directory_is_one(
        self, store: ObjectStore, home: Path
    ) -> None:
        store.create("data")
        for name in (".hidden", "UPPER", "ab", "under_score"):
            (home / name).mkdir()
        (home / "file").touch()
        assert store.names() == ["data"]
        for name in (".hidden", "UPPER", "file", "..", "nope", "", "a/b"):
            with pytest.raises(NoSuchBucket):
                store.bucket(name)

    def test_none_are_there_before_the_data_directory_is(self, store: ObjectStore) -> None:
        assert store.names() == []

    @pytest.mark.parametrize("name", ["", "..", "UPPER", "a/b", "192.168.1.1"])
    def test_a_name_that_breaks_the_rules_is_refused(self, store: ObjectStore, name: str) -> None:
        with pytest.raises(BadObjectPath):
            store.create(name)

    def test_a_name_is_taken_once(self, store: ObjectStore) -> None:
        store.create("data")
        with pytest.raises(BucketTaken, match="bucket data exists already"):
            store.create("data")

    def test_only_an_empty_one_is_removed(self, store: ObjectStore, bucket: FolderBucket) -> None:
        put(bucket, "a/b")
        with pytest.raises(BucketNotEmpty):
            store.remove("data")
        bucket.delete("a/b")
        bucket.make_folder("empty/")
        store.remove("data")
        assert store.names() == []
        with pytest.raises(NoSuchBucket):
            store.remove("data")

    def test_it_knows_when_it_was_made(self, store: ObjectStore, bucket: FolderBucket) -> None:
        made_ns = bucket.created_ns()
        put(bucket, "file")
        assert bucket.created_ns() == made_ns > 0


class TestMapped:
    def test_a_folder_of_the_users_is_a_bucket_as_it_is(self, home: Path, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "file").write_bytes(b"content")
        store = ObjectStore(home, {"mine": BucketSettings(url=str(tmp_path / "mine"))})
        path = ObjectPath("mine", "file")
        assert store.names() == ["mine"]
        assert store.stat(path).size_bytes == 7
        store.delete(path)
        assert not (tmp_path / "mine" / "file").exists()

    def test_it_is_neither_made_nor_removed_here(self, home: Path, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        store = ObjectStore(home, {"mine": BucketSettings(url=str(tmp_path / "mine"))})
        with pytest.raises(BucketTaken):
            store.create("mine")
        with pytest.raises(Unsupported, match="given by a setting"):
            store.remove("mine")
        assert (tmp_path / "mine").is_dir()

    def test_a_folder_that_is_not_there_is_told(self, home: Path, tmp_path: Path) -> None:
        store = ObjectStore(home, {"mine": BucketSettings(url=str(tmp_path / "gone"))})
        with pytest.raises(NoSuchBucket, match="gone is no folder"):
            store.bucket("mine")

    def test_the_mapping_goes_before_a_folder_of_that_name(
        self, home: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "mine").mkdir()
        (home / "mine").mkdir(parents=True)
        (home / "mine" / "hidden").touch()
        store = ObjectStore(home, {"mine": BucketSettings(url=str(tmp_path / "mine"))})
        assert list(store.entries(ObjectPath("mine", ""))) == []


class TestByPath:
    def test_objects_are_reached_in_every_notation(
        self, store: ObjectStore, bucket: FolderBucket
    ) -> None:
        with store.writer(parse_object_path("s3://data/dir/file")) as writer:
            writer.write(b"one")
        assert store.append(parse_object_path("//data/dir/file"), 3, b" two") == 7
        path = parse_object_path("https://data.obs.r.example.com/dir/file?Signature=x")
        info, file = store.open(path)
        with file:
            assert file.read() == b"one two"
        assert info == store.stat(path)
        assert [info.key for info in store.entries(parse_object_path("/data/dir/"))] == ["dir/file"]
        assert store.delete(path)
        with pytest.raises(NoSuchObject):
            store.stat(path)

    def test_whether_something_is_there_is_no_error(
        self, store: ObjectStore, bucket: FolderBucket
    ) -> None:
        put(bucket, "dir/file")
        there = [ObjectPath("data", "dir/file"), ObjectPath("data", "dir/")]
        not_there = [ObjectPath("data", "dir"), ObjectPath("data", "x"), ObjectPath("nope", "x")]
        assert all(store.exists(path) for path in there)
        assert not any(store.exists(path) for path in not_there)


class TestProperties:
    def test_they_are_of_one_state_of_the_object(
        self, store: ObjectStore, bucket: FolderBucket
    ) -> None:
        put(bucket, "file")
        info = bucket.stat("file")
        said = Properties("abc", {"content-type": "text/plain"}, {"who": "me"})
        store.properties.put("data", info, said)
        assert store.properties.get("data", [info]) == {"file": said}
        put(bucket, "file", b"changed")
        assert store.properties.get("data", [bucket.stat("file")]) == {}

    def test_they_go_with_the_object_and_with_the_bucket(
        self, store: ObjectStore, bucket: FolderBucket
    ) -> None:
        for key in ("one", "two"):
            put(bucket, key)
            store.properties.put("data", bucket.stat(key), Properties("abc"))
        bucket.delete("one")
        assert not store.properties.has("data", "one")
        assert store.properties.has("data", "two")
        store.properties.forget("data")
        assert not store.properties.has("data", "two")

    def test_those_of_very_many_objects_are_found_at_once(
        self, store: ObjectStore, bucket: FolderBucket
    ) -> None:
        put(bucket, "file")
        info = bucket.stat("file")
        infos = [type(info)(f"key-{number}", number, number) for number in range(1200)]
        for one in infos[:3] + infos[-3:]:
            store.properties.put("data", one, Properties(str(one.size_bytes)))
        found = store.properties.get("data", infos)
        assert sorted(found) == ["key-0", "key-1", "key-1197", "key-1198", "key-1199", "key-2"]

    def test_two_processes_share_them(self, home: Path, bucket: FolderBucket) -> None:
        put(bucket, "file")
        info = bucket.stat("file")
        one, other = ObjectStore(home), ObjectStore(home)
        one.properties.put("data", info, Properties("abc"))
        assert other.properties.get("data", [info])["file"].etag == "abc"
        one.close()
        other.close()
