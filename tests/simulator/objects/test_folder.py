"""A bucket that is a folder: its objects are its files, and no key leads out of it."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from simulator.objects import (
    KeyInTheWay,
    KeyUnusable,
    NoSuchBucket,
    NoSuchObject,
    ObjectStoreError,
    StoreFailed,
)
from simulator.objects.folder import FolderBucket
from simulator.objects.paths import WORK_FOLDER
from tests.simulator.objects.conftest import get, keys, put


class TestFilesAreObjects:
    def test_an_object_that_is_put_is_a_plain_file(self, bucket: FolderBucket, root: Path) -> None:
        put(bucket, "dir/sub/file.txt", b"content")
        assert (root / "dir" / "sub" / "file.txt").read_bytes() == b"content"

    def test_a_file_that_somebody_lays_there_is_an_object(
        self, bucket: FolderBucket, root: Path
    ) -> None:
        (root / "dir").mkdir()
        (root / "dir" / "file").write_bytes(b"12345")
        info = bucket.stat("dir/file")
        assert (info.key, info.size_bytes) == ("dir/file", 5)
        assert get(bucket, "dir/file") == b"12345"
        assert keys(bucket) == ["dir/file"]

    def test_what_is_not_there_is_told(self, bucket: FolderBucket) -> None:
        for call in (bucket.stat, bucket.open):
            for key in ("no", "no/no", "no/"):
                with pytest.raises(NoSuchObject, match=f"obs://data/{key} does not exist"):
                    call(key)
        put(bucket, "file")
        with pytest.raises(NoSuchObject):
            bucket.open("file/below")

    def test_an_object_that_is_open_is_read_to_its_end_whatever_happens(
        self, bucket: FolderBucket
    ) -> None:
        put(bucket, "file", b"old")
        info, file = bucket.open("file")
        put(bucket, "file", b"newer")
        bucket.delete("file")
        with file:
            assert (info.size_bytes, file.read()) == (3, b"old")

    def test_the_entity_tag_changes_with_the_object_and_is_no_md5(
        self, bucket: FolderBucket
    ) -> None:
        put(bucket, "file", b"one")
        before = bucket.stat("file").etag
        put(bucket, "file", b"two2")
        assert bucket.stat("file").etag != before
        assert before.endswith("-1")

    def test_a_bucket_that_went_away_is_told(self, bucket: FolderBucket, root: Path) -> None:
        root.rmdir()
        for call in (bucket.stat, bucket.open, bucket.delete, put):
            with pytest.raises(NoSuchBucket):
                call(bucket, "k") if call is put else call("k")
        with pytest.raises(NoSuchBucket):
            bucket.entries()


class TestFolders:
    def test_a_folder_without_objects_is_an_object_of_no_bytes(self, bucket: FolderBucket) -> None:
        bucket.make_folder("out/empty/")
        assert keys(bucket) == ["out/empty/"]
        assert bucket.stat("out/empty/").size_bytes == 0

    def test_one_with_objects_is_there_but_not_listed(self, bucket: FolderBucket) -> None:
        put(bucket, "out/file")
        assert keys(bucket) == ["out/file"]
        assert bucket.stat("out/").key == "out/"
        with pytest.raises(NoSuchObject):
            bucket.stat("out")

    def test_one_that_was_made_stays_when_its_last_object_goes(self, bucket: FolderBucket) -> None:
        bucket.make_folder("out/")
        put(bucket, "out/a/b")
        bucket.delete("out/a/b")
        assert keys(bucket) == ["out/"]

    def test_others_go_with_their_last_object_as_in_the_cloud(self, bucket: FolderBucket) -> None:
        put(bucket, "out/a/b")
        put(bucket, "out/c")
        bucket.delete("out/a/b")
        assert keys(bucket) == ["out/c"]
        bucket.delete("out/c")
        assert keys(bucket) == []

    def test_deleting_a_folder_deletes_none_of_its_objects(self, bucket: FolderBucket) -> None:
        bucket.make_folder("out/")
        put(bucket, "out/file")
        assert bucket.delete("out/")
        assert keys(bucket) == ["out/file"]
        bucket.delete("out/file")
        assert keys(bucket) == []

    def test_an_object_and_a_folder_of_one_name_cannot_both_be(self, bucket: FolderBucket) -> None:
        put(bucket, "a")
        with pytest.raises(KeyInTheWay, match="an object named a is in its way"):
            put(bucket, "a/b")
        with pytest.raises(KeyInTheWay):
            bucket.make_folder("a/b/")
        put(bucket, "c/d")
        with pytest.raises(KeyInTheWay, match="a folder named c is in its way"):
            put(bucket, "c")
        with pytest.raises(KeyInTheWay):
            bucket.append("c", 0, b"x")
        assert (get(bucket, "a"), get(bucket, "c/d")) == (b"x", b"x")

    @pytest.mark.parametrize("key", ["", "a/"])
    def test_nothing_is_written_to_a_folders_name(self, bucket: FolderBucket, key: str) -> None:
        with pytest.raises(KeyInTheWay):
            put(bucket, key)
        with pytest.raises(KeyInTheWay):
            bucket.append(key, 0, b"")


class TestDelete:
    def test_it_says_whether_there_was_an_object(self, bucket: FolderBucket) -> None:
        put(bucket, "a")
        assert bucket.delete("a") is True
        assert bucket.delete("a") is False
        assert bucket.delete("a/") is False
        put(bucket, "d/a")
        assert bucket.delete("d") is False


class TestAppend:
    def test_it_goes_on_where_the_writer_says(self, bucket: FolderBucket) -> None:
        assert bucket.append("log", 0, b"one\n") == 4
        assert bucket.append("log", 4, b"two\n") == 8
        assert get(bucket, "log") == b"one\ntwo\n"

    def test_what_a_crash_left_beyond_that_is_cut_away(self, bucket: FolderBucket) -> None:
        bucket.append("log", 0, b"one\ntw")
        assert bucket.append("log", 4, b"two\n") == 8
        assert get(bucket, "log") == b"one\ntwo\n"
        assert bucket.append("log", 0, b"") == 0
        assert get(bucket, "log") == b""

    def test_a_gap_is_refused(self, bucket: FolderBucket) -> None:
        bucket.append("log", 0, b"12")
        with pytest.raises(StoreFailed, match="has 2 bytes, and 3 were written"):
            bucket.append("log", 3, b"x")
        assert get(bucket, "log") == b"12"

    def test_it_makes_the_folders_that_are_missing(self, bucket: FolderBucket) -> None:
        bucket.append("a/b/log", 0, b"x")
        assert keys(bucket) == ["a/b/log"]


ESCAPES = [
    "..",
    "../other/file",
    "a/../../other/file",
    "./a",
    "a/./b",
    "/etc/passwd",
    "a//b",
    "//",
    "a\\..\\b",
    "a\x00b",
    "a\nb",
    "a\u2028\x1bb",
    "\ud800",
    "C:\\x",
    f"{WORK_FOLDER}/x",
    WORK_FOLDER,
    "k" * 1025,
    "é" * 600,
]


class TestNoKeyLeadsOut:
    @pytest.mark.parametrize("key", ESCAPES)
    def test_whatever_is_done_with_it(self, bucket: FolderBucket, home: Path, key: str) -> None:
        (home / "other").mkdir()
        (home / "other" / "file").write_text("untouched")
        calls = [bucket.stat, bucket.open, bucket.delete, bucket.make_folder]
        for call in calls:
            with pytest.raises(KeyUnusable):
                call(key)
        with pytest.raises(KeyUnusable):
            put(bucket, key)
        with pytest.raises(KeyUnusable):
            bucket.append(key, 0, b"x")
        assert (home / "other" / "file").read_text() == "untouched"
        assert keys(bucket) == []

    @pytest.mark.parametrize("prefix", ["../", "../other/", "/", "/etc/", "a/../", "a//", "\x00"])
    def test_nor_does_the_prefix_of_a_listing(
        self, bucket: FolderBucket, home: Path, prefix: str
    ) -> None:
        (home / "other").mkdir()
        (home / "other" / "file").write_text("untouched")
        put(bucket, "a/b")
        assert keys(bucket, prefix) == []

    def test_a_part_longer_than_the_file_system_allows_is_told(self, bucket: FolderBucket) -> None:
        for key in ("k" * 300, f"{'k' * 300}/x"):
            with pytest.raises(KeyUnusable, match="longer than the file system allows"):
                put(bucket, key)
            with pytest.raises(KeyUnusable, match="longer than the file system allows"):
                bucket.stat(key)

    @settings(
        max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        key=st.text(st.sampled_from("./\\ab\x00é\ud800%2e~:\n"), max_size=12) | st.text(max_size=12)
    )
    @example(key="../data-2/x")
    def test_none_whatever(self, bucket: FolderBucket, home: Path, key: str) -> None:
        def outside() -> set[str]:
            found = {str(path) for path in home.parent.rglob("*")}
            return {path for path in found if not path.startswith(str(home))}

        before = outside()
        try:
            put(bucket, key, b"mine")
        except ObjectStoreError:
            assert outside() == before
            return
        assert outside() == before
        assert get(bucket, key) == b"mine"
        assert key in keys(bucket)
        assert bucket.delete(key)
        assert keys(bucket) == []


class TestLinks:
    """Symbolic links are no objects, wherever they lead."""

    @pytest.fixture(autouse=True)
    def links(self, bucket: FolderBucket, root: Path, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("secret")
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "secret").write_text("secret")
        put(bucket, "real/file")
        (root / "file-out").symlink_to(tmp_path / "secret")
        (root / "folder-out").symlink_to(tmp_path / "folder")
        (root / "folder-in").symlink_to("real")
        (root / "loop").symlink_to("loop")
        (root / "broken").symlink_to("nowhere")

    KEYS = ("file-out", "folder-out/secret", "folder-in/file", "loop", "loop/x", "broken")

    def test_they_are_not_listed(self, bucket: FolderBucket) -> None:
        assert keys(bucket) == ["real/file"]
        assert keys(bucket, recursive=False) == ["real/"]

    @pytest.mark.parametrize("key", KEYS)
    def test_nothing_is_read_through_one(self, bucket: FolderBucket, key: str) -> None:
        for call in (bucket.stat, bucket.open):
            with pytest.raises(KeyUnusable, match="leads through a symbolic link"):
                call(key)

    @pytest.mark.parametrize("key", ["folder-out/new", "folder-in/new", "loop/new"])
    def test_nothing_is_written_or_deleted_through_one(
        self, bucket: FolderBucket, tmp_path: Path, key: str
    ) -> None:
        for write in (put, lambda bucket, key: bucket.append(key, 0, b"x")):
            with pytest.raises(KeyUnusable, match="leads through a symbolic link"):
                write(bucket, key)
        with pytest.raises(KeyUnusable):
            bucket.delete("folder-out/secret")
        assert (tmp_path / "folder" / "secret").read_text() == "secret"
        assert not (tmp_path / "folder" / "new").exists()

    def test_listing_through_one_is_refused(self, bucket: FolderBucket) -> None:
        with pytest.raises(KeyUnusable, match="leads through a symbolic link"):
            keys(bucket, "folder-out/")

    def test_an_object_may_take_the_place_of_one(
        self, bucket: FolderBucket, root: Path, tmp_path: Path
    ) -> None:
        put(bucket, "file-out", b"mine")
        assert not (root / "file-out").is_symlink()
        assert (tmp_path / "secret").read_text() == "secret"

    def test_one_cannot_be_appended_to(self, bucket: FolderBucket, tmp_path: Path) -> None:
        with pytest.raises(KeyUnusable):
            bucket.append("file-out", 0, b"x")
        assert (tmp_path / "secret").read_text() == "secret"

    def test_the_buckets_own_folder_may_be_one(self, home: Path, tmp_path: Path) -> None:
        from simulator.objects import ObjectStore

        (home / "linked").symlink_to(tmp_path / "folder")
        assert keys(ObjectStore(home).bucket("linked")) == ["secret"]


class TestOddFiles:
    def test_pipes_sockets_and_names_that_no_key_has_are_no_objects(
        self, bucket: FolderBucket, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        os.mkfifo(root / "pipe")
        monkeypatch.chdir(root)  # a socket's path must be short
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")
        (root / "back\\slash").touch()
        (root / os.fsdecode(b"not-\xff-utf8")).touch()
        (root / "line\nbreak").touch()
        (root / "fine").touch()
        assert keys(bucket) == ["fine"]
        for key in ("pipe", "socket"):
            for call in (bucket.stat, bucket.open):
                with pytest.raises((NoSuchObject, StoreFailed)):
                    call(key)
        with pytest.raises(KeyInTheWay):
            bucket.append("pipe", 0, b"x")

    def test_what_the_system_refuses_is_told_in_its_words(self) -> None:
        told = StoreFailed.of("data", PermissionError(errno.EACCES, "Permission denied"))
        assert str(told) == "bucket data: Permission denied"
        assert not told.full
        assert StoreFailed.of("data", OSError(errno.ENOSPC, "No space left on device")).full
