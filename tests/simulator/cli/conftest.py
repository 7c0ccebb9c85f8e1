"""A server that exists only as a transport, and a way to run commands against it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from simulator.cli.client import Server
from simulator.config import Paths

Json = dict[str, Any]

SERVICE_ID = "11111111-1111-4111-8111-111111111111"
MODEL_ID = "22222222-2222-4222-8222-222222222222"
ENDPOINT = "http://127.0.0.1:8780"
ADDRESS = f"{ENDPOINT}/v1/infers/{SERVICE_ID}"
PROJECT = "a" * 32

APIS = [
    {
        "url": "/",
        "method": "post",
        "request": {
            "Content-type": "multipart/form-data",
            "data": {"type": "object", "properties": {"images": {"type": "file"}}},
        },
    }
]


def a_model(name: str = "mnist", version: str = "0.0.1", **changes: Any) -> Json:
    return {
        "model_id": MODEL_ID,
        "name": name,
        "version": version,
        "type": "PyTorch",
        "status": "published",
        "message": "",
        "created_at_ms": 1_000,
        "size_bytes": 80_000,
    } | changes


def a_service(name: str = "digits", status: str = "running", **changes: Any) -> Json:
    return {
        "service_id": SERVICE_ID,
        "name": name,
        "kind": "real-time",
        "status": status,
        "reason": "",
        "message": "",
        "evidence": "",
        "progress": 100,
        "created_at_ms": 1_000,
        "transition_at_ms": 1_000,
        "instances_wanted": 1,
        "instances_ready": 1,
        "requests_total": 7,
        "errors_total": 2,
        "requests_per_s": 0.5,
        "p50_ms": 3.0,
        "p99_ms": None,
        "access_address": ADDRESS,
        "last_event": None,
        "job": None,
        "versions": [
            {
                "version_id": "v1",
                "model_id": MODEL_ID,
                "model_name": "mnist",
                "model_version": "0.0.1",
                "weight": 100,
                "specification": "modelarts.vm.cpu.2u",
                "instances_wanted": 1,
                "instances_ready": 1,
                "requests_total": 7,
            }
        ],
    } | changes


def a_detail(**changes: Any) -> Json:
    detail = {
        "instances": [],
        "config": {},
        "apis": [{"path": "/", "method": "post"}],
        "faults": [],
    }
    return a_service() | detail | changes


def a_state(services: list[Json] | None = None, models: list[Json] | None = None) -> Json:
    return {
        "server": {
            "version": "0.1.0",
            "pid": 42,
            "home": "/home/drydock",
            "address": ENDPOINT,
            "started_at_ms": 1_000,
            "project_id": PROJECT,
        },
        "backend": {
            "name": "process",
            "available": True,
            "detail": "child processes",
            "away_since_ms": None,
            "hanging": [],
        },
        "store": {"writable": True, "cause": "", "error": "", "hint": "", "since_ms": None},
        "gateway": {"status": "running", "detail": "Envoy 1", "requests_per_s": 0.0, "error": ""},
        "clock": {"mode": "real", "speed": 1.0, "now_ms": 61_000},
        "faults": {"active": 0},
        "quota": {"real_time_services": {"used": 1, "limit": 20}},
        "services": [a_service()] if services is None else services,
        "models": [a_model()] if models is None else models,
    }


class FakeServer:
    """Answers by method and path; whatever is not set up is 404, as from the cloud.

    Attributes:
        requests: all that came, in order.
        address_is_down: nothing listens at the gateway's address.
    """

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.address_is_down = False
        self._answers: dict[tuple[str, str], list[httpx.Response]] = {}
        self.answers("GET", "/_drydock/state", a_state())
        self.answers(
            "GET",
            "/_drydock/env",
            {
                "endpoint": ENDPOINT,
                "auth_url": f"{ENDPOINT}/v3",
                "modelarts_endpoint": f"{ENDPOINT}/v1/{PROJECT}",
                "region": "local",
                "project_id": PROJECT,
                "project_name": "local",
                "user_name": "drydock",
                "password": "it's secret",
                "domain_name": "drydock",
                "access_key": "AK",
                "secret_key": "SK",
                "token": "the-token",
                "token_expires_at": 9,
            },
        )
        self.answers(
            "GET", f"/v1/{PROJECT}/models/{MODEL_ID}", {"apis": json.dumps(APIS), "config": "{}"}
        )

    def answers(
        self, method: str, path: str, *bodies: Json | bytes, status: int = 200, **headers: str
    ) -> None:
        """Set up what a call answers: one body after the other, and the last for ever."""
        self._answers[method, path] = [
            httpx.Response(
                status,
                content=body if isinstance(body, bytes) else json.dumps(body).encode(),
                headers={name.replace("_", "-"): value for name, value in headers.items()},
            )
            for body in bodies
        ]

    def sent(self, method: str, path: str) -> list[httpx.Request]:
        """The calls of one kind that came."""
        return [r for r in self.requests if (r.method, r.url.path) == (method, path)]

    def over_socket(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request)

    def at_address(self, request: httpx.Request) -> httpx.Response:
        if self.address_is_down:
            raise httpx.ConnectError("connection refused", request=request)
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        waiting = self._answers.get((request.method, request.url.path))
        if not waiting:
            body = {"error_code": "ModelArts.0404", "error_msg": f"no {request.url.path}"}
            return httpx.Response(404, json=body)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return httpx.Response(found.status_code, content=found.content, headers=found.headers)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A data directory with an admin token."""
    found = Paths(tmp_path / "home")
    found.create()
    found.admin_token.write_text("admin\n")
    return found


@pytest.fixture
def fake() -> FakeServer:
    return FakeServer()


@pytest.fixture
def server(fake: FakeServer, paths: Paths) -> Iterator[Server]:
    """The client, connected to the fake server."""
    made = connect(fake, paths)
    yield made
    made.close()


def connect(fake: FakeServer, paths: Paths) -> Server:
    return Server(
        paths,
        socket=httpx.MockTransport(fake.over_socket),
        address=httpx.MockTransport(fake.at_address),
    )


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs `drydock` with the data directory of `paths`; there is no server on it."""
    from simulator.cli.app import app

    monkeypatch.setenv("DRYDOCK_HOME", str(tmp_path / "home"))
    for name in ("DRYDOCK_DEBUG", "DRYDOCK_PORT", "DRYDOCK_BACKEND", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def run_command(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=stdin)

    return run_command


@pytest.fixture
def run_on_fake(run: Run, fake: FakeServer, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `drydock` with the fake server on the data directory."""
    monkeypatch.setattr(Server, "running", classmethod(lambda cls, _: connect(fake, paths)))
    return run
