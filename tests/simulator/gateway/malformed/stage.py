"""Where cases are played: a gateway between raw clients and two recording servers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from simulator.gateway.state import Endpoint, VersionRoute
from simulator.gateway.supervise import Gateway
from tests.simulator.gateway.conftest import free_port
from tests.simulator.gateway.malformed.case import Case, Place
from tests.simulator.gateway.malformed.playing import PATIENCE_S, Outcome, play
from tests.simulator.gateway.malformed.recorder import Recorder
from tests.simulator.gateway.support import Issuer, a_service, a_state, with_services

AT_ONCE = 100
SERVICE = "/v1/infers/digits"
WEBSOCKET_SERVICE = "/v1/infers/talk"


class Where(StrEnum):
    """Behind which of a gateway's routes a case is played."""

    SERVICE = "service"
    """An instance: the token is checked, bodies are held until they are whole."""
    CONTROL = "control"
    """The Python server: everything is passed on as it comes."""
    WEBSOCKET = "websocket"
    """An instance of a WebSocket service, which refuses every handshake."""


Played = dict[tuple[str, Where], Outcome]


@dataclass
class Stage:
    """A gateway, and what stands behind it.

    Attributes:
        port: where it listens.
        http2_port: where it listens for HTTP/2; the same if it tells the two apart by itself.
        token: what opens the services.
        talker: the instance of the WebSocket service, where there is one.
        access_log: where each request is a line of JSON.
        patience_s: how long clients wait for what must happen.
    """

    port: int
    http2_port: int
    token: str
    instance: Recorder
    control: Recorder
    access_log: Path = field(default_factory=Path)
    patience_s: float = PATIENCE_S
    talker: Recorder | None = None

    async def play(self, case: Case, where: Where, number: int) -> Outcome:
        """Plays a case at a path that no case with another number has."""
        below = f"/c{number}x"
        auth = (("X-Auth-Token", self.token),)
        place, recorder = Place(below), self.control
        if where is Where.SERVICE:
            place, recorder = Place(SERVICE + below, auth), self.instance
        elif where is Where.WEBSOCKET:
            assert self.talker is not None
            place, recorder = Place(WEBSOCKET_SERVICE + below, auth), self.talker
        ports = (self.port, self.http2_port)
        return await play(case, ports, place, recorder, below, self.patience_s)


async def play_all(stage: Stage, cases: Iterable[Case], wheres: Iterable[Where]) -> Played:
    """What came of each case at each place; many are played at the same time."""
    room = asyncio.Semaphore(AT_ONCE)
    todo = [(case, where) for where in wheres for case in cases]

    async def one(number: int, case: Case, where: Where) -> Outcome:
        async with room:
            return await stage.play(case, where, number)

    outcomes = await asyncio.gather(*(one(number, *each) for number, each in enumerate(todo)))
    return {(case.name, where): found for (case, where), found in zip(todo, outcomes, strict=True)}


@asynccontextmanager
async def recorders(directory: Path) -> AsyncIterator[tuple[Recorder, Recorder]]:
    """An instance and a Python server that record."""
    instance = await Recorder(str(directory / "instance.sock")).start()
    control = await Recorder(str(directory / "control.sock")).start()
    try:
        yield instance, control
    finally:
        await instance.stop()
        await control.stop()


@asynccontextmanager
async def drydock(directory: Path) -> AsyncIterator[Stage]:
    """Envoy with Drydock's own configuration."""
    issuer, gateway = Issuer(), Gateway(directory / "gateway")
    talker = await Recorder(str(directory / "talker.sock"), handshakes=True).start()
    async with recorders(directory) as (instance, control):
        version, talking = _version(instance), _version(talker)
        log = directory / "access.log"
        state = a_state(
            str(directory), port=free_port(), jwks=issuer.jwks, access_log_path=str(log)
        )
        services = (
            a_service(versions=(version,)),
            a_service("talk", versions=(talking,), websocket=True),
        )
        await gateway.start(with_services(state, *services))
        try:
            token = issuer.token()
            yield Stage(state.port, state.port, token, instance, control, log, talker=talker)
        finally:
            await gateway.stop(drain_s=0)
            await talker.stop()


def _version(instance: Recorder) -> VersionRoute:
    return VersionRoute("v1", 100, (Endpoint("one", path=instance.path),))


@asynccontextmanager
async def tunnel(directory: Path) -> AsyncIterator[Stage]:
    """No gateway at all: bytes are passed on to the Python server as they come."""
    async with recorders(directory) as (instance, control):
        tasks: set[asyncio.Future[tuple[None, None]]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_unix_connection(control.path)
            both = asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))
            tasks.add(both)

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield Stage(port, port, "", instance, control, patience_s=1.0)
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()
