"""What the gateway has counted, as figures for people: totals, rates, latencies."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from simulator.gateway.admin import AdminUnavailable, VersionTraffic
from simulator.gateway.interface import DataPlane

FRESH_S = 0.5
"""Figures younger than this are not read again."""
RATE_WINDOW_S = 5.0


@dataclass(frozen=True)
class Figures:
    """Of one service, over its versions.

    Attributes:
        errors: answers with a status of 4xx or 5xx.
        requests_per_s: over the last seconds; 0 until two readings exist.
        p50_ms, p99_ms: of the last second where there were requests, else since the start; None
            without any request. Of the busiest version when there are several.
    """

    requests: int = 0
    errors: int = 0
    requests_per_s: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True)
class Reading:
    """All counters at one instant (seconds of the monotonic clock)."""

    at_s: float
    versions: dict[tuple[str, str], VersionTraffic]


class Traffic:
    """Reads the gateway's counters when asked, at most every `FRESH_S` seconds."""

    def __init__(self, gateway: DataPlane) -> None:
        self._gateway = gateway
        self._readings: list[Reading] = []
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Read the counters unless that was just done. A gateway that is away changes nothing."""
        async with self._lock:
            now = time.monotonic()
            if self._readings and now - self._readings[-1].at_s < FRESH_S:
                return
            try:
                versions = await self._gateway.admin.traffic()
            except (AdminUnavailable, RuntimeError):
                return
            reading = Reading(now, {(v.service_id, v.version_id): v for v in versions})
            recent = [r for r in self._readings if now - r.at_s <= RATE_WINDOW_S]
            older = self._readings[-1:] if not recent else []
            self._readings = [*older, *recent, reading]

    def version_requests(self, service_id: str, version_id: str) -> int:
        """Requests that a version has answered."""
        if not self._readings:
            return 0
        found = self._readings[-1].versions.get((service_id, version_id))
        return found.requests_total if found else 0

    def service(self, service_id: str) -> Figures:
        """The figures of one service, as of the latest reading."""
        if not self._readings:
            return Figures()
        last, first = self._readings[-1], self._readings[0]
        mine = [v for key, v in last.versions.items() if key[0] == service_id]
        if not mine:
            return Figures()
        total = sum(v.requests_total for v in mine)
        busiest = max(mine, key=lambda v: v.requests_total)
        before = sum(v.requests_total for key, v in first.versions.items() if key[0] == service_id)
        seconds = last.at_s - first.at_s
        return Figures(
            requests=total,
            errors=sum(v.errors_4xx + v.errors_5xx for v in mine),
            requests_per_s=max(0.0, (total - before) / seconds) if seconds > 0 else 0.0,
            p50_ms=_first(busiest.recent_p50_ms, busiest.p50_ms),
            p99_ms=_first(busiest.recent_p99_ms, busiest.p99_ms),
        )

    def requests_per_s(self) -> float:
        """Over all services."""
        if not self._readings:
            return 0.0
        services = {service_id for service_id, _ in self._readings[-1].versions}
        return sum(self.service(service_id).requests_per_s for service_id in services)


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
