"""Input manifests: exactly the documented grammar, line by line."""

from __future__ import annotations

import io
import json
import re
from collections import deque
from itertools import islice
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.batch.manifest import (
    BadLine,
    BadManifest,
    Entry,
    check_manifest_name,
    read_line,
    read_manifest,
)
from simulator.objectpaths import ObjectPath
from simulator.offline import Checker
from tests.simulator.batch.memory import made, peak_bytes

SIGNED = (
    "https://infers-data.obs.xxx.com:443/xgboosterdata/data.csv?AccessKeyId=2Q0V0TQ461N26DDL18RB"
    "&Expires=1550611914&Signature=wZBttZj5QZrReDhz1uDzwve8GpY%3D&x-obs-security-token=gQpz..."
)
DOCUMENTED = f"""\
{{"source": "obs://test/data/1.jpg"}}
{{"source": "s3://test/data/2.jpg"}}
{{"source": "{SIGNED}"}}
"""


def lines(text: str | bytes, start: int = 0) -> list[Entry | BadLine]:
    body = text.encode() if isinstance(text, str) else text
    return list(read_manifest(io.BytesIO(body), start))


def of_source(source: Any) -> Entry | BadLine:
    return read_line(1, json.dumps({"source": source}).encode())


def test_the_documented_example() -> None:
    assert lines(DOCUMENTED) == [
        Entry(1, "obs://test/data/1.jpg", "obs", ObjectPath("test", "data/1.jpg")),
        Entry(2, "s3://test/data/2.jpg", "s3", ObjectPath("test", "data/2.jpg")),
        Entry(3, SIGNED, "https", ObjectPath("infers-data", "xgboosterdata/data.csv")),
    ]


@pytest.mark.parametrize("source", ["/test/data/1.jpg", "//test/data/1.jpg"])
def test_a_source_without_a_scheme_is_an_obs_path(source: str) -> None:
    assert of_source(source) == Entry(1, source, "obs", ObjectPath("test", "data/1.jpg"))


class TestTheName:
    @pytest.mark.parametrize("name", ["test.manifest", ".manifest", "a.b.manifest"])
    def test_of_a_manifest(self, name: str) -> None:
        check_manifest_name(name)

    @pytest.mark.parametrize("name", ["test.json", "manifest", "test.manifest.gz", "T.MANIFEST"])
    def test_of_no_manifest(self, name: str) -> None:
        with pytest.raises(BadManifest, match=r"ends in \.manifest; got .*\(MA-BAT-020\)") as bad:
            check_manifest_name(name)
        assert bad.value.rule == "MA-BAT-020"


class TestALineThatNamesNoInput:
    @pytest.mark.parametrize(
        ("line", "rule", "says"),
        [
            ('{"source": "obs://test/data/"}', "MA-BAT-022", "must name a file, not a folder"),
            ('{"source": "obs://test"}', "MA-BAT-022", "must name a file, not a folder"),
            ('{"source": "data/1.jpg"}', "MA-BAT-021", "source: is an object path"),
            ('{"source": "http://test.obs.x.com/1.jpg"}', "MA-BAT-021", "is an object path"),
            ('{"source": 5}', "MA-TYPE-5101", "source: must be a string, not 5"),
            ('{"source": null}', "MA-MUST-5101", "source: is mandatory"),
            ('{"sources": "obs://test/1.jpg"}', "MA-MUST-5101", "source: is mandatory"),
            ('["obs://test/1.jpg"]', "MA-TYPE-5002", "the line must be an object"),
            ('"obs://test/1.jpg"', "MA-TYPE-5002", "the line must be an object"),
            ("obs://test/1.jpg", "BadJson", "not valid JSON"),
            ('{"source": "obs://test/1.jpg"', "BadJson", "not valid JSON"),
            ('{"source": "obs://test/1.jpg"} {}', "BadJson", "not valid JSON"),
            ('{"source": "obs://b-1/1", "source": "obs://b-2/2"}', "BadJson", "stands twice"),
            ('{"source": "obs://b-1/1", "sourc\\u0065": "obs://b-2/2"}', "BadJson", "twice"),
            ('\ufeff{"source": "obs://test/1.jpg"}', "BadJson", "byte order mark"),
            (b'{"source": "obs://test/\xff.jpg"}', "BadJson", "not valid UTF-8"),
        ],
    )
    def test_is_told_with_its_number_the_rule_and_what_is_wrong(
        self, line: str | bytes, rule: str, says: str
    ) -> None:
        body = line.encode() if isinstance(line, str) else line
        found = read_line(7, body)
        assert isinstance(found, BadLine)
        assert (found.line, found.rule) == (7, rule)
        assert says in found.message
        assert found.message.startswith("line 7: ")
        assert "lines[0]" not in found.message

    def test_keeps_its_source_where_it_has_one(self) -> None:
        assert read_line(1, b'{"source": "obs://test/data/"}') == BadLine(
            1,
            "obs://test/data/",
            "MA-BAT-022",
            'source: must name a file, not a folder; got "obs://test/data/"',
        )
        assert read_line(1, b'{"source": 5}').source == ""

    def test_never_tells_what_signs_an_address(self) -> None:
        for address in (f"http{SIGNED[5:]}", SIGNED.replace(".obs.", "."), f"{SIGNED}#x"):
            found = of_source(address)
            assert isinstance(found, BadLine)
            assert "Signature" not in found.message

    def test_is_no_trouble_for_the_others(self) -> None:
        found = lines('{"source": "obs://test/1"}\n{\n{"source": "obs://test/2"}\n')
        assert [type(line) for line in found] == [Entry, BadLine, Entry]
        assert [line.line for line in found] == [1, 2, 3]

    def test_of_any_length_is_read_no_further_than_any_line_may_be(self) -> None:
        long = made([b'{"source": "obs://test/1"}\n{"source": "', *([b"a" * 65536] * 400), b'"}'])
        found: list[Entry | BadLine] = []
        assert peak_bytes(lambda: found.extend(read_manifest(long))) < 8 << 20
        assert [type(line) for line in found] == [Entry, BadLine]


