"""A server of gRPC with nothing but h2 and the standard library: it echoes.

Plain HTTP/2 on 0.0.0.0:8080, ends at once on SIGTERM. Every method answers each message as it came,
and says at the end which host it was; `grpc.health.v1.Health/Check` answers SERVING. Messages are
small: what comes is sent back without waiting for room.
"""

import asyncio
import signal
import socket

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

HEALTH = "/grpc.health.v1.Health/Check"
SERVING = bytes.fromhex("00000000020801")
HEAD = [(":status", "200"), ("content-type", "application/grpc")]
END = [("grpc-status", "0"), ("said-by", socket.gethostname())]


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection."""
    connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    connection.initiate_connection()
    paths = {}
    while data := await reader.read(65536):
        for event in connection.receive_data(data):
            if isinstance(event, RequestReceived):
                paths[event.stream_id] = dict(event.headers)[":path"]
                connection.send_headers(event.stream_id, HEAD)
            elif isinstance(event, DataReceived):
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if event.data and paths[event.stream_id] != HEALTH:
                    connection.send_data(event.stream_id, event.data)
            elif isinstance(event, StreamEnded):
                if paths.pop(event.stream_id) == HEALTH:
                    connection.send_data(event.stream_id, SERVING)
                connection.send_headers(event.stream_id, END, end_stream=True)
        writer.write(connection.data_to_send())
        await writer.drain()
    writer.close()


async def main() -> None:
    """Serves until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = await asyncio.start_server(talk, "0.0.0.0", 8080)
    print("listening on port 8080", flush=True)
    await ended.wait()
    server.close()


asyncio.run(main())
