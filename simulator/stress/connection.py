"""A connection of the sender: what it needs of an answer beside its end.

The delays of a client library would be in the latencies, and its processor time would be missed by
the service beside it (benchmarks/stress.py): hence `http_connection`.
"""

from __future__ import annotations

from typing import Protocol

from simulator.http_connection import HttpConnection
from simulator.stress.outcomes import READ_BYTES


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


class Connection(HttpConnection[Request]):
    """Sends what it is given; knows nothing of plans.

    Attributes:
        version, error_body: of the answer; the body only of errors, and its beginning only.
    """

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self._owner = owner
        self._version_header = owner.version_header
        self.version = b""
        self.error_body = b""

    def send(self, request: Request) -> None:
        self.version = b""
        self.error_body = b""
        super().send(request)

    def answered(self, request: Request) -> None:
        self._owner.answered(self, request)

    def lost(self, request: Request, why: str) -> None:
        self._owner.lost(self, request, why)

    def closed(self) -> None:
        self._owner.closed(self)

    # -- httptools ----------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) == len(self._version_header) and name.lower() == self._version_header:
            self.version = value
        else:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        if self.status >= 300 and len(self.error_body) < READ_BYTES:
            self.error_body += body[:READ_BYTES]
