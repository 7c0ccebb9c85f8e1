"""Request lines, versions and line ends."""

from __future__ import annotations

from tests.simulator.gateway.malformed.case import (
    Case,
    Wanted,
    passed,
    raw,
    refused,
)

_REST = b"Host: localhost\r\n<auth>Content-Length: 0\r\n\r\n<smuggled>"


def _line(name: str, wanted: Wanted, line: bytes) -> Case:
    rest = _REST.removesuffix(b"<smuggled>") if wanted.arrives else _REST
    return raw(f"request line/{name}", wanted, line + b"\r\n" + rest)


CASES = [
    _line("method in small letters", refused(400), b"post <path> HTTP/1.1"),
    _line("method nobody knows", refused(400), b"ABCDEF <path> HTTP/1.1"),
    _line("parenthesis in the method", refused(400), b"PO(ST <path> HTTP/1.1"),
    _line("method of 10,000 letters", refused(400, 431), b"P" * 10_000 + b" <path> HTTP/1.1"),
    _line("no method", refused(400), b" <path> HTTP/1.1"),
    _line("no version", refused(400, 505), b"POST <path>"),
    _line("nothing but a method", refused(400), b"POST"),
    _line("two spaces before the target", passed(), b"POST  <path> HTTP/1.1"),
    _line("two spaces before the version", passed(), b"POST <path>  HTTP/1.1"),
    _line("tabs between the parts", passed(), b"POST\t<path>\tHTTP/1.1"),
    _line("space at the end", passed(), b"POST <path> HTTP/1.1 "),
    _line("space in the target", refused(400), b"POST <path>/a b HTTP/1.1"),
    _line("second version", refused(400), b"POST <path> HTTP/1.1 HTTP/1.1"),
    _line("leading space", refused(400), b" POST <path> HTTP/1.1"),
    _line("NUL in the target", refused(400), b"POST <path>/a\0b HTTP/1.1"),
    _line("bare CR in the target", refused(400), b"POST <path>/a\rb HTTP/1.1"),
    _line("bare CR after the version", passed(), b"POST <path> HTTP/1.1\r"),
    _line("bell in the target", refused(400), b"POST <path>/a\x07b HTTP/1.1"),
    _line("DEL in the target", refused(400), b"POST <path>/a\x7fb HTTP/1.1"),
    _line("byte 255 in the target", refused(400), b"POST <path>/a\xffb HTTP/1.1"),
    _line("UTF-8 in the target", refused(400), "POST <path>/é HTTP/1.1".encode()),
    _line("version 1.0", refused(505), b"POST <path> HTTP/1.0"),
    _line("version 0.9", refused(400, 505), b"POST <path> HTTP/0.9"),
    _line("version 1.2", refused(400, 505), b"POST <path> HTTP/1.2"),
    _line("version 2.0", refused(400, 505), b"POST <path> HTTP/2.0"),
    _line("version 9.9", refused(400, 505), b"POST <path> HTTP/9.9"),
    _line("version 1.1.1", refused(400, 505), b"POST <path> HTTP/1.1.1"),
    _line("version 01.1", refused(400, 505), b"POST <path> HTTP/01.1"),
    _line("version 1,1", refused(400, 505), b"POST <path> HTTP/1,1"),
    _line("version without a minor number", refused(400, 505), b"POST <path> HTTP/1."),
    _line("version in small letters", refused(400, 505), b"POST <path> http/1.1"),
    _line("name of another protocol", refused(400, 505), b"POST <path> ICAP/1.1"),
    raw(
        "request line/simple request of HTTP 0.9",
        refused(400, 505),
        b"GET <path>\r\n\r\n<smuggled>",
    ),
    raw(
        "request line/empty lines before it",
        passed(),
        b"\r\n\r\nPOST <path> HTTP/1.1\r\n" + _REST.removesuffix(b"<smuggled>"),
    ),
    raw(
        "line ends/LF alone",
        passed(),
        b"POST <path> HTTP/1.1\nHost: localhost\n<auth>Content-Length: 0\n\n",
    ),
    raw(
        "line ends/LF alone after the request line",
        passed(),
        b"POST <path> HTTP/1.1\n" + _REST.removesuffix(b"<smuggled>"),
    ),
    raw(
        "line ends/CR alone",
        refused(400),
        b"POST <path> HTTP/1.1\rHost: localhost\r<auth>Content-Length: 0\r\r\r\n\r\n<smuggled>",
    ),
    raw(
        "line ends/LF CR",
        refused(400),
        b"POST <path> HTTP/1.1\n\rHost: localhost\n\rContent-Length: 0\n\r\n\r<smuggled>",
    ),
    raw(
        "line ends/LF alone ends the head",
        passed(),
        b"POST <path> HTTP/1.1\r\nHost: localhost\r\n<auth>Content-Length: 0\r\n\n",
    ),
    raw(
        "line ends/CR CR LF ends the head",
        refused(400),
        b"POST <path> HTTP/1.1\r\nHost: localhost\r\n<auth>Content-Length: 0\r\n\r\r\n<smuggled>",
    ),
    raw(
        "other protocols/TLS", refused(400), bytes.fromhex("16030100a5010000a1030300") + bytes(160)
    ),
    raw("other protocols/SSH", refused(400), b"SSH-2.0-OpenSSH_9.6\r\n"),
    raw("other protocols/zero bytes", refused(400), bytes(4096)),
    raw("other protocols/bytes 255", refused(400), b"\xff" * 4096),
    raw(
        "other protocols/PROXY",
        refused(400),
        b"PROXY TCP4 1.1.1.1 2.2.2.2 3 4\r\nPOST <path> HTTP/1.1\r\n" + _REST,
    ),
    raw(
        "other protocols/answer",
        refused(400),
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n<smuggled>",
    ),
]
