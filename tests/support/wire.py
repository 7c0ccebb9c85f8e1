"""HTTP over a connection without a socket, for the tests of the model server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backends.runtime.app import Application
from backends.runtime.connection import Connection, Connections


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """A transport that remembers what is written and what is asked of it."""

    def __init__(self) -> None:
        self.written = b""
        self.is_closed = False
        self.is_reading = True
        self._changed = asyncio.Event()

    def write(self, data: bytes) -> None:
        assert not self.is_closed
        self.written += data
        self._changed.set()

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None:
        assert self.is_reading
        self.is_reading = False

    def resume_reading(self) -> None:
        assert not self.is_reading
        self.is_reading = True

    async def replies(self, count: int, method: str = "POST") -> list[Reply]:
        """All answers, as soon as there are `count`."""
        while len(found := read_replies(self.written, method)) < count:
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), 10)
        return found


def read_replies(data: bytes, method: str = "POST") -> list[Reply]:
    """The answers in `data`, all to requests of this method: those to HEAD have no body."""
    replies: list[Reply] = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = 0 if method == "HEAD" else int(headers.get("content-length", "0"))
        assert len(data) >= length
        replies.append(Reply(int(status.split()[1]), headers, data[:length]))
        data = data[length:]
    return replies


def request(method: str, path: str, body: bytes = b"", **headers: str | None) -> bytes:
    """A request as bytes. In a header's name _ stands for -; one of None is left out."""
    lines = {"content_type": "application/json", "content_length": str(len(body)), **headers}
    text = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in lines.items() if v is not None)
    return f"{method} {path} HTTP/1.1\r\n{text}\r\n".encode() + body


class Caller:
    """Calls an application, each time over a new connection."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.connections = Connections()

    def connect(self) -> tuple[Connection, Wire]:
        connection, wire = Connection(self.app, self.connections), Wire()
        connection.connection_made(wire)  # type: ignore[arg-type]
        return connection, wire

    async def __call__(
        self,
        method: str,
        path: str,
        body: bytes | object = b"",
        content_type: str | None = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection, wire = self.connect()
        sent = {"content_type": content_type, **(headers or {})}
        connection.data_received(request(method, path, raw, **sent))
        (reply,) = await wire.replies(1, method)
        connection.connection_lost(None)
        return reply
