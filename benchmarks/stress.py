"""How many requests a second one core can offer: `drydock stress` beside other HTTP clients.

    python benchmarks/stress.py [--rounds N] [--seconds S] [--connections C]

Every client sends the same small POST, with a token, over the same number of kept connections to
the same bare server that answers a constant, in a process of its own, as fast as answers come.
Where the system allows it, the server has one core and the client another one. Clients take turns,
round by round; the table has medians and the spread. Requests/s per core are requests over the
processor time that the client's process has used, which other work on the machine disturbs least.

Below it, an open loop of 5,000 requests/s: what was really offered, and what it cost.

Clients that are not installed are left out: pip install aiohttp pyreqwest; wrk is a program.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httptools
import uvloop
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.stress.frames import Frame, FrameReader, Job, write_job  # noqa: E402
from simulator.stress.load import Load  # noqa: E402
from simulator.stress.target import Body, Target  # noqa: E402

HOST = "127.0.0.1"
BODY = b'{"data": {"req_data": [{"sepal_length": 1.0, "sepal_width": 2.0}]}}'
HEADERS = {"X-Auth-Token": "t" * 500, "Content-Type": "application/json"}
CONTENT = b'{"predicted_label": "7", "scores": [["7", "0.99"]]}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-drydock-version: v1\r\n"
    b"content-length: %d\r\n\r\n" % len(CONTENT)
) + CONTENT
OPEN_RATE_PER_S = 5000.0
OURS = "drydock stress"
PYTHON_CLIENTS = ("pyreqwest", "aiohttp", "httpx")
LIMIT_S = 120.0


# -- the server -------------------------------------------------------------------------------


class _Static(asyncio.Protocol):
    """Answers every request with the same bytes."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._transport.write(ANSWER)


async def serve() -> None:
    """Until stdin ends; says its port first."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Static, HOST, 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextlib.contextmanager
def static_server() -> Iterator[int]:
    """Its port."""
    server = _start([sys.executable, __file__, "--serve"], core=-1, stdin=subprocess.PIPE)
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.communicate(timeout=LIMIT_S)


def _start(command: list[str], core: int, **options: Any) -> subprocess.Popen[bytes]:
    """A process on one core: 0 the client's, -1 the server's."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(process.pid, {cores[core]})
    return process


# -- the clients ------------------------------------------------------------------------------

Send = Callable[[], Awaitable[object]]


@contextlib.asynccontextmanager
async def client_of(name: str, url: str, connections: int) -> Any:
    """Sends one request and reads its answer."""
    if name == "aiohttp":
        import aiohttp  # noqa: PLC0415

        connector = aiohttp.TCPConnector(limit=connections)
        async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

            async def send() -> object:
                async with session.post(url, data=BODY) as answer:
                    await answer.read()
                    return answer.headers.get("x-drydock-version")

            yield send
    elif name == "pyreqwest":
        from pyreqwest.client import ClientBuilder  # noqa: PLC0415

        async with ClientBuilder().default_headers(HEADERS).build() as session:

            async def send() -> object:
                answer = await session.post(url).body_bytes(BODY).build().send()
                await answer.bytes()
                return answer.headers.get("x-drydock-version")

            yield send
    else:
        import httpx  # noqa: PLC0415

        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        async with httpx.AsyncClient(headers=HEADERS, limits=limits, trust_env=False) as session:

            async def send() -> object:
                answer = await session.post(url, content=BODY)
                return answer.headers.get("x-drydock-version")

            yield send


async def drive(name: str, url: str, connections: int, seconds: float) -> None:
    """Send for so long, and print what that was."""
    async with client_of(name, url, connections) as send:
        await asyncio.gather(*(send() for _ in range(connections)))  # connected
        count, end_s = 0, time.perf_counter() + seconds
        began_s, cpu_s = time.perf_counter(), time.process_time()

        async def one_after_the_other() -> None:
            nonlocal count
            while time.perf_counter() < end_s:
                await send()
                count += 1

        await asyncio.gather(*(one_after_the_other() for _ in range(connections)))
        took_s, used_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    print(json.dumps({"requests": count, "seconds": took_s, "cpu_s": used_s}))


def python_client(name: str, url: str, connections: int, seconds: float) -> dict[str, float]:
    command = [sys.executable, __file__, "--client", name, "--url", url]
    command += ["--connections", str(connections), "--seconds", str(seconds)]
    process = _start(command, core=0)
    said, _ = process.communicate(timeout=LIMIT_S)
    found: dict[str, float] = json.loads(said)
    return found


