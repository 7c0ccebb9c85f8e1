"""What dies comes back; what is stopped stays known; what is removed is gone."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from simulator.lockfile import owner_pid
from tests.e2e.digits import held_out_irises
from tests.e2e.docker_engine import Engine, EngineSwitch
from tests.e2e.server import (
    HOME_PREFIX,
    ROOT,
    DrydockServer,
    is_alive,
    processes_naming,
    realtime_request,
    wait_until,
)

pytestmark = pytest.mark.envoy

ModelOf = Callable[[DrydockServer, str], str]
MakeServer = Callable[..., DrydockServer]
ROWS, SPECIES = held_out_irises()
EITHER_BACKEND = ["process", pytest.param("docker", marks=pytest.mark.docker)]


def predicts(server: DrydockServer, service_id: str) -> bool:
    """Whether the iris service answers rightly now."""
    try:
        answer = server.infer(service_id, json={"data": {"req_data": ROWS[:1]}})
    except httpx.TransportError:
        return False
    if answer.status_code != 200:
        return False
    return bool(answer.json()["data"]["resp_data"][0]["predictresult"] == SPECIES[0])


def start_with_iris(server: DrydockServer) -> str:
    """Starts the server and deploys the iris package; returns the service's id."""
    server.start()
    model_id = server.import_package("iris")
    return server.deploy(realtime_request("iris", (model_id, 100)))


# --- parts that die ----------------------------------------------------------------------------


def test_killed_instance_comes_back_under_the_same_service_and_an_event_tells_it(
    server: DrydockServer, model_of: ModelOf
) -> None:
    service_id = server.deploy(realtime_request("iris", (model_of(server, "iris"), 100)))
    (before,) = server.pids(service_id)

    os.kill(before, signal.SIGKILL)
    wait_until(
        "the death is told", lambda: any("SIGKILL" in e for e in server.events(service_id)), 5
    )
    server.wait_for_status(service_id, "running")

    (after,) = server.pids(service_id)
    assert after != before
    assert predicts(server, service_id)
    told = server.events(service_id)
    death = next(i for i, text in enumerate(told) if "exit code 137 (SIGKILL)" in text)
    assert f"pid {before}" in told[death]
    assert any(f"pid {after}" in text and "ready" in text for text in told[death + 1 :])
    assert server.instances(service_id)[0]["restarts"] == 1


@pytest.mark.docker
def test_killed_container_comes_back_under_the_same_service_and_an_event_tells_it(
    docker_server: DrydockServer, model_of: ModelOf, engine: Engine
) -> None:
    server = docker_server
    service_id = server.deploy(realtime_request("iris", (model_of(server, "iris"), 100)))
    before = engine.containers(server.installation)
    (container,) = before

    engine.client.containers.get(container).kill("SIGKILL")
    wait_until(
        "the death is told", lambda: any("SIGKILL" in e for e in server.events(service_id)), 10
    )
    server.wait_for_status(service_id, "running")

    assert predicts(server, service_id)
    assert engine.containers(server.installation) != before  # at least its start is a new one
    assert len(engine.containers(server.installation)) == 1
    assert server.instances(service_id)[0]["restarts"] == 1


def test_other_instance_goes_on_answering_while_a_killed_one_comes_back(
    server: DrydockServer, model_of: ModelOf
) -> None:
    body = realtime_request("iris", (model_of(server, "iris"), 100), instance_count=2)
    service_id = server.deploy(body)
    victim, other = server.instances(service_id)

    os.kill(int(victim["ref"].removeprefix("pid ")), signal.SIGKILL)

    wait_until(
        "the service is concerning or whole again",
        lambda: server.instances(service_id)[0]["restarts"] == 1,
        10,
    )
    assert predicts(server, service_id)
    server.wait_for_status(service_id, "running")
    refs = {one["instance_id"]: one["ref"] for one in server.instances(service_id)}
    assert refs[other["instance_id"]] == other["ref"]
    assert refs[victim["instance_id"]] != victim["ref"]


def test_killed_envoy_comes_back_and_predictions_work_again(
    server: DrydockServer, model_of: ModelOf, record_property: Callable[[str, object], None]
) -> None:
    service_id = server.deploy(realtime_request("iris", (model_of(server, "iris"), 100)))
    before = server.envoy_pid()
    assert before is not None
    instances = server.instances(service_id)

    killed_at = time.monotonic()
    os.kill(before, signal.SIGKILL)
    wait_until("predictions work again", lambda: predicts(server, service_id), 10)
    away_s = time.monotonic() - killed_at

    record_property("measured", f"predictions work again {away_s:.2f} s after Envoy was killed")
    assert away_s < 3
    gateway = server.admin("GET", "/state")["gateway"]
    assert gateway["status"] == "running"
    assert gateway["restarts"] == 1
    assert gateway["pid"] not in (before, None)
    assert not is_alive(before)
    assert server.instances(service_id) == instances


