"""How long a page of services takes, and what a server with many of them does when nobody asks.

    python benchmarks/lists.py [--rounds N]

A private server with 1,000 batch services that have finished and 20 real-time services that run
(simulated instances that answer probes), each with a history of events. The page is the API's
default of 1,000 services; beside it, in the same process and in turn, the same rows read with plain
SQL and made JSON, which is what a page costs at least.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.bench.drydock import Drydock, running  # noqa: E402
from simulator.lifecycle.objects import Event, EventKind  # noqa: E402
from simulator.store.tables import ServiceRow, VersionRow  # noqa: E402

BATCH, REAL_TIME, EVENTS = 1000, 20, 10
IDLE_S = 20.0


def fill(drydock: Drydock) -> None:
    """Batch services straight into the store; real-time ones by the API."""
    store, project, now = drydock._server.system.store, drydock.project_id, drydock.now_ms()
    model_id = drydock.add_model("mnist")
    for number in range(BATCH):
        service_id = f"batch-{number:04d}"
        config = {"model_id": model_id, "specification": "modelarts.vm.cpu.2u", "instance_count": 1}
        row = ServiceRow(
            service_id=service_id,
            project_id=project,
            name=service_id,
            kind="batch",
            goal="running",
            status="finished",
            created_at=now - number,
            published_at=now - number,
            transition_at=now,
            deploy_started_at=now,
            document={"request": {"config": [config]}, "owner": "u", "tenant": "d"},
        )
        version = VersionRow(
            service_id=service_id,
            version_id="v1",
            position=0,
            model_id=model_id,
            model_name="mnist",
            model_version="0.0.1",
            weight=0,
            instances=1,
            specification="modelarts.vm.cpu.2u",
            cpus=2,
            memory_mib=8192,
            deploy_timeout_ms=1_200_000,
            grace_s=240,
        )
        store.add_service(row, [version], Event(EventKind.NORMAL, "the job has begun", "Created"))
        for step in range(EVENTS - 1):
            store.add_event(service_id, now + step, Event(EventKind.NORMAL, f"step {step}", "Step"))
    with drydock.client() as client:
        for number in range(REAL_TIME):
            config = {
                "model_id": model_id,
                "weight": 100,
                "specification": "modelarts.vm.cpu.2u",
                "instance_count": 1,
            }
            body = {
                "service_name": f"real-time-{number}",
                "infer_type": "real-time",
                "config": [config],
            }
            client.post(
                f"{drydock.endpoint}/v1/{drydock.project_id}/services", json=body
            ).raise_for_status()
    drydock.settle(120)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def plain_page(path: Path) -> None:
    """The same rows, read and made JSON without any of our code."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT * FROM service JOIN version USING (service_id) "
            "ORDER BY service.published_at DESC LIMIT 1000"
        ).fetchall()
        json.dumps(rows)


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    console = Console()
    with running() as drydock, drydock.client() as client:
        fill(drydock)
        base = f"{drydock.endpoint}/v1/{drydock.project_id}/services"
        database = drydock._server.system.paths.database
        jobs: dict[str, Callable[[], object]] = {
            "a page of 1,000 services": lambda: client.get(base).raise_for_status(),
            "a page of 100": lambda: client.get(base, params={"limit": 100}).raise_for_status(),
            "20 real-time services": lambda: client.get(base, params={"infer_type": "real-time"}),
            "1,000 rows with plain SQL": lambda: plain_page(database),
        }
        times: dict[str, list[float]] = {name: [] for name in jobs}
        for _ in range(rounds):
            for name, job in jobs.items():
                times[name].append(timed(job))
        table = Table(title=f"milliseconds, {BATCH} batch and {REAL_TIME} real-time services")
        for heading in ("", "best", "median", "worst", "to plain SQL"):
            table.add_column(heading, justify="right" if heading else "left")
        least = statistics.median(times["1,000 rows with plain SQL"])
        for name, found in times.items():
            median = statistics.median(found)
            table.add_row(
                name,
                f"{min(found):.1f}",
                f"{median:.1f}",
                f"{max(found):.1f}",
                f"{median / least:.1f}",
            )
        console.print(table)
        before = cpu_s()
        time.sleep(IDLE_S)
        share = 100 * (cpu_s() - before) / IDLE_S
        console.print(f"idle for {IDLE_S:g} s: {share:.2f} % of a core (process {os.getpid()})")


if __name__ == "__main__":
    main()
