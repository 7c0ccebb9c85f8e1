"""A load generator for machines without wrk: the same request again and again, over raw sockets.

python load.py HOST PORT PATH CONNECTIONS SECONDS    # a JSON body on standard input

Prints answers and, of those, failures (not 200) as JSON.
"""

import asyncio
import json
import sys
from typing import Any

import httptools


class Client(asyncio.Protocol):
    """One connection; the next request goes out as soon as an answer is whole."""

    answers = failures = 0

    def __init__(self, request: bytes) -> None:
        self._request = request

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        Client.answers += 1
        Client.failures += self._parser.get_status_code() != 200
        self._transport.write(self._request)


async def main() -> None:
    host, port, path, connections, seconds = sys.argv[1:]
    body = sys.stdin.buffer.read()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    loop = asyncio.get_running_loop()
    for _ in range(int(connections)):
        await loop.create_connection(lambda: Client(request), host, int(port))
    Client.answers = Client.failures = 0
    await asyncio.sleep(float(seconds))
    print(json.dumps({"answers": Client.answers, "failures": Client.failures}))


try:
    import uvloop
except ImportError:
    asyncio.run(main())
else:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
