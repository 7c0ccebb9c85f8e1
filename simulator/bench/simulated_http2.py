"""HTTP/2 as simulated instances speak it: each request is answered once it is whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

FIRST_LINE = b"PRI * HTTP/2.0\r\n\r\n"
"""What a client begins with that knows that it is HTTP/2 (RFC 9113 section 3.4)."""
READ_BYTES = 65536


@dataclass(frozen=True)
class Answer:
    """To one request.

    Attributes:
        trailers: none ends the answer with its body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    trailers: Mapping[str, str] = field(default_factory=dict)


async def talk(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answer: Callable[[str, str], Answer],
) -> None:
    """Answer until the client goes or breaks the rules; its first line has been read.

    Args:
        answer: to a request for an authority and a path.
    """
    connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    connection.initiate_connection()
    begun: dict[int, tuple[str, str]] = {}
    received = FIRST_LINE
    while received:
        try:
            events = connection.receive_data(received)
        except ProtocolError:
            break
        for event in events:
            _meet(connection, event, begun, answer)
        writer.write(connection.data_to_send())
        await writer.drain()
        received = await reader.read(READ_BYTES)


def _meet(
    connection: H2Connection,
    event: Event,
    begun: dict[int, tuple[str, str]],
    answer: Callable[[str, str], Answer],
) -> None:
    if isinstance(event, RequestReceived):
        fields = {str(name): str(value) for name, value in event.headers or ()}
        begun[event.stream_id] = fields.get(":authority", ""), fields.get(":path", "")
    elif isinstance(event, DataReceived):
        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
    elif isinstance(event, StreamEnded):
        _send(connection, event.stream_id, answer(*begun.pop(event.stream_id)))


def _send(connection: H2Connection, stream_id: int, answer: Answer) -> None:
    head = [(":status", str(answer.status)), *answer.headers.items()]
    connection.send_headers(stream_id, head)
    connection.send_data(stream_id, answer.body, end_stream=not answer.trailers)
    if answer.trailers:
        connection.send_headers(stream_id, list(answer.trailers.items()), end_stream=True)
