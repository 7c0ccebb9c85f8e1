"""Requests a second of the built-in model server on one core, beside other servers.

    python benchmarks/model_server.py [--rounds N] [--only NAME,...] [--models NAME,...]
                                      [--connections N,...] [--seconds S] [--json FILE]

All serve the same ONNX files (iris, MNIST, a dense network of 2.2 million parameters) to JSON
requests of one row: MLServer, BentoML and LitServe, each installed in an environment of its own in
the user's cache; `asgi`, the least that an application on uvicorn can do; `loop`, calls of
`session.run` without any server; and the built-in server once more with one request a call
(`drydock-alone`) and with uvloop 0.23, which pyproject.toml excludes. A round starts them one after
another; the order turns from round to round.

The server has one core and the load generator (wrk, or a small one in Python) another. Shown are
medians over the rounds. "times" is how often Drydock answers where the other answers once, worked
out within each round, with its smallest and largest value. Machines are noisy: the ratios count.
CPU is the processor time of the server's processes per answer. A `*` marks figures for which the
server had less than 90% of its core, so that something else was the limit.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.model_servers.contenders import (  # noqa: E402
    CONTENDERS,
    DRYDOCK,
    HERE,
    MLSERVER,
    MODELS,
    Contender,
    Model,
    Unavailable,
)

LOOP = "loop"
AIMS = {"iris": 10.0, "mnist": 4.5}
"""How many times as many answers as MLServer's, at `AIM_CONNECTIONS`."""
AIM_CONNECTIONS = 64
START_LIMIT_S = 120.0
WARM_UP_S = 1
BUSY = 0.9


@dataclass(frozen=True)
class Sample:
    """One measurement of one round.

    Attributes:
        rate: answers a second.
        cpu_us: processor time of the server per answer, microseconds.
        busy: the share of one core that the server had.
        start_s: from starting the process to its first answer.
        memory_mb: resident memory of its processes after the load, 10⁶ bytes.
    """

    contender: str
    model: str
    connections: int
    rate: float
    cpu_us: float
    busy: float
    start_s: float
    memory_mb: float


def cores() -> tuple[set[int], set[int]]:
    """(The server's core, the load generator's); empty where this system cannot pin processes."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    usable = sorted(os.sched_getaffinity(0))
    return {usable[0]}, {usable[-1]}


SERVER_CORE, LOAD_CORE = cores()


def pin(where: set[int]) -> None:
    """In the child, before it becomes its program."""
    if where:
        os.sched_setaffinity(0, where)


@contextlib.contextmanager
def running(contender: Contender, model: Model) -> Iterator[tuple[psutil.Process, str, float]]:
    """The server's process, the address that answers, and the seconds to its first answer."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}{contender.path.format(model=model.name)}"
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile() as output:
        command = contender.command(contender.python(), model, port, Path(scratch))
        env = {"PATH": os.environ["PATH"], "HOME": str(Path.home()), "OMP_NUM_THREADS": "1"}
        env |= {"BENCHMARK_MODEL": str(model.file), "ORT_DISABLE_TELEMETRY": "1", **contender.env}
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=contender.cwd,
            env=env,
            stdout=output,
            stderr=output,
            preexec_fn=lambda: pin(SERVER_CORE),  # noqa: PLW1509, no threads here
            start_new_session=True,
        )
        try:
            wait_for_answer(process, url, model.body)
            yield psutil.Process(process.pid), url, time.perf_counter() - began
        except Exception:
            output.seek(0)
            sys.stderr.write(output.read()[-2000:].decode("utf-8", "replace"))
            raise
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and whatever it has started: they are a session of their own."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for_answer(process: subprocess.Popen[bytes], url: str, body: bytes) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                assert json.load(reply)["outputs"][0]["data"], "an answer without values"
            return
        except (OSError, urllib.error.HTTPError):
            time.sleep(0.005)
    raise TimeoutError(f"{url} does not answer")