# --- the server ends ---------------------------------------------------------------------------


@pytest.mark.parametrize("backend", EITHER_BACKEND)
def test_down_stops_the_instances_and_up_brings_the_same_services_back(
    make_server: MakeServer, backend: str, request: pytest.FixtureRequest
) -> None:
    server = make_server(backend)
    service_id = start_with_iris(server)
    stopped_id = server.deploy(
        realtime_request("resting", (server.import_package("iris", name="other"), 100))
    )
    server.api("PUT", f"/services/{stopped_id}", json={"status": "stopped"})
    server.wait_for_status(stopped_id, "stopped")
    models = server.api("GET", "/models")["models"]

    assert server.stop() == 0
    assert processes_naming(str(server.home)) == []
    if backend == "docker":
        engine = request.getfixturevalue("engine")
        assert engine.containers(server.installation) == {}

    server.launch()  # the token of before goes on to work, too
    first = wait_until("the first answer", lambda: status_or_none(server, service_id), 30)
    if first == "running":  # nobody may be told so before it is true
        assert predicts(server, service_id)
    server.wait_for_status(service_id, "running")
    assert predicts(server, service_id)
    assert server.api("GET", f"/services/{stopped_id}")["status"] == "stopped"
    assert server.service_names() == ["iris", "resting"]
    assert server.api("GET", "/models")["models"] == models


def status_or_none(server: DrydockServer, service_id: str) -> str | None:
    """The service's status, or None while the server does not answer."""
    try:
        answer = server.call("GET", f"/services/{service_id}")
    except httpx.TransportError:
        return None
    return str(answer.json()["status"]) if answer.status_code == 200 else None


def test_terminated_server_ends_in_order(
    make_server: MakeServer, record_property: Callable[[str, object], None]
) -> None:
    server = make_server()
    server.start()
    record_property("measured", figures_without_instances(server))

    os.kill(server.pid, signal.SIGTERM)

    assert server.wait_for_end() == 0
    assert processes_naming(str(server.home)) == []
    assert not (server.home / "run" / "control.sock").exists()
    assert owner_pid(server.home / "drydock.lock") is None


def figures_without_instances(server: DrydockServer) -> str:
    """How long the server took to answer, and what it and Envoy occupy."""
    envoy = server.envoy_pid()
    assert envoy is not None
    of_server, of_envoy = (
        psutil.Process(pid).memory_info().rss / 2**20 for pid in (server.pid, envoy)
    )
    return (
        f"health {server.health_s:.2f} s after the start; resident without instances: "
        f"server {of_server:.0f} MiB, Envoy {of_envoy:.0f} MiB"
    )


