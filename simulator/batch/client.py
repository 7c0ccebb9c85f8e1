"""Sends a job's requests to one instance, over connections that are kept alive.

A client library spends several times as much processor time on a request of a few bytes
(benchmarks/batch.py), which the instances on the same machine would lack.
"""

from __future__ import annotations

import asyncio
import zlib
from functools import lru_cache
from urllib.parse import quote

from backends.base import Address
from simulator.batch.requests import Request
from simulator.clock import steady_s
from simulator.http_connection import HttpConnection

KEEP_ALIVE_S = 1.5
"""Shorter than the keep-alive of common model servers, which would else be about to close."""
_PATH = "!#$%&'()*+,/:;=?@[]~"
"""What stands in a path as it is, beside letters and digits."""
_ENCODED = {b"gzip": 47, b"x-gzip": 47, b"deflate": 47}
"""Codings of contents that are undone, each with zlib's number for it: any header."""


class Lost(ConnectionError):
    """There is no answer, and the instance is at fault."""


class Answer:
    """What an instance says.

    Attributes:
        body: whole, and without the coding that it was sent in.
    """

    __slots__ = ("body", "status")

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body


class _Call:
    """A request under way, and whoever waits for its answer."""

    __slots__ = ("data", "has_body", "waiter")

    def __init__(self, data: bytes, has_body: bool, waiter: asyncio.Future[Answer]) -> None:
        self.data = data
        self.has_body = has_body
        self.waiter = waiter


class _Connection(HttpConnection[_Call]):
    """Attributes:
    idle_since_s: of the monotonic clock; when its last answer came.
    """

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
        self._pieces: list[bytes] = []
        self._coding = b""
        self.idle_since_s = 0.0

    def send(self, request: _Call) -> None:
        self._pieces = []
        self._coding = b""
        super().send(request)

    def answered(self, request: _Call) -> None:
        if request.waiter.done():
            return
        try:
            body = _decoded(b"".join(self._pieces), self._coding)
        except zlib.error as error:
            request.waiter.set_exception(Lost(f"its answer cannot be decoded: {error}"))
        else:
            request.waiter.set_result(Answer(self.status, body))

    def lost(self, request: _Call, why: str) -> None:
        if not request.waiter.done():
            request.waiter.set_exception(Lost(why))

    def closed(self) -> None:
        self._client.forget(self)

    def drop(self, why: str) -> None:
        """Close at once; whoever waits is told why."""
        request = self.request
        self.abort()
        if request is not None:
            self.lost(request, why)

    # -- httptools ----------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) == 16 and name.lower() == b"content-encoding":
            self._coding = value.strip().lower()
        else:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        request = self.request
        if request is not None and not request.has_body and self.status >= 200:
            self.request = None
            self.reusable = False
            self.answered(request)  # no body follows, whatever length the header tells
            self.abort()

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)


class Client:
    """The connections to one instance; as many as there are requests at once.

    Args:
        timeout_s: real seconds that an answer may take in all.
    """

    def __init__(self, address: Address, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._host = "localhost" if address.is_unix else f"{address.host}:{address.port}"
        self._idle: list[_Connection] = []
        self._all: set[_Connection] = set()
        self._closed = False

    async def ask(self, request: Request) -> Answer:
        """The answer to a request.

        Raises:
            OSError: there is none, and the instance is at fault; `TimeoutError` when it takes too
                long.
        """
        until_s = self._loop.time() + self._timeout_s
        connection = self._kept() or await self._opened()
        waiter: asyncio.Future[Answer] = self._loop.create_future()
        limit = self._loop.call_at(until_s, _too_late, waiter)
        head = _head(request.method, request.path, request.content_type, self._host)
        data = b"%b%d\r\n\r\n%b" % (head, len(request.body), request.body)
        connection.send(_Call(data, request.method != "HEAD", waiter))
        try:
            answer = await waiter
        except BaseException:  # whoever asked has gone, too
            connection.abort()
            raise
        finally:
            limit.cancel()
        if connection.reusable and connection.is_open:
            connection.idle_since_s = steady_s()
            self._idle.append(connection)
        else:
            connection.abort()
        return answer

    def close(self) -> None:
        """Close all connections; what is under way has no answer."""
        self._closed = True
        for connection in list(self._all):
            connection.drop("the instance is gone")

    def forget(self, connection: _Connection) -> None:
        """A connection has closed."""
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def _kept(self) -> _Connection | None:
        """A connection that may still be open at the other end."""
        fresh_s = steady_s() - KEEP_ALIVE_S
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.idle_since_s >= fresh_s:
                return connection
            connection.abort()
        return None

    async def _opened(self) -> _Connection:
        at = self._address
        async with asyncio.timeout(self._timeout_s):
            if at.is_unix:
                _, made = await self._loop.create_unix_connection(
                    lambda: _Connection(self), at.path
                )
            else:
                _, made = await self._loop.create_connection(
                    lambda: _Connection(self), at.host, at.port
                )
        if self._closed or not made.is_open:
            made.abort()
            raise Lost("connection closed without an answer")
        self._all.add(made)
        return made


def _too_late(waiter: asyncio.Future[Answer]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())


@lru_cache(maxsize=64)
def _head(method: str, path: str, content_type: str, host: str) -> bytes:
    """A request's head up to the number of its content's bytes. One job sends all its requests to
    one path."""
    target = quote(path.partition("#")[0], safe=_PATH)
    kind = "".join(letter for letter in content_type if letter.isprintable())
    lines = (
        f"{method} {target} HTTP/1.1",
        f"Host: {host}",
        "Accept: */*",
        "User-Agent: drydock",
        f"Content-Type: {kind}",
        "Content-Length: ",
    )
    return "\r\n".join(lines).encode()


def _decoded(body: bytes, coding: bytes) -> bytes:
    """A body without its coding; as it is where that is none that is known."""
    wbits = _ENCODED.get(coding)
    return body if wbits is None or not body else zlib.decompress(body, wbits)
