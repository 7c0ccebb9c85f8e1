"""Requests are exactly what was asked for, and nothing can be smuggled into them."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import HTTP

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.stress import target as module
from simulator.stress.target import Body, Part, Target, TargetError, multipart

URL = "http://127.0.0.1:8780/v1/infers/abc?x=1"


class Parsed:
    """A request as an HTTP parser reads it."""

    def __init__(self, data: bytes) -> None:
        self.headers: dict[str, str] = {}
        self.url = self.body = b""
        self.complete = 0
        parser = httptools.HttpRequestParser(self)
        parser.feed_data(data)
        self.method = parser.get_method()

    def on_url(self, url: bytes) -> None:
        self.url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete += 1


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_each_body_is_one_complete_request(contents: list[bytes]) -> None:
    bodies = tuple(Body(content, "application/json") for content in contents)
    target = Target(URL, "POST", {"X-Auth-Token": "secret"}, bodies)
    for content, request in zip(contents, target.requests(), strict=True):
        parsed = Parsed(request)
        assert parsed.complete == 1
        assert (parsed.method, parsed.url) == (b"POST", b"/v1/infers/abc?x=1")
        assert parsed.body == content
        assert parsed.headers == {
            "host": "127.0.0.1:8780",
            "x-auth-token": "secret",
            "content-type": "application/json",
            "content-length": str(len(content)),
        }


def test_a_get_has_no_body_and_no_length() -> None:
    (request,) = Target("http://localhost").requests()
    assert request == b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("127.0.0.1:8780/x", "no address such as"),
        ("ftp://127.0.0.1/", "no address such as"),
        ("http:///x", "no address such as"),
        ("http://127.0.0.1:99999/", "is no address"),
        ("http://user:secret@127.0.0.1/", "no user name"),
        ("http://127.0.0.1/a b", "percent-encoded"),
        ("http://127.0.0.1/\r\nX: y", "percent-encoded"),
        ("http://127.0.0.1/ä", "percent-encoded"),
    ],
)
def test_what_is_no_address_is_refused(url: str, said: str) -> None:
    with pytest.raises(TargetError, match=said):
        Target(url).requests()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nY: b"),
        ("X\r\nY", "a"),
        ("X Y", "a"),
        ("", "a"),
        ("Content-Length", "5"),
        ("host", "elsewhere"),
        ("transfer-encoding", "chunked"),
    ],
)
def test_headers_cannot_change_the_request(name: str, value: str) -> None:
    with pytest.raises(TargetError, match="header"):
        Target(URL, "GET", {name: value})


@pytest.mark.parametrize("method", ["", "HEAD", "CONNECT", "A B", "GET\r\n"])
def test_methods_whose_answers_cannot_be_read_are_refused(method: str) -> None:
    with pytest.raises(TargetError, match="method"):
        Target(URL, method)


def test_bodies_that_do_not_fit_into_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BODIES_BYTES", 1 << 20)
    half = Body(b"x" * (1 << 19))
    Target(URL, "POST", {}, (half, half))
    with pytest.raises(TargetError, match="more than 1 MiB together"):
        Target(URL, "POST", {}, (half, half, Body(b"x")))


def test_no_bodies_at_all_are_refused() -> None:
    with pytest.raises(TargetError, match="no body"):
        Target(URL, "POST", {}, ())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost/", ("localhost", 80, False)),
        ("https://example.com/", ("example.com", 443, True)),
        ("http://[::1]:81/", ("::1", 81, False)),
    ],
)
def test_host_and_port(url: str, expected: tuple[str, int, bool]) -> None:
    target = Target(url)
    assert (target.host, target.port, target.secure) == expected


def test_the_digest_tells_what_is_sent_and_not_who_sends_it() -> None:
    one = Target(URL, "POST", {"X-Auth-Token": "a"}, (Body(b"1"), Body(b"2")))
    same = Target(URL.replace("127.0.0.1", "localhost"), "POST", {}, (Body(b"1"), Body(b"2")))
    others = [
        Target(URL, "PUT", {}, (Body(b"1"), Body(b"2"))),
        Target(URL, "POST", {}, (Body(b"2"), Body(b"1"))),
        Target(URL, "POST", {}, (Body(b"12"),)),
        Target(URL, "POST", {}, (Body(b"1", "text/plain"), Body(b"2"))),
        Target(URL + "&y=2", "POST", {}, (Body(b"1"), Body(b"2"))),
    ]
    assert one.digest == same.digest
    assert len({one.digest, *(other.digest for other in others)}) == 1 + len(others)


text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=100), min_size=1, max_size=3))
def test_a_form_comes_out_as_it_went_in(contents: list[bytes]) -> None:
    parts = [Part(f"f{n}", content, "image/png", f"{n}.png") for n, content in enumerate(contents)]
    body = multipart(parts)
    whole = b"Content-Type: " + body.content_type.encode() + b"\r\n\r\n" + body.content
    boundary = body.content_type.partition("boundary=")[2].encode()
    assert whole.count(b"--" + boundary) == len(parts) + 1
    found = message_from_bytes(whole, policy=HTTP).iter_parts()
    assert [one.get_param("name", header="content-disposition") for one in found] == [
        part.name for part in parts
    ]
    for part in parts:
        assert b"\r\n\r\n" + part.content + b"\r\n--" + boundary in body.content


def test_a_boundary_in_the_content_is_not_the_forms() -> None:
    first = multipart([Part("f", b"x")])
    boundary = first.content_type.partition("boundary=")[2]
    body = multipart([Part("f", b"x"), Part("g", f"--{boundary}".encode())])
    mine = body.content_type.partition("boundary=")[2].encode()
    assert body.content.count(b"--" + mine) == 3


@settings(deadline=None)
@given(text)
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    content = multipart([Part(name, b"", "", name)]).content
    head = content.split(b"\r\n\r\n")[0]
    assert head.count(b"\r\n") == 1
    assert head.count(b'"') == 4
