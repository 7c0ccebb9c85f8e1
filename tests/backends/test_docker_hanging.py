"""An engine that hangs over one container, or over its list: what else is asked goes on.

The engine is a socket here that answers as a test says; the docker SDK talks to it for real.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from backends import docker as docker_backend
from backends import docker_client
from backends.base import InstancePhase
from backends.docker import DockerBackend
from backends.docker_endpoint import Endpoint
from backends.errors import EngineUnavailable

pytest.importorskip("docker")

TIMEOUT_S = 1.0


class Engine:
    """A Docker engine with containers `c-1`, `c-2` ... of instances `a-1`, `a-2` ...

    Attributes:
        over: ends of paths of which no request is answered until `close`.
        statuses: the list's words for each container.
        asked: paths of all requests, without the version.
    """

    def __init__(self) -> None:
        self.over: set[str] = set()
        self.statuses: dict[str, tuple[str, str]] = {}
        self.asked: list[str] = []
        self.free = threading.Event()
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                engine.asked.append(path)
                if any(path.endswith(end) for end in engine.over):
                    engine.free.wait(30)
                body = json.dumps(engine.answer(path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Clients that gave up are what this is about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"tcp://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.free.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> Any:
        if path.endswith("/version"):
            return {"ApiVersion": "1.41", "Version": "20", "Os": "linux", "Arch": "amd64"}
        if path.endswith("/containers/json"):
            return [self._row(name) for name in self.statuses]
        name = path.split("/")[-2]
        return {"Id": name, "State": {"StartedAt": "2026-01-01T00:00:00Z", "ExitCode": 7}}

    def _row(self, name: str) -> dict[str, Any]:
        state, status = self.statuses[name]
        labels = {
            "drydock.installation": "test",
            "drydock.instance": name.replace("c", "a"),
            "drydock.service": "a",
        }
        return {"Id": name, "State": state, "Status": status, "Labels": labels}

    def inspections(self, name: str) -> int:
        return sum(path.endswith(f"/containers/{name}/json") for path in self.asked)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    made.statuses = {
        "c-1": ("running", "Up 2 minutes"),
        "c-2": ("running", "Up 2 minutes"),
        "c-3": ("exited", "Exited (137) 2 minutes ago"),
    }
    yield made
    made.close()


@pytest.fixture
async def backend(engine: Engine) -> AsyncIterator[DockerBackend]:
    made = DockerBackend("test", endpoint=Endpoint(engine.url, "a test"), timeout_s=TIMEOUT_S)
    yield made
    await made.close()


async def test_every_container_is_seen_although_the_engine_hangs_over_one(
    engine: Engine, backend: DockerBackend
) -> None:
    engine.over = {"/containers/c-1/json", "/containers/c-3/json"}
    seen = {one.instance_id: one for one in await backend.observe()}
    assert {name: one.phase for name, one in seen.items()} == {
        "a-1": InstancePhase.RUNNING,
        "a-2": InstancePhase.RUNNING,
        "a-3": InstancePhase.EXITED,
    }
    assert seen["a-2"].started_at_ms is not None
    assert seen["a-1"].started_at_ms is None
    assert seen["a-3"].exit_code == 137  # the list tells it too


async def test_it_is_not_waited_for_with_every_look(
    engine: Engine, backend: DockerBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.over = {"/containers/c-1/json"}
    for _ in range(3):
        await backend.observe()
    assert engine.inspections("c-1") == 1
    monkeypatch.setattr(docker_backend, "INSPECT_AGAIN_S", 0.0)
    engine.statuses["c-1"] = ("exited", "Exited (1) 1 second ago")  # another run: looked at anew
    await backend.observe()
    assert engine.inspections("c-1") == 2
    engine.over = set()
    seen = {one.instance_id: one for one in await backend.observe()}
    assert seen["a-1"].exit_code == 7
    await backend.observe()
    assert engine.inspections("c-1") == 3


async def test_calls_about_containers_that_hang_leave_threads_for_the_list(
    engine: Engine, backend: DockerBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_client, "QUEUE_ALLOWANCE_S", 0.0)
    await backend.observe()
    engine.over = {"/logs"}
    hung = [asyncio.create_task(backend.logs("a-1", 5)) for _ in range(60)]
    await asyncio.sleep(0)
    for _ in range(3):
        assert len(await backend.observe()) == 3
    ended = await asyncio.gather(*hung, return_exceptions=True)
    assert all(isinstance(one, EngineUnavailable) for one in ended)


async def test_a_list_that_hangs_is_an_engine_that_does_not_answer(
    engine: Engine, backend: DockerBackend
) -> None:
    engine.over = {"/containers/json"}
    with pytest.raises(EngineUnavailable, match="did not answer in time"):
        await backend.observe()
    engine.over = set()
    engine.free.set()
    assert len(await backend.observe()) == 3


async def test_an_engine_that_goes_between_list_and_inspection_is_away(
    engine: Engine, backend: DockerBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(_: str) -> None:
        raise EngineUnavailable("The Docker engine does not answer.", evidence="refused")

    monkeypatch.setattr(backend._containers, "inspect", gone)
    with pytest.raises(EngineUnavailable):
        await backend.observe()
