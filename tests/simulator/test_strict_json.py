"""What the one strict reader takes, and what it refuses."""

from __future__ import annotations

import json
import time

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InvalidRequest
from simulator.rules.text import pointer
from simulator.strict_json import MAX_BYTES, MAX_DEPTH, MAX_VALUES, parse, parse_object


def refusal(body: bytes) -> tuple[str, str]:
    """Place and message of the one violation."""
    with pytest.raises(InvalidRequest) as caught:
        parse(body)
    (violation,) = caught.value.violations
    assert violation.rule == "BadJson"
    orjson.dumps(vars(violation))  # it can be sent
    return violation.path, violation.message


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' [1, -2.5e3, true, null, "x"] ', [1, -2500.0, True, None, "x"]),
        (b'{"a": {"a": 1}, "b": {"a": 1}}', {"a": {"a": 1}, "b": {"a": 1}}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        ('"é – 服"'.encode(), "é – 服"),
        (b'"\\u0000"', "\x00"),
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"1.7976931348623157e308", 1.7976931348623157e308),
        (b'"[[[[[[[[ {{{{ \\" [[[["', '[[[[[[[[ {{{{ " [[[['),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
    ],
)
def test_json_is_read(body: bytes, value: object) -> None:
    assert value is None or parse(body) == value
    assert parse(body) == json.loads(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body is empty"),
        (b" \n\t", "the body is empty"),
        (b"{", "not valid JSON"),
        (b'{"a": 1,}', "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b'{"a": 01}', "not valid JSON"),
        (b'"\n"', "not valid JSON"),
        (b"// no comments\n{}", "not valid JSON"),
        (b"NaN", "NaN is not JSON"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b"-Infinity", "-Infinity is not JSON"),
        (b"1e999", "too large"),
        (b"-1e999", "too large"),
        (b"9223372036854775808", "does not fit into 64 bits"),
        (b"-9223372036854775809", "does not fit into 64 bits"),
        (b"1" * 5000, "not valid JSON"),
        (b'\xff"', "byte 0 is not valid UTF-8"),
        (b'"\xed\xa0\x80"', "byte 1 is not valid UTF-8"),
        (b'"\xc0\xaf"', "byte 1 is not valid UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("{}".encode("utf-16"), "not valid UTF-8"),
        (b'"\\ud800"', "lone surrogate"),
        (b'"\\udc00\\ud800"', "lone surrogate"),
        (b'{"\\ud800": 1}', "lone surrogate"),
        (b'{"a\\u0000": 1}', "NUL"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "levels deep"),
        (b'{"a":' * 100_000, "levels deep"),
        (b"[" * 1_000_000, "levels deep"),
    ],
)
def test_what_is_ambiguous_or_hostile_is_refused_in_words(body: bytes, words: str) -> None:
    _, message = refusal(body)
    assert words in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"a": [0, {"b/c~d": 99999999999999999999}]}', "/a/1/b~1c~0d"),
        (b'{"a": {"b": "\\ud800"}}', "/a/b"),
        (b'{"a": 1, "a": 2}', "/a"),
        (b'{"\\ud800": 1, "\\ud800": 2}', ""),
    ],
)
def test_the_place_is_named(body: bytes, path: str) -> None:
    assert refusal(body)[0] == path


def test_a_key_that_stands_twice_is_refused_however_it_is_written() -> None:
    assert "stands twice" in refusal(b'{"a": 1, "\\u0061": 1}')[1]


def test_the_size_is_limited() -> None:
    assert parse(b'"' + b"x" * (MAX_BYTES - 2) + b'"')
    assert f"at most {MAX_BYTES} are read" in refusal(b'"' + b"x" * (MAX_BYTES - 1) + b'"')[1]
    with pytest.raises(InvalidRequest, match="at most 2 are read"):
        parse(b"[1]", max_bytes=2)


VALUES = MAX_VALUES - 1
"""In an array that is a value too."""


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b",".join([b"1"] * VALUES) + b"]",
        b"[" + b",".join([b"{}"] * VALUES) + b"]",
        b"[" + b",".join([b"[ ]"] * VALUES) + b"]",
        b'["' + b"[{," * MAX_VALUES + b'"]',
        b'["' + b'\\"[' * MAX_VALUES + b'"]',
    ],
)
def test_so_many_values_are_read(body: bytes) -> None:
    assert parse(body) == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b",".join([b"1"] * (VALUES + 1)) + b"]",
        b"[" + b",".join([b"{}"] * (VALUES + 1)) + b"]",
        b"[" + b",".join([b'{"a":[ ]}'] * VALUES) + b"]",
        b"{" + b",".join(b'"%d":1' % number for number in range(VALUES + 1)) + b"}",
    ],
)
def test_more_values_are_refused(body: bytes) -> None:
    assert refusal(body) == ("", f"more than {MAX_VALUES} values")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000 + b"]" * 500_000,
        b"[]" * 500_000,
        b"]" * 1_000_000,
        b'"' * 1_000_001,
        b'"' + b'\\"' * 500_000,
        b'{"a":' * 200_000,
        b"[" + b"{}," * 300_000 + b"1",
    ],
)
def test_what_is_hostile_is_refused_soon(body: bytes) -> None:
    began = time.thread_time()
    refusal(body)
    assert time.thread_time() - began < 1  # a minute, where each string is sought from each mark


def test_a_place_is_given_as_line_and_column() -> None:
    assert "line 2, column 3" in refusal(b'{"a": 1,\n  oops}')[1]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "an array"),
        (b'"x"', "a string"),
        (b"1", "a number"),
        (b"1.5", "a number"),
        (b"true", "a boolean"),
        (b"null", "null"),
    ],
)
def test_where_an_object_is_expected_another_kind_is_named(body: bytes, kind: str) -> None:
    with pytest.raises(InvalidRequest, match=f"must be a JSON object, not {kind}"):
        parse_object(body)


@pytest.mark.parametrize(
    ("parts", "text"),
    [((), ""), (("a", 0, "b"), "/a/0/b"), (("a/b", "c~d", ""), "/a~1b/c~0d/")],
)
def test_pointers_are_those_of_rfc_6901(parts: tuple[str | int, ...], text: str) -> None:
    assert pointer(*parts) == text


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc/~é"), inner),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(values)
def test_every_ordinary_document_is_read_as_it_is(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=60) | st.text('[]{}",:\\u0123d8ABC eE+-.\n').map(lambda text: text.encode())
)
def test_no_bytes_whatever_get_more_than_a_refusal_that_can_be_sent(body: bytes) -> None:
    try:
        parse(body)
    except InvalidRequest as error:
        orjson.dumps([vars(violation) for violation in error.violations])
