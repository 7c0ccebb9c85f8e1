"""HTTP/1.1 on one connection: bytes to requests, answers to bytes, in the order of the requests.

httptools (llhttp) does the parsing and refuses what could be read in two ways. This protocol stands
in the place of uvicorn's and of ASGI because those cost more than the rest of a small request
together: 36 against 14 µs of CPU time where the answer is fixed (`benchmarks/model_server.py`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from http import HTTPStatus
from typing import Protocol, cast
from urllib.parse import unquote_to_bytes

import httptools

from backends.runtime.errors import Problem, RequestError
from backends.runtime.log import log
from backends.runtime.settings import KEEP_ALIVE_S

MAX_HEAD_BYTES = 64 << 10
"""Most bytes that lead to nothing: a request line with its headers, a line between chunks."""

_WANTED = frozenset({b"content-type", b"content-length", b"content-encoding", b"expect"})
_STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Exchange:
    """One request and its answer.

    Attributes:
        method: as sent, "POST".
        target: the request line's second word, as sent.
        headers: those that this server looks at, by their names in lower case.
        size: bytes of the body that have come.
        keep_alive: whether the connection stays open after the answer.
        is_whole: the request has come to its end.
        data: the answer, ready to be sent; None as long as there is none.
        route, content_type: for the handler's own use between `begin` and `complete`.
    """

    __slots__ = (
        "_chunks",
        "_connection",
        "content_type",
        "data",
        "headers",
        "is_whole",
        "keep_alive",
        "method",
        "route",
        "size",
        "target",
    )

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._chunks: list[bytes] = []
        self.method = ""
        self.target = b""
        self.headers: dict[bytes, bytes] = {}
        self.size = 0
        self.keep_alive = True
        self.is_whole = False
        self.data: bytes | None = None
        self.route: object = None
        self.content_type = ""

    @property
    def path(self) -> str:
        """The target's path with its %XX replaced; the target itself where it has no path."""
        try:
            raw: bytes = httptools.parse_url(self.target).path or b""
        except httptools.HttpParserInvalidURLError:
            raw = self.target
        return unquote_to_bytes(raw).decode("utf-8", "replace")

    @property
    def body(self) -> bytes:
        """What has come of the body."""
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self.size += len(chunk)

    def answer(self, status: int, body: bytes, headers: bytes = b"") -> None:
        """Send the answer, at the latest when those to earlier requests are sent.

        Args:
            headers: whole lines, each with its CRLF.
        """
        keep = b"" if self.keep_alive else b"connection: close\r\n"
        head = b"%b%b%bcontent-length: %d\r\n\r\n" % (
            *(_STATUS_LINES[status], headers, keep),
            len(body),
        )
        self._chunks.clear()
        self.data = head if self.method == "HEAD" else head + body
        self._connection.send_answers()


class Handler(Protocol):
    """What answers requests. None of these raises; all are called in the event loop."""

    body_limit_bytes: int
    """Larger bodies are refused as soon as they are."""

    def begin(self, exchange: Exchange) -> None:
        """The headers are there. Whoever answers here gets no body."""

    def complete(self, exchange: Exchange) -> None:
        """The body is there: answer, now or later."""

    def refuse(self, exchange: Exchange, error: RequestError) -> None:
        """Answer at once that the request cannot be taken."""


class Connections:
    """The open connections of one server, and whether it is about to end."""

    def __init__(self) -> None:
        self.all: set[Connection] = set()
        self._are_gone = asyncio.Event()

    @property
    def running(self) -> int:
        """Requests that have begun and are not answered yet."""
        return sum(connection.running for connection in self.all)

    def remove(self, connection: Connection) -> None:
        self.all.discard(connection)
        if not self.all:
            self._are_gone.set()

    async def drain(self, limit_s: float) -> None:
        """Close each connection once what runs on it is answered; wait for that, at most so long.

        Raises:
            TimeoutError: requests still run.
        """
        self._are_gone.clear()
        for connection in list(self.all):
            connection.end()
        if self.all:
            async with asyncio.timeout(limit_s):
                await self._are_gone.wait()


