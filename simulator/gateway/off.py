"""No gateway: for servers that only answer the control API.

Nothing routes inference requests then. Every route counts as in force at once, as nobody can call a
service before it is.
"""

from __future__ import annotations

from simulator.gateway.interface import Counters
from simulator.gateway.state import Endpoint, GatewayState
from simulator.gateway.status import GatewayStatus, Phase


class NoGateway:
    """A `DataPlane` that is none: it starts nothing, serves nothing, counts nothing."""

    def status(self) -> GatewayStatus:
        return GatewayStatus(phase=Phase.OFF)

    @property
    def admin(self) -> Counters:
        raise RuntimeError("the gateway is off")

    async def start(self, state: GatewayState) -> None:
        """Nothing to start."""

    async def apply(self, state: GatewayState) -> None:
        """Nothing to change."""

    async def drained(self, endpoint: Endpoint, within_s: float) -> bool:
        return True

    async def stop(self, drain_s: float = 5.0) -> None:
        """Nothing to end."""
