"""How long a page of services takes, and what a server with many of them does when nobody asks.

    python benchmarks/lists.py [--rounds N] [--idle SECONDS]

A server as users run it: a process of its own behind its gateway, on the process backend, with
1,000 batch services that have finished and 20 real-time services that run the MNIST model, each
with a history of events. It has taken all of them up at its start. The page is the API's default of
1,000 services, asked for through the gateway; beside it and in turn the same rows are read with
plain SQL and made JSON, which is what a page costs at least. The server's work is its processor
time, a mean: other programs on the machine change it less than they change how long a page takes.
At the end nobody asks for anything, and the server and its gateway are watched.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.config import Paths  # noqa: E402
from simulator.facts.statuses import ServiceKind, ServiceStatus  # noqa: E402
from simulator.lifecycle.objects import Event, EventKind, Goal  # noqa: E402
from simulator.store.database import Database  # noqa: E402
from simulator.store.tables import ServiceRow, VersionRow  # noqa: E402
from simulator.store.writing import event_row  # noqa: E402
from tests.e2e.server import ACCEPTED, DrydockServer, realtime_request  # noqa: E402

BATCH, REAL_TIME, EVENTS = 1000, 20, 10
SETTLING_S = 5.0
"""Real seconds that the server is left alone before its idle time is counted."""
PLAIN = "1,000 by plain SQL"


def add_batch_services(path: Path, project_id: str, model_id: str, now: int) -> None:
    """Put services that have finished into the store of a server that does not run."""
    request = json.loads((ACCEPTED / "batch-file.json").read_text())
    document = {"request": request, "owner": "u" * 32, "tenant": "d" * 32}
    with closing(Database(path)) as database, database.write() as session:
        for number in range(BATCH):
            service = finished(f"batch-{number:04d}", project_id, document, now - number)
            session.add(service)
            session.flush()
            session.add(version_of(service, model_id))
            for step in range(EVENTS):
                event = Event(EventKind.NORMAL, f"step {step}", "Step")
                session.add(event_row(service.service_id, now + step, event))


def finished(service_id: str, project_id: str, document: dict[str, object], at: int) -> ServiceRow:
    return ServiceRow(
        service_id=service_id,
        project_id=project_id,
        name=service_id,
        kind=ServiceKind.BATCH.value,
        goal=Goal.STOPPED.value,
        status=ServiceStatus.FINISHED.value,
        created_at=at,
        published_at=at,
        transition_at=at,
        deploy_started_at=at,
        document=document,
    )


def version_of(service: ServiceRow, model_id: str) -> VersionRow:
    return VersionRow(
        service_id=service.service_id,
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


def fill(server: DrydockServer) -> None:
    """Batch services into the store while the server is down, real-time ones by the API."""
    model_id = server.import_package("mnist")
    server.stop()
    now = time.time_ns() // 1_000_000
    add_batch_services(Paths(server.home).database, server.project_id, model_id, now)
    server.start()
    ids = [
        server.deploy(realtime_request(f"real-time-{number}", (model_id, 100)), until="")
        for number in range(REAL_TIME)
    ]
    for service_id in ids:
        server.wait_for_status(service_id, "running", 120)


def plain_page(path: Path) -> None:
    """The same rows, read and made JSON without any of our code."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT * FROM service JOIN version USING (service_id) "
            "ORDER BY service.published_at DESC LIMIT 1000"
        ).fetchall()
        json.dumps(rows)


@dataclass
class Taken:
    """What a page took each time it was asked for: milliseconds from asking to having read all of
    the answer, and the server's processor time meanwhile."""

    waited: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)


def page_times(server: DrydockServer, rounds: int) -> dict[str, Taken]:
    """Of several pages, asked for in turn."""
    database = Paths(server.home).database
    jobs: dict[str, Callable[[], object]] = {
        "1,000 services": lambda: whole_page(server, 1000),
        "100 services": lambda: whole_page(server, 100, limit=100),
        "the 20 real-time ones": lambda: whole_page(server, REAL_TIME, infer_type="real-time"),
        PLAIN: lambda: plain_page(database),
    }
    found = {name: Taken() for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            used, began = processor_s(server.pid), time.perf_counter()
            job()
            found[name].waited.append(1000 * (time.perf_counter() - began))
            found[name].worked.append(1000 * (processor_s(server.pid) - used))
    return found


def whole_page(server: DrydockServer, services: int, **query: str | int) -> None:
    answer = server.call("GET", "/services", params=query).raise_for_status()
    assert answer.content.count(b'"service_id"') == services


def processor_s(pid: int | None) -> float:
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system


def idle_shares(server: DrydockServer, seconds: float) -> dict[str, float]:
    """Percent of a core that the server and its gateway use while nobody asks for anything."""
    pids = {"server": server.pid, "gateway": server.envoy_pid()}
    time.sleep(SETTLING_S)
    before = {name: processor_s(pid) for name, pid in pids.items()}
    began = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    return {name: 100 * (processor_s(pid) - before[name]) / took for name, pid in pids.items()}


def report(console: Console, found: dict[str, Taken]) -> None:
    table = Table(title=f"milliseconds a page, {BATCH} batch and {REAL_TIME} real-time services")
    for heading in ("", "best", "median", "worst", "to SQL", "server's work"):
        table.add_column(heading, justify="right" if heading else "left")
    least = statistics.median(found[PLAIN].waited)
    for name, taken in found.items():
        median = statistics.median(taken.waited)
        times = (min(taken.waited), median, max(taken.waited), median / least)
        work = "" if name == PLAIN else f"{statistics.mean(taken.worked):.1f}"
        table.add_row(name, *(f"{one:.1f}" for one in times), work)
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--idle", type=float, default=30.0, metavar="SECONDS")
    chosen = parser.parse_args()
    console = Console()
    server = DrydockServer("process")
    server.start()
    try:
        fill(server)
        report(console, page_times(server, chosen.rounds))
        shares = idle_shares(server, chosen.idle)
    finally:
        server.dispose()
    shown = ", ".join(f"{name} {share:.2f} %" for name, share in shares.items())
    console.print(f"idle for {chosen.idle:g} s, of a core: {shown}")


if __name__ == "__main__":
    main()