def load(url: str, body: bytes, connections: int, seconds: int) -> int:
    """Answers in that time; an answer that is no 200 is an error of this benchmark."""
    address = url.removeprefix("http://")
    host, _, path = address.partition("/")
    if wrk := shutil.which("wrk"):
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write('wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n')
            script.write(f"wrk.body = [[{body.decode()}]]\n")
            script.write("done = function(summary) local e = summary.errors\n")
            script.write('  print(string.format("%d %d", summary.requests, e.status + e.timeout))')
            script.write("\nend\n")
            script.flush()
            options = [f"-c{connections}", f"-d{seconds}", "-t1", "--timeout", "20"]
            text = generate([wrk, *options, "-s", script.name, url], b"")
        answers, failures = map(int, text.splitlines()[-1].split())
    else:
        name, port = host.split(":")
        options = [name, port, f"/{path}", str(connections), str(seconds)]
        found = json.loads(generate([sys.executable, str(HERE / "load.py"), *options], body))
        answers, failures = found["answers"], found["failures"]
    if failures or not answers:
        raise RuntimeError(f"{url}: {answers} answers, {failures} of them failures")
    return answers


def generate(command: list[str], data: bytes) -> str:
    done = subprocess.run(
        command, check=True, input=data, capture_output=True, preexec_fn=lambda: pin(LOAD_CORE)
    )
    return done.stdout.decode()


def processor_s(server: psutil.Process) -> float:
    family = [server, *server.children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in family)


def memory_mb(server: psutil.Process) -> float:
    family = [server, *server.children(recursive=True)]
    return sum(member.memory_info().rss for member in family) / 1e6


def measure(
    contender: Contender, model: Model, connections: Sequence[int], seconds: int
) -> list[Sample]:
    """One sample for each number of connections, of a server started for them."""
    samples: list[Sample] = []
    with running(contender, model) as (server, url, start_s):
        for count in connections:
            load(url, model.body, count, WARM_UP_S)
            cpu_s = processor_s(server)
            answers = load(url, model.body, count, seconds)
            used_s = processor_s(server) - cpu_s
            samples.append(
                Sample(
                    *(contender.name, model.name, count),
                    rate=answers / seconds,
                    cpu_us=used_s / answers * 1e6,
                    busy=used_s / seconds,
                    start_s=start_s,
                    memory_mb=memory_mb(server),
                )
            )
    return samples


def measure_loop(model: Model, seconds: int) -> float:
    """Calls of `session.run` a second."""
    done = subprocess.run(
        [sys.executable, str(HERE / "session_loop.py"), str(seconds)],
        check=True,
        input=model.body,
        capture_output=True,
        env={**os.environ, "BENCHMARK_MODEL": str(model.file)},
        preexec_fn=lambda: pin(SERVER_CORE),
    )
    return float(done.stdout)


class Results:
    """All samples, and what is worked out of them."""

    def __init__(self) -> None:
        self.samples: list[list[Sample]] = []
        self.loops: dict[str, list[float]] = defaultdict(list)

    def of(self, contender: str, model: str, connections: int) -> list[Sample]:
        return [
            sample
            for samples in self.samples
            for sample in samples
            if (sample.contender, sample.model, sample.connections)
            == (contender, model, connections)
        ]

    def times(self, contender: str, model: str, connections: int) -> list[float]:
        """Drydock's rate over the other's, for each round."""
        return [a.rate / b.rate for a, b in self._pairs(contender, model, connections)]

    def cpu_times(self, contender: str, model: str, connections: int) -> list[float]:
        """The other's processor time per answer over Drydock's, for each round."""
        return [b.cpu_us / a.cpu_us for a, b in self._pairs(contender, model, connections)]

    def _pairs(self, contender: str, model: str, connections: int) -> list[tuple[Sample, Sample]]:
        ours = self.of(DRYDOCK, model, connections)
        theirs = self.of(contender, model, connections)
        return list(zip(ours, theirs, strict=False))


