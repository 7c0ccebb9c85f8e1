"""Instances that speak WebSocket, and clients of theirs through a gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Data, Subprotocol

from simulator.gateway.state import Endpoint, ServiceRoute, VersionRoute
from tests.simulator.gateway.conftest import World
from tests.simulator.gateway.support import PREFIX, a_service

PATIENCE_S = 20.0
"""For what must happen."""
SUBPROTOCOLS = ("graph.v2", "graph.v1")
"""Those that instances speak."""
MAX_BYTES = 32 * 1024 * 1024

Talk = Callable[[ServerConnection], Awaitable[None]]


@dataclass
class Talker:
    """A model instance on a Unix socket that speaks WebSocket.

    Attributes:
        path: of the socket.
        refusal: HTTP status at which it refuses handshakes; None when it takes them.
        delay_s: how long it thinks about a handshake.
        talk: what it does with a connection; it echoes by default.
        handshakes: requests that arrived, in order.
        connections: those that it took, in order.
        messages: that arrived, of all connections.
    """

    path: str
    refusal: HTTPStatus | None = None
    delay_s: float = 0.0
    talk: Talk | None = None
    handshakes: list[Request] = field(default_factory=list)
    connections: list[ServerConnection] = field(default_factory=list)
    messages: list[Data] = field(default_factory=list)

    @property
    def version(self) -> VersionRoute:
        return VersionRoute("v1", 100, (Endpoint(Path(self.path).stem, path=self.path),))

    @property
    def last(self) -> ServerConnection:
        """Its side of the connection that was opened last."""
        return self.connections[-1]

    async def connected(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        await (self.talk or self._echo)(connection)

    async def asked(self, connection: ServerConnection, request: Request) -> Response | None:
        self.handshakes.append(request)
        await asyncio.sleep(self.delay_s)
        if self.refusal is None:
            return None
        return connection.respond(self.refusal, f"the model says {self.refusal.value}")

    def die(self) -> None:
        """Breaks all connections, as a killed process does."""
        for connection in self.connections:
            connection.transport.abort()

    async def _echo(self, connection: ServerConnection) -> None:
        try:
            async for message in connection:
                self.messages.append(message)
                await connection.send(message)
        except ConnectionClosed:
            pass  # the tests look at how it ended


def _first_known(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return next((one for one in offered if one in SUBPROTOCOLS), None)


@asynccontextmanager
async def a_talker(path: Path, **changes: Any) -> AsyncIterator[Talker]:
    """A running one."""
    talker = Talker(str(path), **changes)
    async with unix_serve(
        talker.connected,
        talker.path,
        process_request=talker.asked,
        select_subprotocol=_first_known,
        max_size=MAX_BYTES,
        ping_interval=None,
        close_timeout=PATIENCE_S,
    ):
        yield talker


def a_websocket_service(talker: Talker, **changes: Any) -> ServiceRoute:
    """A service of one version with one instance."""
    return a_service("talk", **{"websocket": True, "versions": (talker.version,), **changes})


def opened(
    world: World, target: str = f"{PREFIX}talk", *, token: str | None = "", **changes: Any
) -> connect:
    """A WebSocket through the gateway, with a good token, another one, or (None) without."""
    headers = dict(changes.pop("headers", {}))
    if token is not None:
        headers["X-Auth-Token"] = token or world.issuer.token()
    settings: dict[str, Any] = {
        "additional_headers": headers,
        "max_size": MAX_BYTES,
        "open_timeout": PATIENCE_S,
        "close_timeout": PATIENCE_S,
        "ping_interval": None,
        "proxy": None,
        **changes,
    }
    return connect(f"ws://127.0.0.1:{world.state.port}{target}", **settings)


async def closing(connection: ClientConnection | ServerConnection) -> tuple[int | None, str]:
    """Code and reason at which a connection ends, once it does; 1006 when no close frame came."""
    await asyncio.wait_for(connection.wait_closed(), PATIENCE_S)
    return connection.close_code, connection.close_reason or ""
