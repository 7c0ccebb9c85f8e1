"""What listens at the addresses of instances that do not exist: HTTP on Unix sockets."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from backends.base import Address

Answer = Callable[[], bytes | None]
"""The whole answer to one request; None to say nothing until the client gives up."""


def http_answer(status: int, body: bytes = b"", headers: str = "") -> bytes:
    """An HTTP/1.1 answer after which the connection is closed."""
    head = f"HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {len(body)}\r\n"
    return f"{head}{headers}\r\n".encode() + body


class InstanceServers:
    """One server a name, in a directory with a path short enough for sockets."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="dd-"))
        self.requests: list[tuple[str, str]] = []
        """Name of the server and path of each request so far."""
        self._servers: dict[str, asyncio.Server] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def address(self, name: str) -> Address:
        """Where the server of this name listens, now or later."""
        return Address(path=str(self.directory / name))

    async def serve(self, name: str, answer: Answer) -> Address:
        """Answer requests from now on, in place of any earlier server of the name."""
        await self.stop(name)

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await self._talk(name, answer, reader, writer)
            finally:
                self._tasks.discard(task)
                writer.close()

        path = str(self.directory / name)
        self._servers[name] = await asyncio.start_unix_server(talk, path)
        return self.address(name)

    async def _talk(
        self,
        name: str,
        answer: Answer,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        self.requests.append((name, head.split(b" ")[1].decode()))
        said = answer()
        if said is None:
            await asyncio.Event().wait()
        else:
            writer.write(said)
            await writer.drain()

    async def stop(self, name: str) -> None:
        """Nothing listens there any more."""
        server = self._servers.pop(name, None)
        if server is not None:
            server.close()
            (self.directory / name).unlink(missing_ok=True)

    async def close(self) -> None:
        for name in list(self._servers):
            await self.stop(name)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shutil.rmtree(self.directory, ignore_errors=True)
