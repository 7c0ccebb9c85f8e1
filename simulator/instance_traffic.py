"""What each instance has served, added up over the clusters that Envoy made for it.

Envoy replaces a version's cluster whenever an endpoint comes or goes, and its counters of instances
begin anew with it. They are read every few seconds while there are requests, and whenever somebody
asks; what came between the last reading and a replacement is not counted. A version's own counters
lose nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from simulator.clock import steady_s
from simulator.gateway.admin import AdminUnavailable
from simulator.gateway.counters import HostTraffic
from simulator.gateway.interface import DataPlane

FRESH_S = 0.5
"""Figures younger than this are not read again."""
FORGET_S = 600.0
"""An instance that has been away for so long is forgotten."""

HostKey = tuple[str, str, str]
"""Service id, version id, address as `HostTraffic` has it."""


@dataclass(frozen=True)
class InstanceFigures:
    """Of one instance, since the server was started.

    Attributes:
        requests: requests sent to it.
        errors: those answered with 5xx, or not at all.
        active: requests that it is working on.
        requests_per_s: between the last two readings.
    """

    requests: int = 0
    errors: int = 0
    active: int = 0
    requests_per_s: float = 0.0


@dataclass(frozen=True)
class _Kept:
    """An instance's sums, and what its counters showed last."""

    figures: InstanceFigures
    shown: HostTraffic
    at_s: float


_NONE = InstanceFigures()


class InstanceTraffic:
    """Reads the instances' counters when asked, at most every `FRESH_S` seconds.

    Args:
        endpoints: which instance has which address now.
    """

    def __init__(self, gateway: DataPlane, endpoints: Callable[[], Mapping[HostKey, str]]) -> None:
        self._gateway = gateway
        self._endpoints = endpoints
        self._kept: dict[str, _Kept] = {}
        self._read_at_s: float | None = None
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Read the counters unless that was just done. A gateway that is away changes nothing."""
        async with self._lock:
            now = steady_s()
            if self._read_at_s is not None and now - self._read_at_s < FRESH_S:
                return
            try:
                hosts = await self._gateway.admin.hosts()
            except (AdminUnavailable, RuntimeError):
                return
            self._read_at_s = now
            self._add(hosts, now)

    def of(self, instance_id: str) -> InstanceFigures:
        """The figures of an instance, as of the latest reading."""
        kept = self._kept.get(instance_id)
        if kept is None:
            return _NONE
        if kept.at_s == self._read_at_s:
            return kept.figures
        return replace(kept.figures, active=0, requests_per_s=0.0)

    def _add(self, hosts: Iterable[HostTraffic], now: float) -> None:
        endpoints = self._endpoints()
        for host in hosts:
            instance_id = endpoints.get((host.service_id, host.version_id, host.address))
            if instance_id is not None:
                self._kept[instance_id] = _added(self._kept.get(instance_id), host, now)
        self._kept = {
            name: kept for name, kept in self._kept.items() if now - kept.at_s <= FORGET_S
        }


def _added(before: _Kept | None, host: HostTraffic, now: float) -> _Kept:
    """The sums with what the counters show. Counters that fell began anew."""
    if before is None:
        first = InstanceFigures(host.requests_total, host.errors_total, host.active)
        return _Kept(first, host, now)
    last = before.shown
    anew = host.requests_total < last.requests_total or host.address != last.address
    more = host.requests_total - (0 if anew else last.requests_total)
    failed = host.errors_total - (0 if anew else last.errors_total)
    seconds = now - before.at_s
    figures = InstanceFigures(
        requests=before.figures.requests + more,
        errors=before.figures.errors + max(0, failed),
        active=host.active,
        requests_per_s=more / seconds if seconds > 0 else 0.0,
    )
    return _Kept(figures, host, now)