class TestLineEnds:
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("last", ["", "\n", "\r\n", "\n\n\r\n"])
    def test_blank_lines_at_the_end_count_for_nothing(self, end: str, last: str) -> None:
        text = f'{{"source": "obs://test/1"}}{end}{{"source": "obs://test/2"}}{last}'
        assert [type(line) for line in lines(text)] == [Entry, Entry]

    def test_other_blank_lines_name_no_input(self) -> None:
        found = lines('\n{"source": "obs://test/1"}\n\n\r\n{"source": "obs://test/2"}\n')
        assert [(line.line, type(line)) for line in found] == [
            (1, BadLine),
            (2, Entry),
            (3, BadLine),
            (4, BadLine),
            (5, Entry),
        ]
        empty = found[0]
        assert isinstance(empty, BadLine)
        assert empty.message == "line 1: the line is empty; a JSON object is expected (BadJson)"

    @pytest.mark.parametrize("text", ["", "\n", "\r\n\n"])
    def test_a_manifest_without_any_line_has_one_that_names_no_input(self, text: str) -> None:
        assert [(line.line, type(line)) for line in lines(text)] == [(1, BadLine)]


@given(st.integers(0, 12), st.lists(st.sampled_from(["", "{", '{"source": "obs://test/1"}'])))
def test_going_on_in_the_middle_is_as_if_the_lines_before_had_been_read(
    start: int, texts: list[str]
) -> None:
    text = "\n".join(texts)
    assert lines(text, start) == [line for line in lines(text) if line.line > start]


# ------------------------------------------------------------------ exactly the documented grammar

BUCKET = r"[a-z0-9](?:[a-z0-9]|[.-](?![.-])){1,61}[a-z0-9]"
PLAIN = r"(?!\.{1,2}(?:/|$))[^/\s]+"
KEY = rf"(?:{PLAIN}|)(?:/(?:{PLAIN}|(?=/)))*(?<!/)"
GRAMMAR = re.compile(
    rf"(?:(?P<scheme>obs|s3)://|//?)(?P<bucket>{BUCKET})/(?P<key>{KEY})"
    rf"|(?P<https>https)://(?P<host>{BUCKET})\.obs\.[a-z0-9.-]+(?::443)?/"
    rf"(?P<path>(?!.*%)[^?#]*?)(?:\?[^#]*)?"
)
"""`<OBS path>/{{Bucket name}}/{{Object name}}`; an object's name has no . and .. parts and is no
folder. Written here once more, by itself."""


