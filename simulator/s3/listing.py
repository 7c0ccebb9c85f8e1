"""Pages of a bucket's objects: both versions of the request, folded at a delimiter."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from simulator.objects import Bucket, ObjectInfo
from simulator.objects.properties import Properties, PropertyFile
from simulator.s3.errors import S3Error
from simulator.s3.xml import Content, iso_time

PAGE_KEYS = 1000
"""Most keys and prefixes of one page. Source: Amazon S3 and OBS, max-keys."""


@dataclass(frozen=True)
class Wanted:
    """What a client asked for.

    Attributes:
        after: only keys, and prefixes, behind this one.
        is_v2: ListObjectsV2, otherwise ListObjects.
        encodes: keys are to be percent-encoded, so that XML can carry them.
    """

    prefix: str
    delimiter: str
    after: str
    most: int
    is_v2: bool
    encodes: bool
    with_owner: bool

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """
        Raises:
            S3Error: a parameter is not allowed.
        """
        is_v2 = query.get("list-type") == "2"
        after = query.get("start-after" if is_v2 else "marker", "")
        if is_v2 and (token := query.get("continuation-token")):
            after = _from_token(token)
        encoding = query.get("encoding-type", "")
        if encoding not in ("", "url"):
            raise S3Error("InvalidArgument", "encoding-type must be url")
        return cls(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            after=after,
            most=min(number(query, "max-keys", PAGE_KEYS), PAGE_KEYS),
            is_v2=is_v2,
            encodes=encoding == "url",
            with_owner=not is_v2 or query.get("fetch-owner") == "true",
        )

    def text(self, key: str) -> str:
        """A key as the answer has it."""
        return quote(key.encode("utf-8", "surrogateescape"), safe="/") if self.encodes else key


@dataclass
class Page:
    """One page, in order; `last` is its last key or prefix if there are more behind it."""

    objects: list[ObjectInfo] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""
    properties: Mapping[str, Properties] = field(default_factory=dict)

    def etag(self, info: ObjectInfo) -> str:
        known = self.properties.get(info.key)
        return known.etag if known else info.etag


def collect(bucket: Bucket, wanted: Wanted, known: PropertyFile) -> Page:
    """Read one page. Blocks."""
    page = Page()
    if not wanted.most:
        return page
    last = ""
    for info in _folded(bucket, wanted):
        if len(page.objects) + len(page.prefixes) == wanted.most:
            page.last = last
            break
        last = info.key
        if info.is_prefix:
            page.prefixes.append(info.key)
        else:
            page.objects.append(info)
    page.properties = known.get(bucket.name, page.objects)
    return page


def _folded(bucket: Bucket, wanted: Wanted) -> Iterator[ObjectInfo]:
    """Objects, and prefixes up to the delimiter."""
    by_folder = wanted.delimiter == "/"
    # one more than fits says whether there is a next page
    entries = bucket.entries(
        wanted.prefix,
        after=wanted.after,
        recursive=not by_folder,
        at_once=wanted.most + 1 if by_folder or not wanted.delimiter else 0,
    )
    if by_folder or not wanted.delimiter:
        yield from entries
        return
    done = wanted.after if wanted.after.endswith(wanted.delimiter) else None
    start = len(wanted.prefix)
    for info in entries:
        if done is not None and info.key.startswith(done):
            continue
        end = info.key.find(wanted.delimiter, start)
        if end < 0:
            yield info
            continue
        done = info.key[: end + len(wanted.delimiter)]
        yield ObjectInfo(done, 0, 0, is_prefix=True)


def contents(name: str, wanted: Wanted, page: Page, owner: Content) -> Content:
    """The elements of `ListBucketResult`."""
    text = wanted.text
    found: list[tuple[str, str | Content]] = [("Name", name), ("Prefix", text(wanted.prefix))]
    if wanted.delimiter:
        found.append(("Delimiter", text(wanted.delimiter)))
    if wanted.encodes:
        found.append(("EncodingType", "url"))
    found += [("MaxKeys", str(wanted.most)), ("IsTruncated", str(bool(page.last)).lower())]
    found += _position(wanted, page)
    for info in page.objects:
        entry: list[tuple[str, str | Content]] = [
            ("Key", text(info.key)),
            ("LastModified", iso_time(info.modified_ns)),
            ("ETag", f'"{page.etag(info)}"'),
            ("Size", str(info.size_bytes)),
            ("StorageClass", "STANDARD"),
        ]
        found.append(("Contents", [*entry, ("Owner", owner)] if wanted.with_owner else entry))
    found += [("CommonPrefixes", [("Prefix", text(prefix))]) for prefix in page.prefixes]
    return found


def _position(wanted: Wanted, page: Page) -> Iterator[tuple[str, str]]:
    if not wanted.is_v2:
        yield "Marker", wanted.text(wanted.after)
        if page.last:
            yield "NextMarker", wanted.text(page.last)
        return
    yield "KeyCount", str(len(page.objects) + len(page.prefixes))
    if wanted.after:
        yield "StartAfter", wanted.text(wanted.after)
    if page.last:
        yield "NextContinuationToken", _token(page.last)


def number(query: Mapping[str, str], name: str, default: int) -> int:
    """A parameter that is a number.

    Raises:
        S3Error: it is none.
    """
    text = query.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise S3Error("InvalidArgument", f"{name} is no number from 0")
    return int(text)


def _token(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode("utf-8", "surrogateescape")).decode()


def _from_token(token: str) -> str:
    try:
        return base64.b64decode(token, b"-_", validate=True).decode("utf-8")
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise S3Error("InvalidArgument", "this continuation token is none of ours") from error
