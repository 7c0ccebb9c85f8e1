"""Object paths in all documented forms."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.objectpaths import (
    KEY_MAX_BYTES,
    BadObjectPath,
    ObjectPath,
    check_bucket,
    check_key,
    is_usable,
    parse_object_path,
    unsigned,
)

SIGNED = (
    "https://infers-data.obs.xxx.com:443/xgboosterdata/data.csv?AccessKeyId=2Q0V0TQ461N26DDL18RB"
    "&Expires=1550611914&Signature=wZBttZj5QZrReDhz1uDzwve8GpY%3D&x-obs-security-token=gQpzb3V0"
)


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
        "https://MY-BUCKET.OBS.eu-de.example.com/dir/model/",
    ],
)
def test_all_documented_forms_name_the_same_object(text: str) -> None:
    path = parse_object_path(text)
    assert path == ObjectPath("my-bucket", "dir/model/")
    assert str(path) == "obs://my-bucket/dir/model/"


def test_the_documents_own_signed_address_names_an_object_without_its_signature() -> None:
    path = parse_object_path(SIGNED)
    assert path == ObjectPath("infers-data", "xgboosterdata/data.csv")


@pytest.mark.parametrize("text", ["obs://bucket", "obs://bucket/", "/bucket", "//bucket/"])
def test_a_bucket_alone_has_an_empty_key(text: str) -> None:
    assert parse_object_path(text) == ObjectPath("bucket", "")


def test_escapes_are_those_of_addresses_only_and_undone_once() -> None:
    assert parse_object_path("https://bkt.obs.r.example.com/a%20b").key == "a b"
    assert parse_object_path("https://bkt.obs.r.example.com/a%2520b").key == "a%20b"
    assert parse_object_path("obs://bkt/a%20b").key == "a%20b"
    assert parse_object_path("obs://bkt/a?b#c").key == "a?b#c"


def test_a_key_keeps_every_slash_but_the_first() -> None:
    assert parse_object_path("obs://bkt//a").key == "/a"
    assert parse_object_path("https://bkt.obs.r.example.com//a").key == "/a"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bucket/key",
        "ftp://bucket/key",
        "OBS://bucket/key",
        "///bucket/key",
        "http://bucket.obs.r.example.com/key",
        "https://example.com/key",
        "https://bucket.s3.example.com/key",
        "https://bucket.obs./key",
        "https://[bucket/key",
        "https:///key",
        "https://user@bucket.obs.r.example.com/key",
        "https://bucket.obs.r.example.com:80/key",
        "https://bucket.obs.r.example.com:99999/key",
        "https://bucket.obs.r.example.com/key#part",
        "https://bucket.obs.r.example.com/a\tb",
        "https://bucket.obs.r.example.com/%ff",
        "obs://",
        "obs:///key",
        "/",
        "obs://UPPER/key",
        "obs://ab/key",
        "obs://" + "a" * 64 + "/key",
        "obs://-bucket/key",
        "obs://bucket-/key",
        "obs://../key",
        "obs://a..b/key",
        "obs://a.-b/key",
        "obs://192.168.0.1/key",
        "obs://bucket/../other/key",
        "obs://bucket/a/../../other",
        "obs://bucket/./key",
        "obs://bucket/..",
        "obs://bucket/a\\..\\b",
        "obs://bucket/a\x00b",
        "obs://bucket/a\nb",
        "obs://bucket/a\x85b",
        "obs://bucket/a\ud800b",
        "obs://bucket/a\uffffb",
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


@pytest.mark.parametrize(
    "text",
    [
        SIGNED.replace("https", "ftp"),
        SIGNED.replace("https", "http"),
        SIGNED.replace("infers-data.obs.", "infers-data."),
        SIGNED.replace(":443", ":80"),
        SIGNED.replace("data.csv", "%ff"),
        SIGNED.replace("data.csv", ".."),
        SIGNED.replace("infers-data", "in_fers"),
        SIGNED + "#x",
        SIGNED + "\n",
    ],
)
def test_a_refusal_does_not_tell_the_signature(text: str) -> None:
    with pytest.raises(BadObjectPath) as refused:
        parse_object_path(text)
    assert "wZBttZj5" not in str(refused.value)


def test_the_longest_key_is_allowed() -> None:
    key = "k" * KEY_MAX_BYTES
    assert parse_object_path(f"obs://bucket/{key}").key == key
    assert parse_object_path(f"obs://bucket/{'é' * (KEY_MAX_BYTES // 2)}").key


@pytest.mark.parametrize("name", ["abc", "a-b", "a.b", "0" * 63, "1.2.3", "1.2.3.4.5"])
def test_bucket_names_of_the_documents_are_taken(name: str) -> None:
    check_bucket(name)


def test_whatever_people_can_see_may_stand_in_a_key() -> None:
    check_key("Ünïcode/日本語/emoji 🎉/%2e%2e/a+b=c&d?.txt")
    assert is_usable("ordinary name.txt")
    assert not is_usable("tab\t")


class TestShown:
    def test_an_address_loses_its_query(self) -> None:
        shown = "https://infers-data.obs.xxx.com:443/xgboosterdata/data.csv"
        assert unsigned(SIGNED) == shown
        assert unsigned(SIGNED.replace("https", "HTTP")) == shown.replace("https", "HTTP")

    def test_other_paths_stay_as_they_are(self) -> None:
        assert unsigned("obs://bucket/really?.txt") == "obs://bucket/really?.txt"


class TestParts:
    def test_what_lies_in_a_folder_has_its_path(self) -> None:
        assert ObjectPath("b", "a").below("x/y") == ObjectPath("b", "a/x/y")
        assert ObjectPath("b", "a/").below("x") == ObjectPath("b", "a/x")
        assert ObjectPath("b", "").below("x") == ObjectPath("b", "x")

    def test_a_folder_ends_in_a_slash(self) -> None:
        assert not ObjectPath("b", "a").is_folder
        assert ObjectPath("b", "a").as_folder() == ObjectPath("b", "a/")
        assert ObjectPath("b", "").as_folder() == ObjectPath("b", "")

    def test_its_name_is_the_last_part(self) -> None:
        names = [ObjectPath("b", key).name for key in ("", "a", "a/b.txt", "a/b/")]
        assert names == ["", "a", "b.txt", "b"]


@settings(max_examples=300, deadline=None)
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
def test_whatever_is_taken_is_read_again_as_the_same(text: str) -> None:
    try:
        path = parse_object_path(text)
    except BadObjectPath:
        return
    assert parse_object_path(str(path)) == path
    assert ".." not in path.key.split("/")
