"""An instance that notes every byte it gets, and reads it as the strictest server would.

Whatever is not in the one canonical form of HTTP/1.1 is a fault: two servers could read it in two
ways, which is how a second request is smuggled in.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import SupportsIndex
from urllib.parse import parse_qsl, urlsplit

_REQUEST_LINE = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+ /[\x21-\x22\x24-\x7e]* HTTP/1\.[01]")
_HEADER = re.compile(rb"([A-Za-z0-9!#$%&'*+.^_`|~-]+): ?([\x21-\x7e\x80-\xff \t]*)")
_SIZE_LINE = re.compile(rb"[0-9a-fA-F]{1,8}\r\n")
HOP_BY_HOP = {
    "connection",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
}
"""Fields for one connection only: none may arrive, but for `TE: trailers`, which gRPC asks for."""


@dataclass
class Seen:
    """A request as the instance read it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    faults: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]


@dataclass
class Recorder:
    """A server on a Unix socket; each request is answered 200 with its target.

    Attributes:
        path: of the socket.
        requests: complete ones, in order of arrival.
        raw: all bytes of all connections, one entry a connection.
        handshakes: whether it knows those of WebSocket, which it refuses with the `status` in their
            query.
    """

    path: str
    handshakes: bool = False
    requests: list[Seen] = field(default_factory=list)
    raw: list[bytearray] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> Recorder:
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.StreamReaderProtocol:
            note = bytearray()
            self.raw.append(note)
            return asyncio.StreamReaderProtocol(_Noting(note), self._connected)

        self._server = await loop.create_unix_server(protocol, self.path, backlog=1024)
        return self

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def below(self, path: str) -> list[Seen]:
        """Requests for the path and what lies below it."""
        return [one for one in self.requests if one.path == path or one.path.startswith(f"{path}/")]

    def _status(self, seen: Seen) -> int:
        query = dict(parse_qsl(urlsplit(seen.target).query))
        return int(query["status"]) if self.handshakes and "status" in query else 200

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                seen = await _read(reader)
                if self.handshakes:
                    seen.faults = [one for one in seen.faults if one not in HANDSHAKE_FIELDS]
                self.requests.append(seen)
                body = json.dumps({"target": seen.target, "body_bytes": len(seen.body)}).encode()
                writer.write(b"HTTP/1.1 %d Words\r\n" % (self._status(seen)))
                writer.write(b"content-type: application/json\r\n")
                writer.write(b"content-length: %d\r\n\r\n" % len(body))
                writer.write(b"" if seen.method == "HEAD" else body)
                await writer.drain()
        except (
            ConnectionError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            asyncio.CancelledError,
        ):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


class _Noting(asyncio.StreamReader):
    """A reader that notes what comes in, before it is read."""

    def __init__(self, note: bytearray) -> None:
        super().__init__(limit=1 << 20)
        self._note = note

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        self._note.extend(data)
        super().feed_data(data)


async def _read(reader: asyncio.StreamReader) -> Seen:
    """The next request. Raises `IncompleteReadError` if the connection ends before it does."""
    first = await reader.readuntil(b"\n")
    faults = [] if first.endswith(b"\r\n") else ["line end of the request line"]
    if not _REQUEST_LINE.fullmatch(first[:-2]):
        faults.append(f"request line {first!r}")
    method, target, *_ = (*first.decode("latin-1").split(" "), "", "")
    seen = Seen(method, target, [], faults=faults)
    while (line := await reader.readuntil(b"\n")) != b"\r\n":
        found = _HEADER.fullmatch(line[:-2])
        if not line.endswith(b"\r\n") or not found:
            faults.append(f"header line {line!r}")
            continue
        seen.headers.append((found[1].decode().lower(), found[2].decode("latin-1").strip(" \t")))
    _judge(seen)
    await _read_body(reader, seen)
    return seen


def _hop_by_hop(name: str, value: str) -> str:
    return f"hop-by-hop field {name}: {value}"


HANDSHAKE_FIELDS = {_hop_by_hop("connection", "Upgrade"), _hop_by_hop("upgrade", "websocket")}
"""No faults where a handshake is let through."""


def _judge(seen: Seen) -> None:
    lengths, codings = seen.values("content-length"), seen.values("transfer-encoding")
    if len(seen.values("host")) != 1:
        seen.faults.append("not one Host")
    if len(lengths) + len(codings) > 1:
        seen.faults.append("framed twice")
    if any(not length.isascii() or not length.isdigit() for length in lengths):
        seen.faults.append(f"Content-Length {lengths}")
    if any(coding != "chunked" for coding in codings):
        seen.faults.append(f"Transfer-Encoding {codings}")
    for name, value in seen.headers:
        if name in HOP_BY_HOP and (name, value) != ("te", "trailers"):
            seen.faults.append(_hop_by_hop(name, value))


async def _read_body(reader: asyncio.StreamReader, seen: Seen) -> None:
    lengths = seen.values("content-length")
    if seen.values("transfer-encoding"):
        while True:
            line = await reader.readuntil(b"\n")
            if not _SIZE_LINE.fullmatch(line):
                seen.faults.append(f"chunk size {line!r}")
                return
            size = int(line, 16)
            seen.body += await reader.readexactly(size)
            end = await reader.readexactly(2)
            if end != b"\r\n":
                seen.faults.append(f"end of a chunk {end!r}")
                return
            if size == 0:
                return
    if lengths and lengths[0].isdigit():
        seen.body = await reader.readexactly(int(lengths[0]))
