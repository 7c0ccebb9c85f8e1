"""The services' routes, kept in force at the gateway."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from simulator.coalesce import Coalesced
from simulator.faults.applying import afflicted
from simulator.faults.model import Fault
from simulator.gateway.errors import GatewayUpdateRejected
from simulator.gateway.interface import DataPlane
from simulator.gateway.state import GatewayState, ServiceRoute
from simulator.instance_traffic import HostKey
from simulator.specs import endpoint_at

logger = logging.getLogger(__name__)


class RouteTable:
    """All routes; changes of many services that come together go to the gateway together.

    Args:
        open_spool: makes the spool, before anything is collected; may raise `OSError`.
    """

    def __init__(
        self, gateway: DataPlane, base: GatewayState, open_spool: Callable[[], None] | None = None
    ) -> None:
        self._gateway = gateway
        self._base = base
        self._open_spool = open_spool
        self._routes: dict[str, ServiceRoute] = {}
        self._faults: tuple[Fault, ...] = ()
        self._uncollected: frozenset[str] | None = frozenset()
        self._is_behind = False
        """The gateway does not have these routes: the last change could not be made."""
        self._apply = Coalesced(self._apply_all)

    async def start(self, routes: list[ServiceRoute], faults: tuple[Fault, ...] = ()) -> None:
        """Start the gateway with these routes, and with the faults that happen on them. Raises what
        `Gateway.start` raises."""
        self._routes = {route.service_id: route for route in routes}
        self._faults = faults
        await self._gateway.start(await self._ready())

    async def publish(self, service_id: str, route: ServiceRoute | None) -> None:
        """Returns when the route is in force. A refusal of the gateway is in its status.

        Raises:
            OSError: the gateway's files could not be written (the disk is full); published again,
                all routes are.
        """
        if self._routes.get(service_id) == route and not self._is_behind:
            return
        if route is None:
            self._routes.pop(service_id, None)
        else:
            self._routes[service_id] = route
        await self._apply()

    def endpoints(self) -> dict[HostKey, str]:
        """Which instance has which address, by service, version and address."""
        return {
            (service_id, version.version_id, one.path or f"{one.host}:{one.port}"): one.instance_id
            for service_id, route in self._routes.items()
            for version in route.versions
            for one in version.endpoints
        }

    def shares(self, service_id: str) -> dict[str, float]:
        """The part of a service's requests that each version is to get, 0 to 1; empty where no
        version gets any."""
        route = self._routes.get(service_id)
        weights = {one.version_id: one.weight for one in route.versions} if route else {}
        whole = sum(weights.values())
        return {name: weight / whole for name, weight in weights.items()} if whole else {}

    async def afflict(self, faults: tuple[Fault, ...]) -> None:
        """These faults happen from now on, and no others. Returns when they do. A refusal of the
        gateway is in its status.

        Raises:
            OSError: as `publish`.
        """
        if self._faults == faults and not self._is_behind:
            return
        self._faults = faults
        await self._apply()

    async def hold_collection(self, services: frozenset[str] | None) -> None:
        """Of these services nothing is collected for now, whatever their rules say; None for all.

        Raises:
            OSError: as `publish`.
        """
        if self._uncollected == services and not self._is_behind:
            return
        self._uncollected = services
        await self._apply()

    async def drained(self, address: str, within_s: float) -> bool:
        """Wait until the gateway has had all answers of an instance that it does not route to any
        more; whether it has."""
        return await self._gateway.drained(endpoint_at("", address), within_s)

    async def _apply_all(self) -> None:
        try:
            await self._gateway.apply(await self._ready())
        except GatewayUpdateRejected as error:
            logger.error("%s", error)
        except OSError:
            self._is_behind = True
            raise
        self._is_behind = False

    async def _ready(self) -> GatewayState:
        """The state, with a spool for what is collected."""
        state = self._state()
        if self._open_spool and any(one.collected_percent for one in state.services):
            await asyncio.to_thread(self._open_spool)
        return state

    def _state(self) -> GatewayState:
        services = tuple(
            afflicted(self._collecting(self._routes[key]), self._faults)
            for key in sorted(self._routes)
        )
        return replace(self._base, services=services)

    def _collecting(self, route: ServiceRoute) -> ServiceRoute:
        held = self._uncollected is None or route.service_id in self._uncollected
        return replace(route, collected_percent=0.0) if held else route
