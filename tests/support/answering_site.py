"""A small HTTP server on the loopback that does what a test tells it to, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from simulator.stress.target import Body, Target

STARTS_WITHIN_S = 30.0
Reply = Callable[[bytes, bytes], bytes | None]
"""From a request's head and body to the bytes of the answer; None closes the connection instead."""


def answer(status: int = 200, body: bytes = b"{}", headers: dict[str, str] | None = None) -> bytes:
    """A complete answer with a length."""
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Site:
    """The server.

    Attributes:
        reply: what it answers.
        pause_s: how long it takes for each answer.
        seen: bodies of the requests that came; `heads`: what stood before them.
        most_at_once: of requests that were being answered.
        hold_until: nothing is answered until so many requests have come.
        stall_at, stall_s: the request with this number stalls the whole server for so long.
        close_after: close the connection after each answer.
        connections: that were made.
    """

    port: int = 0
    reply: Reply = field(default=lambda head, body: answer())
    pause_s: float = 0.0
    seen: list[bytes] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    hold_until: int = 0
    stall_at: int = -1
    stall_s: float = 0.0
    close_after: bool = False
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/predict"

    def target(self, *contents: bytes, **headers: str) -> Target:
        """Requests to it, one for each body."""
        bodies = tuple(Body(content, "application/json") for content in contents or (b"{}",))
        return Target(self.url, "POST", headers, bodies)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = [
                    int(line.partition(b":")[2])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ]
                body = await reader.readexactly(sum(lengths))
                if not await self._answer(writer, head, body):
                    break
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, head: bytes, body: bytes) -> bool:
        self.heads.append(head)
        self.seen.append(body)
        if len(self.seen) == self.stall_at:
            time.sleep(self.stall_s)  # noqa: ASYNC251 - the whole server stands still
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        while len(self.seen) < self.hold_until:
            await asyncio.sleep(0.005)
        if self.pause_s:
            await asyncio.sleep(self.pause_s)
        self.at_once -= 1
        found = self.reply(head, body)
        if found is not None:
            writer.write(found)
            await writer.drain()
        return found is not None and not self.close_after


@contextlib.contextmanager
def running_site(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """The server, for as long as the block lasts."""
    made = Site()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def main() -> None:
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0, backlog=1024, ssl=tls)
        made.port = server.sockets[0].getsockname()[1]
        ready.set()
        await asyncio.Event().wait()

    task = loop.create_task(main())

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        for left in asyncio.all_tasks(loop):
            left.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    thread = threading.Thread(target=run, name="site", daemon=True)
    thread.start()
    assert ready.wait(STARTS_WITHIN_S)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(STARTS_WITHIN_S)