def spread(values: Sequence[float], form: str = "{:.1f}") -> str:
    """ "median (smallest to largest)"."""
    if not values:
        return "-"
    middle, low, high = (form.format(f(values)) for f in (statistics.median, min, max))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def report(console: Console, results: Results, model: str, connections: Sequence[int]) -> None:
    table = Table(title=f"{model}: answers a second on one core")
    table.add_column("")
    for count in connections:
        for heading in (f"{count} conn.", "times", "CPU µs"):
            table.add_column(heading, justify="right")
    table.add_column("start s", justify="right")
    table.add_column("MB", justify="right")
    for contender in CONTENDERS:
        cells: list[str] = []
        last: list[Sample] = []
        for count in connections:
            if not (samples := results.of(contender.name, model, count)):
                break
            last = samples
            idle = statistics.median(sample.busy for sample in samples) < BUSY
            rate = statistics.median(sample.rate for sample in samples)
            cells.append(f"{rate:,.0f}" + "*" * idle)
            cells.append(spread(results.times(contender.name, model, count)))
            cells.append(f"{statistics.median(sample.cpu_us for sample in samples):.0f}")
        if last:
            cells.append(f"{statistics.median(sample.start_s for sample in last):.2f}")
            cells.append(f"{statistics.median(sample.memory_mb for sample in last):.0f}")
            table.add_row(contender.name, *cells)
    if loops := results.loops.get(model):
        table.add_row(LOOP, f"{statistics.median(loops):,.0f}")
    console.print(table)
    times = results.times(MLSERVER, model, AIM_CONNECTIONS)
    if model in AIMS and times:
        reached = "reached" if statistics.median(times) >= AIMS[model] else "missed"
        per_cpu = spread(results.cpu_times(MLSERVER, model, AIM_CONNECTIONS))
        console.print(
            f"{model}: {spread(times)} times MLServer at {AIM_CONNECTIONS} connections, "
            f"{per_cpu} times by processor time; the aim is {AIMS[model]:g}: {reached}\n"
        )


def available(names: Sequence[str]) -> tuple[list[Contender], list[Model], list[str]]:
    """What of these contenders and models there is, and a line for each that is not."""
    contenders, missing = [], []
    for contender in CONTENDERS:
        if contender.name in names:
            try:
                contender.python()
                contenders.append(contender)
            except Unavailable as exc:
                missing.append(f"{contender.name} is missing: {exc}")
    models = []
    for name, make in MODELS.items():
        if name in names:
            try:
                models.append(make())
            except Unavailable as exc:
                missing.append(f"the model {name} is missing: {exc}")
    return contenders, models, missing


def some_of(names: Sequence[str]) -> Callable[[str], list[str]]:
    """An option's reader: several of these names, joined by commas."""

    def read(raw: str) -> list[str]:
        unknown = set(raw.split(",")) - set(names)
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not of {', '.join(names)}")
        return raw.split(",")

    return read


def arguments() -> argparse.Namespace:
    names = [contender.name for contender in CONTENDERS] + [LOOP]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=some_of(names), default=names, help=", ".join(names))
    parser.add_argument("--models", type=some_of(list(MODELS)), default=list(MODELS))
    parser.add_argument(
        "--connections",
        type=lambda raw: [int(count) for count in raw.split(",")],
        default=[1, 16, 64],
    )
    parser.add_argument("--seconds", type=int, default=2, help="of load a measurement")
    parser.add_argument("--json", type=Path, help="write every sample there")
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    connections = chosen.connections
    contenders, models, missing = available([*chosen.only, *chosen.models])
    console, results = Console(width=200), Results()
    for number in range(chosen.rounds):
        for model in models:
            turn = number % max(1, len(contenders))
            for contender in contenders[turn:] + contenders[:turn]:
                console.print(f"round {number + 1}: {model.name}, {contender.name}", style="dim")
                results.samples.append(measure(contender, model, connections, chosen.seconds))
            if LOOP in chosen.only:
                results.loops[model.name].append(measure_loop(model, chosen.seconds))
    for model in models:
        report(console, results, model.name, connections)
    where = f"server on core {SERVER_CORE}, load on {LOAD_CORE}" if SERVER_CORE else "not pinned"
    generator = shutil.which("wrk") or "the generator in Python (wrk is not installed)"
    console.print(f"{chosen.rounds} round(s), {chosen.seconds} s each; {where}, by {generator}")
    for line in missing:
        console.print(line, style="yellow")
    if chosen.json:
        samples = [asdict(sample) for group in results.samples for sample in group]
        chosen.json.write_text(json.dumps({"samples": samples, "loops": results.loops}, indent=1))


if __name__ == "__main__":
    main()
