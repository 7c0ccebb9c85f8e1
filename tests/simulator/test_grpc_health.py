"""The bytes of gRPC's health question, as its standards spell them."""

from __future__ import annotations

import pytest

from simulator import grpc_health


def framed(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


def test_the_question_is_an_empty_message() -> None:
    assert framed(b"") == grpc_health.QUESTION


def test_serving_is_field_one_with_the_number_one() -> None:
    key = 1 << 3 | 0
    assert framed(bytes([key, 1])) == grpc_health.SERVING


@pytest.mark.parametrize(
    ("status", "headers", "body", "words"),
    [
        (200, {}, grpc_health.SERVING, ""),
        (200, {"grpc-status": "0"}, grpc_health.SERVING, ""),
        (200, {}, framed(b"\x08\x02"), "was not answered SERVING"),
        (200, {}, b"", "was not answered SERVING"),
        (200, {"grpc-status": "12"}, b"", "is not implemented (grpc-status 12)"),
        (200, {"grpc-status": "14"}, b"", "failed with grpc-status 14"),
        (503, {}, grpc_health.SERVING, "was answered 503; gRPC answers 200"),
    ],
)
def test_only_serving_is_well(
    status: int, headers: dict[str, str], body: bytes, words: str
) -> None:
    assert grpc_health.wrong_with(status, headers, body) == words
