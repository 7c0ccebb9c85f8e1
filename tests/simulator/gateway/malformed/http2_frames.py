"""Frames of HTTP/2 out of order, out of bounds, or too many of them."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulator.gateway.malformed.case import (
    Act,
    Case,
    Place,
    Step,
    Wanted,
    dropped,
    passed,
    rejected,
)
from tests.simulator.gateway.malformed.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW,
    block,
    data,
    frame,
    headers,
    opening,
    request_fields,
)

_FLOOD = 20_000
"""Frames of a flood: more than anybody has a use for."""

_BEGUN = Wanted((0, 200), arrives=None, silence=True, ends=True)
"""The connection ends; what was sound in it may have arrived before."""


def _case(name: str, wanted: Wanted, frames: Callable[[Place], bytes]) -> Case:
    def steps(place: Place) -> list[Step]:
        return [opening() + frames(place)]

    return Case(f"HTTP/2 {name}", wanted, steps, http2=True)


def _plain(name: str, wanted: Wanted, frames: bytes) -> Case:
    return _case(name, wanted, lambda _: frames)


def _start(place: Place) -> bytes:
    """A request whose body is still to come."""
    return headers(1, request_fields(place), end=False)


def _whole(place: Place, stream: int = 1) -> bytes:
    return headers(stream, request_fields(place))


def _split(place: Place) -> bytes:
    """A block of fields of which only the first piece is sent."""
    return frame(HEADERS, END_STREAM, 1, block(request_fields(place))[:10])


def _rapid_reset(place: Place) -> bytes:
    fields = request_fields(place, tail="/reset")
    streams = range(1, _FLOOD, 2)
    return b"".join(
        headers(stream, fields) + frame(RST_STREAM, 0, stream, bytes([0, 0, 0, 8]))
        for stream in streams
    )


def _too_many_streams(place: Place) -> bytes:
    fields = request_fields(place, tail="/open")
    streams = range(1, 601, 2)
    opened = b"".join(headers(stream, fields, end=False) for stream in streams)
    return opened + b"".join(
        frame(RST_STREAM, 0, stream, bytes([0, 0, 0, 8])) for stream in streams
    )


CASES = [
    Case(
        "HTTP/2 preface/cut off",
        dropped(0, 400),
        lambda _: [PREFACE[:10], Act.HALF_CLOSE],
        http2=True,
    ),
    Case(
        "HTTP/2 preface/wrong end",
        dropped(0, 400),
        lambda _: [PREFACE[:-2] + b"xx" + bytes(20)],
        http2=True,
    ),
    Case(
        "HTTP/2 preface/no SETTINGS after it",
        dropped(0),
        lambda place: [PREFACE + _whole(place)],
        http2=True,
    ),
    _plain("frames/preface again", dropped(0), PREFACE),
    _plain(
        "frames/HTTP 1.1 after the preface",
        dropped(0),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    _case("frames/DATA before HEADERS", dropped(0), lambda _: data(1, b"hello")),
    _case("frames/DATA on stream 0", dropped(0), lambda place: _start(place) + data(0, b"hello")),
    _case(
        "frames/DATA after the end",
        _BEGUN,
        lambda place: _start(place) + data(1, b"") + data(1, b"more"),
    ),
    _case(
        "frames/padding longer than the frame",
        dropped(0),
        lambda place: _start(place) + frame(DATA, PADDED, 1, b"\xffhello"),
    ),
    _case("frames/HEADERS on stream 0", dropped(0), lambda place: _whole(place, 0)),
    _case("frames/HEADERS on an even stream", dropped(0), lambda place: _whole(place, 2)),
    _case(
        "frames/HEADERS on an older stream",
        passed(),
        lambda place: _whole(place, 5) + _whole(place, 3),
    ),
    _case("frames/HEADERS cut off", dropped(0), lambda place: _split(place) + data(1, b"x")),
    _case(
        "frames/CONTINUATION of another stream",
        dropped(0),
        lambda place: _split(place) + frame(CONTINUATION, END_HEADERS, 3),
    ),
    _case(
        "frames/CONTINUATION without HEADERS",
        dropped(0),
        lambda _: frame(CONTINUATION, END_HEADERS, 1, b"\x82"),
    ),
    _case(
        "frames/PING between HEADERS and CONTINUATION",
        dropped(0),
        lambda place: _split(place) + frame(PING, 0, 0, bytes(8)),
    ),
    _case(
        "frames/stream depends on itself",
        passed(),
        lambda place: frame(PRIORITY, 0, 1, bytes([0, 0, 0, 1, 1])) + _whole(place),
    ),
    _plain("frames/PRIORITY too short", dropped(0), frame(PRIORITY, 0, 1, b"\0")),
    _plain(
        "frames/PUSH_PROMISE", dropped(0), frame(PUSH_PROMISE, END_HEADERS, 1, bytes(4) + b"\x82")
    ),
    _plain("frames/RST_STREAM of an idle stream", dropped(0), frame(RST_STREAM, 0, 1, bytes(4))),
    _plain("frames/RST_STREAM too long", dropped(0), frame(RST_STREAM, 0, 1, bytes(5))),
    _plain("frames/SETTINGS of five bytes", dropped(0), frame(SETTINGS, 0, 0, bytes(5))),
    _plain("frames/SETTINGS on a stream", dropped(0), frame(SETTINGS, 0, 1)),
    _plain(
        "frames/SETTINGS acknowledged with content", dropped(0), frame(SETTINGS, 1, 0, bytes(6))
    ),
    _plain("frames/SETTINGS with push of 2", dropped(0), frame(SETTINGS, 0, 0, b"\0\2\0\0\0\2")),
    _plain(
        "frames/SETTINGS with a window of 2^31",
        dropped(0),
        frame(SETTINGS, 0, 0, b"\0\4\x80\0\0\0"),
    ),
    _plain(
        "frames/SETTINGS with frames of 1 byte", dropped(0), frame(SETTINGS, 0, 0, b"\0\5\0\0\0\1")
    ),
    _plain("frames/WINDOW_UPDATE of 0", dropped(0), frame(WINDOW, 0, 0, bytes(4))),
    _plain(
        "frames/WINDOW_UPDATE beyond 2^31", dropped(0), frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff") * 2
    ),
    _plain("frames/PING of seven bytes", dropped(0), frame(PING, 0, 0, bytes(7))),
    _plain("frames/PING on a stream", dropped(0), frame(PING, 0, 1, bytes(8))),
    _plain("frames/GOAWAY on a stream", dropped(0), frame(GOAWAY, 0, 1, bytes(8))),
    _plain("frames/longer than allowed", dropped(0), frame(DATA, 0, 1, bytes(20_000))),
    _plain("frames/length of 16 MiB", dropped(0), frame(HEADERS, END_HEADERS, 1, b"", 0xFFFFFF)),
    _case(
        "frames/unknown kind", passed(), lambda place: frame(0xFA, 0xFF, 1, b"what") + _whole(place)
    ),
    _plain("HPACK/index 0", dropped(0), frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x80")),
    _plain(
        "HPACK/index that is not there",
        dropped(0),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\xff\x80\x01"),
    ),
    _plain(
        "HPACK/number without an end",
        dropped(0),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\xff" * 12),
    ),
    _plain(
        "HPACK/Huffman code of the end",
        dropped(0),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x00\x84\xff\xff\xff\xff\x01a"),
    ),
    _plain(
        "HPACK/table larger than allowed",
        dropped(0),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x3f\xff\xff\x7f\x82"),
    ),
    _case(
        "HPACK/bomb",
        rejected(431),
        lambda place: frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            1,
            block(request_fields(place))
            + b"\x40\x01a\x7f\xa1\x1e"
            + b"b" * 4000
            + b"\xbe" * 10_000,
        ),
    ),
    _plain("floods/SETTINGS", dropped(0), frame(SETTINGS, 0, 0) * _FLOOD),
    _plain("floods/PING", dropped(0), frame(PING, 0, 0, bytes(8)) * _FLOOD),
    _case(
        "floods/PRIORITY",
        dropped(0),
        lambda place: _start(place) + frame(PRIORITY, 0, 1, bytes([0, 0, 0, 3, 1])) * _FLOOD,
    ),
    _case(
        "floods/empty DATA",
        dropped(0),
        lambda place: _start(place) + data(1, b"", end=False) * _FLOOD,
    ),
    _case(
        "floods/empty CONTINUATION",
        dropped(0),
        lambda place: _split(place) + frame(CONTINUATION, 0, 1) * _FLOOD,
    ),
    _case(
        "floods/CONTINUATION",
        dropped(0),
        lambda place: (
            _split(place) + frame(CONTINUATION, 0, 1, b"\x00\x01a\x7f\x81\x05" + b"b" * 260) * 2000
        ),
    ),
    _case(
        "floods/WINDOW_UPDATE",
        dropped(0),
        lambda place: _start(place) + frame(WINDOW, 0, 1, b"\0\0\0\1") * _FLOOD,
    ),
    _case("floods/streams that are reset at once", _BEGUN, _rapid_reset),
    _case("floods/open streams", rejected(), _too_many_streams),
]