class Connection(asyncio.Protocol):
    """The protocol of one connection; the methods `on_...` are called by the parser."""

    def __init__(self, handler: Handler, connections: Connections) -> None:
        self._handler = handler
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._exchange = Exchange(self)
        self._waiting: deque[Exchange] = deque()
        self._loose_bytes = 0
        self._has_ended = False
        self._client_is_slow = False
        self._is_reading = True

    @property
    def running(self) -> int:
        return len(self._waiting)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        self._connections.all.add(self)
        self._active_at = self._loop.time()
        self._timer = self._loop.call_later(KEEP_ALIVE_S, self._close_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._has_ended = True
        self._drop_unfinished()
        self._waiting.clear()
        self._connections.remove(self)
        del self._parser  # it refers to this object

    def end(self) -> None:
        """Close once everything that has begun is answered."""
        if self._waiting:
            self._waiting[-1].keep_alive = False
        else:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._has_ended:
            return
        self._active_at = self._loop.time()
        self._loose_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._has_ended = True
        except httptools.HttpParserError as exc:
            self._give_up(Problem.BAD_REQUEST, f"this is not HTTP: {exc}")
        if self._loose_bytes > MAX_HEAD_BYTES:
            text = f"the request line and headers are longer than {MAX_HEAD_BYTES} bytes"
            self._give_up(Problem.HEAD_TOO_LARGE, text)
        if len(self._waiting) > 1:
            self._regulate()

    def eof_received(self) -> bool:
        """The client sends no more; it still gets the answers to what has come whole."""
        self._has_ended = True
        self._drop_unfinished()
        self.end()
        return True

    def pause_writing(self) -> None:
        self._client_is_slow = True
        self._regulate()

    def resume_writing(self) -> None:
        self._client_is_slow = False
        self._regulate()

    def on_message_begin(self) -> None:
        self._exchange = Exchange(self)

    def on_url(self, url: bytes) -> None:
        self._exchange.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in _WANTED:
            self._exchange.headers[name] = value

    def on_headers_complete(self) -> None:
        self._loose_bytes = 0
        exchange, parser = self._exchange, self._parser
        exchange.method = parser.get_method().decode("ascii")
        exchange.keep_alive = parser.get_http_version() == "1.1" and parser.should_keep_alive()
        self._waiting.append(exchange)
        if parser.should_upgrade():
            exchange.keep_alive = False
            if exchange.method not in ("GET", "HEAD"):
                # the parser takes what follows for the other protocol, so the body is lost
                text = "the connection cannot be upgraded; send the request without Upgrade"
                self._handler.refuse(exchange, RequestError(Problem.BAD_REQUEST, text))
                return
        self._handler.begin(exchange)
        expected = exchange.headers.get(b"expect")
        if expected is not None and expected.lower() == b"100-continue" and exchange.data is None:
            self._transport.write(_CONTINUE)

    def on_body(self, chunk: bytes) -> None:
        self._loose_bytes = 0
        exchange = self._exchange
        if exchange.data is not None:
            return
        exchange.add(chunk)
        if exchange.size > self._handler.body_limit_bytes:
            self._handler.refuse(exchange, too_large(self._handler.body_limit_bytes, exchange.size))

    def on_message_complete(self) -> None:
        self._loose_bytes = 0
        exchange = self._exchange
        exchange.is_whole = True
        if not exchange.keep_alive:
            self._has_ended = True
        if exchange.data is None:
            self._handler.complete(exchange)

    def send_answers(self) -> None:
        """Send the answers that are ready and not behind one that is not."""
        waiting, transport = self._waiting, self._transport
        while waiting and (data := waiting[0].data) is not None:
            exchange = waiting.popleft()
            if transport.is_closing():
                return
            transport.write(data)
            if not exchange.keep_alive:
                transport.close()
        self._active_at = self._loop.time()
        if not self._is_reading:
            self._regulate()

    def _give_up(self, problem: Problem, text: str) -> None:
        """Answer what cannot be understood, after everything before it, and close."""
        if self._has_ended:  # more came behind the last request
            return
        self._has_ended = True
        exchange = self._exchange
        if exchange.is_whole:
            exchange = Exchange(self)
        exchange.keep_alive = False
        if exchange.data is None:
            if not self._waiting or self._waiting[-1] is not exchange:
                self._waiting.append(exchange)
            self._handler.refuse(exchange, RequestError(problem, text))
        else:
            self.end()

    def _drop_unfinished(self) -> None:
        """Forget a request whose rest will never come."""
        if self._waiting and not self._waiting[-1].is_whole:
            name = name_of(self._waiting.pop())
            log(f"{name} the connection closed before the end of the body")

    def _regulate(self) -> None:
        """Read nothing while the client takes no answers, or has requests beyond the next open."""
        wanted = not self._client_is_slow and len(self._waiting) <= 1
        if wanted != self._is_reading and not self._transport.is_closing():
            self._is_reading = wanted
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    def _close_if_idle(self) -> None:
        idle_s = self._loop.time() - self._active_at
        if idle_s >= KEEP_ALIVE_S and not any(exchange.is_whole for exchange in self._waiting):
            self._transport.close()
            return
        rest_s = max(KEEP_ALIVE_S - idle_s, 1.0)
        self._timer = self._loop.call_later(rest_s, self._close_if_idle)


def too_large(limit_bytes: int, size: int, *, announced: bool = False) -> RequestError:
    """The refusal of a body above the limit."""
    came = f"{size} bytes are announced" if announced else f"at least {size} bytes came"
    return RequestError(Problem.TOO_LARGE, f"a body may have {limit_bytes} bytes; {came}")


def name_of(exchange: Exchange) -> str:
    """ "POST /path", for the log."""
    return f"{exchange.method or '?'} {exchange.path[:200]}"
