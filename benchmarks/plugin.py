"""How soon a test has its server: the pytest plugin's, beside `drydock up`.

    python benchmarks/plugin.py [--runs N]

Each run starts one of each kind in turn. In-process servers are timed after the imports, from
asking for one until it has answered a request; `drydock up` from starting the command until it
returns. Machines are noisy: the proportions count, not the milliseconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

_began = time.perf_counter()
from simulator.bench.drydock import running  # noqa: E402

IMPORTS_S = time.perf_counter() - _began

from tests.e2e.server import free_port  # noqa: E402


@dataclass
class Times:
    """Seconds until a server is ready, and until it has ended."""

    start_s: list[float] = field(default_factory=list)
    stop_s: list[float] = field(default_factory=list)

    def add(self, start_s: float, stop_s: float) -> None:
        self.start_s.append(start_s)
        self.stop_s.append(stop_s)


def in_process(gateway: bool) -> tuple[float, float]:
    with httpx.Client(verify=False) as client:
        began = time.perf_counter()
        with running(gateway=gateway) as drydock:
            client.get(f"{drydock.endpoint}/_drydock/health").raise_for_status()
            ready = time.perf_counter()
        return ready - began, time.perf_counter() - ready


def drydock_up() -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="dd-", dir="/tmp") as home:
        chosen = {"DRYDOCK_HOME": home, "DRYDOCK_PORT": str(free_port())}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DRYDOCK_")}

        def call(*arguments: str) -> float:
            began = time.perf_counter()
            command = [sys.executable, "-m", "simulator.cli", *arguments]
            quiet = subprocess.DEVNULL
            subprocess.run(command, check=True, cwd=ROOT, env=kept | chosen, stdout=quiet)
            return time.perf_counter() - began

        return call("up", "--backend", "process"), call("down")


KINDS: dict[str, Callable[[], tuple[float, float]]] = {
    "plugin": lambda: in_process(gateway=False),
    "plugin, gateway=True": lambda: in_process(gateway=True),
    "drydock up": drydock_up,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    first_s, _ = in_process(gateway=False)
    times = {kind: Times() for kind in KINDS}
    for _ in range(runs):
        for kind, measure in KINDS.items():
            times[kind].add(*measure())
    report(times, runs, first_s)


def report(times: dict[str, Times], runs: int, first_s: float) -> None:
    table = Table(title=f"time to ready, {runs} runs, ms")
    for heading in ("", "median", "min", "max", "end, median"):
        table.add_column(heading, justify="left" if not heading else "right")
    for kind, taken in times.items():
        numbers = [
            statistics.median(taken.start_s),
            min(taken.start_s),
            max(taken.start_s),
            statistics.median(taken.stop_s),
        ]
        table.add_row(kind, *(f"{1000 * number:.0f}" for number in numbers))
    console = Console()
    console.print(table)
    console.print(
        f"imports, once a process: {1000 * IMPORTS_S:.0f} ms; "
        f"the first server after them: {1000 * first_s:.0f} ms"
    )


if __name__ == "__main__":
    main()
