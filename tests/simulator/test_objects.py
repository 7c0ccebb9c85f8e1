"""Object paths in all documented forms."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.objectpaths import KEY_MAX_BYTES, BadObjectPath, ObjectPath, parse_object_path
from simulator.objects import local_path


@pytest.mark.parametrize(
    "text",
    [
        "obs://my-bucket/dir/model/",
        "s3://my-bucket/dir/model/",
        "//my-bucket/dir/model/",
        "/my-bucket/dir/model/",
        "https://my-bucket.obs.cn-north-4.example.com/dir/model/",
        "https://my-bucket.obs.xxxxx.com/dir/model/",
        "https://my-bucket.obs.eu-de.example.com:443/dir/model/",
    ],
)
def test_all_documented_forms_name_the_same_object(text: str) -> None:
    path = parse_object_path(text)
    assert path == ObjectPath("my-bucket", "dir/model/")
    assert str(path) == "obs://my-bucket/dir/model/"


@pytest.mark.parametrize("text", ["obs://bucket", "obs://bucket/", "/bucket", "//bucket/"])
def test_a_bucket_alone_has_an_empty_key(text: str) -> None:
    assert parse_object_path(text) == ObjectPath("bucket", "")


def test_escapes_are_those_of_urls_only() -> None:
    assert parse_object_path("https://bkt.obs.r.example.com/a%20b").key == "a b"
    assert parse_object_path("obs://bkt/a%20b").key == "a%20b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bucket/key",
        "ftp://bucket/key",
        "http://bucket.obs.r.example.com/key",
        "https://example.com/key",
        "https://bucket.s3.example.com/key",
        "https://bucket.obs./key",
        "https://[bucket/key",
        "https:///key",
        "obs://",
        "obs:///key",
        "/",
        "obs://UPPER/key",
        "obs://ab/key",
        "obs://" + "a" * 64 + "/key",
        "obs://-bucket/key",
        "obs://bucket-/key",
        "obs://../key",
        "obs://bucket/../other/key",
        "obs://bucket/a/../../other",
        "obs://bucket/./key",
        "obs://bucket/..",
        "obs://bucket/a\\..\\b",
        "obs://bucket/a\x00b",
        "https://bucket.obs.r.example.com/%2e%2e/other",
        "https://bucket.obs.r.example.com/a%00b",
        "https://bucket.obs.r.example.com/a%5cb",
        "obs://bucket/" + "k" * (KEY_MAX_BYTES + 1),
        "obs://bucket/" + "é" * KEY_MAX_BYTES,
    ],
)
def test_what_names_no_object_is_refused(text: str) -> None:
    with pytest.raises(BadObjectPath):
        parse_object_path(text)


def test_the_longest_key_is_allowed() -> None:
    key = "k" * KEY_MAX_BYTES
    assert parse_object_path(f"obs://bucket/{key}").key == key


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=40)
    | st.builds(
        "{}{}{}".format,
        st.sampled_from(["obs://", "s3://", "//", "/", "https://"]),
        st.sampled_from(["bucket", "bucket.obs.r.com", "[::1]", "[", "..", "b%2fc", ""]),
        st.text("/.%2eé\x00\\ab", max_size=12),
    )
)
@example("https://[v1.x]/")
def test_no_text_whatever_leaves_its_bucket(text: str) -> None:
    objects = Path("/data/objects")
    try:
        path = parse_object_path(text)
        found = local_path(objects, path)
    except BadObjectPath:
        return
    assert found.is_relative_to(objects / path.bucket)


class TestOnDisk:
    def test_an_object_lies_in_its_buckets_folder(self, tmp_path: Path) -> None:
        path = parse_object_path("obs://bucket/dir/file.txt")
        assert local_path(tmp_path, path) == tmp_path / "bucket" / "dir" / "file.txt"

    def test_a_link_out_of_the_bucket_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "bucket").mkdir()
        (tmp_path / "bucket" / "out").symlink_to("/etc")
        with pytest.raises(BadObjectPath, match="leads out of its bucket"):
            local_path(tmp_path, parse_object_path("obs://bucket/out/passwd"))

    def test_a_link_within_the_bucket_is_followed(self, tmp_path: Path) -> None:
        (tmp_path / "bucket" / "real").mkdir(parents=True)
        (tmp_path / "bucket" / "alias").symlink_to("real")
        found = local_path(tmp_path, parse_object_path("obs://bucket/alias/x"))
        assert found == tmp_path / "bucket" / "real" / "x"

    def test_a_neighbour_whose_name_begins_alike_is_another_bucket(self, tmp_path: Path) -> None:
        (tmp_path / "bucket").mkdir()
        (tmp_path / "bucket-2").mkdir()
        (tmp_path / "bucket" / "out").symlink_to(tmp_path / "bucket-2")
        with pytest.raises(BadObjectPath):
            local_path(tmp_path, parse_object_path("obs://bucket/out"))

    def test_a_link_that_leads_to_itself_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "bucket").mkdir()
        (tmp_path / "bucket" / "loop").symlink_to("loop")
        with pytest.raises(BadObjectPath):
            local_path(tmp_path, parse_object_path("obs://bucket/loop"))
