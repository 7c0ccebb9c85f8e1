"""WebSocket handshakes that the instance refuses or that are none, each with bytes after it: they
are no frames, for no WebSocket was opened, and no second request either.

For the service whose instances know handshakes; what arrives there is the handshake alone.
"""

from __future__ import annotations

from tests.simulator.gateway.malformed.case import (
    Act,
    Case,
    Wanted,
    passed,
    raw,
    refused,
)

_KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
_UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
_VERSION = b"Sec-WebSocket-Version: 13\r\n"
_REFUSALS = (200, 302, 400, 401, 403, 404, 426, 429, 500, 503)


def _head(fields: bytes = _UPGRADE + _VERSION + _KEY, *, status: int = 403) -> bytes:
    line = b"GET <path>?status=%d HTTP/1.1\r\n" % status
    return line + b"Host: localhost\r\n<auth>" + fields + b"\r\n"


def _refused(status: int = 403) -> Wanted:
    """The handshake arrives, its refusal comes back, and the connection is at an end."""
    return Wanted((status,), ("",), ends=True)


CASES: list[Case] = [
    *(
        raw(
            f"refused/{status}, a request at once",
            _refused(status),
            _head(status=status) + b"<smuggled>",
        )
        for status in _REFUSALS
    ),
    *(
        raw(
            f"refused/{status}, a request after the answer",
            _refused(status),
            _head(status=status),
            Act.AWAIT_INTERIM,
            b"<smuggled>",
        )
        for status in _REFUSALS
    ),
    raw(
        "refused/a request within a frame",
        _refused(),
        _head() + b"\x82\xfe\x01\x00\0\0\0\0<smuggled>",
    ),
    raw("refused/empty lines, then a request", _refused(), _head() + b"\r\n\r\n<smuggled>"),
    raw("refused/half a request", _refused(), _head() + b"POST /smuggled HTTP/1.1\r\nHost: "),
    raw(
        "refused/another handshake",
        _refused(),
        _head() + _head().replace(b"<path>", b"<path>/smuggled"),
    ),
    raw(
        "refused/a request piece by piece",
        _refused(),
        _head()[:-1],
        b"\n",
        b"POST <path>/smug",
        b"gled HTTP/1.1\r\nHost: localhost\r\n<auth>Content-Length: 0\r\n\r\n",
    ),
    raw(
        "refused/of a version of nobody",
        _refused(426),
        _head(_UPGRADE + _KEY + b"Sec-WebSocket-Version: 777\r\n", status=426) + b"<smuggled>",
    ),
    raw(
        "refused/without a key",
        _refused(400),
        _head(_UPGRADE + _VERSION, status=400) + b"<smuggled>",
    ),
    raw(
        "refused/the client leaves before the answer",
        Wanted(arrives=None, silence=True, ends=True),
        _head(),
        Act.ABORT,
    ),
    raw(
        "refused/by the gateway, for there is no such service",
        refused(400),
        _head().replace(b"<path>", b"/v1/infers/nobody") + b"<smuggled>",
    ),
    raw(
        "refused/by the gateway, for there is no such service, a request after the answer",
        refused(400),
        _head().replace(b"<path>", b"/v1/infers/nobody"),
        Act.AWAIT_INTERIM,
        b"<smuggled>",
    ),
    raw("none/without Connection", passed(), _head(b"Upgrade: websocket\r\n", status=200)),
    raw(
        "none/plain requests in a row",
        passed("", "/2"),
        _head(b"", status=200) + b"GET <path>/2 HTTP/1.1\r\nHost: localhost\r\n<auth>\r\n",
    ),
]
