"""Forms of the target, escapes and dots in paths, and methods with a meaning of their own."""

from __future__ import annotations

from tests.simulator.gateway.malformed.case import Case, Wanted, answered, passed, raw, refused

_REST = b"\r\n<auth>Content-Length: 0\r\n\r\n"


def _target(name: str, wanted: Wanted, target: bytes, host: bytes = b"localhost") -> Case:
    line = b"POST " + target + b" HTTP/1.1\r\nHost: " + host
    return raw(f"target/{name}", wanted, line + _REST)


def _method(name: str, wanted: Wanted, line: bytes, host: bytes = b"localhost") -> Case:
    head = line + b" HTTP/1.1\r\nHost: " + host
    return raw(f"method/{name}", wanted, head + b"\r\n<auth>Content-Length: 0\r\n\r\n")


CASES = [
    _target("absolute", answered(400), b"http://localhost<path>"),
    _target("absolute, another host", answered(400), b"http://evil.example<path>"),
    _target(
        "absolute, Host of a stranger",
        answered(400),
        b"http://localhost<path>",
        b"evil.example",
    ),
    _target("absolute, another host of ours", answered(400), b"http://127.0.0.1<path>"),
    _target("absolute, user before the host", answered(400), b"http://evil@localhost<path>"),
    _target("absolute, https", answered(400), b"https://localhost<path>"),
    _target("absolute, ftp", answered(400), b"ftp://localhost<path>"),
    _target("absolute, no host", answered(400), b"http://<path>"),
    _target("absolute, no path", answered(400), b"http://localhost"),
    _target("authority", refused(400), b"localhost:80"),
    _target("asterisk", answered(400), b"*"),
    _target("without slash", refused(400), b"v1/infers/x"),
    _target("backslashes", refused(400), b"\\v1\\infers\\x"),
    _target("query alone", refused(400), b"?x=1"),
    _target("fragment", refused(400), b"<path>#<path>/smuggled"),
    _target("fragment in a query", refused(400), b"<path>?a#b"),
    _target("of 9 KiB", passed(), b"<path>?" + b"x" * 9 * 1024),
    _target("of 33 KiB", refused(400, 414, 431), b"<path>?" + b"x" * 33 * 1024),
    _target("of 1 MiB", refused(400, 414, 431), b"<path>?" + b"x" * 1024 * 1024),
    _target("escaped slash", answered(400), b"<path>%2fsmuggled"),
    _target("escaped backslash", answered(400), b"<path>%5csmuggled"),
    _target("escaped NUL", answered(400), b"<path>/a%00"),
    _target(
        "escaped dots that lead out",
        answered(400, 401, 404),
        b"<path>/%2e%2e/%2e%2e/%2e%2e/%2e%2e/v1/infers/nobody",
    ),
    _target(
        "dots that lead out", answered(400, 401, 404), b"<path>/../../../../../v1/infers/nobody"
    ),
    _target("dots that lead in", passed("/in"), b"/x/y/../..<path>/./a/../in"),
    _target("twice escaped dots", passed("/%252e%252e/a"), b"<path>/%252e%252e/a"),
    _target("escape that is none", passed("/%zz"), b"<path>/%zz"),
    _target("escape without an end", passed("/%2"), b"<path>/%2"),
    _target("escape with an overlong slash", passed("/%c0%af"), b"<path>/%c0%af"),
    _target("escaped line ends", passed("/a%0d%0aX:%20y"), b"<path>/a%0d%0aX:%20y"),
    _target("backslash in a path", passed("/a/b"), b"<path>/a\\b"),
    _target("two slashes", passed("//a"), b"<path>//a"),
    _target("quotes and braces", passed("/%22%7B"), b"<path>/%22%7B"),
    _method("TRACE", answered(405), b"TRACE <path>"),
    _method(
        "TRACE with Max-Forwards", answered(405), b"TRACE <path>", b"localhost\r\nMax-Forwards: 0"
    ),
    _method("CONNECT to a host", answered(400, 405), b"CONNECT localhost:22", b"localhost:22"),
    _method(
        "CONNECT to a stranger",
        refused(400, 403, 405),
        b"CONNECT evil.example:443",
        b"evil.example:443",
    ),
    _method("CONNECT to a path", answered(400, 405), b"CONNECT <path>"),
    _method("CONNECT without Host", answered(400, 405), b"CONNECT localhost:22", b""),
    _method("OPTIONS of everything", answered(400), b"OPTIONS *"),
    _method("PRI", refused(400), b"PRI *"),
    _method("overridden", passed(), b"POST <path>", b"localhost\r\nX-HTTP-Method-Override: TRACE"),
]
