"""What data collection takes from a service's requests: the same service without it and with it.

    python benchmarks/collection.py [--rounds N] [--seconds S] [--connections C] [--share PERCENT]

A whole server with an MNIST service of one instance on the process backend, and digits as PNG files
in a form, through the gateway. The instance has one core; wrk and the gateway have the other; the
server, which writes what is collected, is where the system puts it. Times are of a processor, an
answer, in µs. Collection is off and on in
turns, and ratios are worked out within each round. Shown: median (smallest to largest).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.end_to_end import (  # noqa: E402
    INSTANCE_CORE,
    OTHER_CORE,
    PACKAGE,
    Sample,
    Way,
    post,
    sample,
    word,
)
from benchmarks.loading import Missing, pin, spread  # noqa: E402
from tests.e2e.server import DrydockServer, realtime_request, wait_until  # noqa: E402

AIM = 0.95
SETTLE_S = 60.0
PAUSE_S = 3.0
"""Longer than collected exchanges wait to be written."""


@dataclass(frozen=True)
class Measured:
    """One measurement; `server_us` is processor time of the Python server an answer, in µs."""

    sample: Sample
    server_us: float


class Service:
    """A service whose collection is turned on and off."""

    def __init__(self, server: DrydockServer, service_id: str, way: Way) -> None:
        self._server = server
        self._path = f"/services/{service_id}/collection"
        self._way = way

    def measure(self, connections: int, seconds: int, share: float | None) -> Measured:
        """Of the requests this share is collected; of the others' time none is that of writing."""
        changes = {"enabled": share is not None, "share_percent": share or 100.0}
        self._server.admin("PUT", self._path, json=changes | {"budget_bytes": 1 << 40})
        request = post({"X-Auth-Token": self._server.token})
        began, used = time.monotonic(), own_s(self._server.pid)
        found = sample(self._way, request, connections, seconds)
        used = own_s(self._server.pid) - used
        answers = found.per_s * (time.monotonic() - began)
        wait_until("all exchanges are written", self._is_settled, SETTLE_S)
        return Measured(found, used / answers * 1e6)

    def _is_settled(self) -> bool:
        before = self._written()
        time.sleep(PAUSE_S)
        return self._written() == before

    def _written(self) -> int:
        return int(self._server.admin("GET", self._path)["status"]["exchanges"])


def own_s(pid: int) -> float:
    """Processor time of a process without its children, so far."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def measure(
    server: DrydockServer, rounds: int, connections: int, seconds: int, share: float
) -> tuple[list[tuple[Measured, Measured]], int]:
    """Without and with collection, of each round; and how often it paused."""
    body = realtime_request("digits", (server.import_package(PACKAGE), 100))
    envoy = server.envoy_pid()
    assert envoy is not None
    pin(envoy, OTHER_CORE)
    with server.deployed(body) as service_id:
        (behind,) = server.pids(service_id)
        pin(behind, INSTANCE_CORE)
        way = Way(f"{server.url}/v1/infers/{service_id}", behind, envoy)
        service = Service(server, service_id, way)
        found = [
            (
                service.measure(connections, seconds, None),
                service.measure(connections, seconds, share),
            )
            for _ in range(rounds)
        ]
        pauses = [text for text in server.events(service_id) if "collection pauses" in text]
    return found, len(pauses)


def report(console: Console, rounds: list[tuple[Measured, Measured]], connections: int) -> None:
    table = Table(title=f"MNIST through the gateway, {connections} connections")
    table.add_column("collection")
    for heading in ("answers/s", "p50 ms", "instance µs", "gateway µs", "server µs"):
        table.add_column(heading, justify="right")
    for name, column in (("off", 0), ("on", 1)):
        each = [pair[column] for pair in rounds]
        table.add_row(
            name,
            spread([one.sample.per_s for one in each], "{:,.0f}"),
            spread([one.sample.p50_ms for one in each], "{:.2f}"),
            spread([one.sample.instance_us for one in each], "{:.0f}"),
            spread([one.sample.gateway_us for one in each], "{:.0f}"),
            spread([one.server_us for one in each], "{:.0f}"),
        )
    console.print(table)
    shares = [on.sample.per_s / off.sample.per_s for off, on in rounds]
    slower = [on.sample.p50_ms / off.sample.p50_ms for off, on in rounds]
    reached = word(statistics.median(shares) >= AIM)
    console.print(f"throughput: {spread(shares, '{:.2f}')}; the aim is {AIM}: {reached}")
    reached = word(statistics.median(slower) <= 1 / AIM)
    console.print(f"p50: {spread(slower, '{:.2f}')}; the aim is {1 / AIM:.2f}: {reached}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of load a measurement")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--share", type=float, default=100.0, help="percent of the requests")
    chosen = parser.parse_args()
    console = Console(width=120)
    server = DrydockServer("process")
    try:
        server.start()
        rounds, pauses = measure(
            server, chosen.rounds, chosen.connections, chosen.seconds, chosen.share
        )
    except Missing as missing:
        console.print(f"cannot measure: {missing}")
        return 1
    finally:
        server.dispose()
    report(console, rounds, chosen.connections)
    console.print(f"paused {pauses} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
