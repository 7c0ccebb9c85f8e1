"""A gRPC service of a custom image: deployed as documented, called through the gateway."""

from __future__ import annotations

import json
import queue
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import h2
import hpack
import hyperframe
import pytest

from tests.e2e.docker_engine import Engine, build_image
from tests.e2e.server import DrydockServer, realtime_request, wait_until

SERVER_DIRECTORY = Path(__file__).with_name("grpc_image")
CONFIG = {
    "model_algorithm": "echo",
    "model_type": "Image",
    "protocol": "http2",
    "health": {"check_method": "HTTP", "url": "/grpc.health.v1.Health/Check"},
}


@pytest.fixture(scope="session")
def grpc_image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image that speaks gRPC, with copies of the packages that it needs."""
    context = tmp_path_factory.mktemp("grpc-image")
    shutil.copytree(SERVER_DIRECTORY, context, dirs_exist_ok=True)
    for package in (h2, hpack, hyperframe):
        assert package.__file__ is not None
        source = Path(package.__file__).parent
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, context / "packages" / source.name, ignore=left_out)
    tag = f"drydock-e2e-grpc:{uuid.uuid4().hex[:8]}"
    build_image(engine, context, tag)
    yield tag
    engine.client.images.remove(tag, force=True)


def import_model(server: DrydockServer, image: str, version: str) -> str:
    wanted = {"image": image, "config": CONFIG, "name": "talk", "version": version}
    model_id = str(server.admin("POST", "/models/import", json=wanted)["model_id"])
    server.wait_for_model(model_id)
    return model_id


class Prefixed(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    """Puts a service's address before each method, and a token into the metadata."""

    def __init__(self, service_id: str, token: str) -> None:
        self._service_id = service_id
        self._token = token

    def intercept_unary_unary(self, go_on: Any, details: Any, request: Any) -> Any:
        metadata = [*(details.metadata or ()), ("x-auth-token", self._token)]
        method = f"/v1/infers/{self._service_id}{details.method}"
        return go_on(details._replace(method=method, metadata=metadata), request)


def say(channel: grpc.Channel, message: bytes) -> tuple[bytes, str]:
    """The answer, and the host that gave it."""
    answer, call = channel.unary_unary("/test.Talk/Say").with_call(message, timeout=20)
    return answer, dict(call.trailing_metadata())["said-by"]


def states(server: DrydockServer, service_id: str) -> list[str]:
    return sorted(one["state"] for one in server.instances(service_id))


@pytest.fixture
def channel(docker_server: DrydockServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{docker_server.port}") as opened:
        yield opened


@pytest.mark.envoy
@pytest.mark.docker
def test_a_grpc_service_is_deployed_called_and_updated_amid_a_call(
    docker_server: DrydockServer, grpc_image: str, channel: grpc.Channel
) -> None:
    first, second = (import_model(docker_server, grpc_image, v) for v in ("0.0.1", "0.0.2"))
    with docker_server.deployed(realtime_request("talk", (first, 100))) as service_id:
        called = grpc.intercept_channel(channel, Prefixed(service_id, docker_server.token))
        answer, old = say(called, b"\x00\xff")
        assert answer == b"\x00\xff"
        with pytest.raises(grpc.RpcError) as refused:
            say(grpc.intercept_channel(channel, Prefixed(service_id, "none")), b"")
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert json.loads(refused.value.details())["error_code"] == "APIG.0301"

        said: queue.Queue[bytes | None] = queue.Queue()
        talk: Any = channel.stream_stream(f"/v1/infers/{service_id}/test.Talk/Echo")
        token = (("x-auth-token", docker_server.token),)
        going = talk(iter(said.get, None), metadata=token, timeout=120)
        said.put(b"before")
        assert next(going) == b"before"
        config = realtime_request("talk", (second, 100))["config"]
        docker_server.api("PUT", f"/services/{service_id}", json={"config": config})
        wait_until("the new version answers", lambda: say(called, b"")[1] != old, 30)
        both = ["draining", "ready"]
        wait_until("the old one drains", lambda: states(docker_server, service_id) == both, 30)
        said.put(b"after")
        assert next(going) == b"after"
        said.put(None)
        assert list(going) == []
        assert dict(going.trailing_metadata())["said-by"] == old
        alone = ["ready"]
        wait_until("the old one is gone", lambda: states(docker_server, service_id) == alone, 30)
