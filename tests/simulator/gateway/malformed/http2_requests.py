"""Requests of HTTP/2 whose fields say what HTTP/1.1 would read in another way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.simulator.gateway.malformed.case import Case, Place, Wanted, passed, rejected
from tests.simulator.gateway.malformed.frames import Field, data, headers, opening, request_fields


def _case(name: str, wanted: Wanted, *frames: Callable[[Place], bytes]) -> Case:
    def steps(place: Place) -> list[bytes]:
        return [opening() + b"".join(each(place) for each in frames)]

    return Case(f"HTTP/2 {name}", wanted, steps, http2=True)


def _with(name: str, wanted: Wanted, *fields: Field) -> Case:
    """A sound request with further fields."""
    return _case(name, wanted, lambda place: headers(1, request_fields(place, *fields)))


def _changed(name: str, wanted: Wanted, **pseudo: str | None) -> Case:
    """A request whose pseudo-fields have other values, or (None) are absent."""

    def fields(place: Place) -> list[Field]:
        changed: list[Field] = []
        for key, value in request_fields(place):
            new = pseudo.get(str(key).removeprefix(":"), value)
            if new is not None:
                filled = new.replace("<path>", place.path) if isinstance(new, str) else new
                changed.append((key, filled))
        return changed

    return _case(f"{name}", wanted, lambda place: headers(1, fields(place)))


def _ordered(name: str, wanted: Wanted, order: Callable[[list[Field]], Sequence[Field]]) -> Case:
    return _case(name, wanted, lambda place: headers(1, list(order(request_fields(place)))))


def _body(
    name: str, wanted: Wanted, body: bytes, *fields: Field, trailers: Sequence[Field] = ()
) -> Case:
    return _case(
        name,
        wanted,
        lambda place: headers(1, request_fields(place, *fields), end=False),
        lambda place: data(1, place.fill(body), end=not trailers),
        lambda place: headers(1, trailers) if trailers else b"",
    )


CASES = [
    _with("fields/good ones", passed()),
    _ordered("pseudo/no method", rejected(), lambda fields: fields[1:]),
    _ordered("pseudo/no scheme", rejected(), lambda fields: fields[:1] + fields[2:]),
    _ordered("pseudo/no path", rejected(), lambda fields: fields[:2] + fields[3:]),
    _ordered("pseudo/no authority", rejected(), lambda fields: fields[:3] + fields[4:]),
    _ordered("pseudo/path twice", rejected(), lambda fields: [*fields[:4], fields[2], *fields[4:]]),
    _ordered("pseudo/method twice", rejected(), lambda fields: [fields[0], *fields]),
    _ordered("pseudo/after a field", rejected(), lambda fields: [("x-a", "b"), *fields]),
    _with("pseudo/unknown one", rejected(), (":drydock", "x")),
    _with("pseudo/of an answer", rejected(), (":status", "200")),
    _with("pseudo/protocol without CONNECT", rejected(), (":protocol", "websocket")),
    _changed("pseudo/empty path", rejected(), path=""),
    _changed("pseudo/path without slash", rejected(), path="v1/infers/x"),
    _changed("pseudo/absolute path", rejected(), path="http://localhost<path>"),
    _changed("pseudo/asterisk", rejected(), path="*"),
    _changed("pseudo/space in the path", rejected(), path="<path> HTTP/1.1"),
    _changed("pseudo/line end in the path", rejected(), path="<path> HTTP/1.1\r\nX-A: b"),
    _changed("pseudo/fragment in the path", rejected(), path="<path>#a"),
    _changed("pseudo/NUL in the path", rejected(), path="<path>\0"),
    _changed("pseudo/UTF-8 in the path", passed("/%C3%A9"), path="<path>/é"),
    _changed("pseudo/escaped slash in the path", rejected(), path="<path>%2fa"),
    _changed("pseudo/empty method", rejected(), method=""),
    _changed("pseudo/space in the method", rejected(), method="GET /smuggled HTTP/1.1"),
    _changed(
        "pseudo/line end in the method", rejected(), method="GET / HTTP/1.1\r\nX-A: b\r\n\r\n"
    ),
    _changed("pseudo/TRACE", rejected(), method="TRACE"),
    _changed("pseudo/CONNECT", rejected(), method="CONNECT"),
    _changed("pseudo/CONNECT without a path", rejected(), method="CONNECT", path=None, scheme=None),
    _changed("pseudo/scheme with a path", rejected(), scheme="http://localhost/smuggled?"),
    _changed("pseudo/scheme of its own", passed(), scheme="file"),
    _changed("pseudo/scheme https", passed(), scheme="https"),
    _changed("pseudo/authority of a stranger", rejected(), authority="evil.example"),
    _changed("pseudo/authority with a user", rejected(), authority="evil@localhost"),
    _changed("pseudo/authority with a path", rejected(), authority="localhost/x"),
    _changed("pseudo/authority with a line end", rejected(), authority="localhost\r\nX-A: b"),
    _changed("pseudo/empty authority", rejected(), authority=""),
    _with("host/another one", passed(), ("host", "evil.example")),
    _ordered(
        "host/in place of the authority",
        passed(),
        lambda fields: [*fields[:3], ("host", "localhost"), *fields[4:]],
    ),
    _ordered(
        "host/two in place of the authority",
        rejected(),
        lambda fields: [*fields[:3], ("host", "localhost"), ("host", "evil.example"), *fields[4:]],
    ),
    _with("fields/name in capitals", rejected(), ("X-A", "b")),
    _with("fields/empty name", rejected(), ("", "b")),
    _with("fields/colon in the name", rejected(), ("x-a:b", "c")),
    _with("fields/colon before the name", rejected(), (":x-a", "c")),
    _with("fields/space in the name", rejected(), ("x a", "b")),
    _with("fields/space after the name", rejected(), ("transfer-encoding ", "chunked")),
    _with("fields/line end in the name", rejected(), ("x-a: b\r\ntransfer-encoding", "chunked")),
    _with("fields/NUL in the name", rejected(), ("x\0a", "b")),
    _with("fields/byte 255 in the name", rejected(), (b"x\xff", b"b")),
    _with("fields/line end in the value", rejected(), ("x-a", "b\r\ntransfer-encoding: chunked")),
    _with(
        "fields/request in the value",
        rejected(),
        ("x-a", "b\r\n\r\nGET /smuggled HTTP/1.1\r\nx: y"),
    ),
    _with("fields/CR in the value", rejected(), ("x-a", "b\rc")),
    _with("fields/LF in the value", rejected(), ("x-a", "b\nc")),
    _with("fields/NUL in the value", rejected(), ("x-a", "b\0c")),
    _with("fields/bell in the value", rejected(), ("x-a", "b\x07c")),
    _with("fields/space before the value", passed(), ("x-a", " b")),
    _with("fields/tab after the value", passed(), ("x-a", "b\t")),
    _with("fields/byte 255 in the value", passed(), (b"x-a", b"b\xff")),
    _with("fields/101 of them", rejected(431), *((f"x-{number}", "y") for number in range(101))),
    _with("fields/of 40 KiB", rejected(431), ("x-a", "b" * 40 * 1024)),
    _with("fields/cookies of 40 KiB", rejected(431), *[("cookie", "b" * 1024)] * 40),
    _with("fields/length with an underscore", passed(), ("content_length", "60")),
    _with("hop by hop/connection", rejected(), ("connection", "close")),
    _with("hop by hop/keep-alive", rejected(), ("keep-alive", "timeout=5")),
    _with("hop by hop/proxy-connection", rejected(), ("proxy-connection", "close")),
    _with("hop by hop/upgrade", rejected(), ("upgrade", "websocket")),
    _with("hop by hop/upgrade to h2c", rejected(), ("upgrade", "h2c")),
    _with("hop by hop/te", rejected(), ("te", "gzip")),
    _with("hop by hop/te of trailers", passed(), ("te", "trailers")),
    _with("hop by hop/te of trailers and gzip", rejected(), ("te", "trailers, gzip")),
    _with("hop by hop/http2-settings", passed(), ("http2-settings", "AAMAAABk")),
    _with("expect/something else", rejected(417), ("expect", "200-ok")),
    _body("framing/coding", rejected(), b"0\r\n\r\n<smuggled>", ("transfer-encoding", "chunked")),
    _body("framing/coding identity", rejected(), b"hello", ("transfer-encoding", "identity")),
    _body(
        "framing/coding and length",
        rejected(),
        b"0\r\n\r\n<smuggled>",
        ("transfer-encoding", "chunked"),
        ("content-length", "5"),
    ),
    # where bodies are passed on as they come, the head has arrived by then, as one without a body
    _body(
        "framing/length too short",
        Wanted((0,), arrives=None, silence=True),
        b"<smuggled>",
        ("content-length", "0"),
    ),
    _body("framing/length too long", rejected(), b"hello", ("content-length", "60")),
    _with("framing/length without a body", rejected(), ("content-length", "60")),
    _body(
        "framing/length twice",
        rejected(),
        b"hello",
        ("content-length", "5"),
        ("content-length", "5"),
    ),
    _body(
        "framing/two lengths",
        rejected(),
        b"hello",
        ("content-length", "5"),
        ("content-length", "0"),
    ),
    _body("framing/list of lengths", rejected(), b"hello", ("content-length", "5, 5")),
    _body("framing/length with a plus", rejected(), b"hello", ("content-length", "+5")),
    _body("framing/negative length", rejected(), b"hello", ("content-length", "-5")),
    _body("framing/length of nonsense", rejected(), b"hello", ("content-length", "five")),
    _body("framing/length that is right", passed(body=b"hello"), b"hello", ("content-length", "5")),
    _body("framing/no length", passed(body=b"hello"), b"hello"),
    _body(
        "trailers/sound",
        passed(body=b"hello"),
        b"hello",
        trailers=[("x-a", "b")],
    ),
    _body("trailers/that frame", rejected(), b"hello", trailers=[("content-length", "60")]),
    _body("trailers/coding", rejected(), b"hello", trailers=[("transfer-encoding", "chunked")]),
    _body("trailers/pseudo-field", rejected(), b"hello", trailers=[(":path", "/smuggled")]),
    _body("trailers/in capitals", rejected(), b"hello", trailers=[("X-A", "b")]),
    _body("trailers/line end", rejected(), b"hello", trailers=[("x-a", "b\r\n\r\n0\r\n\r\n")]),
]
