"""What the gateway takes from a client: an MNIST instance through it, beside the instance directly.

    python benchmarks/end_to_end.py [--rounds N] [--seconds S] [--connections C]
                                    [--backend process|docker]

A whole server with an MNIST service of one instance, and digits as PNG files in a form. The
instance has one core; wrk and the gateway have the other. The gateway calls the instance at a Unix
socket, which wrk cannot dial: wrk calls a second instance, started like the first but on a port, on
the same core as the first; the one that is not called is idle. With Docker the second is another
container of the same image with the same limits, called at its address on Docker's own network. The
two ways take turns, and ratios are worked out within each round. Shown: median (smallest to
largest).

CPU is processor time an answer, of the instance and of the gateway.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.loading import (  # noqa: E402
    Missing,
    Request,
    cores,
    free_port,
    load,
    pin,
    pinned,
    processor_s,
    spread,
)
from tests.e2e.open_load import digit_body  # noqa: E402
from tests.e2e.server import DrydockServer, realtime_request, wait_until  # noqa: E402

PACKAGE = ROOT / "fixtures" / "packages" / "mnist"
AIM_RATE, AIM_P50_MS = 0.9, 0.15
START_S = 30.0
INSTANCE_CORE, OTHER_CORE = cores()


@dataclass(frozen=True)
class Way:
    """One way to the model.

    Attributes:
        instance, gateway: process ids; the direct way has no gateway.
    """

    url: str
    instance: int
    gateway: int | None = None


@dataclass(frozen=True)
class Sample:
    """One way in one round; processor times are microseconds an answer."""

    per_s: float
    p50_ms: float
    instance_us: float
    gateway_us: float


def post(headers: dict[str, str]) -> Request:
    body = digit_body()
    return Request("POST", {**headers, "Content-Type": body.content_type}, body.content)


def sample(way: Way, request: Request, connections: int, seconds: int) -> Sample:
    pids = [way.instance, *([way.gateway] if way.gateway else [])]
    load(way.url, request, connections, 1, OTHER_CORE)
    before = [processor_s(pid) for pid in pids]
    found = load(way.url, request, connections, seconds, OTHER_CORE)
    used = [
        (processor_s(pid) - was) / found.answers * 1e6
        for pid, was in zip(pids, before, strict=True)
    ]
    return Sample(found.per_s, found.p50_us / 1e3, used[0], sum(used[1:]))


# -- the two ways -------------------------------------------------------------------------------


@contextlib.contextmanager
def second_instance(first: int) -> Iterator[Way]:
    """An instance like the process `first`, on a port."""
    port = free_port()
    command = psutil.Process(first).cmdline()
    where = command.index("--uds")
    command[where : where + 2] = ["--host", "127.0.0.1", "--port", str(port)]
    env = psutil.Process(first).environ()
    del env["DRYDOCK_PARENT_FD"]  # a pipe that only the first has
    process = subprocess.Popen(
        command,
        env=env,
        stdout=subprocess.DEVNULL,
        preexec_fn=pinned(INSTANCE_CORE),  # noqa: PLW1509, no threads here
    )
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_until("the second instance answers", lambda: answers(url), START_S)
        yield Way(url, process.pid)
    finally:
        process.terminate()
        process.wait()


def answers(url: str) -> bool:
    request = post({})
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.post(url, content=request.body, headers=dict(request.headers))
        return answer.status_code == 200
    return False


@contextlib.contextmanager
def second_container(ref: str) -> Iterator[tuple[Way, int]]:
    """A container like `ref`, on a port; and the process of `ref`."""
    import docker  # noqa: PLC0415, only with this backend

    with contextlib.closing(docker.from_env()) as client:
        first = client.containers.get(ref)
        limits = first.attrs["HostConfig"]
        second = client.containers.run(
            first.attrs["Image"],
            detach=True,
            init=True,
            read_only=True,
            environment=[e for e in first.attrs["Config"]["Env"] if "DRYDOCK_UDS=" not in e],
            volumes=[f"{PACKAGE}:/package:ro"],
            nano_cpus=limits["NanoCpus"],
            mem_limit=limits["Memory"],
        )
        try:
            second.reload()
            address = second.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
            url = f"http://{address}:8080/"
            wait_until("the second container answers", lambda: answers(url), START_S)
            for container in (first, second):
                pin_family(int(container.attrs["State"]["Pid"]))
            behind = int(first.attrs["State"]["Pid"])
            yield Way(url, int(second.attrs["State"]["Pid"])), behind
        finally:
            second.remove(force=True)


def pin_family(pid: int) -> None:
    """Keep a container's init process and the model server, its child, on the instance's core."""
    family = psutil.Process(pid).children(recursive=True)
    for process in (pid, *(one.pid for one in family)):
        pin(process, INSTANCE_CORE)


@contextlib.contextmanager
def directly(server: DrydockServer, service_id: str) -> Iterator[tuple[Way, int]]:
    """The way past the gateway, and the process of the instance behind it."""
    if server.backend == "docker":
        (instance,) = server.instances(service_id)
        with second_container(str(instance["ref"])) as both:
            yield both
        return
    (behind,) = server.pids(service_id)
    pin(behind, INSTANCE_CORE)
    with second_instance(behind) as way:
        yield way, behind


# -- the rounds ---------------------------------------------------------------------------------

Rounds = list[tuple[Sample, Sample]]


def measure(server: DrydockServer, rounds: int, connections: int, seconds: int) -> Rounds:
    """Samples of the direct way and of that through the gateway, of each round."""
    body = realtime_request("digits", (server.import_package(PACKAGE), 100))
    envoy = server.envoy_pid()
    assert envoy is not None
    pin(envoy, OTHER_CORE)
    found: Rounds = []
    with server.deployed(body) as service_id, directly(server, service_id) as (direct, behind):
        through = Way(f"{server.url}/v1/infers/{service_id}", behind, envoy)
        plain, with_token = post({}), post({"X-Auth-Token": server.token})
        for _ in range(rounds):
            one = sample(direct, plain, connections, seconds)
            found.append((one, sample(through, with_token, connections, seconds)))
    return found


def report(console: Console, rounds: Rounds, connections: int) -> None:
    table = Table(title=f"MNIST, {connections} connections, the instance on one core")
    table.add_column("")
    for heading in ("answers/s", "p50 ms", "instance CPU µs", "gateway CPU µs"):
        table.add_column(heading, justify="right")
    for name, column in (("directly", 0), ("through the gateway", 1)):
        each = [pair[column] for pair in rounds]
        table.add_row(
            name,
            spread([one.per_s for one in each], "{:,.0f}"),
            spread([one.p50_ms for one in each], "{:.2f}"),
            spread([one.instance_us for one in each], "{:.0f}"),
            spread([one.gateway_us for one in each], "{:.0f}") if column else "-",
        )
    console.print(table)
    shares = [through.per_s / direct.per_s for direct, through in rounds]
    more_ms = [through.p50_ms - direct.p50_ms for direct, through in rounds]
    reached = word(statistics.median(shares) >= AIM_RATE)
    console.print(f"throughput: {spread(shares, '{:.2f}')}; the aim is {AIM_RATE}: {reached}")
    reached = word(statistics.median(more_ms) <= AIM_P50_MS)
    console.print(f"p50: {spread(more_ms, '{:+.2f}')} ms; the aim is {AIM_P50_MS}: {reached}")


def word(is_reached: bool) -> str:
    return "reached" if is_reached else "missed"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of load a measurement")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--backend", choices=["process", "docker"], default="process")
    chosen = parser.parse_args()
    console = Console(width=120)
    base = os.environ.get("DRYDOCK_BASE_IMAGE", "python:3.11-slim")
    server = DrydockServer(chosen.backend, base_image=base)
    try:
        server.start()
        rounds = measure(server, chosen.rounds, chosen.connections, chosen.seconds)
    except Missing as missing:
        console.print(f"cannot measure: {missing}")
        return 1
    finally:
        server.dispose()
    report(console, rounds, chosen.connections)
    return 0


if __name__ == "__main__":
    sys.exit(main())
