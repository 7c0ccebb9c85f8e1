"""Requests that hold only under a condition, and parts of an object. Pure.

Source: RFC 9110, Conditional Requests and Range Requests, as S3 answers them.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from simulator.s3.errors import S3Error
from simulator.s3.request import S3Request

_RANGE = re.compile(r"bytes=(?P<first>[0-9]*)-(?P<last>[0-9]*)")
_DIGITS_MAX = 18


def check_read(request: S3Request, etag: str, modified_ns: int, *, source: bool = False) -> None:
    """Hold an object against the conditions of a request that reads it.

    Args:
        source: the conditions are those on the source of a copy.

    Raises:
        S3Error: NotModified, or PreconditionFailed.
    """
    said = _said_of_source(request) if source else _said(request)
    unchanged = "PreconditionFailed" if source else "NotModified"
    if said["if-match"]:
        if not _has(said["if-match"], etag):
            raise S3Error("PreconditionFailed", "the object has another entity tag")
    elif said["if-unmodified-since"] and _is_later(modified_ns, said["if-unmodified-since"]):
        raise S3Error("PreconditionFailed", "the object was changed since then")
    if said["if-none-match"]:
        if _has(said["if-none-match"], etag):
            raise S3Error(unchanged, "the object has this entity tag", ETag=f'"{etag}"')
    elif said["if-modified-since"] and _is_later(modified_ns, said["if-modified-since"]) is False:
        raise S3Error(unchanged, "the object was not changed since then", ETag=f'"{etag}"')


def check_write(request: S3Request, etag: str | None) -> None:
    """Hold what is there against the conditions of a request that writes.

    Args:
        etag: of the object that is there; None for none.

    Raises:
        S3Error: PreconditionFailed, NoSuchKey.
    """
    said = _said(request)
    if said["if-none-match"]:
        if said["if-none-match"] != "*":
            raise S3Error("NotImplemented", "If-None-Match of a request that writes must be *")
        if etag is not None:
            raise S3Error("PreconditionFailed", "the object exists already")
    if said["if-match"]:
        if etag is None:
            raise S3Error("NoSuchKey", "there is no object that If-Match could mean")
        if not _has(said["if-match"], etag):
            raise S3Error("PreconditionFailed", "the object has another entity tag")


def part_of(header: str, size_bytes: int) -> tuple[int, int] | None:
    """First and last byte that a Range header means; None for the whole object, also where the
    header has a form that may be ignored (several ranges, other units).

    Raises:
        S3Error: InvalidRange, no byte of the object is meant.
    """
    match = _RANGE.fullmatch(header.replace(" ", ""))
    if match is None or len(header) > 2 * _DIGITS_MAX:
        return None
    first, last = match["first"], match["last"]
    if not first and not last:
        return None
    if not first:
        start, end = max(0, size_bytes - int(last)), size_bytes - 1
        is_any = int(last) > 0 and size_bytes > 0
    else:
        start, end = int(first), min(int(last) if last else size_bytes - 1, size_bytes - 1)
        if last and int(last) < start:
            return None
        is_any = start < size_bytes
    if not is_any:
        raise S3Error(
            "InvalidRange",
            f"the object has {size_bytes} bytes",
            Content_Range=f"bytes */{size_bytes}",
        )
    return start, end


_NAMES = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")


def _said(request: S3Request) -> dict[str, str]:
    return {name: request.header(name) for name in _NAMES}


def _said_of_source(request: S3Request) -> dict[str, str]:
    return {name: request.own(f"copy-source-{name}") for name in _NAMES}


def _has(tags: str, etag: str) -> bool:
    names = [tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")]
    return "*" in names or etag in names


def _is_later(modified_ns: int, date: str) -> bool | None:
    """Whether an object was changed after a date; None for a date that cannot be read, which says
    nothing (RFC 9110)."""
    try:
        return modified_ns // 10**9 > parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
