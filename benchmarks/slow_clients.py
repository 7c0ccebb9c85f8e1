"""What 500 slow clients do to the others: p99 of predictions with them and without.

    python benchmarks/slow_clients.py [--clients 500] [--rate 60] [--seconds 12] [--rounds 5]

A whole server with an MNIST service in child processes. The slow ones, in a process of their own,
are of three kinds: heads that never end, bodies that never end (to the service and to the API), and
readers who ask for large answers; each sends or takes a byte a second, and comes again when it is
cut off. The others send digits at a fixed rate, and a latency counts from the planned moment, so
that a stall is not hidden. Rounds alternate; the ratio counts, not the milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import multiprocessing
import socket
import statistics
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.server import DrydockServer, realtime_request  # noqa: E402

PACKAGE = ROOT / "fixtures" / "packages" / "mnist"
DIGIT = ROOT / "fixtures" / "data" / "mnist" / "images" / "0001_2.png"
CONNECTIONS = 16
PAUSE_S = 1.0
SETTLE_S = 2.0
LARGE_ANSWERS = 20
LARGE = "/openapi.json"


@dataclass
class Target:
    """What clients need to know."""

    port: int
    path: str
    token: str


# -- the slow ones, in a process of their own ---------------------------------------------------


@dataclass
class Crowd:
    """The slow clients, and how often they were cut off."""

    target: Target
    cut: Counter[str] = field(default_factory=Counter)

    async def slow_head(self, writer: asyncio.StreamWriter, _: asyncio.StreamReader) -> None:
        writer.write(f"POST {self.target.path} HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".encode())
        await self._drip(writer)

    async def slow_body(self, writer: asyncio.StreamWriter, _: asyncio.StreamReader) -> None:
        await self._body(writer, self.target.path)

    async def slow_call(self, writer: asyncio.StreamWriter, _: asyncio.StreamReader) -> None:
        await self._body(writer, "/v1/0/services")

    async def slow_reader(self, writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> None:
        # many answers: the kernel takes in a single one
        request = f"GET {LARGE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        writer.write(request * LARGE_ANSWERS)
        while await reader.read(1):
            await asyncio.sleep(PAUSE_S)
        raise ConnectionError

    async def _body(self, writer: asyncio.StreamWriter, path: str) -> None:
        lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"X-Auth-Token: {self.target.token}"]
        writer.write("\r\n".join([*lines, "Content-Length: 1000000", "", ""]).encode())
        await self._drip(writer)

    async def _drip(self, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(PAUSE_S)
        raise ConnectionError

    async def client(self, manner: Callable[..., Awaitable[None]], up: asyncio.Semaphore) -> None:
        """One slow client, for ever."""
        for attempt in itertools.count():
            plain = socket.socket()
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", self.target.port))
            reader, writer = await asyncio.open_connection(sock=plain, limit=4096)
            if attempt == 0:
                up.release()
            with contextlib.suppress(ConnectionError, OSError):
                await manner(writer, reader)
            self.cut[manner.__name__] += 1
            writer.close()


def be_slow(target: Target, clients: int, pipe: Connection) -> None:
    """Tells through `pipe` when all are connected; ends when told to, and says who was cut off."""

    async def main() -> None:
        crowd, up = Crowd(target), asyncio.Semaphore(0)
        manners = itertools.cycle(
            [
                *(crowd.slow_head, crowd.slow_body, crowd.slow_reader),
                *(crowd.slow_head, crowd.slow_call, crowd.slow_reader),
            ]
        )
        tasks = [
            asyncio.create_task(crowd.client(manner, up))
            for manner in itertools.islice(manners, clients)
        ]
        for _ in tasks:
            await up.acquire()
        await asyncio.sleep(SETTLE_S)  # the answers to the readers' requests are made
        pipe.send("up")
        await asyncio.to_thread(pipe.recv)
        for task in tasks:
            task.cancel()
        pipe.send(crowd.cut)

    asyncio.run(main())


@contextlib.contextmanager
def slow_crowd(target: Target, clients: int, cut: Counter[str]) -> Iterator[None]:
    """While it lasts, the slow clients are there."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=be_slow, args=(target, clients, theirs), daemon=True)
    process.start()
    try:
        assert ours.recv() == "up"
        yield
        ours.send("end")
        cut.update(ours.recv())
    finally:
        process.terminate()
        process.join()


