"""Connections: upgrades, hop-by-hop fields, expectations, pipelining, clients that leave."""

from __future__ import annotations

from tests.simulator.gateway.malformed.case import (
    Act,
    Case,
    Wanted,
    answered,
    dropped,
    passed,
    raw,
    refused,
)

_HEAD = b"POST <path> HTTP/1.1\r\nHost: localhost\r\n<auth>"
_GET = b"GET <path> HTTP/1.1\r\nHost: localhost\r\n<auth>"
_TO_H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")


def _hop(name: str, *fields: bytes, wanted: Wanted | None = None) -> Case:
    lines = b"".join(field + b"\r\n" for field in fields)
    head = _HEAD + lines + b"Content-Length: 0\r\n\r\n"
    return raw(f"hop by hop/{name}", wanted or passed(), head)


def _numbered(number: int) -> bytes:
    return (
        b"POST <path>/%d HTTP/1.1\r\nHost: localhost\r\n<auth>Content-Length: 2\r\n\r\nab" % number
    )


CASES = [
    raw(
        "upgrade/h2c",
        passed(),
        _GET + _TO_H2C,
    ),
    raw(
        "upgrade/h2c, and frames at once",
        Wanted((200, 400), ("",), ends=True),
        _GET + _TO_H2C,
        Act.AWAIT_INTERIM,
        _PREFACE,
    ),
    raw("upgrade/h2c without Connection", passed(), _GET + b"Upgrade: h2c\r\n\r\n"),
    raw(
        "upgrade/to TLS",
        answered(200, 400, 403),
        _GET + b"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n\r\n",
    ),
    raw(
        "upgrade/WebSocket, then a request",
        refused(400, 403, 404, 426),
        _GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n<smuggled>",
    ),
    raw(
        "upgrade/WebSocket of a wrong version, then a request",
        refused(400, 403, 404, 426),
        _GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\n\r\n"
        b"<smuggled>",
    ),
    raw(
        "upgrade/with a body",
        refused(400, 403),
        _HEAD
        + b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello<smuggled>",
    ),
    raw("upgrade/without Connection", passed(), _GET + b"Upgrade: websocket\r\n\r\n"),
    _hop(
        "Connection names a field",
        b"Connection: X-A, keep-alive",
        b"X-A: b",
        wanted=passed(absent=("x-a",)),
    ),
    _hop("Connection names Host", b"Connection: Host", wanted=refused(400)),
    _hop("Connection names a pseudo-field", b"Connection: :path", wanted=refused(400)),
    _hop(
        "Connection names the client's address",
        b"Connection: X-Forwarded-For",
        wanted=refused(400),
    ),
    _hop("Connection names the gateway's id", b"Connection: X-Request-Id"),
    _hop("Connection names the length", b"Connection: Content-Length"),
    _hop("Connection twice", b"Connection: keep-alive", b"Connection: keep-alive"),
    _hop("Keep-Alive", b"Connection: keep-alive", b"Keep-Alive: timeout=9999, max=9999"),
    _hop("Proxy-Connection", b"Proxy-Connection: keep-alive"),
    _hop("Proxy-Authorization", b"Proxy-Authorization: Basic c2VjcmV0"),
    _hop("Proxy-Authenticate", b"Proxy-Authenticate: Basic"),
    _hop("TE", b"TE: gzip, trailers, chunked", b"Connection: TE"),
    _hop("TE of trailers", b"TE: trailers", b"Connection: TE"),
    _hop("Trailer", b"Trailer: Content-Length"),
    _hop("HTTP2-Settings", b"HTTP2-Settings: AAMAAABk"),
    raw(
        "expect/100-continue",
        passed(body=b"hello"),
        _HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
        Act.AWAIT_INTERIM,
        b"hello",
    ),
    raw(
        "expect/100-continue in capitals",
        passed(body=b"hello"),
        _HEAD + b"EXPECT: 100-Continue\r\nContent-Length: 5\r\n\r\n",
        Act.AWAIT_INTERIM,
        b"hello",
    ),
    raw(
        "expect/something else",
        answered(417),
        _HEAD + b"Expect: 200-ok\r\nContent-Length: 0\r\n\r\n",
    ),
    raw(
        "expect/100-continue and something else",
        answered(417),
        _HEAD + b"Expect: 100-continue, x\r\nContent-Length: 0\r\n\r\n",
    ),
    raw("expect/empty", answered(200, 417), _HEAD + b"Expect:\r\nContent-Length: 0\r\n\r\n"),
    raw(
        "expect/body that never comes",
        dropped(400),
        _HEAD + b"Expect: 100-continue\r\nContent-Length: 60\r\n\r\n",
        Act.AWAIT_INTERIM,
        Act.HALF_CLOSE,
    ),
    raw(
        "pipelining/ten at once",
        passed(*(f"/{number}" for number in range(10))),
        b"".join(_numbered(number) for number in range(10)),
    ),
    raw(
        "pipelining/a bad one between good ones",
        Wanted((400,), ("/1",), ends=True),
        _numbered(1),
        Act.AWAIT_INTERIM,
        b"POST <path>/2 HTTP/1.1\r\nHost : localhost\r\n\r\n" + _numbered(3),
    ),
    raw(
        "pipelining/after the client said it is the last",
        Wanted((200,), ("",), ends=True),
        _HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n<smuggled>",
    ),
    raw(
        "pipelining/one byte at a time",
        passed("/1"),
        *(bytes([byte]) for byte in b"POST "),
        b"<path>/1 HTTP/1.1\r",
        b"\nHost: localhost\r\n<auth>Content-Le",
        b"ngth: 2\r\n\r",
        b"\na",
        b"b",
    ),
    raw("leaving/without a word", dropped(), Act.HALF_CLOSE),
    raw("leaving/within the request line", dropped(400), b"POST <path>", Act.HALF_CLOSE),
    raw("leaving/within the head", dropped(400), _HEAD, Act.HALF_CLOSE),
    raw("leaving/within the head, rudely", dropped(), _HEAD, Act.ABORT),
    raw(
        "leaving/within the body, rudely",
        dropped(),
        _HEAD + b"Content-Length: 60\r\n\r\nhello",
        Act.ABORT,
    ),
    raw("leaving/after empty lines", dropped(400), b"\r\n" * 100, Act.HALF_CLOSE),
    raw(
        "leaving/when all is said",
        Wanted((200,), arrives=None, silence=True, ends=True),
        _HEAD + b"Content-Length: 5\r\n\r\nhello",
        Act.HALF_CLOSE,
    ),
]
