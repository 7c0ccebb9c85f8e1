"""Items a second of a batch job, beside a plain client's, and the memory that a long one takes.

    python benchmarks/batch.py [--rounds N] [--items N] [--memory N,...] [--only files,rows]

A server as users run it, on the process backend, does two jobs with two instances each: the MNIST
digits as files, of which each has a result file, and rows of the iris table, of which each is a
request. Beside it and in turn

- `httpx` sends the same requests to instances of the same model from one asyncio loop, with
  keep-alive and at the same concurrency; it keeps the answers in memory and writes nothing;
- `loop` calls ONNX Runtime in one process, with the input decoded and nothing sent: the limit.

The job's time is from its beginning to its end, results written and checkpoints kept; starting the
instances is in neither. "times" is the job's rate by httpx's within a round. Machines are noisy:
the ratios count.

ext4 looks through all that was deleted in the last minutes whenever it makes a file: results then
take twice as long. So nothing is deleted before the end; leave five minutes between two runs.

With --memory, manifests of so many lines are worked through, and the server's memory is watched: it
must not grow with their number. The first fiftieth of the lines name a digit, the others nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnxruntime
import psutil
from PIL import Image
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.addresses import parse_address  # noqa: E402
from simulator.batch.instances import AT_ONCE  # noqa: E402
from simulator.batch.mapping import MappingRule  # noqa: E402
from simulator.batch.requests import Request, Sender  # noqa: E402
from simulator.batch.rows import Row  # noqa: E402
from tests.e2e.batch_jobs import (  # noqa: E402
    batch_request,
    iris_rule,
    job_of,
    put_digits,
)
from tests.e2e.digits import IRIS, held_out_digits  # noqa: E402
from tests.e2e.server import DrydockServer, realtime_request, wait_until  # noqa: E402

INSTANCES = 2
AIM = 5.0
"""How many times as many items as httpx's."""
MEMORY_AIM_MB = 150
LIMIT_S = 1200.0
POLL_S = 0.25
"""Each look takes processor time that the job lacks; when it ended, the server says."""
PACKAGES = {"files": "mnist", "rows": "iris"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """One kind of job.

    Attributes:
        put: writes that many inputs into a bucket; returns what the request has of its own.
        requests: the same as requests; `loop`: the same without any.
    """

    put: Callable[[DrydockServer, str, int], Json]
    requests: Callable[[int], list[Request]]
    loop: Callable[[int], None]


def put_files(server: DrydockServer, bucket: str, count: int) -> Json:
    put_digits(server, bucket, count)
    return {}


def file_requests(count: int) -> list[Request]:
    digits, sender = held_out_digits(), Sender("POST", "/", parameter="images")
    return [sender.of_file("d.png", digits[n % len(digits)].png) for n in range(count)]


def file_loop(count: int) -> None:
    session = _session("mnist")
    digits = [digit.png for digit in held_out_digits()]
    name = session.get_inputs()[0].name
    for number in range(count):
        pixels = np.asarray(Image.open(io.BytesIO(digits[number % len(digits)])))
        session.run(None, {name: pixels[None, None].astype(np.float32) / 255})


def _irises(count: int) -> list[list[str]]:
    rows = [line.split(",")[:4] for line in (IRIS / "iris.csv").read_text().split()]
    return [rows[number % len(rows)] for number in range(count)]


def put_rows(server: DrydockServer, bucket: str, count: int) -> Json:
    folder = server.files / "objects" / bucket / "digits"
    folder.mkdir(parents=True)
    (folder / "iris.csv").write_text("".join(",".join(row) + "\n" for row in _irises(count)))
    return {"mapping_type": "csv", "mapping_rule": iris_rule()}


def row_requests(count: int) -> list[Request]:
    rule, sender = MappingRule(iris_rule()), Sender("POST", "/")
    return [sender.of_row(rule.request(Row(1, 1, cells))) for cells in _irises(count)]


def row_loop(count: int) -> None:
    session = _session("iris")
    for cells in _irises(count):
        session.run(None, {"features": np.array([[float(cell) for cell in cells]], np.float32)})


def _session(package: str) -> onnxruntime.InferenceSession:
    (file,) = (ROOT / "fixtures" / "packages" / package / "model").glob("*.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


WORKS = {
    "files": Work(put_files, file_requests, file_loop),
    "rows": Work(put_rows, row_requests, row_loop),
}


def job_rate(server: DrydockServer, model_id: str, work: Work, bucket: str, items: int) -> float:
    """Items a second of a job by the server."""
    more = work.put(server, bucket, items)
    job = done(server, batch_request(model_id, bucket, instance_count=INSTANCES, **more))
    assert (job["rows"] or job["succeeded"]) == items, job
    return items / seconds_of(job)


def seconds_of(job: Json) -> float:
    return float(job["ended_at_ms"] - job["began_at_ms"]) / 1000


def done(server: DrydockServer, body: Json) -> Json:
    """The job of a service when it is done; the service is deleted then."""
    service_id = server.deploy(body, until="")
    deadline = time.monotonic() + LIMIT_S
    while not job_of(server, service_id)["ended_at_ms"]:
        assert time.monotonic() < deadline, "the job is not done"
        time.sleep(POLL_S)
    job = job_of(server, service_id)
    server.delete_service(service_id)
    return job


async def httpx_rate(addresses: list[str], requests: list[Request]) -> float:
    """Answers a second that one loop with httpx gets."""
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    clients = [httpx.AsyncClient(transport=_transport(one, limits)) for one in addresses]
    todo = iter(requests)

    async def ask(client: httpx.AsyncClient) -> None:
        for request in todo:
            answer = await client.request(
                request.method,
                f"http://localhost{request.path}",
                content=request.body,
                headers={"Content-Type": request.content_type},
            )
            answer.raise_for_status()

    began = time.perf_counter()
    await asyncio.gather(*(ask(client) for client in clients for _ in range(AT_ONCE)))
    rate = len(requests) / (time.perf_counter() - began)
    for client in clients:
        await client.aclose()
    return rate


def _transport(address: str, limits: httpx.Limits) -> httpx.AsyncHTTPTransport:
    at = parse_address(address)
    assert at.is_unix, "the process backend's instances listen on Unix sockets"
    return httpx.AsyncHTTPTransport(uds=at.path, limits=limits)


@dataclass
class Rates:
    """Of each round: items a second by the job, by httpx and by the bare loop."""

    job: list[float]
    httpx: list[float]
    loop: list[float]

    @property
    def times(self) -> list[float]:
        return [mine / other for mine, other in zip(self.job, self.httpx, strict=True)]


def measure(server: DrydockServer, kind: str, rounds: int, items: int) -> Rates:
    work, model_id = WORKS[kind], server.import_package(PACKAGES[kind])
    found = Rates([], [], [])
    for number in range(rounds):
        found.job.append(job_rate(server, model_id, work, f"{kind}-{number}", items))
        few = max(items // 10, 500)
        name = f"plain-{kind}-{number}"
        body = realtime_request(name, (model_id, 100), instance_count=INSTANCES)
        with server.deployed(body) as service_id:
            wait_until(
                "all instances are ready",
                lambda: all(one["state"] == "ready" for one in server.instances(service_id)),
                30,
            )
            addresses = [one["address"] for one in server.instances(service_id)]
            found.httpx.append(asyncio.run(httpx_rate(addresses, work.requests(few))))
        began = time.perf_counter()
        work.loop(items)
        found.loop.append(items / (time.perf_counter() - began))
    return found


@dataclass(frozen=True)
class Memory:
    """Of the server, 10⁶ bytes: before a job and at most during it."""

    lines: int
    before_mb: float
    most_mb: float
    lines_per_s: float


def memory(server: DrydockServer, lines: int) -> Memory:
    model_id, bucket = server.import_package("mnist"), f"memory-{lines}"
    put_digits(server, bucket, 1)
    manifest = server.files / "objects" / bucket / "all.manifest"
    with manifest.open("w") as file:
        for number in range(lines):
            name = "00000.png" if number < lines // 50 else f"nothing-{number}.png"
            file.write(json.dumps({"source": f"obs://{bucket}/digits/{name}"}) + "\n")
    source = {"src_type": "ManifestFile", "src_path": f"obs://{bucket}/all.manifest"}
    process = psutil.Process(server.pid)
    before = process.memory_info().rss
    with _watched(process) as most:
        job = done(server, batch_request(model_id, bucket, **source))
    assert job["done"] == lines, job
    return Memory(lines, before / 1e6, most[0] / 1e6, lines / seconds_of(job))


@contextmanager
def _watched(process: psutil.Process) -> Iterator[list[int]]:
    """The most resident memory that the process has while the block runs, in its only element."""
    import threading  # noqa: PLC0415 - for this alone

    most, ended = [process.memory_info().rss], threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            most[0] = max(most[0], process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def main() -> int:
    parser = argparse.ArgumentParser(description="batch jobs beside a plain client")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--only", default="files,rows")
    parser.add_argument("--memory", default="", help="numbers of lines, joined by commas")
    options = parser.parse_args()
    console, missed = Console(), []
    server = DrydockServer()
    server.start()
    try:
        table = Table("JOB", "ITEMS/S", "HTTPX/S", "TIMES", "LOOP/S")
        for kind in filter(None, options.only.split(",")):
            found = measure(server, kind, options.rounds, options.items)
            times = found.times
            middle = statistics.median(times)
            if middle < AIM:
                missed.append(f"{kind}: {middle:.1f}, not {AIM:g} times httpx")
            spread = f"{middle:.1f} ({min(times):.1f} to {max(times):.1f})"
            rates = [f"{statistics.median(one):.0f}" for one in (found.job, found.httpx)]
            table.add_row(kind, *rates, spread, f"{statistics.median(found.loop):.0f}")
        if options.only:
            console.print(table)
        for lines in map(int, filter(None, options.memory.split(","))):
            seen = memory(server, lines)
            if seen.most_mb > MEMORY_AIM_MB:
                missed.append(f"{lines} lines: {seen.most_mb:.0f}, not {MEMORY_AIM_MB} MB")
            console.print(
                f"manifest of {lines} lines: {seen.before_mb:.0f} MB before, at most "
                f"{seen.most_mb:.0f} MB; {seen.lines_per_s:.0f} lines/s"
            )
    finally:
        server.dispose()
    for one in missed:
        console.print(f"missed: {one}", style="red")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
