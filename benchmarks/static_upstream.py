"""Answers every request with the same bytes, on a Unix socket: as little of a server as can be.

python benchmarks/static_upstream.py SOCKET CORE
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import httptools
import uvloop

CONTENT = b'{"predicted_label": "7", "scores": [["7", "0.99"]]}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(CONTENT),
    CONTENT,
)


class Static(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._transport.write(ANSWER)


async def serve(path: str) -> None:
    """Until stdin ends; says so when it listens."""
    loop = asyncio.get_running_loop()
    server = await loop.create_unix_server(Static, path, backlog=1024)
    print("listening", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity") and sys.argv[2]:
        os.sched_setaffinity(0, {int(sys.argv[2])})
    uvloop.run(serve(sys.argv[1]))
