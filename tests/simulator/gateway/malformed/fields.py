"""Header fields: their syntax, their number and length, and Host."""

from __future__ import annotations

from tests.simulator.gateway.malformed.case import Case, Wanted, answered, passed, raw, refused

_LINE = b"POST <path> HTTP/1.1\r\n"
_END = b"<auth>Content-Length: 0\r\n\r\n"


def _field(name: str, wanted: Wanted, field: bytes) -> Case:
    tail = b"" if wanted.arrives else b"<smuggled>"
    return raw(
        f"field/{name}", wanted, _LINE + b"Host: localhost\r\n" + field + b"\r\n" + _END + tail
    )


def _host(name: str, wanted: Wanted, *fields: bytes) -> Case:
    tail = b"<smuggled>" if wanted.ends else b""
    lines = b"".join(field + b"\r\n" for field in fields)
    return raw(f"host/{name}", wanted, _LINE + lines + _END + tail)


CASES = [
    _host("none", refused(400)),
    _host("twice", answered(400, 403), b"Host: localhost", b"Host: localhost"),
    _host("two different ones", answered(400, 403), b"Host: localhost", b"Host: evil.example"),
    _host(
        "a second one in capitals", answered(400, 403), b"Host: localhost", b"HOST: evil.example"
    ),
    _host("empty", answered(400, 403), b"Host:"),
    _host("a list", answered(400, 403), b"Host: localhost, evil.example"),
    _host("with a user", answered(400, 403), b"Host: localhost@evil.example"),
    _host("user of our name", answered(400, 403), b"Host: evil@localhost"),
    _host("with a path", answered(400, 403), b"Host: localhost/evil"),
    _host("with a space", answered(400, 403), b"Host: local host"),
    _host("with a tab", answered(400, 403), b"Host: localhost\tevil"),
    _host("with a question mark", answered(400, 403), b"Host: localhost?evil"),
    _host("with a number sign", answered(400, 403), b"Host: localhost#evil"),
    _host("port that is no number", answered(400, 403), b"Host: localhost:abc"),
    _host("port with a sign", answered(400, 403), b"Host: localhost:+80"),
    _host("two ports", answered(400, 403), b"Host: localhost:80:81"),
    _host("port and a name", answered(400, 403), b"Host: localhost:80.evil.example"),
    _host("bracket that is not closed", answered(400, 403), b"Host: [::1"),
    _host("zone of an address", answered(400, 403), b"Host: [::1%25lo]"),
    _host("of a stranger", answered(400, 403), b"Host: evil.example"),
    _host("that begins like ours", answered(400, 403), b"Host: localhost.evil.example"),
    _host("address as a number", answered(400, 403), b"Host: 2130706433"),
    _host("dot at the end", answered(400, 403), b"Host: localhost."),
    _host("not ASCII", answered(400, 403), "Host: localhost\u2024evil".encode()),
    _host("in capitals", passed(), b"HOST: LOCALHOST"),
    _host("with a port", passed(), b"Host: localhost:9"),
    _host(
        "said anew", passed(), b"Host: localhost", b"X-Forwarded-Host: evil.example", b"X-Host: e"
    ),
    _field("space before the colon", refused(400), b"X-A : b"),
    _field("tab before the colon", refused(400), b"X-A\t: b"),
    _field("space before the colon of a length", refused(400), b"Content-Length : 60"),
    _field("space before the colon of a coding", refused(400), b"Transfer-Encoding : chunked"),
    _field("no name", refused(400), b": b"),
    _field("no colon", refused(400), b"X-A b"),
    _field("nothing but a name", refused(400), b"X-A"),
    _field("space in the name", refused(400), b"X A: b"),
    _field("parenthesis in the name", refused(400), b"X(A): b"),
    _field("quote in the name", refused(400), b'"X-A": b'),
    _field("byte 255 in the name", refused(400), b"X\xff: b"),
    _field("NUL in the name", refused(400), b"X\0A: b"),
    _field("NUL in the value", refused(400), b"X-A: a\0b"),
    _field("bare CR in the value", passed(), b"X-A: a\rb"),
    _field("bare CR that would end a line", passed(), b"X-A: a\rTransfer-Encoding: chunked"),
    _field("bare LF in the value", refused(400), b"X-A: a\nTransfer-Encoding: chunked"),
    _field("bell in the value", refused(400), b"X-A: a\x07b"),
    _field("DEL in the value", refused(400), b"X-A: a\x7fb"),
    _field("CR CR LF at its end", passed(), b"X-A: b\r"),
    _field("folded by a space", passed(), b"X-A: a\r\n b"),
    _field("folded by a tab", passed(), b"X-A: a\r\n\tb"),
    _field("folded coding", refused(400), b"Transfer-Encoding:\r\n chunked"),
    _field("folded into nothing", passed(), b"X-A: a\r\n "),
    raw(
        "field/space before the first",
        refused(400),
        _LINE + b" Host: localhost\r\nHost: localhost\r\n" + _END + b"<smuggled>",
    ),
    _field("byte 255 in the value", passed(), b"X-A: a\xffb"),
    _field("tab in the value", passed(), b"X-A: a\tb"),
    _field("empty value", passed(), b"X-A:"),
    _field("no space after the colon", passed(), b"X-A:b"),
    _field("name of signs that are allowed", passed(), b"!#$%&'*+-.^_`|~9: b"),
    _field("length with an underscore", passed(), b"Content_Length: 60"),
    _field("coding with an underscore", passed(), b"Transfer_Encoding: chunked"),
    _field("101 of them", refused(400, 431), b"\r\n".join(b"X-%d: y" % n for n in range(101))),
    _field("the same 101 times", refused(400, 431), b"\r\n".join([b"X-A: b"] * 101)),
    _field(
        "10,000 of them", refused(400, 431), b"\r\n".join(b"X-%d: y" % n for n in range(10_000))
    ),
    _field("of 33 KiB", refused(400, 431), b"X-A: " + b"b" * 33 * 1024),
    _field("name of 33 KiB", refused(400, 431), b"X" * 33 * 1024 + b": b"),
    _field("40 KiB together", refused(400, 431), b"\r\n".join([b"X-A: " + b"b" * 1024] * 40)),
    _field("cookies of 40 KiB", refused(400, 431), b"\r\n".join([b"Cookie: " + b"b" * 1024] * 40)),
    _field("of 1 MiB", refused(400, 431), b"X-A: " + b"b" * 1024 * 1024),
    _field(
        "thousand ranges", passed(), b"Range: bytes=" + b",".join(b"%d-" % n for n in range(1000))
    ),
    _field(
        "own addresses of the client",
        passed(),
        b"X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6",
    ),
    _field("gateway's own names", passed(), b"x-envoy-original-path: /x\r\nx-envoy-internal: true"),
    _field("twice the path", passed(), b"X-Original-URL: <path>/other\r\nX-Rewrite-URL: /x"),
]
