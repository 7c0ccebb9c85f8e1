"""Where a body ends: lengths, codings and chunks."""

from __future__ import annotations

from tests.simulator.gateway.malformed.case import Act, Case, Wanted, dropped, passed, raw, refused

_HEAD = b"POST <path> HTTP/1.1\r\nHost: localhost\r\n<auth>"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_LAST = b"0\r\n\r\n"


def _framed(
    name: str, wanted: Wanted, *fields: bytes, body: bytes = b"0\r\n\r\n<smuggled>"
) -> Case:
    lines = b"".join(field + b"\r\n" for field in fields)
    return raw(f"framing/{name}", wanted, _HEAD + lines + b"\r\n" + body)


def _chunks(name: str, wanted: Wanted, chunks: bytes) -> Case:
    return raw(f"chunks/{name}", wanted, _CHUNKED + chunks)


def _length(name: str, wanted: Wanted, value: bytes) -> Case:
    tail = b"hello" if wanted.arrives else b"hello<smuggled>"
    return raw(f"length/{name}", wanted, _HEAD + b"Content-Length:" + value + b"\r\n\r\n" + tail)


CASES = [
    _framed("length and coding", refused(400), b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    _framed("coding and length", refused(400), b"Transfer-Encoding: chunked", b"Content-Length: 5"),
    _framed(
        "coding and length 0", refused(400), b"Transfer-Encoding: chunked", b"Content-Length: 0"
    ),
    _framed(
        "length and identity",
        refused(400, 501),
        b"Content-Length: 5",
        b"Transfer-Encoding: identity",
    ),
    _framed(
        "length and nonsense", refused(400, 501), b"Content-Length: 5", b"Transfer-Encoding: cow"
    ),
    _framed("length and no coding", refused(400, 501), b"Content-Length: 5", b"Transfer-Encoding:"),
    _framed(
        "coding twice",
        refused(400, 501),
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: chunked",
    ),
    _framed(
        "coding, then nonsense",
        refused(400, 501),
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: cow",
    ),
    _framed(
        "nonsense, then coding",
        refused(400, 501),
        b"Transfer-Encoding: cow",
        b"Transfer-Encoding: chunked",
    ),
    _framed("chunked, chunked", refused(400, 501), b"Transfer-Encoding: chunked, chunked"),
    _framed("chunked, identity", refused(400, 501), b"Transfer-Encoding: chunked, identity"),
    _framed("identity, chunked", refused(400, 501), b"Transfer-Encoding: identity, chunked"),
    _framed("gzip, chunked", refused(400, 501), b"Transfer-Encoding: gzip, chunked"),
    _framed("gzip", refused(400, 501), b"Transfer-Encoding: gzip"),
    _framed("identity", refused(400, 501), b"Transfer-Encoding: identity"),
    _framed("xchunked", refused(400, 501), b"Transfer-Encoding: xchunked"),
    _framed("chunkedx", refused(400, 501), b"Transfer-Encoding: chunkedx"),
    _framed("chunked with a parameter", refused(400, 501), b"Transfer-Encoding: chunked;q=1"),
    _framed("chunked in quotes", refused(400, 501), b'Transfer-Encoding: "chunked"'),
    _framed("chunked after a comma", refused(400, 501), b"Transfer-Encoding: ,chunked"),
    _framed("chunked before a comma", refused(400, 501), b"Transfer-Encoding: chunked,"),
    _framed("chunked after a vertical tab", refused(400, 501), b"Transfer-Encoding: \x0bchunked"),
    _framed("chunked before a form feed", refused(400, 501), b"Transfer-Encoding: chunked\x0c"),
    _framed("chunked before byte 160", refused(400, 501), b"Transfer-Encoding: chunked\xa0"),
    _framed("chunked in two words", refused(400, 501), b"Transfer-Encoding: chun ked"),
    _framed("empty coding", refused(400, 501), b"Transfer-Encoding:"),
    _framed("no body at all", passed(), body=b""),
    _framed("chunked in capitals", passed(), b"Transfer-Encoding: CHUNKED", body=_LAST),
    _framed("chunked after a tab", passed(), b"Transfer-Encoding:\tchunked", body=_LAST),
    _framed("chunked before a space", passed(), b"Transfer-Encoding: chunked ", body=_LAST),
    raw(
        "framing/coding in version 1.0",
        refused(505),
        b"POST <path> HTTP/1.0\r\nHost: localhost\r\n<auth>Transfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n<smuggled>",
    ),
    raw(
        "framing/body of a GET is a body",
        passed(body=b"GET /anything HTTP/1.1\r\nHost: x\r\n\r\n"),
        b"GET <path> HTTP/1.1\r\nHost: localhost\r\n<auth>Content-Length: 35\r\n\r\n"
        b"GET /anything HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    raw(
        "framing/what follows is a request of its own",
        passed("/1", "/2"),
        b"POST <path>/1 HTTP/1.1\r\nHost: localhost\r\n<auth>Content-Length: 2\r\n\r\nab"
        b"POST <path>/2 HTTP/1.1\r\nHost: localhost\r\n<auth>Content-Length: 0\r\n\r\n",
    ),
    raw(
        "framing/what follows is nonsense",
        Wanted((400,), ("/1",), ends=True),
        b"POST <path>/1 HTTP/1.1\r\nHost: localhost\r\n<auth>Content-Length: 2\r\n\r\nab",
        Act.AWAIT_INTERIM,
        b"cd<smuggled>",
    ),
    _length("twice", refused(400), b" 5\r\nContent-Length: 5"),
    _length("two different ones", refused(400), b" 5\r\nContent-Length: 6"),
    _length("second one shorter", refused(400), b" 5\r\nContent-Length: 0"),
    _length("list of the same", refused(400), b" 5, 5"),
    _length("list of different ones", refused(400), b" 5, 60"),
    _length("plus", refused(400), b" +5"),
    _length("minus", refused(400), b" -5"),
    _length("hexadecimal", refused(400), b" 0x5"),
    _length("letter after it", refused(400), b" 5a"),
    _length("space in it", refused(400), b" 5 5"),
    _length("underscore in it", refused(400), b" 5_0"),
    _length("fraction", refused(400), b" 5.0"),
    _length("exponent", refused(400), b" 5e0"),
    _length("in quotes", refused(400), b' "5"'),
    _length("digits of another script", refused(400), " \u0665".encode()),
    _length("empty", refused(400), b""),
    _length("vertical tab before it", refused(400), b" \x0b5"),
    _length("beyond 64 bits", refused(400), b" 18446744073709551621"),
    _length("of 400 digits", refused(400), b" " + b"9" * 400),
    raw(
        "length/beyond 63 bits",
        dropped(400, 413),
        _HEAD + b"Content-Length: 9223372036854775813\r\n\r\nhello<smuggled>",
        Act.HALF_CLOSE,
    ),
    _length("zeros before it", passed(body=b"hello"), b" 0005"),
    _length("spaces about it", passed(body=b"hello"), b"   5  "),
    _length("no space before it", passed(body=b"hello"), b"5"),
    _chunks("good ones", passed(body=b"hello world"), b"5\r\nhello\r\n6\r\n world\r\n" + _LAST),
    _chunks(
        "size in capitals and zeros",
        passed(body=b"hello world"),
        b"000B\r\nhello world\r\n" + _LAST,
    ),
    _chunks("no size", refused(400), b"\r\nhello\r\n" + _LAST + b"<smuggled>"),
    _chunks("minus", refused(400), b"-5\r\nhello\r\n" + _LAST + b"<smuggled>"),
    _chunks("plus", refused(400), b"+5\r\nhello\r\n" + _LAST + b"<smuggled>"),
    _chunks("0x", refused(400), b"0x5\r\nhello\r\n" + _LAST + b"<smuggled>"),
    _chunks("letter g", refused(400), b"5g\r\nhello\r\n" + _LAST + b"<smuggled>"),
    _chunks(
        "size of 17 digits", refused(400), b"10000000000000005\r\nhello\r\n" + _LAST + b"<smuggled>"
    ),
    raw(
        "chunks/size of 16 digits",
        dropped(400, 413),
        _CHUNKED + b"ffffffffffffffff\r\nhello\r\n" + _LAST + b"<smuggled>",
        Act.HALF_CLOSE,
    ),
    _chunks("space before the size", refused(400), b" 5\r\nhello\r\n" + _LAST + b"<smuggled>"),
    _chunks("space after the size", passed(body=b"hello"), b"5 \r\nhello\r\n" + _LAST),
    _chunks("tab after the size", passed(body=b"hello"), b"5\t\r\nhello\r\n" + _LAST),
    _chunks("NUL after the size", refused(400), b"5\0\r\nhello\r\n" + _LAST + b"<smuggled>"),
    _chunks("LF alone after the size", refused(400), b"5\nhello\r\n" + _LAST + b"<smuggled>"),
    _chunks("CR alone after the size", refused(400), b"5\rhello\r\n" + _LAST + b"<smuggled>"),
    _chunks("CR CR LF after the size", refused(400), b"5\r\r\nhello\r\n" + _LAST + b"<smuggled>"),
    _chunks("longer than its size", refused(400), b"5\r\nhelloX\r\n" + _LAST + b"<smuggled>"),
    _chunks("shorter than its size", refused(400), b"5\r\nhell\r\n" + _LAST + b"<smuggled>"),
    _chunks("nothing at its end", refused(400), b"5\r\nhello" + _LAST + b"<smuggled>"),
    _chunks("LF alone at its end", refused(400), b"5\r\nhello\n" + _LAST + b"<smuggled>"),
    _chunks("CR alone at its end", refused(400), b"5\r\nhello\r" + _LAST + b"<smuggled>"),
    _chunks("LF alone after the last size", refused(400), b"5\r\nhello\r\n0\n\n<smuggled>"),
    _chunks("last one without its end", refused(400), b"5\r\nhello\r\n0\r\nX<smuggled>"),
    _chunks("extension", passed(body=b"hello"), b"5;a=b\r\nhello\r\n" + _LAST),
    _chunks(
        "extension of 300 bytes",
        passed(body=b"hello"),
        b"5;a=" + b"b" * 300 + b"\r\nhello\r\n" + _LAST,
    ),
    _chunks(
        "extension of 1 MiB",
        passed(body=b"hello"),
        b"5;a=" + b"b" * 1024 * 1024 + b"\r\nhello\r\n" + _LAST,
    ),
    _chunks(
        "extension with a bare LF", refused(400), b"5;a\nb\r\nhello\r\n" + _LAST + b"<smuggled>"
    ),
    _chunks(
        "extension with a bare CR", refused(400), b"5;a\rb\r\nhello\r\n" + _LAST + b"<smuggled>"
    ),
    _chunks("extension that hides a chunk", refused(400), b'5;a="\n0\r\n\r\n<smuggled>'),
    _chunks("trailer", passed(body=b"hello"), b"5\r\nhello\r\n0\r\nX-A: b\r\n\r\n"),
    _chunks(
        "trailer that frames",
        passed(body=b"hello"),
        b"5\r\nhello\r\n0\r\nContent-Length: 60\r\n\r\n",
    ),
    _chunks(
        "trailer that names a host",
        passed(body=b"hello"),
        b"5\r\nhello\r\n0\r\nHost: evil.example\r\n\r\n",
    ),
    _chunks("trailer without a colon", refused(400), b"5\r\nhello\r\n0\r\nX-A\r\n\r\n<smuggled>"),
    _chunks("trailer folded", passed(body=b"hello"), b"5\r\nhello\r\n0\r\nX-A: a\r\n b\r\n\r\n"),
    _chunks("trailer with NUL", refused(400), b"5\r\nhello\r\n0\r\nX-A: a\0b\r\n\r\n<smuggled>"),
    _chunks(
        "trailers of 1 MiB",
        refused(400, 413, 431),
        b"5\r\nhello\r\n0\r\n" + b"X-A: b\r\n" * 131_072 + b"\r\n<smuggled>",
    ),
    raw("chunks/cut off", dropped(400), _CHUNKED + b"5\r\nhel", Act.HALF_CLOSE),
    raw("chunks/no last one", dropped(400), _CHUNKED + b"5\r\nhello\r\n", Act.HALF_CLOSE),
    raw(
        "length/body cut off",
        dropped(400),
        _HEAD + b"Content-Length: 60\r\n\r\nhello",
        Act.HALF_CLOSE,
    ),
]
