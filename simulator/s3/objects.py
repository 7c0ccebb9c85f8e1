"""Operations on objects."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import BinaryIO
from urllib.parse import unquote

from starlette.responses import Response, StreamingResponse

from simulator.objectpaths import BadObjectPath, ObjectPath, parse_object_path
from simulator.objects import Bucket, NoSuchObject, ObjectInfo
from simulator.objects.properties import Properties
from simulator.s3 import xml
from simulator.s3.body import Body
from simulator.s3.call import Call
from simulator.s3.conditions import check_read, check_write, part_of
from simulator.s3.errors import S3Error
from simulator.s3.intake import take
from simulator.s3.request import META, S3Request
from simulator.s3.threads import entered, in_thread
from simulator.web import Receive, Scope, Send

READ_BYTES = 512 * 1024
METADATA_MAX_BYTES = 8 * 1024
"""Most bytes of names and values of the user's metadata. Source: OBS (8 KB); S3 allows 2 KB."""
KEPT_HEADERS = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
)
"""Headers of a request that an object keeps."""


@dataclass(frozen=True)
class Found:
    """An object, with what is known of it."""

    info: ObjectInfo
    properties: Properties

    @property
    def etag(self) -> str:
        return self.properties.etag


async def get_object(call: Call) -> Response:
    """The content, or the part of it that a Range header wants."""
    bucket = await call.bucket()
    if call.request.key.endswith("/"):
        return await head_object(call)
    info, file = await in_thread(bucket.open, call.request.key)
    try:
        found = await in_thread(_described, call, info)
        check_read(call.request, found.etag, info.modified_ns)
        part = part_of(call.request.header("range"), info.size_bytes)
    except BaseException:
        await in_thread(file.close)
        raise
    headers = _headers(call, found) | _overridden(call.request)
    first, last = part or (0, info.size_bytes - 1)
    headers["content-length"] = str(last - first + 1)
    if part:
        headers["content-range"] = f"bytes {first}-{last}/{info.size_bytes}"
    return ContentAnswer(file, first, last - first + 1, 206 if part else 200, headers)


async def head_object(call: Call) -> Response:
    bucket = await call.bucket()
    info = await in_thread(bucket.stat, call.request.key)
    found = await in_thread(_described, call, info)
    check_read(call.request, found.etag, info.modified_ns)
    part = part_of(call.request.header("range"), info.size_bytes)
    headers = _headers(call, found) | _overridden(call.request)
    first, last = part or (0, info.size_bytes - 1)
    headers["content-length"] = str(last - first + 1)
    if part:
        headers["content-range"] = f"bytes {first}-{last}/{info.size_bytes}"
    return Response(b"", 206 if part else 200, headers)


async def put_object(call: Call) -> Response:
    """Store an object; a key that ends in `/` makes a folder."""
    request = call.request
    bucket = await call.bucket()
    properties = sent_properties(request)
    check_write(request, await in_thread(_etag_there, call, bucket))
    if request.key.endswith("/"):
        if await Body(request, call.caller).whole(0):
            raise S3Error("InvalidRequest", "an object whose key ends in / has no content")
        info = await in_thread(bucket.make_folder, request.key)
        return call.empty(ETag=f'"{info.etag}"')
    async with entered(bucket.writer(request.key)) as writer:
        taken = await take(request, call.caller, writer)
    info = writer.info
    await in_thread(note, call, info, taken.md5, properties)
    return call.empty(ETag=f'"{taken.md5}"')


async def copy_object(call: Call) -> Response:
    """Make an object of another one."""
    request = call.request
    bucket = await call.bucket()
    source = copy_source(request)
    replace = request.own("metadata-directive").upper() in ("REPLACE", "REPLACE_NEW")
    if source == ObjectPath(request.bucket, request.key) and not replace:
        raise S3Error("InvalidRequest", "an object is copied to itself, and nothing is changed")
    check_write(request, await in_thread(_etag_there, call, bucket))

    def copy() -> tuple[ObjectInfo, str]:
        info, file = call.store.open(source)
        with file:
            found = _described(call, info, source.bucket)
            check_read(request, found.etag, info.modified_ns, source=True)
            md5 = hashlib.md5(usedforsecurity=False)
            with bucket.writer(request.key) as writer:
                while data := file.read(READ_BYTES):
                    writer.write(data)
                    md5.update(data)
        kept = sent_properties(request) if replace else found.properties
        note(call, writer.info, md5.hexdigest(), kept)
        return writer.info, md5.hexdigest()

    info, etag = await in_thread(copy)
    content = [("LastModified", xml.iso_time(info.modified_ns)), ("ETag", f'"{etag}"')]
    return call.document("CopyObjectResult", content)


