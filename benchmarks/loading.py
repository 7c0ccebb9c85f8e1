"""What the benchmarks of the data plane share: cores, wrk, processor time, medians with spread.

wrk is the load generator since it takes the least of a core that the upstream needs too. Programs
are found on the path and in the folders of the system's administrator.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import psutil

ADMINISTRATORS_PATH = "/usr/sbin:/usr/local/sbin"
TIMEOUT_S = 20

_DONE = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("\\n%d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), e.connect + e.read + e.write + e.status + e.timeout))
end
"""


class Missing(Exception):
    """A program that this needs is not installed; the text says which, and how to get it."""


@dataclass(frozen=True)
class Request:
    """What wrk sends, again and again."""

    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Loaded:
    """What a stretch of load came to.

    Attributes:
        answers: all of them with 2xx or 3xx.
        p50_us: median latency, microseconds.
    """

    answers: int
    seconds: float
    p50_us: float

    @property
    def per_s(self) -> float:
        return self.answers / self.seconds


def program(name: str, package: str) -> str:
    """Where a program is.

    Raises:
        Missing: it is not installed.
    """
    found = shutil.which(name) or shutil.which(name, path=ADMINISTRATORS_PATH)
    if found is None:
        raise Missing(f"{name} is not installed (Debian's package {package})")
    return found


def cores() -> tuple[set[int], set[int]]:
    """(The core of what is measured, everything else's); empty where nothing can be pinned.

    With a single core both are that one, and the figures tell nothing of rates.
    """
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    usable = sorted(os.sched_getaffinity(0))
    return {usable[0]}, {usable[-1]}


def pin(pid: int, where: set[int]) -> None:
    """Keep a process that runs, with all its threads, on these cores."""
    for thread in psutil.Process(pid).threads() if where else ():
        os.sched_setaffinity(thread.id, where)


def pinned(where: set[int]) -> Callable[[], None]:
    """For `preexec_fn`: what the child becomes stays on these cores, with all that it starts."""
    return lambda: os.sched_setaffinity(0, where) if where else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def processor_s(pid: int) -> float:
    """Processor time of a process and its children, so far."""
    parent = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:2]) for one in (parent, *parent.children(recursive=True)))


def load(url: str, request: Request, connections: int, seconds: int, where: set[int]) -> Loaded:
    """Ask as fast as answers come, from the cores `where`.

    Args:
        seconds: whole ones, at least one.

    Raises:
        Missing: there is no wrk.
        RuntimeError: an answer was no success, or none came.
    """
    wrk = program("wrk", "wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_script(request))
        script.flush()
        options = [f"-c{connections}", f"-d{seconds}", "-t1", "--timeout", str(TIMEOUT_S)]
        said = subprocess.run(
            [wrk, *options, "-s", script.name, url],
            check=True,
            capture_output=True,
            text=True,
            preexec_fn=pinned(where),
        ).stdout
    answers, duration_us, p50_us, failures = map(int, said.splitlines()[-1].split())
    if failures or not answers:
        raise RuntimeError(f"{url}: {answers} answers, {failures} failures\n{said}")
    return Loaded(answers, duration_us / 1e6, p50_us)


def _script(request: Request) -> str:
    headers = "".join(
        f"wrk.headers[{_lua(name.encode())}] = {_lua(value.encode())}\n"
        for name, value in request.headers.items()
    )
    body = f"wrk.body = {_lua(request.body)}\n" if request.body else ""
    return f"wrk.method = {_lua(request.method.encode())}\n{headers}{body}{_DONE}"


def _lua(text: bytes) -> str:
    """Any bytes as a string of Lua."""
    return '"' + "".join(f"\\{byte:03d}" for byte in text) + '"'


def spread(values: Sequence[float], form: str = "{:.1f}") -> str:
    """ "median (smallest to largest)"."""
    middle, low, high = (form.format(f(values)) for f in (statistics.median, min, max))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"
