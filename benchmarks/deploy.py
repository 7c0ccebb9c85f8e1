"""From a deploy request to the first prediction, beside starting the same model server bare.

    python benchmarks/deploy.py [--backend process|docker] [--runs N]

Alternates the two in one run and prints medians and their ratio. With Docker the bare way is
`docker run` of the runtime image; the base image is DRYDOCK_BASE_IMAGE's or python:3.11-slim. Also
prints the server's start-up and memory. Machines are noisy: the ratio counts, not the seconds.
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
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.server import DrydockServer, realtime_request  # noqa: E402

PACKAGE = ROOT / "fixtures" / "packages" / "mnist"
DIGIT = ROOT / "fixtures" / "data" / "mnist" / "images" / "0001_2.png"


def until_answered(ask: Callable[[], int]) -> None:
    """Ask every 2 ms until the answer is 200; give up after 60 s."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if ask() == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.002)
    raise TimeoutError("no answer within 60 s")


def send_digit(client: httpx.Client, url: str) -> int:
    files = {"images": ("digit.png", DIGIT.read_bytes(), "image/png")}
    return client.post(url, files=files).status_code


def bare_process() -> float:
    """Seconds from starting the model server to its first prediction."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        uds = f"{directory}/s"
        began = time.perf_counter()
        command = [sys.executable, "-m", "backends.runtime", "--package", str(PACKAGE)]
        process = subprocess.Popen(
            [*command, "--uds", uds, "--threads", "2"], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        try:
            with httpx.Client(transport=httpx.HTTPTransport(uds=uds)) as client:
                until_answered(lambda: send_digit(client, "http://instance/"))
            return time.perf_counter() - began
        finally:
            process.terminate()
            process.wait()


def bare_container(image: str) -> float:
    """Seconds from `docker run` to the first prediction at the container's address."""
    began = time.perf_counter()
    run = ["docker", "run", "-d", "--init", "-v", f"{PACKAGE}:/package:ro", image]
    container = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()
    try:
        where = "{{.NetworkSettings.IPAddress}}"
        inspect = ["docker", "inspect", "-f", where, container]
        address = subprocess.run(inspect, check=True, capture_output=True, text=True).stdout.strip()
        with httpx.Client() as client:
            until_answered(lambda: send_digit(client, f"http://{address}:8080/"))
        return time.perf_counter() - began
    finally:
        subprocess.run(["docker", "rm", "-f", container], check=True, capture_output=True)


def runtime_image() -> str:
    """The newest runtime image that the engine has: the deployment before made it."""
    command = ["docker", "images", "drydock-runtime", "--format", "{{.ID}}"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return shown.splitlines()[0]


def through_drydock(server: DrydockServer, model_id: str, name: str) -> float:
    """Seconds from sending the deploy request to the first prediction through the gateway."""
    began = time.perf_counter()
    body = realtime_request(name, (model_id, 100))
    service_id = server.api("POST", "/services", json=body)["service_id"]
    url = f"{server.url}/v1/infers/{service_id}"
    with httpx.Client(headers={"X-Auth-Token": server.token}) as client:
        until_answered(lambda: send_digit(client, url))
    taken = time.perf_counter() - began
    server.delete_service(service_id)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--backend", choices=["process", "docker"], default="process")
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    base = os.environ.get("DRYDOCK_BASE_IMAGE", "python:3.11-slim")
    server = DrydockServer(chosen.backend, base_image=base)
    server.start()
    try:
        resident = psutil.Process(server.pid).memory_info().rss / 1e6
        envoy = psutil.Process(server.envoy_pid()).memory_info().rss / 1e6
        model_id = server.import_package(PACKAGE)
        through_drydock(server, model_id, "warm-up")  # builds the image where it is not there
        image = runtime_image() if chosen.backend == "docker" else ""
        bare, ours = [], []
        for run in range(chosen.runs):
            bare.append(bare_container(image) if image else bare_process())
            ours.append(through_drydock(server, model_id, f"run-{run}"))
    finally:
        server.dispose()
    report(chosen.backend, server.health_s, resident, envoy, bare, ours)


def report(
    backend: str,
    health_s: float,
    resident: float,
    envoy: float,
    bare: list[float],
    ours: list[float],
) -> None:
    table = Table(title=f"deploy to first prediction, {backend} backend, {len(bare)} runs")
    for heading in ("", "median ms", "min", "max"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, seconds in (("bare", bare), ("drydock", ours)):
        numbers = [statistics.median(seconds), min(seconds), max(seconds)]
        table.add_row(name, *(f"{1000 * number:.0f}" for number in numbers))
    bare_s, ours_s = statistics.median(bare), statistics.median(ours)
    table.add_row("ratio", f"{ours_s / bare_s:.2f}", "", "")
    table.add_row("more, ms", f"{1000 * (ours_s - bare_s):.0f}", "", "")
    console = Console()
    console.print(table)
    console.print(
        f"server: health after {health_s:.2f} s, {resident:.0f} MB resident; Envoy {envoy:.0f} MB"
    )


if __name__ == "__main__":
    main()
