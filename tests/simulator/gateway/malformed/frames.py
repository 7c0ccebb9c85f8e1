"""Frames of HTTP/2, sound or not, as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import hpack

from tests.simulator.gateway.malformed.case import Place

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW, CONTINUATION = (
    range(10)
)
END_STREAM, END_HEADERS, PADDED = 0x1, 0x4, 0x8
Field = tuple[str | bytes, str | bytes]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"", length: int = -1) -> bytes:
    """A frame; `length` says another length than the payload's."""
    size = len(payload) if length < 0 else length
    return size.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def block(fields: Iterable[Field]) -> bytes:
    """A block of header fields, none of which is remembered for later blocks."""
    return hpack.Encoder().encode([(name, value, True) for name, value in fields])


def opening() -> bytes:
    """What begins a connection: the preface, and SETTINGS without any."""
    return PREFACE + frame(SETTINGS, 0, 0)


def request_fields(place: Place, *more: Field, method: str = "POST", tail: str = "") -> list[Field]:
    """The fields of a sound request at a place, and more."""
    pseudo: list[Field] = [
        (":method", method),
        (":scheme", "http"),
        (":path", place.path + tail),
        (":authority", "localhost"),
    ]
    return [*pseudo, *((name.lower(), value) for name, value in place.headers), *more]


def headers(stream: int, fields: Sequence[Field], *, end: bool = True) -> bytes:
    """A HEADERS frame that holds the whole block."""
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block(fields))


def data(stream: int, payload: bytes, *, end: bool = True) -> bytes:
    return frame(DATA, END_STREAM if end else 0, stream, payload)
