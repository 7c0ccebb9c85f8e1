"""From a deploy request to the first prediction, and from a delete request to the instance gone,
beside starting and ending the same model server bare.

    python benchmarks/deploy.py [--backend process|docker] [--runs N]

Alternates the two in one run and prints medians and their ratio. With Docker the bare way is
`docker run` of the runtime image, then `docker stop` and `docker rm`; the base image is
DRYDOCK_BASE_IMAGE's or python:3.11-slim. Also prints the server's start-up and memory. Machines are
noisy: the ratio counts, not the seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

AIM_RATIO, AIM_MORE_S = 1.05, 0.1
GONE_S = 30.0

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.server import DrydockServer, realtime_request, wait_until  # noqa: E402

PACKAGE = ROOT / "fixtures" / "packages" / "mnist"
DIGIT = ROOT / "fixtures" / "data" / "mnist" / "images" / "0001_2.png"


def until_answered(ask: Callable[[], int]) -> None:
    """Ask every 5 ms until the answer is 200; give up after 60 s."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if ask() == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.005)
    raise TimeoutError("no answer within 60 s")


def send_digit(client: httpx.Client, url: str) -> int:
    files = {"images": ("digit.png", DIGIT.read_bytes(), "image/png")}
    return client.post(url, files=files).status_code


@dataclass(frozen=True)
class Life:
    """Seconds of one instance.

    Attributes:
        deploy: from asking for it to its first prediction.
        delete: from asking for its end to its process or container gone.
    """

    deploy: float
    delete: float


def bare_process() -> Life:
    """The model server started and ended as a child."""
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
            deploy = time.perf_counter() - began
        finally:
            ending = time.perf_counter()
            process.terminate()
            process.wait()
        return Life(deploy, time.perf_counter() - ending)


def bare_container(image: str) -> Life:
    """`docker run` until the container answers at its address; `docker stop` and `docker rm`."""
    began = time.perf_counter()
    run = ["docker", "run", "-d", "--init", "-v", f"{PACKAGE}:/package:ro", image]
    container = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()
    try:
        where = "{{.NetworkSettings.IPAddress}}"
        inspect = ["docker", "inspect", "-f", where, container]
        address = subprocess.run(inspect, check=True, capture_output=True, text=True).stdout.strip()
        with httpx.Client() as client:
            until_answered(lambda: send_digit(client, f"http://{address}:8080/"))
        deploy = time.perf_counter() - began
    finally:
        ending = time.perf_counter()
        subprocess.run(["docker", "stop", container], check=True, capture_output=True)
        subprocess.run(["docker", "rm", container], check=True, capture_output=True)
    return Life(deploy, time.perf_counter() - ending)


def runtime_image() -> str:
    """The newest runtime image that the engine has: the deployment before made it."""
    command = ["docker", "images", "drydock-runtime", "--format", "{{.ID}}"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return shown.splitlines()[0]


def through_drydock(server: DrydockServer, model_id: str, name: str) -> Life:
    """A service from the deploy request to the first prediction through the gateway, and from the
    delete request until its instance has gone."""
    began = time.perf_counter()
    body = realtime_request(name, (model_id, 100))
    service_id = server.api("POST", "/services", json=body)["service_id"]
    url = f"{server.url}/v1/infers/{service_id}"
    with httpx.Client(headers={"X-Auth-Token": server.token}) as client:
        until_answered(lambda: send_digit(client, url))
    deploy = time.perf_counter() - began
    (instance,) = server.instances(service_id)
    with looking_at(server.backend, str(instance["ref"])) as is_there:
        ending = time.perf_counter()
        server.api("DELETE", f"/services/{service_id}")
        wait_until("the instance is gone", lambda: not is_there(), GONE_S)
        delete = time.perf_counter() - ending
    gone = f"/services/{service_id}"
    wait_until("the service is gone", lambda: server.call("GET", gone).status_code == 404, GONE_S)
    return Life(deploy, delete)


@contextlib.contextmanager
def looking_at(backend: str, ref: str) -> Iterator[Callable[[], bool]]:
    """A way to see whether an instance's process or container is there."""
    if backend != "docker":
        yield lambda: psutil.pid_exists(int(ref.removeprefix("pid ")))
        return
    import docker  # noqa: PLC0415, only with this backend

    with contextlib.closing(docker.from_env()) as client:
        yield lambda: bool(client.api.containers(all=True, filters={"id": ref}))


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
        bare: list[Life] = []
        ours: list[Life] = []
        for run in range(chosen.runs):
            bare.append(bare_container(image) if image else bare_process())
            ours.append(through_drydock(server, model_id, f"run-{run}"))
    finally:
        server.dispose()
    console = Console()
    aims = {"deploy to first prediction": "deploy", "delete to instance gone": "delete"}
    for title, part in aims.items():
        each = [[getattr(life, part) for life in lives] for lives in (bare, ours)]
        console.print(table_of(f"{title}, {chosen.backend} backend, {len(bare)} runs", *each))
    console.print(
        f"server: health after {server.health_s:.2f} s, {resident:.0f} MB resident; "
        f"Envoy {envoy:.0f} MB"
    )


def table_of(title: str, bare: list[float], ours: list[float]) -> Table:
    table = Table(title=title, min_width=len(title) + 4)
    for heading in ("", "median ms", "min", "max"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, seconds in (("bare", bare), ("drydock", ours)):
        numbers = [statistics.median(seconds), min(seconds), max(seconds)]
        table.add_row(name, *(f"{1000 * number:.0f}" for number in numbers))
    bare_s, ours_s = statistics.median(bare), statistics.median(ours)
    table.add_row("ratio", f"{ours_s / bare_s:.2f}", "", "")
    table.add_row("more, ms", f"{1000 * (ours_s - bare_s):.0f}", "", "")
    is_reached = ours_s <= AIM_RATIO * bare_s + AIM_MORE_S
    aim = f"at most {AIM_RATIO} times and {1000 * AIM_MORE_S:.0f} ms"
    table.caption = f"the aim, {aim}: {'reached' if is_reached else 'missed'}"
    return table


if __name__ == "__main__":
    main()