def understood(source: str) -> tuple[str, str, str] | None:
    """Scheme, bucket and object by the grammar above; None for what it does not have."""
    found = GRAMMAR.fullmatch(source)
    if found is None:
        return None
    if found["https"]:
        key = found["path"]
        is_object = re.fullmatch(KEY, key) and key
        return ("https", found["host"], key) if is_object else None
    return (found["scheme"] or "obs", found["bucket"], found["key"]) if found["key"] else None


_forms = st.sampled_from(
    ["obs://", "s3://", "//", "/", "", "https://", "http://", "OBS://", "ftp://", "///", "obs:/"]
)
_buckets = st.sampled_from(
    ["test", "a-b", "a.b.c", "ab", "a" * 63, "a" * 64, "Test", "-ab", "ab-", "a..b", "te_st", ""]
)
_hosts = st.sampled_from(["", ".obs.x.com", ".obs.x.com:443", ".obs.x.com:80", ".s3.x.com", ".obs"])
_keys = st.lists(st.sampled_from(["data", "1.jpg", ".", "..", "", "...", "a b", "é", "a?b"])).map(
    "/".join
)
_tails = st.sampled_from(["", "/", "?Signature=a/", "?", "#x"])
_odd = st.builds(
    "{}{}{}{}{}{}".format, _forms, _buckets, _hosts, st.sampled_from(["/", ""]), _keys, _tails
)
_sound = st.builds(
    lambda form, bucket, key, query: (
        f"{form}{bucket}.obs.x.com/{key}{query}" if form == "https://" else f"{form}{bucket}/{key}"
    ),
    st.sampled_from(["obs://", "s3://", "//", "/", "https://"]),
    st.sampled_from(["test", "a-b", "a.b.c", "a" * 63]),
    st.lists(st.sampled_from(["data", "1.jpg", "...", "é"]), min_size=1).map("/".join),
    st.sampled_from(["", "?Signature=a/"]),
)
_sources = _odd | _sound


def _is_plain(source: str) -> bool:
    """Whether the grammar above speaks of it: blanks and fragments of addresses it leaves out."""
    return " " not in source and "#" not in source


@given(_sources.filter(_is_plain))
@example("obs://test/data/1.jpg")
@example("https://test.obs.x.com/1.jpg?a/")
def test_a_source_is_accepted_exactly_when_the_grammar_has_it(source: str) -> None:
    found = of_source(source)
    expected = understood(source)
    if expected is None:
        assert isinstance(found, BadLine), source
    else:
        assert isinstance(found, Entry), (source, found)
        assert (found.scheme, found.path.bucket, found.path.key) == expected


_json_lines = st.one_of(
    st.builds(lambda source: json.dumps({"source": source}), _sources),
    st.builds(lambda source: f'{{"source":"{source}" , "x": 1}}', _sources),
    st.builds(lambda source: json.dumps({"source ": source}), _sources),
    st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps),
    st.text('{}[]",:source\\u0065 \r\t\ufeff', max_size=20),
    st.just(""),
)


@given(st.lists(_json_lines, min_size=1, max_size=6))
@example(['{"source": "obs://test/1"}', "", '{"source": "obs://test/2"}', "", "\r"])
@example(['{"source":"obs://test/a", "x": 1}'])
def test_exactly_those_lines_are_refused_that_drydock_check_refuses(texts: list[str]) -> None:
    body = "\n".join(texts).encode("utf-8", "replace")
    for number, line in enumerate(lines(body), start=1):
        assert line.line == number
        alone = body.split(b"\n")[number - 1]
        if not alone.strip(b"\r"):
            assert isinstance(line, BadLine)
            continue
        checked = Checker().check(alone, "a.manifest")
        assert isinstance(line, Entry) == checked.is_valid, (alone, checked)
        if isinstance(line, BadLine):
            assert line.rule == checked.violations[0].rule


def test_memory_does_not_depend_on_the_number_of_lines() -> None:
    def read(count: int) -> int:
        pieces = (b'{"source": "obs://test/data/%d.jpg"}\n' % number for number in range(count))
        return peak_bytes(lambda: deque(read_manifest(made(pieces)), maxlen=0))

    read(10)  # what is made once
    assert read(20_000) - read(2_000) < 100_000


def test_a_manifest_is_not_read_further_than_it_is_asked_for() -> None:
    endless = (b'{"source": "obs://test/1.jpg"}\n' for _ in iter(int, 1))
    assert len(list(islice(read_manifest(made(endless)), 100))) == 100
