"""The commands against a real server, as a person types them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from simulator.cli.demo.bundled import bundled
from tests.e2e.docker_engine import find_engine
from tests.e2e.server import free_port

pytestmark = [pytest.mark.envoy, pytest.mark.slow]

LIMIT_S = 100
REQUEST = str(bundled("requests/modelarts/accepted/realtime.json"))
MNIST = str(bundled("packages/mnist"))
SEVEN = str(next(bundled("data/mnist/images").glob("*_7.png")))

Done = subprocess.CompletedProcess[str]


class Drydock:
    """The command with a data directory of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env: dict[str, str] = {}

    def __call__(self, *arguments: str, expect: int = 0) -> Done:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DRYDOCK_")}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "simulator.cli", *arguments],
            env=kept | {"DRYDOCK_HOME": str(self.home)} | self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == expect, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    def json(self, *arguments: str) -> Any:
        return json.loads(self("--json", *arguments).stdout)

    def processes(self) -> list[str]:
        """Living processes that name the data directory."""
        lines = []
        for process in psutil.process_iter(["cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or [])
            if str(self.home) in line and process.info["status"] != psutil.STATUS_ZOMBIE:
                lines.append(line)
        return lines


@pytest.fixture
def drydock() -> Iterator[Drydock]:
    # Short, since Unix sockets lie in it.
    home = Path(tempfile.mkdtemp(prefix="drydock-cli-", dir="/tmp")) / "home"
    command = Drydock(home)
    yield command
    command("down", "--remove", "--yes")
    shutil.rmtree(home.parent)
    assert command.processes() == []


def request_file(drydock: Drydock, text: str) -> str:
    """The path of a request beside the data directory."""
    path = drydock.home.parent / "request.json"
    path.write_text(text)
    return str(path)


@pytest.mark.timeout(200)
def test_from_up_to_down(drydock: Drydock) -> None:
    port = free_port()
    assert f"127.0.0.1:{port}" in drydock("up", "--port", str(port), "--backend", "process").stdout
    assert "running already" in drydock("up").stdout

    assert (
        "digits:0.0.1 is published" in drydock("models", "import", MNIST, "--name", "digits").stdout
    )
    deployed = drydock("deploy", REQUEST, "--model", "digits", "--watch")
    assert "mnist is running" in deployed.stdout

    predicted = drydock("predict", "mnist", "--image", SEVEN)
    assert json.loads(predicted.stdout)["predicted_label"] == "7"
    assert "HTTP 200" in predicted.stderr
    assert "version v1" in predicted.stderr
    refused = drydock("predict", "mnist", "--json", "{}", expect=1)
    assert "multipart/form-data" in refused.stderr
    assert "415" in drydock("logs", "mnist").stdout

    scaled = drydock("services", "scale", "mnist", "2", "--watch")
    assert scaled.stdout.endswith("(2 of 2 instances ready)\n")
    update = request_file(drydock, '{"description": "changed"}')
    drydock("services", "update", "mnist", update)
    assert drydock.json("services", "show", "mnist")["config"]["description"] == "changed"

    tried = drydock("conform", "--rule", "MA-SVC-014", "--seed", "1").stdout
    assert "1 passed, 0 failed" in tried

    state = drydock.json("status")
    assert [service["status"] for service in state["services"]] == ["running"]
    assert "is used by mnist" in drydock("models", "delete", "digits", expect=1).stderr

    # What was deployed is there again after a restart, under the same id.
    drydock("down")
    assert drydock("status", expect=3).stdout == ""
    drydock("up", "--port", str(port), "--backend", "process")
    again = drydock.json("services", "list")
    assert [one["service_id"] for one in again] == [state["services"][0]["service_id"]]

    assert drydock.json("reset") == {"services": 1, "models": 1}
    assert "end with the server" in drydock("down", "--keep-running").stdout
    drydock("down", "--remove", "--yes")
    assert not drydock.home.exists()
    assert drydock.processes() == []


@pytest.mark.timeout(200)
def test_port_in_use_is_named_and_leaves_nothing_running(drydock: Drydock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        failed = drydock("up", "--port", str(port), "--backend", "process", expect=1)
    assert f"127.0.0.1:{port} is in use" in failed.stderr
    assert "choose another port" in failed.stderr
    assert drydock.processes() == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("backend", ["process", pytest.param("docker", marks=pytest.mark.docker)])
def test_demo_reads_the_digits_and_leaves_nothing(drydock: Drydock, backend: str) -> None:
    if backend == "docker":
        engine = find_engine()
        engine.client.close()
        drydock.env = {"DRYDOCK_BASE_IMAGE": engine.base_image}

    result = drydock.json("demo", "--backend", backend)

    assert result["backend"] == backend
    assert result["digits"] == 300
    assert result["accuracy"] >= 0.96
    assert not drydock.home.exists()
    assert drydock.processes() == []


@pytest.mark.timeout(300)
def test_demo_on_a_running_server_leaves_it_as_it_was(drydock: Drydock) -> None:
    drydock("up", "--port", str(free_port()), "--backend", "process")
    drydock("models", "import", MNIST, "--name", "digits")
    drydock("deploy", REQUEST, "--model", "digits", "--watch")

    shown = drydock("demo").stdout

    assert '"service_name" : "mnist-2"' in shown
    assert "98.7%" in shown
    state = drydock.json("status")
    assert [service["name"] for service in state["services"]] == ["mnist"]
    assert [model["name"] for model in state["models"]] == ["digits"]