def ours(url: str, load: Load) -> dict[str, float]:
    """The process that `drydock stress` sends with."""
    target = Target(url, "POST", {"X-Auth-Token": "t" * 500}, (Body(BODY, "application/json"),))
    job = Job(target.host, target.port, "", load, target.requests(), "x-drydock-version")
    process = _start(
        [sys.executable, "-m", "simulator.stress.worker"], 0, stdin=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(write_job(job))
    process.stdin.flush()
    frames = list(FrameReader().feed(process.stdout.read()))
    process.stdin.close()
    process.wait(LIMIT_S)
    assert frames[-1][0] is Frame.END
    tick = json.loads(frames[-1][1])
    return {"requests": tick["sent"], "seconds": tick["at_s"], "cpu_s": tick["cpu_s"]}


def wrk(url: str, connections: int, seconds: float) -> dict[str, float]:
    """The C program, on one thread."""
    headers = "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in HEADERS.items())
    script = f"wrk.method = \"POST\"\nwrk.body = '{BODY.decode()}'\n{headers}"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}", "-s", file.name]
        process = _start(["wrk", *options, url], core=0)
        assert process.stdout is not None
        said = process.stdout.read().decode()
        _, _, used = os.wait4(process.pid, 0)
    found = re.search(r"(\d+) requests in ([\d.]+)s", said)
    if found is None:
        raise RuntimeError(f"wrk said: {said}")
    cpu_s = used.ru_utime + used.ru_stime
    return {"requests": float(found[1]), "seconds": float(found[2]), "cpu_s": cpu_s}


# -- the table --------------------------------------------------------------------------------


def clients(url: str, connections: int, seconds: float) -> dict[str, Callable[[], Any]]:
    found: dict[str, Callable[[], Any]] = {
        OURS: lambda: ours(url, Load(concurrency=connections, duration_s=seconds))
    }
    if shutil.which("wrk"):
        found["wrk"] = lambda: wrk(url, connections, seconds)
    for name in PYTHON_CLIENTS:
        if importlib.util.find_spec(name):
            found[name] = lambda name=name: python_client(name, url, connections, seconds)
    return found


def show(console: Console, rounds: dict[str, list[dict[str, float]]], connections: int) -> None:
    table = Table(title=f"one core, {connections} connections, as fast as answers come")
    for heading in ("client", "requests/s", "spread", "CPU µs each", "per core", "ratio"):
        table.add_column(heading, justify="left" if heading == "client" else "right", no_wrap=True)
    per_core = {
        name: statistics.median(one["requests"] / one["cpu_s"] for one in each)
        for name, each in rounds.items()
    }
    for name, each in sorted(rounds.items(), key=lambda item: -per_core[item[0]]):
        rates = [one["requests"] / one["seconds"] for one in each]
        table.add_row(
            name,
            f"{statistics.median(rates):,.0f}",
            f"{min(rates):,.0f}–{max(rates):,.0f}",
            f"{1e6 / per_core[name]:.1f}",
            f"{per_core[name]:,.0f}",
            f"{per_core[name] / per_core[OURS]:.2f}",
        )
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--client", default="", help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        uvloop.run(serve())
    elif chosen.client:
        uvloop.run(drive(chosen.client, chosen.url, chosen.connections, chosen.seconds))
    else:
        measure(chosen.rounds, chosen.seconds, chosen.connections)


def measure(rounds: int, seconds: float, connections: int) -> None:
    console = Console()
    with static_server() as port:
        url = f"http://{HOST}:{port}/v1/infers/model"
        jobs = clients(url, connections, seconds)
        found: dict[str, list[dict[str, float]]] = {name: [] for name in jobs}
        for _ in range(rounds):
            for name, job in jobs.items():
                found[name].append(job())
        show(console, found, connections)
        load = Load(rate_per_s=OPEN_RATE_PER_S, duration_s=seconds)
        each = [ours(url, load) for _ in range(rounds)]
    offered = statistics.median(one["requests"] / one["seconds"] for one in each)
    cpu = statistics.median(one["cpu_s"] / one["seconds"] for one in each)
    console.print(
        f"open loop of {OPEN_RATE_PER_S:,.0f} requests/s: offered {offered:,.0f}/s, "
        f"with {cpu:.0%} of a core"
    )
    left_out = [name for name in ("wrk", *PYTHON_CLIENTS) if name not in jobs]
    if left_out:
        console.print(f"not installed, and left out: {', '.join(left_out)}")


if __name__ == "__main__":
    main()