@pytest.mark.parametrize("backend", EITHER_BACKEND)
def test_down_with_remove_leaves_no_process_container_network_or_file(
    make_server: MakeServer, backend: str, request: pytest.FixtureRequest
) -> None:
    server = make_server(backend)
    start_with_iris(server)

    down = subprocess.run(
        [sys.executable, "-m", "simulator.cli", "down", "--remove", "--yes"],
        env=os.environ | {"DRYDOCK_HOME": str(server.home)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert down.returncode == 0, down.stdout + down.stderr
    assert server.wait_for_end() == 0
    assert processes_naming(str(server.home)) == []
    assert not server.home.exists()
    if backend == "docker":
        engine = request.getfixturevalue("engine")
        assert engine.containers(server.installation) == {}
        assert engine.networks(server.installation) == []


@pytest.mark.docker
@pytest.mark.parametrize("end", ["keep-running", "SIGKILL"])
def test_containers_that_outlive_the_server_are_adopted(
    make_server: MakeServer, engine: Engine, end: str
) -> None:
    server = make_server("docker")
    service_id = start_with_iris(server)
    before = engine.containers(server.installation)
    envoy = server.envoy_pid()
    assert len(before) == 1
    assert envoy is not None
    half_id = begin_another(server)

    if end == "SIGKILL":
        server.kill()
    else:
        assert server.stop("keep-running") == 0
    wait_until("the killed server's Envoy has ended", lambda: not is_alive(envoy), 5)
    assert before.items() <= engine.containers(server.installation).items()

    server.start()
    assert predicts(server, service_id)  # at once: what is ready needs no second start
    assert server.api("GET", f"/services/{service_id}")["status"] == "running"
    server.wait_for_status(half_id, "running")
    assert predicts(server, half_id)
    after = engine.containers(server.installation)
    assert before.items() <= after.items()  # the same id, never restarted
    assert len(after) == 2


def test_children_end_with_a_killed_server_and_are_started_anew(make_server: MakeServer) -> None:
    server = make_server()
    service_id = start_with_iris(server)
    children = [*server.pids(service_id), server.envoy_pid()]
    assert all(pid is not None and is_alive(pid) for pid in children)
    half_id = begin_another(server)

    server.kill()
    wait_until("instances and Envoy have ended", lambda: not processes_naming(str(server.home)), 10)

    server.start()
    for each in (service_id, half_id):
        wait_until("predictions work again", lambda each=each: predicts(server, each), 20)
        server.wait_for_status(each, "running")
        assert len(server.instances(each)) == 1
    assert not set(server.pids(service_id)) & set(children)


def begin_another(server: DrydockServer) -> str:
    """A service that is being deployed; how far that comes is left to chance."""
    model_id = server.api("GET", "/models")["models"][0]["model_id"]
    return server.deploy(realtime_request("half", (model_id, 100)), until="")


# --- starts that cannot be ---------------------------------------------------------------------


def test_port_in_use_ends_the_start_with_a_clear_message_and_leaves_nothing(
    make_server: MakeServer,
) -> None:
    server = make_server()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", server.port))
        taken.listen()
        server.launch()
        assert server.wait_for_end() == 1

    message = server.log()
    assert f"127.0.0.1:{server.port} is in use" in message
    assert "choose another port" in message
    assert "Traceback" not in message
    assert processes_naming(str(server.home)) == []
    assert owner_pid(server.home / "drydock.lock") is None
    assert not (server.home / "run" / "control.sock").exists()


def test_second_server_on_a_data_directory_is_refused_naming_the_first(
    server: DrydockServer, make_server: MakeServer
) -> None:
    second = make_server(home=str(server.home))
    second.launch()
    assert second.wait_for_end() == 1

    message = second.log()
    assert f"process {server.pid}" in message
    assert str(server.home) in message
    assert "drydock down" in message
    assert "Traceback" not in message
    assert server.client.get("/_drydock/health").json()["pid"] == server.pid


def test_docker_backend_without_an_engine_ends_the_start_with_a_clear_message(
    make_server: MakeServer,
) -> None:
    server = make_server(backend="process", env={"DOCKER_HOST": "unix:///nonexistent/docker.sock"})
    server.settings["backend"] = "docker"
    server.launch()
    assert server.wait_for_end() == 1
    assert "no Docker engine answers" in server.log()
    assert "--backend process" in server.log()
    assert "Traceback" not in server.log()


# --- the engine goes away ----------------------------------------------------------------------


@pytest.fixture
def engine_switch(engine: Engine) -> Iterator[EngineSwitch]:
    """A closable way to the engine. Named before `make_server`, it outlives the server."""
    directory = Path(tempfile.mkdtemp(prefix=HOME_PREFIX, dir="/tmp"))
    switch = EngineSwitch(directory / "docker.sock")
    switch.on()
    yield switch
    switch.off()
    shutil.rmtree(directory)


@pytest.mark.docker
def test_services_go_on_while_the_docker_engine_is_away_and_it_is_taken_up_again(
    engine_switch: EngineSwitch, engine: Engine, make_server: MakeServer
) -> None:
    server = make_server("docker", env={"DOCKER_HOST": f"unix://{engine_switch.path}"})
    service_id = start_with_iris(server)
    before = engine.containers(server.installation)

    engine_switch.off()
    try:
        wait_until("the loss is seen", lambda: not backend_of(server)["available"], 20)
        assert backend_of(server)["detail"]
        assert predicts(server, service_id)
        assert server.api("GET", f"/services/{service_id}")["status"] == "running"
        late_id = begin_another(server)
        assert server.api("GET", f"/services/{late_id}")["status"] == "deploying"
    finally:
        engine_switch.on()

    wait_until("the engine is seen again", lambda: backend_of(server)["available"], 20)
    server.wait_for_status(late_id, "running", 15)
    assert predicts(server, late_id)
    assert predicts(server, service_id)
    after = engine.containers(server.installation)
    assert before.items() <= after.items()
    assert len(after) == 2


def backend_of(server: DrydockServer) -> dict[str, Any]:
    backend: dict[str, Any] = server.admin("GET", "/state")["backend"]
    return backend
