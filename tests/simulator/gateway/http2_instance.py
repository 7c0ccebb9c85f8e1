"""An instance that speaks HTTP/2 and nothing else, with a scripted answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

from simulator.gateway.state import Endpoint


@dataclass
class Stream:
    """One request at the instance, and the way to answer it.

    Attributes:
        gone: the other side has ended it before its time.
    """

    connection: H2Connection
    writer: asyncio.StreamWriter
    number: int
    headers: dict[str, str]
    body: bytes = b""
    trailers: dict[str, str] = field(default_factory=dict)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, status: int = 200, **headers: str) -> None:
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.connection.send_headers(self.number, [(":status", str(status)), *named])
        self._flush()

    def send(self, data: bytes, *, last: bool = False) -> None:
        self.connection.send_data(self.number, data, end_stream=last)
        self._flush()

    def say(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.begin(status, **headers)
        self.send(body, last=True)

    def reset(self, why: ErrorCodes) -> None:
        self.connection.reset_stream(self.number, why)
        self._flush()

    def go_away(self) -> None:
        """No further request on this connection, as a server says that is about to end."""
        self.connection.close_connection(last_stream_id=self.number)
        self._flush()

    def _flush(self) -> None:
        self.writer.write(self.connection.data_to_send())


Script = Callable[[Stream], None]


@dataclass
class Http2Instance:
    """On a Unix socket. Without a script it answers 200 with what it received, as JSON.

    Attributes:
        streams: whole requests, in order.
        connections: how many there have been.
    """

    name: str
    path: str
    script: Script | None = None
    streams: list[Stream] = field(default_factory=list)
    connections: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.name, path=self.path)

    async def start(self) -> Http2Instance:
        self._server = await asyncio.start_unix_server(self._connected, self.path)
        return self

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        open_streams: dict[int, Stream] = {}
        try:
            while data := await reader.read(65536):
                for event in connection.receive_data(data):
                    self._meet(connection, writer, event, open_streams)
                writer.write(connection.data_to_send())
        except (ConnectionError, ProtocolError, asyncio.CancelledError):
            pass
        finally:
            for stream in open_streams.values():
                stream.gone.set()
            self._tasks.discard(task)
            writer.close()

    def _meet(
        self,
        connection: H2Connection,
        writer: asyncio.StreamWriter,
        event: Event,
        open_streams: dict[int, Stream],
    ) -> None:
        if isinstance(event, RequestReceived):
            fields = {str(name): str(value) for name, value in event.headers}
            stream = Stream(connection, writer, event.stream_id, fields)
            open_streams[event.stream_id] = stream
        elif isinstance(event, DataReceived):
            open_streams[event.stream_id].body += event.data
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, TrailersReceived):
            found = {str(name): str(value) for name, value in event.headers}
            open_streams[event.stream_id].trailers = found
        elif isinstance(event, StreamReset):
            open_streams[event.stream_id].gone.set()
        elif isinstance(event, StreamEnded):
            stream = open_streams[event.stream_id]
            self.streams.append(stream)
            (self.script or self._echo)(stream)

    def _echo(self, stream: Stream) -> None:
        content = {
            "instance": self.name,
            "headers": stream.headers,
            "body_bytes": len(stream.body),
        }
        stream.say(200, json.dumps(content).encode(), content_type="application/json")