# -- the others ---------------------------------------------------------------------------------


def prediction(target: Target) -> bytes:
    """A whole request with a digit, as it goes over the wire."""
    files = {"images": ("digit.png", DIGIT.read_bytes(), "image/png")}
    request = httpx.Request("POST", f"http://localhost:{target.port}{target.path}", files=files)
    body = request.read()
    lines = [f"POST {target.path} HTTP/1.1", f"X-Auth-Token: {target.token}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(head.decode("latin-1"))
    await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))


async def latencies_ms(target: Target, rate: float, seconds: float) -> list[float]:
    """Of all requests of a round, each from the moment at which it was to be sent."""
    request, found = prediction(target), []
    planned = iter([number / rate for number in range(round(rate * seconds))])
    began = time.perf_counter() + 0.1

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
        for moment in planned:
            await asyncio.sleep(max(0.0, began + moment - time.perf_counter()))
            await ask(reader, writer, request)
            found.append(1000 * (time.perf_counter() - began - moment))
        writer.close()

    await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))
    return sorted(found)


# -- the rounds ---------------------------------------------------------------------------------


def deploy(server: DrydockServer) -> Target:
    body = realtime_request("slow-clients", (server.import_package(PACKAGE), 100))
    service_id = server.api("POST", "/services", json=body)["service_id"]
    server.wait_for_status(service_id, "running")
    return Target(server.port, f"/v1/infers/{service_id}", server.token)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--rate", type=float, default=60)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    console, cut = Console(), Counter[str]()
    server = DrydockServer("process")
    server.start()
    rounds: list[tuple[list[float], list[float]]] = []
    memory: list[tuple[float, float]] = []
    try:
        target = deploy(server)
        envoy = psutil.Process(server.envoy_pid())
        asyncio.run(latencies_ms(target, chosen.rate, 2))  # warm-up
        for number in range(chosen.rounds):
            console.print(f"round {number + 1}")
            alone = asyncio.run(latencies_ms(target, chosen.rate, chosen.seconds))
            before = envoy.memory_info().rss
            with slow_crowd(target, chosen.clients, cut):
                beside = asyncio.run(latencies_ms(target, chosen.rate, chosen.seconds))
                memory.append((before / 1e6, envoy.memory_info().rss / 1e6))
            rounds.append((alone, beside))
    finally:
        server.dispose()
    report(console, chosen.clients, rounds, memory, cut)


def at(sorted_values: list[float], share: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def report(
    console: Console,
    clients: int,
    rounds: list[tuple[list[float], list[float]]],
    memory: list[tuple[float, float]],
    cut: Counter[str],
) -> None:
    table = Table(title=f"predictions, milliseconds, without and with {clients} slow clients")
    for heading in ("round", "p50", "p99", "p50 with", "p99 with", "p99, ratio"):
        table.add_column(heading, justify="right")
    ratios = []
    for number, (alone, beside) in enumerate(rounds, 1):
        ratios.append(at(beside, 0.99) / at(alone, 0.99))
        cells = [at(alone, 0.5), at(alone, 0.99), at(beside, 0.5), at(beside, 0.99)]
        table.add_row(str(number), *(f"{cell:.1f}" for cell in cells), f"{ratios[-1]:.2f}")
    console.print(table)
    console.print(f"p99 with them over p99 without, median: {statistics.median(ratios):.2f}")
    console.print(
        "Envoy: "
        + ", ".join(f"{before:.0f} to {after:.0f} MB" for before, after in memory)
        + "; cut off: "
        + ", ".join(f"{manner} {count}" for manner, count in sorted(cut.items()))
    )


if __name__ == "__main__":
    main()
