"""HTTP on one connection: order, limits, and how it ends."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.runtime import connection as module
from backends.runtime.connection import Connection, Connections, name_of
from backends.runtime.errors import Problem, RequestError
from tests.support.wire import Wire, read_replies, request


class Holding:
    """A handler that answers a GET at once and everything else when it is told to."""

    body_limit_bytes = 100

    def __init__(self) -> None:
        self.held = []
        self.begun = []

    def begin(self, exchange) -> None:
        self.begun.append(name_of(exchange))
        if exchange.method in ("GET", "HEAD"):
            exchange.answer(200, exchange.target)

    def complete(self, exchange) -> None:
        self.held.append(exchange)

    def refuse(self, exchange, error: RequestError) -> None:
        exchange.answer(error.problem.status, error.body())

    def answer(self, place: int) -> None:
        """Answer the request that was the `place`-th to come whole, with its body."""
        self.held[place].answer(200, self.held[place].body)


class Setup:
    def __init__(self) -> None:
        self.handler, self.connections, self.wire = Holding(), Connections(), Wire()
        self.connection = Connection(self.handler, self.connections)
        self.connection.connection_made(self.wire)
        self.receive = self.connection.data_received

    def bodies(self) -> list[bytes]:
        return [reply.body for reply in read_replies(self.wire.written)]

    def statuses(self) -> list[int]:
        return [reply.status for reply in read_replies(self.wire.written)]


@pytest.fixture
async def setup():
    made = Setup()
    yield made
    if made.connection in made.connections.all:
        made.connection.connection_lost(None)


async def test_requests_that_come_at_once_are_answered_in_their_order(setup):
    setup.receive(b"".join(request("POST", "/", body) for body in (b"a", b"b", b"c")))
    assert [exchange.body for exchange in setup.handler.held] == [b"a", b"b", b"c"]
    setup.handler.answer(2)
    setup.handler.answer(1)
    assert setup.bodies() == []
    setup.handler.answer(0)
    assert setup.bodies() == [b"a", b"b", b"c"]


async def test_nothing_more_is_read_while_several_requests_wait(setup):
    setup.receive(request("POST", "/", b"a") + request("POST", "/", b"b"))
    assert not setup.wire.is_reading
    setup.handler.answer(0)
    assert setup.wire.is_reading


async def test_nothing_more_is_read_while_the_client_takes_no_answers(setup):
    setup.connection.pause_writing()
    assert not setup.wire.is_reading
    setup.connection.resume_writing()
    assert setup.wire.is_reading


async def test_a_request_may_come_byte_by_byte(setup):
    for byte in request("POST", "/some/path?x=1", b"body"):
        setup.receive(bytes([byte]))
    setup.handler.answer(0)
    assert setup.handler.begun == ["POST /some/path"]
    assert setup.bodies() == [b"body"]


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a%20b", "/a b"),
        ("/%C3%A9", "/é"),
        ("/%ff", "/\ufffd"),
        ("http://host/a?b", "/a"),
        ("//", "//"),
        ("*", "*"),
    ],
)
async def test_the_path_is_the_targets_without_its_escapes(setup, target, path):
    setup.receive(request("GET", target))
    assert setup.handler.begun == [f"GET {path}"]


async def test_a_connection_stays_open_after_an_answer(setup):
    for _ in range(3):
        setup.receive(request("GET", "/x"))
    assert setup.bodies() == [b"/x"] * 3
    assert not setup.wire.is_closed
    assert b"connection" not in setup.wire.written


async def test_it_closes_when_the_client_asks_for_it(setup):
    setup.receive(request("GET", "/x", connection="close"))
    (reply,) = read_replies(setup.wire.written)
    assert reply.headers["connection"] == "close"
    assert setup.wire.is_closed


async def test_it_closes_after_http_1_0(setup):
    setup.receive(b"GET /x HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
    assert setup.bodies() == [b"/x"]
    assert setup.wire.is_closed


async def test_what_comes_after_the_last_request_is_no_request(setup):
    setup.receive(request("GET", "/x", connection="close") + request("GET", "/y"))
    setup.receive(request("GET", "/z"))
    assert setup.handler.begun == ["GET /x"]
    assert setup.bodies() == [b"/x"]


async def test_the_answer_to_head_has_a_length_and_no_body(setup):
    setup.receive(request("HEAD", "/four"))
    (reply,) = read_replies(setup.wire.written, "HEAD")
    assert reply.headers["content-length"] == "5"
    assert setup.wire.written.endswith(b"\r\n\r\n")


async def test_a_client_that_waits_for_leave_to_send_gets_it(setup):
    head = request("POST", "/", content_length="4", expect="100-continue")
    setup.receive(head)
    assert setup.statuses() == [100]
    setup.receive(b"body")
    setup.handler.answer(0)
    assert setup.statuses() == [100, 200]


async def test_a_client_that_is_refused_gets_no_leave_to_send(setup, monkeypatch):
    error = RequestError(Problem.NOT_FOUND, "no")
    monkeypatch.setattr(setup.handler, "begin", lambda x: setup.handler.refuse(x, error))
    setup.receive(request("POST", "/", content_length="4", expect="100-continue"))
    assert setup.statuses() == [404]


async def test_a_body_that_nobody_wants_is_skipped(setup, monkeypatch):
    error = RequestError(Problem.NOT_FOUND, "no")
    with monkeypatch.context() as patch:
        patch.setattr(setup.handler, "begin", lambda x: setup.handler.refuse(x, error))
        setup.receive(request("POST", "/", content_length="400"))
    setup.receive(b"x" * 400 + request("GET", "/y"))
    assert setup.statuses() == [404, 200]


async def test_a_body_over_the_limit_is_refused_and_its_rest_skipped(setup):
    setup.receive(request("POST", "/", b"x" * 101) + request("GET", "/y"))
    assert setup.statuses() == [413, 200]
    assert setup.handler.held == []


BROKEN = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a space in the path": b"GET /a b HTTP/1.1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "length and chunks": (
        b"POST / HTTP/1.1\r\ncontent-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nG"
    ),
    "an unknown coding": b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\nab",
    "a negative length": b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    "a chunk without a size": b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nz\r\n",
    "a control character": b"GET / HTTP/1.1\r\na: \x00\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\na: b\r\n c: d\r\n\r\n",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
async def test_what_is_not_http_is_refused_and_the_connection_closed(setup, data):
    setup.receive(request("POST", "/", b"before") + data)
    setup.receive(request("GET", "/smuggled"))
    assert "GET /smuggled" not in setup.handler.begun
    setup.handler.answer(0)
    before, broken = read_replies(setup.wire.written)
    assert before.body == b"before"
    assert (broken.status, broken.json["erno"]) == (400, "MR.0400")
    assert broken.headers["connection"] == "close"
    assert setup.wire.is_closed


ENDLESS = {
    "request line": b"GET /",
    "header": b"GET / HTTP/1.1\r\na: ",
    "headers": b"GET / HTTP/1.1\r\n",
    "trailer": b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\na: ",
}


@pytest.mark.parametrize(("name", "start"), ENDLESS.items())
async def test_a_head_without_end_is_refused(setup, name, start):
    setup.receive(start)
    block = b"a: b\r\n" * 200 if name == "headers" else b"x" * 1200
    sent = 0
    while not setup.wire.is_closed:
        setup.receive(block)
        sent += len(block)
        assert sent < 2 * module.MAX_HEAD_BYTES
    assert setup.statuses() == [431]


async def test_an_upgrade_is_left_out_where_there_is_no_body(setup):
    setup.receive(request("GET", "/x", connection="upgrade", upgrade="h2c", content_length=None))
    assert setup.statuses() == [200]
    assert setup.wire.is_closed


async def test_an_upgrade_is_refused_where_there_is_a_body(setup):
    setup.receive(request("POST", "/x", b"body", connection="upgrade", upgrade="h2c"))
    assert setup.statuses() == [400]
    assert setup.wire.is_closed


async def test_a_client_that_leaves_gets_no_answer(setup, capsys):
    setup.receive(request("POST", "/x", content_length="4") + b"b")
    setup.connection.connection_lost(None)
    assert setup.wire.written == b""
    assert "POST /x the connection closed before the end of the body" in capsys.readouterr().out


async def test_an_answer_that_comes_too_late_is_dropped(setup):
    setup.receive(request("POST", "/x", b"body"))
    setup.wire.close()
    setup.connection.connection_lost(ConnectionResetError())
    setup.handler.answer(0)
    assert setup.wire.written == b""


async def test_a_client_that_has_sent_everything_still_gets_its_answers(setup):
    setup.receive(request("POST", "/x", b"a") + request("POST", "/x", b"b"))
    assert setup.connection.eof_received()
    setup.handler.answer(0)
    assert not setup.wire.is_closed
    setup.handler.answer(1)
    assert setup.bodies() == [b"a", b"b"]
    assert setup.wire.is_closed


async def test_a_client_that_ends_in_the_middle_of_a_request_is_closed(setup):
    setup.receive(request("POST", "/x", content_length="4") + b"b")
    setup.connection.eof_received()
    assert setup.wire.is_closed


async def test_a_silent_connection_is_closed(monkeypatch):
    monkeypatch.setattr(module, "KEEP_ALIVE_S", 0.001)
    for start in (b"", b"GET / HT", request("POST", "/", content_length="9") + b"x"):
        setup = Setup()
        setup.receive(start)
        await closed(setup.wire)
        setup.connection.connection_lost(None)


async def test_a_connection_that_waits_for_its_answer_is_not_silent(monkeypatch):
    monkeypatch.setattr(module, "KEEP_ALIVE_S", 0.001)
    setup, idle = Setup(), Setup()
    setup.receive(request("POST", "/", b"x"))
    await closed(idle.wire)
    assert not setup.wire.is_closed
    for made in (setup, idle):
        made.connection.connection_lost(None)


async def closed(wire: Wire) -> None:
    async with asyncio.timeout(20):
        while not wire.is_closed:
            await asyncio.sleep(0.001)


async def test_draining_closes_what_is_idle_and_waits_for_what_runs(setup):
    idle = Connection(setup.handler, setup.connections)
    idle_wire = Wire()
    idle.connection_made(idle_wire)
    setup.receive(request("POST", "/x", content_length="4") + b"bo")
    assert setup.connections.running == 1
    draining = asyncio.create_task(setup.connections.drain(20))
    await asyncio.sleep(0)
    assert idle_wire.is_closed
    idle.connection_lost(None)
    setup.receive(b"dy")
    setup.handler.answer(0)
    (reply,) = read_replies(setup.wire.written)
    assert (reply.body, reply.headers["connection"]) == (b"body", "close")
    assert setup.wire.is_closed
    assert not draining.done()
    setup.connection.connection_lost(None)
    await draining


async def test_draining_ends_at_its_limit(setup):
    setup.receive(request("POST", "/x", b"body"))
    with pytest.raises(TimeoutError):
        await setup.connections.drain(0.001)


STREAM = b"".join(
    (
        request("GET", "/a"),
        request("POST", "/b", b"x" * 60),
        request("POST", "/c", b"x" * 101),
        b"POST /d HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        request("HEAD", "/e", content_length=None),
        request("GET", "/f", connection="close"),
    )
)


def answered(*pieces: bytes) -> bytes:
    """What is written when a stream comes in these pieces and every request is answered at once."""

    async def talk() -> bytes:
        setup = Setup()
        setup.handler.complete = lambda exchange: exchange.answer(200, exchange.body)
        for piece in pieces:
            setup.receive(piece)
        setup.connection.connection_lost(None)
        return setup.wire.written

    return asyncio.run(talk())


@given(st.lists(st.integers(1, len(STREAM) - 1), unique=True, max_size=12).map(sorted))
def test_it_does_not_matter_how_the_bytes_are_cut(cuts):
    pieces = [STREAM[a:b] for a, b in pairwise([0, *cuts, len(STREAM)])]
    assert answered(*pieces) == answered(STREAM)
    assert answered(STREAM).count(b"HTTP/1.1 200") == 5


@given(st.integers(0, len(STREAM)), st.binary(max_size=40), st.integers(0, 40))
def test_no_bytes_whatever_raise_an_error(place, inserted, dropped):
    written = answered(STREAM[:place] + inserted + STREAM[place + dropped :])
    statuses = [int(line[9:12]) for line in written.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert set(statuses) <= {200, 400, 413}
