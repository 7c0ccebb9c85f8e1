"""One way to the server: its address, and its Unix socket while the address does not answer.

httpx costs a third of a second to import, so it is imported by `open`, in a thread, after the first
frame is on the screen.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from tui.clean import clean_line
from tui.errors import OutcomeUnknown, Unreachable

if TYPE_CHECKING:
    import httpx

CONNECT_S = 1.0
ANSWER_S = 3.0
STREAM_SILENCE_S = 60.0
"""A stream without even a heartbeat for this long counts as broken."""

ADDRESS_REST_S = 10.0
"""After the address failed, the socket is asked first for this long: a gateway that hangs would
otherwise cost each call its whole time limit."""


@dataclass
class _Route:
    """One of the two ways: `label` names it in messages."""

    label: str
    client: httpx.AsyncClient
    failed_at_s: float = float("-inf")


class Connection:
    """Sends requests with the admin token over whichever way answers.

    Args:
        base_url: the gateway's address, as `http://127.0.0.1:8780`.
        token: the admin token; sent as a header only, never shown.
        uds_path: the server's Unix socket, or None if there is none.
        transport: replaces the network for the address (tests).
        socket_transport: replaces the network for the socket (tests).
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        uds_path: str | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        socket_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.uds_path = uds_path
        self.over_socket = False
        """Whether the last answer came over the Unix socket."""
        self._token = token
        self._transport = transport
        self._socket_transport = socket_transport
        self._routes: list[_Route] = []
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Makes the connection usable. A second call does nothing."""
        async with self._opening:  # several workers open it at once
            if not self._routes:
                await asyncio.to_thread(importlib.import_module, "httpx")
                self._routes = self._make_routes()

    async def close(self) -> None:
        routes, self._routes = self._routes, []
        for route in routes:
            await route.client.aclose()

    async def request(self, method: str, path: str) -> httpx.Response:
        """Sends one request and returns the whole answer, whatever its status.

        Raises:
            Unreachable: no way answered.
            OutcomeUnknown: the connection broke after a change (not a GET) was sent.
        """
        import httpx  # noqa: PLC0415

        failures: list[str] = []
        for route in self._in_order():
            try:
                response = await route.client.request(method, path)
            except httpx.TransportError as error:
                failures.append(self._note_failure(route, error))
                never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if method != "GET" and not never_sent:
                    raise OutcomeUnknown(
                        f"The connection broke while the server worked on it ({failures[-1]}).",
                        "It may or may not have been done: the screen shows what is so.",
                    ) from error
                continue
            self._note_answer(route)
            return response
        raise Unreachable("; ".join(failures), "Is the server up? `drydock up` starts it.")

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[httpx.Response]:
        """Opens a GET whose body is read as it arrives.

        Raises:
            Unreachable: no way answered, or the stream broke while it was read.
        """
        import httpx  # noqa: PLC0415

        failures: list[str] = []
        limits = httpx.Timeout(ANSWER_S, connect=CONNECT_S, read=STREAM_SILENCE_S)
        for route in self._in_order():
            request = route.client.build_request("GET", path, timeout=limits)
            try:
                response = await route.client.send(request, stream=True)
            except httpx.TransportError as error:
                failures.append(self._note_failure(route, error))
                continue
            try:
                yield response
            except httpx.TransportError as error:
                raise Unreachable(self._note_failure(route, error)) from error
            finally:
                await response.aclose()
            return
        raise Unreachable("; ".join(failures))

    def _make_routes(self) -> list[_Route]:
        import httpx  # noqa: PLC0415

        limits = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
        headers = {"X-Drydock-Token": self._token}
        # No proxy from the environment may see the token or stand between this machine and itself;
        # loading the certificate store is wasted on plain HTTP.
        address = httpx.AsyncClient(
            base_url=self.base_url,
            headers=headers,
            timeout=limits,
            transport=self._transport,
            trust_env=False,
            verify=self.base_url.startswith("https:"),
        )
        routes = [_Route(clean_line(self.base_url.split("://")[-1]), address)]
        if self.uds_path is not None:
            transport = self._socket_transport or httpx.AsyncHTTPTransport(
                uds=self.uds_path, verify=False, trust_env=False
            )
            socket = httpx.AsyncClient(
                base_url="http://localhost", headers=headers, timeout=limits, transport=transport
            )
            routes.append(_Route("the server's socket", socket))
        return routes

    def _in_order(self) -> list[_Route]:
        if not self._routes:
            raise Unreachable("The connection is not open.")
        address, *socket = self._routes
        rests = monotonic() - address.failed_at_s < ADDRESS_REST_S
        return [*socket, address] if rests else [address, *socket]

    def _note_answer(self, route: _Route) -> None:
        route.failed_at_s = float("-inf")
        self.over_socket = route is not self._routes[0]

    def _note_failure(self, route: _Route, error: httpx.TransportError) -> str:
        import httpx  # noqa: PLC0415

        route.failed_at_s = monotonic()
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return f"cannot connect to {route.label}"
        if isinstance(error, httpx.TimeoutException):
            return f"{route.label} does not answer in time"
        return f"{route.label} broke the connection off"
