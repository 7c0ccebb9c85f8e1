"""A real Envoy with scripted instances, one per test module."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from simulator.gateway.errors import GatewayPortInUse
from simulator.gateway.state import Cause, GatewayState, ServiceRoute
from simulator.gateway.supervise import LINGER_S, Gateway
from tests.simulator.gateway.support import (
    ANSWERS,
    Instance,
    Issuer,
    a_state,
    validate,
    with_services,
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class World:
    """A gateway on a free port, the Python server's stand-in, and instances."""

    directory: Path
    issuer: Issuer
    control: Instance
    gateway: Gateway
    state: GatewayState
    client: httpx.AsyncClient
    instances: list[Instance] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.state.port}"

    async def serve(self, *services: ServiceRoute) -> None:
        """Applies these services and no others; Envoy must also find the rendering valid."""
        state = with_services(self.state, *services)
        await asyncio.to_thread(validate, state, self.directory)
        await self.gateway.apply(state)
        self.state = state

    async def an_instance(self, name: str, *, tcp: bool = False, script: Any = None) -> Instance:
        path = "" if tcp else str(self.directory / f"{len(self.instances)}.sock")
        instance = await Instance(name, path=path, script=script).start()
        self.instances.append(instance)
        return instance

    async def call(
        self, target: str, *, method: str = "POST", token: str | None = "", **changes: Any
    ) -> httpx.Response:
        """A request with a good token, another one, or (None) without."""
        headers = dict(changes.pop("headers", {}))
        if token is not None:
            headers["X-Auth-Token"] = token or self.issuer.token()
        return await self.client.request(method, target, headers=headers, **changes)

    async def ask_envoy(self, path: str) -> str:
        """What Envoy's admin interface says at a path."""
        transport = httpx.AsyncHTTPTransport(uds=self.state.admin_socket)
        async with httpx.AsyncClient(transport=transport, base_url="http://envoy") as client:
            return (await client.get(path)).text

    async def raw(self, request: bytes) -> bytes:
        """The bytes of the answer to these bytes; the request must ask for the connection's end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.state.port)
        try:
            writer.write(request)
            return await asyncio.wait_for(reader.read(), 20)
        finally:
            writer.close()


def assert_answers(response: httpx.Response, cause: Cause) -> None:
    """The gateway's own answer: status, exact body, content type and request id."""
    wanted = ANSWERS[cause]
    assert (response.status_code, response.json()) == (
        wanted.status,
        {"error_code": wanted.error_code, "error_msg": wanted.error_msg},
    )
    assert response.headers["content-type"] == "application/json"
    assert len(response.headers["x-request-id"]) == 36


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory whose path leaves room for a socket's name."""
    path = Path(tempfile.mkdtemp(prefix="dd-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


async def start_world(directory: Path, *, linger_s: float = LINGER_S, **changes: Any) -> World:
    issuer = Issuer()
    control = await Instance("control", path=str(directory / "control.sock")).start()
    gateway = Gateway(directory / "gateway", linger_s=linger_s)
    for attempt in range(3):
        state = a_state(str(directory), port=free_port(), jwks=issuer.jwks, **changes)
        try:
            await gateway.start(state)
            break
        except GatewayPortInUse:  # taken between the look and the start
            if attempt == 2:
                raise
    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{state.port}", timeout=20)
    return World(directory, issuer, control, gateway, state, client)


async def stop_world(world: World) -> None:
    await world.client.aclose()
    await world.gateway.stop(drain_s=0)
    for instance in (*world.instances, world.control):
        await instance.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    path = Path(tempfile.mkdtemp(prefix="dd-"))
    started = await start_world(path)
    yield started
    await stop_world(started)
    shutil.rmtree(path, ignore_errors=True)


@pytest_asyncio.fixture
async def own_world(directory: Path) -> AsyncIterator[World]:
    """A world for one test alone, which may break it."""
    started = await start_world(directory)
    yield started
    await stop_world(started)
