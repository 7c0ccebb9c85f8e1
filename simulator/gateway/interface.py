"""What the control server needs of a gateway, whether there is one or not."""

from __future__ import annotations

from typing import Protocol

from simulator.gateway.counters import Bucket, HostTraffic, VersionKey, VersionTraffic
from simulator.gateway.state import Endpoint, GatewayState
from simulator.gateway.status import GatewayStatus


class Counters(Protocol):
    """The request counters."""

    async def traffic(self) -> list[VersionTraffic]:
        """As `admin.AdminClient.traffic`."""

    async def latencies(self) -> dict[VersionKey, list[Bucket]]:
        """As `admin.AdminClient.latencies`."""

    async def answers(self) -> dict[str, int]:
        """As `admin.AdminClient.answers`."""

    async def hosts(self) -> list[HostTraffic]:
        """As `admin.AdminClient.hosts`."""

    async def reopen_logs(self) -> None:
        """As `admin.AdminClient.reopen_logs`."""


class DataPlane(Protocol):
    """Puts routes in force. `supervise.Gateway` does it with Envoy, `off.NoGateway` has none."""

    def status(self) -> GatewayStatus:
        """The state of affairs, without I/O."""

    @property
    def admin(self) -> Counters:
        """Where the counters are read; raises RuntimeError while there is no such place."""

    async def start(self, state: GatewayState) -> None:
        """Returns when `state` is in force; errors: `supervise.Gateway.start`."""

    async def apply(self, state: GatewayState) -> None:
        """Returns when `state` is in force; errors: `supervise.Gateway.apply`."""

    async def drained(self, endpoint: Endpoint, within_s: float) -> bool:
        """Waits up to `within_s` real seconds until an instance that is no endpoint any more has
        answered what it was sent; whether it has."""

    async def stop(self, drain_s: float = 5.0) -> None:
        """Waits up to `drain_s` real seconds for open requests, and ends."""
