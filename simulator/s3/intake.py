"""A body on its way to disk: written and hashed bit by bit, and held against what was announced."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from simulator.s3.access import Caller
from simulator.s3.body import Body
from simulator.s3.errors import S3Error
from simulator.s3.request import S3Request
from simulator.s3.threads import in_thread

BLOCK_BYTES = 1024 * 1024
"""How much is handed to a thread at a time."""
PUT_MAX_BYTES = 5 * 1024**3
"""Largest object or part in one request. Source: S3 and OBS (5 GB)."""
CHECKSUM = "x-amz-checksum-"


class Sink(Protocol):
    """Where the content goes."""

    def write(self, data: bytes | memoryview) -> object: ...


class _Crc32:
    """`zlib.crc32` in the form of `hashlib`'s objects."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes | memoryview) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4)


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...

    def digest(self) -> bytes: ...


_CHECKSUMS: Mapping[str, Callable[[], _Hash]] = {
    "crc32": _Crc32,
    "sha1": hashlib.sha1,
    "sha256": hashlib.sha256,
}
"""Checksums of clients that are verified; the standard library has no CRC32C and no CRC64."""


@dataclass(frozen=True)
class Taken:
    """What arrived.

    Attributes:
        md5: hexadecimal.
    """

    size_bytes: int
    md5: str


async def take(request: S3Request, caller: Caller, sink: Sink) -> Taken:
    """Write the body of a request to `sink`.

    Raises:
        S3Error: it is not what was announced or signed; the sink must then be dropped.
    """
    body = Body(request, caller)
    if body.length is not None and body.length > PUT_MAX_BYTES:
        raise S3Error("EntityTooLarge", f"at most {PUT_MAX_BYTES} bytes fit into one request")
    hashes = _hashes(request, caller)
    size, block = 0, bytearray()

    def store(data: bytearray) -> None:
        with memoryview(data) as view:
            sink.write(view)
            for one in hashes.values():
                one.update(view)

    async for piece in body.pieces():
        block += piece
        size += len(piece)
        if size > PUT_MAX_BYTES:
            raise S3Error("EntityTooLarge", f"at most {PUT_MAX_BYTES} bytes fit into one request")
        if len(block) >= BLOCK_BYTES:
            await in_thread(store, block)
            block = bytearray()
    if block:
        await in_thread(store, block)
    _check(request, caller, body.trailer, hashes)
    return Taken(size, hashes["md5"].digest().hex())


def _hashes(request: S3Request, caller: Caller) -> dict[str, _Hash]:
    hashes: dict[str, _Hash] = {"md5": hashlib.md5(usedforsecurity=False)}
    if caller.sha256:
        hashes["sha256"] = hashlib.sha256()
    announced = {name for name, _ in request.headers if name.startswith(CHECKSUM)}
    announced |= set(request.header("x-amz-trailer").lower().replace(" ", "").split(","))
    for name, make in _CHECKSUMS.items():
        if CHECKSUM + name in announced:
            hashes.setdefault(name, make())
    return hashes


def _check(
    request: S3Request, caller: Caller, trailer: Mapping[str, str], hashes: Mapping[str, _Hash]
) -> None:
    if caller.sha256 and hashes["sha256"].digest().hex() != caller.sha256:
        raise S3Error("XAmzContentSHA256Mismatch", "the body is not what was signed")
    md5 = request.header("content-md5")
    if md5 and _from_base64(md5, 16) != hashes["md5"].digest():
        raise S3Error("BadDigest", "the body's MD5 is not what Content-MD5 says")
    for name in _CHECKSUMS.keys() & hashes.keys():
        expected = trailer.get(CHECKSUM + name) or request.header(CHECKSUM + name)
        if expected and _from_base64(expected) != hashes[name].digest():
            raise S3Error("BadDigest", f"the body's {name.upper()} is not what was announced")


def _from_base64(text: str, size: int | None = None) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise S3Error("InvalidDigest", "a checksum is not Base64") from error
    if size is not None and len(found) != size:
        raise S3Error("InvalidDigest", "Content-MD5 is no MD5")
    return found
