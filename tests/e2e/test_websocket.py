"""A WebSocket service of a custom image: deployed as documented, spoken to through the gateway."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.e2e.docker_engine import WEBSOCKET_DIRECTORY, Engine, build_image
from tests.e2e.server import DrydockServer, realtime_request

ON = {"smn_notification": {}, "websocket_upgrade": True}


def opened(url: str, token: str = "") -> ClientConnection:
    headers = {"X-Auth-Token": token} if token else {}
    return connect(url, additional_headers=headers, max_size=None, proxy=None)


def assert_echoes(client: ClientConnection) -> None:
    """Texts, bytes, fragments, sizes at the edges of a frame's head, pings, 8 MiB, a close code."""
    sent: list[str | bytes] = ["größer", b"\x00\xff", "", "a" * 125, "a" * 126, b"a" * 65536]
    for message in sent:
        client.send(message)
    assert [client.recv() for _ in sent] == sent
    client.send(["in ", "three ", "parts"])
    assert client.recv() == "in three parts"
    assert client.ping().wait(20)
    large = random.Random(8).randbytes(8 * 1024 * 1024)
    client.send(large)
    assert client.recv() == large
    client.close(4001, "enough")
    assert (client.close_code, client.close_reason) == (4001, "enough")


@pytest.fixture
def direct() -> Iterator[str]:
    """Address of the image's server, run without a container."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(WEBSOCKET_DIRECTORY / "server.py")],
        env={**os.environ, "HOST": "127.0.0.1", "PORT": "0"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = process.stdout.readline().rpartition(":")[2].strip()
    yield f"ws://127.0.0.1:{port}"
    process.terminate()
    assert process.wait(10) == 0
    process.stdout.close()


@pytest.fixture(scope="session")
def websocket_image(engine: Engine) -> Iterator[str]:
    """The example of an image that speaks WebSocket."""
    tag = f"drydock-e2e-websocket:{uuid.uuid4().hex[:8]}"
    build_image(engine, WEBSOCKET_DIRECTORY, tag)
    yield tag
    engine.client.images.remove(tag, force=True)


def test_the_example_speaks_websocket(direct: str) -> None:
    with opened(f"{direct}/talk") as client:
        assert client.recv()
        assert_echoes(client)
    with pytest.raises(InvalidStatus, match="404"):
        opened(f"{direct}/other")


@pytest.mark.envoy
@pytest.mark.docker
def test_a_websocket_service_is_deployed_and_spoken_to(
    docker_server: DrydockServer, engine: Engine, websocket_image: str
) -> None:
    config = json.loads((WEBSOCKET_DIRECTORY / "config.json").read_text())
    wanted = {"image": websocket_image, "config": config, "name": "talk"}
    model_id = str(docker_server.admin("POST", "/models/import", json=wanted)["model_id"])
    docker_server.wait_for_model(model_id)

    body = realtime_request("talk", (model_id, 100)) | {"additional_properties": ON}
    with docker_server.deployed(body) as service_id:
        address = docker_server.api("GET", f"/services/{service_id}")["access_address"]
        assert address == f"ws://127.0.0.1:{docker_server.port}/v1/infers/{service_id}"
        with opened(f"{address}/talk", docker_server.token) as client:
            assert client.recv()
            assert_echoes(client)
        with pytest.raises(InvalidStatus, match="401"):
            opened(f"{address}/talk")
        plain = docker_server.infer(service_id, "/talk", method="GET")
        assert (plain.status_code, plain.text) == (426, "this address speaks WebSocket")
        with opened(f"{address}/talk", docker_server.token) as left:
            assert left.recv()
            for container in engine.containers(docker_server.installation):
                engine.client.containers.get(container).kill()
            with pytest.raises(ConnectionClosed):
                left.recv(timeout=20)
