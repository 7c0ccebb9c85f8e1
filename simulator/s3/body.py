"""A request's body, piece by piece: plain, or in the coding `aws-chunked`. It is never in memory as
a whole.

Source: Amazon S3 API reference, Transferring Payload in Multiple Chunks (AWS Signature Version 4).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import AsyncIterator
from hashlib import sha256

from simulator.s3.access import Caller
from simulator.s3.errors import S3Error
from simulator.s3.request import S3Request

DRAIN_MAX_BYTES = 16 * 1024 * 1024
"""How much of a refused body is still read, so that the client gets to read the answer."""
PART_MAX_BYTES = 16 * 1024 * 1024
"""Largest single part of a body in parts; clients send 64 KiB to 1 MiB."""
TRAILER_MAX_BYTES = 16 * 1024
_HEAD_MAX_BYTES = 1024
_PART = re.compile(rb"(?P<size>[0-9a-fA-F]{1,8})(?:;chunk-signature=(?P<signature>[0-9a-f]{64}))?")


class BodyEnded(Exception):
    """The client has gone before the body's end."""


class Body:
    """The body of one request, to be read once.

    Attributes:
        trailer: headers that came behind it, lower-case names; complete when all is read.
    """

    def __init__(self, request: S3Request, caller: Caller | None = None) -> None:
        self._receive = request.receive
        self._caller = caller
        self._ended = False
        self.trailer: dict[str, str] = {}
        name = "decoded-content-length"
        length = request.own(name) if self._in_parts else request.header("content-length")
        if self._in_parts and not length:
            raise S3Error("MissingContentLength", f"the header x-amz-{name} is missing")
        self.length = int(length) if length.isdecimal() else None
        """Bytes that were announced; None where there is no telling."""

    @property
    def _in_parts(self) -> bool:
        return self._caller is not None and self._caller.in_parts

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content.

        Raises:
            S3Error: the coding or the signature of a part is wrong, or it is too short or too long.
            BodyEnded
        """
        read = 0
        source = self._parts() if self._in_parts else self._raw()
        async for piece in source:
            read += len(piece)
            if self.length is not None and read > self.length:
                raise S3Error("IncompleteBody", "the body is longer than was announced")
            yield piece
        if self.length is not None and read < self.length:
            raise S3Error("IncompleteBody", "the body is shorter than was announced")

    async def whole(self, max_bytes: int) -> bytes:
        """All of it, for documents.

        Raises:
            S3Error: as `pieces`, or there is more.
        """
        content = bytearray()
        async for piece in self.pieces():
            content += piece
            if len(content) > max_bytes:
                raise S3Error("MalformedXML", f"the document is larger than {max_bytes} bytes")
        expected = self._caller.sha256 if self._caller else ""
        if expected and sha256(content).hexdigest() != expected:
            raise S3Error("XAmzContentSHA256Mismatch", "the body is not what was signed")
        return bytes(content)

    async def drain(self) -> None:
        """Read on and forget, up to a limit."""
        left = DRAIN_MAX_BYTES
        try:
            async for piece in self._raw():
                left -= len(piece)
                if left < 0:
                    return
        except BodyEnded:
            return

    async def _raw(self) -> AsyncIterator[bytes]:
        while not self._ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._ended = True
                raise BodyEnded
            self._ended = not message.get("more_body", False)
            if piece := message.get("body", b""):
                yield piece

    async def _parts(self) -> AsyncIterator[bytes]:
        assert self._caller is not None
        reader, key = _Reader(self._raw()), self._caller.key
        before = key.seed if key else ""
        while True:
            head = _PART.fullmatch(await reader.line(_HEAD_MAX_BYTES))
            size = int(head["size"], 16) if head else PART_MAX_BYTES + 1
            if head is None or size > PART_MAX_BYTES:
                raise S3Error("IncompleteBody", "the body is not in the coding aws-chunked")
            data = await reader.exactly(size)
            if key is not None:
                right = key.of_part(before, sha256(data).hexdigest())
                if not hmac.compare_digest(right.encode(), head["signature"] or b""):
                    raise S3Error("SignatureDoesNotMatch", "the signature of a part is wrong")
                before = right
            if not size:
                break
            yield data
            if await reader.exactly(2) != b"\r\n":
                raise S3Error("IncompleteBody", "the body is not in the coding aws-chunked")
        await self._read_trailer(reader, before)

    async def _read_trailer(self, reader: _Reader, before: str) -> None:
        signed, left = b"", TRAILER_MAX_BYTES
        while line := await reader.line(left, or_end=True):
            left -= len(line) + 2
            name, separator, value = line.partition(b":")
            if not separator or left < 0:
                raise S3Error("MalformedXML", "the trailer of the body cannot be read")
            text = value.strip().decode("latin-1")
            if name.lower() != b"x-amz-trailer-signature":
                signed += name.lower() + b":" + value.strip() + b"\n"
                self.trailer[name.lower().decode("latin-1")] = text
                continue
            key = self._caller.key if self._caller else None
            if key is not None and not hmac.compare_digest(key.of_trailer(before, signed), text):
                raise S3Error("SignatureDoesNotMatch", "the signature of the trailer is wrong")
            signed = b""
        if signed and self._caller and self._caller.key:
            raise S3Error("SignatureDoesNotMatch", "the trailer is not signed")


class _Reader:
    """Reads lines and counted bytes from pieces of any size."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self._buffer = bytearray()

    async def exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            if not await self._more():
                raise S3Error("IncompleteBody", "the body ends within a part")
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    async def line(self, max_bytes: int, *, or_end: bool = False) -> bytes:
        """Up to the next CR LF, without it.

        Args:
            or_end: the end of the body ends the line too.
        """
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > max_bytes:
                raise S3Error("IncompleteBody", "the body is not in the coding aws-chunked")
            if not await self._more():
                if or_end:
                    end = len(self._buffer)
                    break
                raise S3Error("IncompleteBody", "the body ends within a part")
        found = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return found

    async def _more(self) -> bool:
        piece = await anext(self._pieces, None)
        if piece is None:
            return False
        self._buffer += piece
        return True
