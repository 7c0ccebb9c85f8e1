"""What the gateway has counted, as figures for people: totals, rates, latencies."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from simulator.gateway.admin import AdminUnavailable, VersionTraffic
from simulator.gateway.interface import DataPlane

logger = logging.getLogger(__name__)

FRESH_S = 0.5
"""Figures younger than this are not read again."""
RATE_WINDOW_S = 5.0
MINUTE_S = 60.0
SAMPLE_S = 5.0
"""The counters are read this often even when nobody looks: what is counted over a minute is counted
over up to this much more."""

Key = tuple[str, str]
"""Service and version."""


@dataclass(frozen=True)
class Figures:
    """Of one service over its versions, or of one version.

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
    versions: dict[Key, VersionTraffic]


class Traffic:
    """Reads the gateway's counters when asked, at most every `FRESH_S` seconds.

    Two lists of readings: those of the last seconds, for rates; and every few seconds one, back to
    the last that is older than a minute.
    """

    def __init__(self, gateway: DataPlane) -> None:
        self._gateway = gateway
        self._readings: list[Reading] = []
        self._minute: list[Reading] = []
        self._lock = asyncio.Lock()

    async def keep_reading(self) -> None:
        """Read from time to time, for ever; an answer that cannot be read is only logged."""
        while True:
            try:
                await self.refresh()
            except Exception:
                logger.exception("the gateway's counters could not be read")
            await asyncio.sleep(SAMPLE_S)

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
            self._remember(reading)

    def _remember(self, reading: Reading) -> None:
        if self._minute and reading.at_s - self._minute[-1].at_s < SAMPLE_S - FRESH_S:
            return
        old = [one for one in self._minute if reading.at_s - one.at_s >= MINUTE_S]
        self._minute = [*old[-1:], *self._minute[len(old) :], reading]

    def version_requests(self, service_id: str, version_id: str) -> int:
        """Requests that a version has answered."""
        if not self._readings:
            return 0
        found = self._readings[-1].versions.get((service_id, version_id))
        return found.requests_total if found else 0

    def service(self, service_id: str) -> Figures:
        """The figures of one service, as of the latest reading."""
        return self._figures(lambda key: key[0] == service_id)

    def version(self, service_id: str, version_id: str) -> Figures:
        """The figures of one version, as of the latest reading."""
        return self._figures(lambda key: key == (service_id, version_id))

    def requests_in_last_minute(self, service_id: str) -> int:
        """Requests that a service has answered in the minute before the latest reading: since the
        last reading that is a minute old then, or since all counters began where there is none."""
        if not self._readings:
            return 0
        last = self._readings[-1]
        start_s = last.at_s - MINUTE_S
        old = [one for one in self._minute if one.at_s <= start_s] or [Reading(start_s, {})]
        since = [one for one in self._minute if start_s < one.at_s < last.at_s]
        return _answered([old[-1], *since, last], service_id)

    def _figures(self, is_meant: Callable[[Key], bool]) -> Figures:
        if not self._readings:
            return Figures()
        last, first = self._readings[-1], self._readings[0]
        mine = [v for key, v in last.versions.items() if is_meant(key)]
        if not mine:
            return Figures()
        total = sum(v.requests_total for v in mine)
        busiest = max(mine, key=lambda v: v.requests_total)
        before = sum(v.requests_total for key, v in first.versions.items() if is_meant(key))
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


def _answered(readings: Sequence[Reading], service_id: str) -> int:
    """Requests that a service answered between readings. A counter that fell began anew: the
    gateway was restarted, or the version went and came back."""
    total = 0
    for before, after in pairwise(readings):
        for key, version in after.versions.items():
            if key[0] == service_id:
                known = before.versions.get(key)
                counted = known.requests_total if known else 0
                now = version.requests_total
                total += now if now < counted else now - counted
    return total


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
