"""`drydock why` names the mistake of a custom image, after a real engine has run it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.docker_engine import ECHO_DIRECTORY, Engine, build_image
from tests.e2e.server import DrydockServer, realtime_request

pytestmark = [pytest.mark.docker, pytest.mark.envoy]

TROUBLED = Path(__file__).parents[2] / "fixtures" / "images" / "troubled"
TIMEOUT_S = 240
SPEED = 40.0
"""Platform seconds a second: the shortest deploy timeout that is taken is three minutes."""
MEMORY_MB = 64
"""Of the container that is to run out of it, quickly."""
POOL = "why"


@pytest.fixture(scope="module")
def troubled_image(engine: Engine) -> Iterator[str]:
    tag = f"drydock-e2e-troubled:{uuid.uuid4().hex[:8]}"
    build_image(engine, TROUBLED, tag)
    yield tag
    engine.client.images.remove(tag, force=True)


@pytest.fixture(scope="module")
def docker_server(servers: Callable[..., DrydockServer]) -> DrydockServer:
    server = servers("docker", clock="scaled", speed=SPEED)
    server.start()
    server.admin("POST", "/pools", json={"pool_id": POOL, "nodes": 1})
    return server


@pytest.fixture
def model_id(docker_server: DrydockServer, troubled_image: str) -> str:
    config = json.loads((ECHO_DIRECTORY / "config.json").read_text())
    name = f"troubled-{uuid.uuid4().hex[:6]}"
    wanted = {"image": troubled_image, "config": config, "name": name}
    found = str(docker_server.admin("POST", "/models/import", json=wanted)["model_id"])
    docker_server.wait_for_model(found)
    return found


@pytest.mark.parametrize(
    ("trouble", "cause", "words"),
    [
        ("wrong-port", "WrongPort", "port 9000 at 0.0.0.0, and not on port 8080"),
        ("loopback", "LoopbackOnly", "at 127.0.0.1 alone"),
        ("no-health", "HealthCheckFailed", "GET /health was answered 404"),
        ("slow-start", "NothingListens", "on no TCP port"),
        ("crash", "InstanceExited", "the weights are of another version"),
        ("missing-file", "MissingFile", "/app/model/weights.bin"),
        ("out-of-memory", "OutOfMemory", "memory"),
    ],
)
def test_the_mistake_is_named_with_what_shows_it(
    docker_server: DrydockServer, model_id: str, trouble: str, cause: str, words: str
) -> None:
    body = realtime_request(
        trouble,
        (model_id, 100),
        envs={"TROUBLE": trouble},
        deploy_timeout_in_seconds=TIMEOUT_S,
        specification="custom",
        custom_spec={"cpu": 1.0, "memory": MEMORY_MB},
    )
    body["pool_name"] = POOL
    service_id = docker_server.deploy(body, until="failed", timeout_s=60)
    why = docker_server.admin("GET", f"/services/{service_id}/why")
    assert why["cause"] == cause
    # what was written to stdout and to stderr comes in either order
    shown = [why["summary"], *(one["text"] for one in why["evidence"])]
    assert any(words in text for text in shown)
    assert why["known"]["fix"]
    assert why["cloud"]["status"] == "failed"
    assert why["cloud"]["error_msg"]
    assert why["cloud"]["waited_s"] >= TIMEOUT_S
    assert why["timeline"]
    docker_server.delete_service(service_id)


def test_of_one_that_runs_nothing_is_wrong(docker_server: DrydockServer, model_id: str) -> None:
    body = realtime_request("fine", (model_id, 100), envs={"TROUBLE": "none"})
    with docker_server.deployed(body) as service_id:
        why = docker_server.admin("GET", f"/services/{service_id}/why")
    assert (why["cause"], why["cloud"]) == ("", None)
    assert why["summary"] == "it runs; nothing is wrong"
