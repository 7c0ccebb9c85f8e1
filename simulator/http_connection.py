"""One connection of a cheap HTTP/1.1 client: one request at a time, written as it is given.

On httptools, the parser that uvicorn uses. A client library spends five times as much processor
time on a request (benchmarks/stress.py), which the service beside it would lack.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import Generic, Protocol, TypeVar, cast

import httptools

_SWITCHING = 101
_WITHOUT_BODY = (204, 304)


class Sendable(Protocol):
    """A request.

    Attributes:
        data: all its bytes.
    """

    data: bytes


RequestT = TypeVar("RequestT", bound=Sendable)


class HttpConnection(asyncio.Protocol, Generic[RequestT]):
    """Sends what it is given, and says how that ended; what is kept of an answer is up to heirs.

    Attributes:
        status: of the answer; 0 before there is one.
        reusable: whether another request may follow.
        request: the one under way.
    """

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._complete = 0
        self._bounded = False
        self.request: RequestT | None = None
        self.status = 0
        self.reusable = True

    # -- what heirs say -----------------------------------------------------------------------

    def answered(self, request: RequestT) -> None:
        """There is a complete answer."""
        raise NotImplementedError

    def lost(self, request: RequestT, why: str) -> None:
        """There will be none; the connection is closed."""
        raise NotImplementedError

    def closed(self) -> None:
        """The connection is gone, with a request or without."""
        raise NotImplementedError

    # -- what their owners do -----------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def send(self, request: RequestT) -> None:
        assert self._transport is not None
        self.request = request
        self.status = 0
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
        self.closed()

    # -- httptools ----------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) in (14, 17) and name.lower() in (b"content-length", b"transfer-encoding"):
            self._bounded = True

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._bounded = self._bounded or self.status in _WITHOUT_BODY

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
        self.answered(request)

    def _lose(self, why: str) -> None:
        request, self.request = self.request, None
        assert request is not None
        self.lost(request, why)

    def _broken(self, why: str) -> None:
        self.reusable = False
        if self.request is not None:
            self._lose(why)
        self.abort()


def reason(error: OSError) -> str:
    """What went wrong with a connection, in the system's or the certificate checker's words; empty
    for a timeout."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    return os.strerror(error.errno) if error.errno else str(error)


def _why(error: Exception | None, *, began: bool) -> str:
    if began:
        return "answer cut off"
    if error is None:
        return "connection closed without an answer"
    return (reason(error) if isinstance(error, OSError) else str(error)) or "connection lost"
