"""What a connection makes of the bytes that come, in whatever pieces."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.stress.connection import Connection, Request

LENGTH = b"HTTP/1.1 200 OK\r\nX-Version: v7\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH
HINTED = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + LENGTH
REFUSED = b"HTTP/1.1 429 No\r\nContent-Length: 12\r\n\r\n" + b'{"code":"x"}'
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nuntil the end"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"


class Wire(asyncio.Transport):
    """A transport that only notes what is done."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False

    def write(self, data: Any) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.aborted = True


class Owner:
    """Notes what it is told."""

    version_header = b"x-version"

    def __init__(self) -> None:
        self.told: list[str] = []
        self.connection = Connection(self)
        self.wire = Wire()
        self.connection.connection_made(self.wire)

    def send(self) -> None:
        self.connection.send(Request(b"GET / HTTP/1.1\r\n\r\n", 0.0, 0.0))

    def receive(self, *pieces: bytes) -> None:
        for piece in pieces:
            if piece and self.connection.is_open and not self.wire.aborted:
                self.connection.data_received(piece)

    def answered(self, connection: Connection, request: Request) -> None:
        version = connection.version.decode()
        self.told.append(f"{connection.status} {version}".strip())

    def lost(self, connection: Connection, request: Request, why: str) -> None:
        self.told.append(why)

    def closed(self, connection: Connection) -> None:
        self.told.append("closed")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (LENGTH, "200 v7"),
        (CHUNKED, "200"),
        (EMPTY, "204"),
        (CONTINUED, "200 v7"),
        (HINTED, "200 v7"),
        (REFUSED, "429"),
    ],
)
@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, 120), max_size=5))
def test_an_answer_is_told_once_when_it_is_complete(
    data: bytes, told: str, cuts: list[int]
) -> None:
    owner = Owner()
    for _ in range(2):  # and again over the same connection
        owner.send()
        places = sorted(min(cut, len(data)) for cut in cuts)
        owner.receive(*(data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)))
    assert owner.told == [told, told]
    assert owner.connection.reusable
    assert len(owner.wire.written) == 2


def test_the_body_is_kept_of_errors_only() -> None:
    owner = Owner()
    owner.send()
    owner.receive(REFUSED)
    assert owner.connection.error_body == b'{"code":"x"}'
    owner.send()
    owner.receive(LENGTH)
    assert owner.connection.error_body == b""


def test_only_the_beginning_of_a_large_error_is_kept() -> None:
    owner = Owner()
    owner.send()
    size = 1 << 20
    owner.receive(f"HTTP/1.1 500 X\r\nContent-Length: {size}\r\n\r\n".encode(), b"x" * size)
    assert owner.told == ["500"]
    assert len(owner.connection.error_body) <= 4096


def test_a_version_is_not_that_of_an_earlier_answer() -> None:
    owner = Owner()
    for data in (LENGTH, CHUNKED):
        owner.send()
        owner.receive(data)
    assert owner.told == ["200 v7", "200"]


def test_a_connection_that_is_to_be_closed_is_not_used_again() -> None:
    owner = Owner()
    owner.send()
    owner.receive(CLOSING)
    assert owner.told == ["200"]
    assert not owner.connection.reusable


def test_an_answer_may_end_with_the_connection() -> None:
    owner = Owner()
    owner.send()
    owner.receive(UNTIL_CLOSE)
    assert owner.told == []
    owner.connection.connection_lost(None)
    assert owner.told == ["200", "closed"]


@pytest.mark.parametrize(
    ("received", "error", "why"),
    [
        (b"", None, "connection closed without an answer"),
        (b"", ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
        (LENGTH[:-2], None, "answer cut off"),
        (CHUNKED[:-5], None, "answer cut off"),
        (UNTIL_CLOSE, ConnectionResetError(104, "reset"), "answer cut off"),
    ],
)
def test_a_connection_that_breaks_says_how(
    received: bytes, error: Exception | None, why: str
) -> None:
    owner = Owner()
    owner.send()
    owner.receive(received)
    owner.connection.connection_lost(error)
    assert owner.told == [why, "closed"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an answer that is not HTTP"),
        (SWITCHING, "an answer that switches protocols"),
        (LENGTH + LENGTH, "an answer that nobody asked for"),
    ],
)
def test_what_is_no_answer_to_the_request_ends_the_connection(data: bytes, why: str) -> None:
    owner = Owner()
    owner.send()
    owner.receive(data)
    assert owner.told == [why]
    assert owner.wire.aborted


def test_an_answer_without_a_request_ends_the_connection() -> None:
    owner = Owner()
    owner.receive(LENGTH)
    assert owner.wire.aborted
    assert owner.told == []


def test_what_is_aborted_tells_nobody_of_its_request() -> None:
    owner = Owner()
    owner.send()
    owner.connection.abort()
    owner.connection.connection_lost(None)
    assert owner.told == ["closed"]
