"""Conditions and ranges, as RFC 9110 has them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.s3.address import Place
from simulator.s3.conditions import check_read, check_write, part_of
from simulator.s3.errors import S3Error
from tests.simulator.s3.test_signatures import a_request

BEFORE, THEN, AFTER = (f"Sat, 01 Jan 2028 00:00:0{second} GMT" for second in (0, 1, 2))
THEN_NS = 1_830_297_601 * 10**9 + 999
REQUEST = a_request("GET", "/", {}, place=Place("data", "k"))


def refusal(check: object, *arguments: object, **headers: str) -> str:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    request = replace(REQUEST, headers=named)
    try:
        check(request, *arguments)  # type: ignore[operator]
    except S3Error as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, ""),
        ({"if_match": '"tag"'}, ""),
        ({"if_match": "*"}, ""),
        ({"if_match": '"a", "tag"'}, ""),
        ({"if_match": '"other"'}, "PreconditionFailed"),
        ({"if_none_match": '"other"'}, ""),
        ({"if_none_match": 'W/"tag"'}, "NotModified"),
        ({"if_none_match": "*"}, "NotModified"),
        ({"if_modified_since": BEFORE}, ""),
        ({"if_modified_since": THEN}, "NotModified"),
        ({"if_modified_since": AFTER}, "NotModified"),
        ({"if_unmodified_since": BEFORE}, "PreconditionFailed"),
        ({"if_unmodified_since": THEN}, ""),
        ({"if_unmodified_since": AFTER}, ""),
        ({"if_modified_since": "no date"}, ""),
        ({"if_unmodified_since": "no date"}, ""),
        # the tags go before the times
        ({"if_match": '"tag"', "if_unmodified_since": BEFORE}, ""),
        ({"if_none_match": '"other"', "if_modified_since": AFTER}, ""),
    ],
)
def test_conditions_of_reading(headers: dict[str, str], code: str) -> None:
    assert refusal(check_read, "tag", THEN_NS, **headers) == code


def test_a_copys_source_has_conditions_of_its_own() -> None:
    request = replace(REQUEST, headers=[("x-amz-copy-source-if-none-match", '"tag"')])
    check_read(request, "tag", THEN_NS)
    with pytest.raises(S3Error, match="PreconditionFailed"):
        check_read(request, "tag", THEN_NS, source=True)


@pytest.mark.parametrize(
    ("there", "headers", "code"),
    [
        (None, {}, ""),
        ("tag", {}, ""),
        (None, {"if_none_match": "*"}, ""),
        ("tag", {"if_none_match": "*"}, "PreconditionFailed"),
        ("tag", {"if_none_match": '"tag"'}, "NotImplemented"),
        ("tag", {"if_match": '"tag"'}, ""),
        ("tag", {"if_match": '"other"'}, "PreconditionFailed"),
        (None, {"if_match": '"tag"'}, "NoSuchKey"),
    ],
)
def test_conditions_of_writing(there: str | None, headers: dict[str, str], code: str) -> None:
    assert refusal(check_write, there, **headers) == code


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-9", (0, 9)),
        ("bytes=0-99", (0, 9)),
        ("bytes=9-", (9, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=-99", (0, 9)),
        ("bytes= 2 - 3", (2, 3)),
        ("bytes=0-1,3-4", None),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=" + "9" * 99 + "-", None),
    ],
)
def test_ranges_of_ten_bytes(header: str, part: tuple[int, int] | None) -> None:
    assert part_of(header, 10) == part


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_a_range_without_any_byte_is_refused_with_the_size(header: str, size: int) -> None:
    with pytest.raises(S3Error) as refused:
        part_of(header, size)
    assert refused.value.status == 416
    assert refused.value.headers == {"Content-Range": f"bytes */{size}"}


@given(first=st.integers(0, 20), last=st.integers(0, 20), size=st.integers(0, 20))
def test_a_range_is_what_slicing_says(first: int, last: int, size: int) -> None:
    content = bytes(range(size))
    try:
        part = part_of(f"bytes={first}-{last}", size)
    except S3Error:
        assert content[first : last + 1] == b""
        return
    if part is None:
        assert last < first
    else:
        assert content[part[0] : part[1] + 1] == content[first : last + 1]