async def delete_object(call: Call) -> Response:
    bucket = await call.bucket()
    await in_thread(bucket.delete, call.request.key)
    return call.empty(204)


class ContentAnswer(StreamingResponse):
    """A part of a file, which is closed whatever happens."""

    def __init__(
        self, file: BinaryIO, first: int, size: int, status: int, headers: Mapping[str, str]
    ) -> None:
        self._file, self._first, self._left = file, first, size
        super().__init__(self._pieces(), status, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await in_thread(self._file.close)

    async def _pieces(self) -> AsyncIterator[bytes]:
        if self._first:
            await in_thread(self._file.seek, self._first)
        while self._left > 0:
            data = await in_thread(self._file.read, min(READ_BYTES, self._left))
            if not data:
                raise OSError("the object has become shorter while it was read")
            self._left -= len(data)
            yield data


def sent_properties(request: S3Request) -> Properties:
    """What a request says of the object that it makes.

    Raises:
        S3Error: there is too much metadata.
    """
    headers = {name: request.header(name) for name in KEPT_HEADERS if request.header(name)}
    codings = [coding.strip() for coding in headers.pop("content-encoding", "").split(",")]
    if kept := [coding for coding in codings if coding and coding != "aws-chunked"]:
        headers["content-encoding"] = ", ".join(kept)
    metadata = request.metadata
    if sum(len(name) + len(value) for name, value in metadata.items()) > METADATA_MAX_BYTES:
        raise S3Error("MetadataTooLarge", f"metadata has at most {METADATA_MAX_BYTES} bytes")
    return Properties("", headers, metadata)


def note(call: Call, info: ObjectInfo, etag: str, properties: Properties) -> None:
    """Keep what is known of an object that has just been stored."""
    kept = Properties(etag, properties.headers, properties.metadata)
    call.store.properties.put(call.request.bucket, info, kept)


def copy_source(request: S3Request) -> ObjectPath:
    """The object that a copy is made of.

    Raises:
        S3Error: the header names none, or a version of one.
    """
    text = request.own("copy-source")
    path, _, version = text.partition("?versionId=")
    if version not in ("", "null"):
        raise S3Error("NotImplemented", "versions of objects are not simulated")
    try:
        return parse_object_path("/" + unquote(path).removeprefix("/"))
    except BadObjectPath as error:
        raise S3Error("InvalidArgument", f"the source of the copy: {error}") from error


def _described(call: Call, info: ObjectInfo, bucket: str = "") -> Found:
    known = call.store.properties.get(bucket or call.request.bucket, [info]).get(info.key)
    return Found(info, known or Properties(info.etag))


def _etag_there(call: Call, bucket: Bucket) -> str | None:
    """The entity tag of the object that a request would replace, where that matters."""
    if not (call.request.header("if-match") or call.request.header("if-none-match")):
        return None
    try:
        return _described(call, bucket.stat(call.request.key)).etag
    except NoSuchObject:
        return None


def _headers(call: Call, found: Found) -> dict[str, str]:
    kind, coding = mimetypes.guess_type(found.info.key)
    modified = datetime.fromtimestamp(found.info.modified_ns // 10**9, UTC)
    return {
        "content-type": "application/octet-stream" if coding or not kind else kind,
        **found.properties.headers,
        "etag": f'"{found.etag}"',
        "last-modified": format_datetime(modified, usegmt=True),
        "accept-ranges": "bytes",
        **{
            call.request.prefix + META + name: value
            for name, value in found.properties.metadata.items()
        },
        **call.request.answer_headers(),
    }


def _overridden(request: S3Request) -> dict[str, str]:
    """Headers that a (signed) address asks for, `response-content-type=…` and the like."""
    wanted = ((name, request.query.get(f"response-{name}", "")) for name in KEPT_HEADERS)
    return {name: value for name, value in wanted if value and value.isprintable()}
