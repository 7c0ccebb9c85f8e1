"""Bodies, plain and in the coding aws-chunked; the signed example is that of Amazon's documents.

Source: Amazon S3 API reference, Transferring Payload in Multiple Chunks.
"""

from __future__ import annotations

import asyncio
import base64
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.s3.access import Caller, authenticate
from simulator.s3.address import Place
from simulator.s3.body import Body, BodyEnded
from simulator.s3.errors import S3Error
from simulator.s3.request import Incoming, S3Request
from tests.simulator.s3.test_signatures import AMAZON, WHO

DAY = datetime(2013, 5, 24, tzinfo=UTC).timestamp()
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
PARTS = [
    (b"a" * 65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (b"a" * 1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (b"", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
]
SIGNED = (
    "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
    "x-amz-decoded-content-length;x-amz-storage-class"
)
HEADERS = {
    "host": "s3.amazonaws.com",
    "x-amz-date": "20130524T000000Z",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": "66560",
    "content-length": "66824",
    "authorization": (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={SIGNED},Signature={SEED}"
    ),
}


def receiving(pieces: Sequence[bytes], ends: bool = True) -> Callable[[], Any]:
    """ASGI's receive for a body that arrives like this."""
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        if not left and not ends:
            return {"type": "http.disconnect"}
        piece = left.pop(0) if left else b""
        return {"type": "http.request", "body": piece, "more_body": bool(left) or not ends}

    return Incoming(receive)


def a_request(headers: dict[str, str], pieces: Sequence[bytes], *, ends: bool = True) -> S3Request:
    place = Place("examplebucket", "chunkObject.txt")
    raw_path = "/examplebucket/chunkObject.txt"
    receive = receiving(pieces, ends)
    return S3Request("PUT", place, raw_path, "", [], list(headers.items()), receive, "id")


def read(request: S3Request, caller: Caller) -> tuple[bytes, dict[str, str]]:
    async def all_of_it() -> tuple[bytes, dict[str, str]]:
        body = Body(request, caller)
        content = b"".join([piece async for piece in body.pieces()])
        return content, body.trailer

    return asyncio.run(all_of_it())


def refusal(request: S3Request, caller: Caller) -> str:
    try:
        read(request, caller)
    except S3Error as error:
        return error.code
    return ""


def coded(parts: Sequence[tuple[bytes, str]], end: bytes = b"\r\n") -> bytes:
    """A body in parts, as the documents lay it out."""
    body = b""
    for data, signature in parts:
        extension = f";chunk-signature={signature}".encode() if signature else b""
        body += f"{len(data):x}".encode() + extension + b"\r\n" + data
        body += b"\r\n" if data else b""
    return body + end


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


class TestSignedParts:
    @pytest.mark.parametrize("size", [1_000_000, 1000, 61])
    def test_the_documents_example_is_right_however_it_arrives(self, size: int) -> None:
        request = a_request(HEADERS, cut(coded(PARTS), size))
        caller = authenticate(request, WHO, DAY)
        assert caller.in_parts
        assert read(request, caller) == (b"a" * 66_560, {})

    @pytest.mark.parametrize(
        "parts",
        [
            [(b"b" + b"a" * 65_535, PARTS[0][1]), *PARTS[1:]],
            [(PARTS[0][0], PARTS[1][1]), *PARTS[1:]],
            [*PARTS[:2], (b"", PARTS[0][1])],
            [PARTS[1], PARTS[0], PARTS[2]],
            [(PARTS[0][0], ""), *PARTS[1:]],
        ],
    )
    def test_no_part_can_be_changed_moved_or_left_unsigned(
        self, parts: list[tuple[bytes, str]]
    ) -> None:
        request = a_request(HEADERS, [coded(parts)])
        caller = authenticate(request, WHO, DAY)
        assert refusal(request, caller) == "SignatureDoesNotMatch"

    @pytest.mark.parametrize("left", [PARTS[:2], PARTS[1:], PARTS[:1]])
    def test_no_part_can_be_left_out(self, left: list[tuple[bytes, str]]) -> None:
        request = a_request(HEADERS, [coded(left, end=b"")])
        assert refusal(request, authenticate(request, WHO, DAY)) in (
            "IncompleteBody",
            "SignatureDoesNotMatch",
        )

    def test_the_trailer_is_signed_too(self) -> None:
        headers = HEADERS | {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"}
        request = a_request(HEADERS, [])
        key = authenticate(request, WHO, DAY).key
        assert key is not None
        caller = Caller(AMAZON, in_parts=True, key=key)
        right = key.of_trailer(PARTS[2][1], b"x-amz-checksum-crc32:AAAA\n")
        for signature, code in ((right, ""), ("0" * 64, "SignatureDoesNotMatch")):
            end = f"x-amz-checksum-crc32:AAAA\r\nx-amz-trailer-signature:{signature}\r\n\r\n"
            signed = a_request(headers, [coded(PARTS, end.encode())])
            assert refusal(signed, caller) == code
        unsigned = a_request(headers, [coded(PARTS, b"x-amz-checksum-crc32:AAAA\r\n\r\n")])
        assert refusal(unsigned, caller) == "SignatureDoesNotMatch"


UNSIGNED = Caller(AMAZON, in_parts=True)


def in_parts(size: int) -> dict[str, str]:
    return {"x-amz-decoded-content-length": str(size)}


class TestUnsignedParts:
    @settings(max_examples=100, deadline=None)
    @given(parts=st.lists(st.binary(min_size=1, max_size=50), max_size=6), size=st.integers(1, 40))
    def test_whatever_was_coded_is_read(self, parts: list[bytes], size: int) -> None:
        body = coded([*((part, "") for part in parts), (b"", "")])
        content = b"".join(parts)
        request = a_request(in_parts(len(content)), cut(body, size))
        assert read(request, UNSIGNED) == (content, {})

    def test_a_trailer_comes_behind(self) -> None:
        checksum = base64.b64encode(zlib.crc32(b"hello").to_bytes(4)).decode()
        for end in (
            f"x-amz-checksum-crc32:{checksum}\r\n\r\n",
            f"X-Amz-Checksum-Crc32: {checksum}\n\r\n\r\n",
            f"x-amz-checksum-crc32:{checksum}",
        ):
            request = a_request(in_parts(5), [coded([(b"hello", ""), (b"", "")], end.encode())])
            assert read(request, UNSIGNED) == (b"hello", {"x-amz-checksum-crc32": checksum})

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\r\n",
            b"hello",
            b"5\r\nhel",
            b"5\r\nhelloX\r\n0\r\n\r\n",
            b"5\r\nhello",
            b"5\r\nhello\r\n",
            b"-5\r\nhello\r\n0\r\n\r\n",
            b"5;x=y\r\nhello\r\n0\r\n\r\n",
            b"ffffffff\r\nhello\r\n0\r\n\r\n",
            b"4\r\nhell\r\n0\r\n\r\n",
            b"6\r\nhelloo\r\n0\r\n\r\n",
            b"5" * 2000,
        ],
    )
    def test_anything_else_is_refused(self, body: bytes) -> None:
        assert refusal(a_request(in_parts(5), [body]), UNSIGNED) == "IncompleteBody"

    def test_so_is_a_trailer_that_is_none(self) -> None:
        ends = (b"nonsense\r\n\r\n", b"a:" + b"b" * 20_000 + b"\r\n\r\n")
        for end in ends:
            request = a_request(in_parts(0), [coded([(b"", "")], end)])
            assert refusal(request, UNSIGNED) in ("MalformedXML", "IncompleteBody")

    def test_its_length_must_be_told(self) -> None:
        request = a_request({"content-length": "9"}, [])
        with pytest.raises(S3Error) as refused:
            Body(request, UNSIGNED)
        assert refused.value.code == "MissingContentLength"


class TestPlain:
    CALLER = Caller(AMAZON)

    def test_it_is_read_piece_by_piece(self) -> None:
        request = a_request({"content-length": "6"}, [b"ab", b"", b"cdef"])
        assert read(request, self.CALLER)[0] == b"abcdef"

    def test_it_may_have_no_length(self) -> None:
        assert read(a_request({}, [b"ab", b"c"]), self.CALLER)[0] == b"abc"

    @pytest.mark.parametrize("length", ["2", "4"])
    def test_it_has_the_length_that_was_told(self, length: str) -> None:
        request = a_request({"content-length": length}, [b"abc"])
        assert refusal(request, self.CALLER) == "IncompleteBody"

    def test_a_client_that_goes_away_ends_it(self) -> None:
        request = a_request({"content-length": "9"}, [b"abc"], ends=False)
        with pytest.raises(BodyEnded):
            read(request, self.CALLER)

    def test_a_document_is_held_against_its_hash_and_a_limit(self) -> None:
        async def whole(request: S3Request, caller: Caller, most: int) -> bytes:
            return await Body(request, caller).whole(most)

        def code(caller: Caller, most: int) -> str:
            with pytest.raises(S3Error) as refused:
                asyncio.run(whole(a_request({}, [b"abc"]), caller, most))
            return refused.value.code

        assert asyncio.run(whole(a_request({}, [b"abc"]), self.CALLER, 3)) == b"abc"
        assert code(self.CALLER, 2) == "MalformedXML"
        assert code(replace(self.CALLER, sha256="0" * 64), 3) == "XAmzContentSHA256Mismatch"

    def test_what_is_left_of_a_refused_one_is_read_up_to_a_limit(self) -> None:
        asked = 0

        async def endless() -> dict[str, Any]:
            nonlocal asked
            asked += 1
            return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

        async def drain(receive: Any) -> None:
            await Body(replace(a_request({}, []), receive=receive)).drain()

        asyncio.run(drain(endless))
        assert asked == 17
        asyncio.run(drain(receiving([b"a", b"b"])))
        asyncio.run(drain(receiving([b"a"], ends=False)))
