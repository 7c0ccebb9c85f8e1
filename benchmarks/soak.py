"""Memory, descriptors and threads under load for a long time: flat, or growing?

    python benchmarks/soak.py [--minutes M] [--share 0.7] [--every S] [--backend process|docker]

A whole server with an MNIST service of one instance. First a closed loop of 16 connections finds
what the instance can take through the gateway; then requests come at a share of that rate for as
long as asked for, and every few seconds the server's, Envoy's and the instance's resident memory,
open descriptors and threads are read.

The first fifth of the time is warm-up. Through the rest a straight line is laid; what it rises by
from the beginning to the end is the growth. `flat` is a growth of at most 5%, or of 4 MB of memory,
8 descriptors or 8 threads where that is more. The exit status is 1 if something grows, or a request
failed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.stress.engine import running  # noqa: E402
from simulator.stress.figures import Figures  # noqa: E402
from simulator.stress.load import MAX_DURATION_S, Load  # noqa: E402
from simulator.stress.target import Target  # noqa: E402
from tests.e2e.open_load import digit_body  # noqa: E402
from tests.e2e.server import DrydockServer, realtime_request  # noqa: E402

PACKAGE = ROOT / "fixtures" / "packages" / "mnist"
CONNECTIONS = 16
CAPACITY_S = 5.0
WARM_UP_SHARE = 0.2
FLAT_SHARE = 0.05


@dataclass(frozen=True)
class Meter:
    """Something that is read of a process, and by how much it may rise and still be flat."""

    name: str
    read: Callable[[psutil.Process], float]
    slack: float


METERS = (
    Meter("memory, MB", lambda process: process.memory_info().rss / 1e6, 4),
    Meter("descriptors", lambda process: process.num_fds(), 8),
    Meter("threads", lambda process: process.num_threads(), 8),
)


@dataclass(frozen=True)
class Series:
    """What was read of one process by one meter: (seconds since the start, value)."""

    whose: str
    meter: Meter
    points: list[tuple[float, float]]

    @property
    def steady(self) -> list[tuple[float, float]]:
        """Those after the warm-up."""
        begin_s = WARM_UP_SHARE * self.points[-1][0]
        return [point for point in self.points if point[0] >= begin_s]

    @property
    def growth(self) -> float:
        """By what the straight line rises after the warm-up."""
        times, values = zip(*self.steady, strict=True)
        line = statistics.linear_regression(times, values)
        return float(line.slope * (times[-1] - times[0]))

    @property
    def is_flat(self) -> bool:
        level = statistics.median(value for _, value in self.steady)
        return self.growth <= max(FLAT_SHARE * level, self.meter.slack)


async def capacity(target: Target) -> float:
    """Answers a second in a closed loop."""
    async with running(target, Load(concurrency=CONNECTIONS, duration_s=CAPACITY_S)) as run:
        async for _ in run.snapshots():
            pass
        return run.figures().ok_per_s


async def soak(
    target: Target, load: Load, processes: dict[str, psutil.Process], every_s: float
) -> tuple[Figures, list[Series]]:
    """The load, and what was read while it lasted."""
    points: dict[tuple[str, Meter], list[tuple[float, float]]] = defaultdict(list)
    began_s = time.monotonic()

    async def read() -> None:
        while True:
            now_s = time.monotonic() - began_s
            for whose, process in processes.items():
                for meter in METERS:
                    points[whose, meter].append((now_s, meter.read(process)))
            await asyncio.sleep(every_s)

    async with running(target, load) as run:
        reading = asyncio.create_task(read())
        try:
            async for _ in run.snapshots():
                if reading.done():
                    reading.result()  # a process has ended: says which
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
        figures = run.figures()
    return figures, [Series(whose, meter, found) for (whose, meter), found in points.items()]


def report(console: Console, series: list[Series]) -> None:
    table = Table(title="begin: after the warm-up")
    for heading in ("", "", "begin", "end", "max", "growth", ""):
        table.add_column(heading, justify="right" if heading else "left")
    for one in series:
        values = [value for _, value in one.steady]
        table.add_row(
            one.whose,
            one.meter.name,
            *(f"{value:.1f}" for value in (values[0], values[-1], max(values))),
            f"{one.growth:+.1f}",
            "flat" if one.is_flat else "GROWS",
        )
    console.print(table)


def measure(
    console: Console, server: DrydockServer, seconds: float, share: float, every_s: float
) -> bool:
    """Whether all is flat and no request failed."""
    body = realtime_request("soaked", (server.import_package(PACKAGE), 100))
    with server.deployed(body) as service_id:
        headers = {"X-Auth-Token": server.token}
        url = f"{server.url}/v1/infers/{service_id}"
        target = Target(url, "POST", headers, [digit_body()])
        most = asyncio.run(capacity(target))
        load = Load(rate_per_s=share * most, duration_s=seconds)
        console.print(f"the instance takes {most:,.0f} requests/s: {load.rate_per_s:,.0f} are sent")
        figures, series = asyncio.run(soak(target, load, processes_of(server, service_id), every_s))
    report(console, series)
    counts = figures.counts
    failed = ", ".join(f"{one.count} {one.label}" for one in figures.failed) or "none"
    console.print(f"{counts.sent:,} requests in {seconds:.0f} s, failed: {failed}")
    return not counts.errors and all(one.is_flat for one in series)


def processes_of(server: DrydockServer, service_id: str) -> dict[str, psutil.Process]:
    found = {"server": psutil.Process(server.pid), "Envoy": psutil.Process(server.envoy_pid())}
    if server.backend == "process":
        (pid,) = server.pids(service_id)
        return found | {"instance": psutil.Process(pid)}
    import docker  # noqa: PLC0415, only with this backend

    (instance,) = server.instances(service_id)
    with contextlib.closing(docker.from_env()) as client:
        top = psutil.Process(client.containers.get(str(instance["ref"])).attrs["State"]["Pid"])
    # with init, the model server is its child
    return found | {"instance": next(iter(top.children()), top)}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--share", type=float, default=0.7, help="of what the instance can take")
    parser.add_argument("--every", type=float, default=2, help="seconds between two looks")
    parser.add_argument("--backend", choices=["process", "docker"], default="process")
    chosen = parser.parse_args()
    seconds = 60 * chosen.minutes
    if not 10 * chosen.every <= seconds <= MAX_DURATION_S:
        parser.error(f"at least ten looks, and at most {MAX_DURATION_S / 60:.0f} minutes")
    base = os.environ.get("DRYDOCK_BASE_IMAGE", "python:3.11-slim")
    server = DrydockServer(chosen.backend, base_image=base)
    try:
        server.start()
        is_well = measure(Console(), server, seconds, chosen.share, chosen.every)
    finally:
        server.dispose()
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
