"""One connection of the sender: one request at a time, and what is needed of the answer.

On httptools, the parser that uvicorn uses. A client library spends five times as much processor
time on a request (benchmarks/stress.py), which the service beside it would lack, and its own delays
would be in the latencies.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

import httptools

from simulator.stress.outcomes import READ_BYTES
from simulator.stress.reaching import reason

_SWITCHING = 101
_WITHOUT_BODY = (204, 304)


class Request:
    """A request on its way.

    Attributes:
        due_s, taken_up_s, sent_s: instants of `steady_s`; `sent_s` is 0 until it is sent.
    """

    __slots__ = ("data", "due_s", "sent_s", "taken_up_s")

    def __init__(self, data: bytes, due_s: float, taken_up_s: float) -> None:
        self.data = data
        self.due_s = due_s
        self.taken_up_s = taken_up_s
        self.sent_s = 0.0


class Owner(Protocol):
    """Who is told how a connection's requests end."""

    version_header: bytes

    def answered(self, connection: Connection, request: Request) -> None:
        """There is a complete answer: `status`, `version`, `error_body`, `reusable`."""

    def lost(self, connection: Connection, request: Request, why: str) -> None:
        """There will be none; the connection is closed."""

    def closed(self, connection: Connection) -> None:
        """The connection is gone, with a request or without."""


class Connection(asyncio.Protocol):
    """Sends what it is given; knows nothing of plans.

    Attributes:
        status, version, error_body: of the answer; the body only of errors, and its beginning only.
        reusable: whether another request may follow.
        request: the one under way.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._version_header = owner.version_header
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._complete = 0
        self._bounded = False
        self.request: Request | None = None
        self.status = 0
        self.version = b""
        self.error_body = b""
        self.reusable = True

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def send(self, request: Request) -> None:
        assert self._transport is not None
        self.request = request
        self.status = 0
        self.version = b""
        self.error_body = b""
        self._bounded = False
        self._transport.write(request.data)

    def abort(self) -> None:
        """Close at once; a request under way is told to nobody."""
        self.request = None
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._broken("an answer that switches protocols")
            return
        except httptools.HttpParserError:
            self._broken("an answer that is not HTTP")
            return
        if self._complete:
            self._complete -= 1
            if self.request is None or self._complete:
                self._broken("an answer that nobody asked for")
            else:
                self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.reusable = False
        if self.request is not None:
            if self.status and not self._bounded and exc is None:  # the end is the answer's end
                self._end()
            else:
                self._lose(_why(exc, began=bool(self.status)))
        self._owner.closed(self)

    # -- httptools ----------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        length = len(name)
        if length == len(self._version_header) and name.lower() == self._version_header:
            self.version = value
        elif length in (14, 17) and name.lower() in (b"content-length", b"transfer-encoding"):
            self._bounded = True

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._bounded = self._bounded or self.status in _WITHOUT_BODY

    def on_body(self, body: bytes) -> None:
        if self.status >= 300 and len(self.error_body) < READ_BYTES:
            self.error_body += body[:READ_BYTES]

    def on_message_complete(self) -> None:
        if 100 <= self.status < 200 and self.status != _SWITCHING:  # the real answer follows
            self.status = 0
            return
        self._complete += 1
        self.reusable = self._parser.should_keep_alive()

    # -- inside -------------------------------------------------------------------------------

    def _end(self) -> None:
        request, self.request = self.request, None
        assert request is not None
        self._owner.answered(self, request)

    def _lose(self, why: str) -> None:
        request, self.request = self.request, None
        assert request is not None
        self._owner.lost(self, request, why)

    def _broken(self, why: str) -> None:
        self.reusable = False
        if self.request is not None:
            self._lose(why)
        self.abort()


def _why(error: Exception | None, *, began: bool) -> str:
    if began:
        return "answer cut off"
    if error is None:
        return "connection closed without an answer"
    return (reason(error) if isinstance(error, OSError) else str(error)) or "connection lost"
