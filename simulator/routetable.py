"""The services' routes, kept in force at the gateway."""

from __future__ import annotations

import logging
from dataclasses import replace

from simulator.coalesce import Coalesced
from simulator.gateway.errors import GatewayUpdateRejected
from simulator.gateway.interface import DataPlane
from simulator.gateway.state import GatewayState, ServiceRoute
from simulator.specs import endpoint_at

logger = logging.getLogger(__name__)


class RouteTable:
    """All routes; changes of many services that come together go to the gateway together."""

    def __init__(self, gateway: DataPlane, base: GatewayState) -> None:
        self._gateway = gateway
        self._base = base
        self._routes: dict[str, ServiceRoute] = {}
        self._apply = Coalesced(self._apply_all)

    async def start(self, routes: list[ServiceRoute]) -> None:
        """Start the gateway with these routes. Raises what `Gateway.start` raises."""
        self._routes = {route.service_id: route for route in routes}
        await self._gateway.start(self._state())

    async def publish(self, service_id: str, route: ServiceRoute | None) -> None:
        """Returns when the route is in force. A refusal of the gateway is in its status."""
        if self._routes.get(service_id) == route:
            return
        if route is None:
            self._routes.pop(service_id, None)
        else:
            self._routes[service_id] = route
        await self._apply()

    async def drained(self, address: str, within_s: float) -> bool:
        """Wait until the gateway has had all answers of an instance that it does not route to any
        more; whether it has."""
        return await self._gateway.drained(endpoint_at("", address), within_s)

    async def _apply_all(self) -> None:
        try:
            await self._gateway.apply(self._state())
        except GatewayUpdateRejected as error:
            logger.error("%s", error)

    def _state(self) -> GatewayState:
        services = tuple(self._routes[key] for key in sorted(self._routes))
        return replace(self._base, services=services)
