"""What the gateway has counted, as figures for people: totals, rates, latencies."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from simulator.gateway.admin import AdminUnavailable
from simulator.gateway.counters import VersionTraffic
from simulator.gateway.interface import DataPlane
from simulator.instance_traffic import InstanceTraffic

logger = logging.getLogger(__name__)

FRESH_S = 0.5
"""Figures younger than this are not read again."""
RATE_WINDOW_S = 5.0
MINUTE_S = 60.0
SAMPLE_S = 5.0
"""The counters are read this often even when nobody looks: what is counted over a minute is counted
over up to this much more."""

Counters = Mapping[str, Mapping[str, VersionTraffic]]
"""By service and version."""


@dataclass(frozen=True)
class Figures:
    """Of one service over its versions, or of one version.

    Attributes:
        errors: answers with a status of 4xx or 5xx.
        requests_per_s, errors_per_s: over the last seconds; 0 until two readings exist.
        p50_ms, p90_ms, p99_ms, max_ms: of the last second where there were requests, else since the
            start; None without any request. Of the busiest version when there are several.
        active: requests that instances are working on.
        request_bytes, response_bytes: sent to and received from instances, heads included.
        by_code: requests by the HTTP status of their answer.
    """

    requests: int = 0
    errors: int = 0
    requests_per_s: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    p90_ms: float | None = None
    max_ms: float | None = None
    errors_per_s: float = 0.0
    active: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    by_code: Mapping[int, int] = field(default_factory=dict)


_NONE = Figures()


@dataclass(frozen=True)
class Reading:
    """All counters at one instant (seconds of the monotonic clock)."""

    at_s: float
    services: Counters

    def of(self, service_id: str, version_id: str | None = None) -> list[VersionTraffic]:
        """The counters of a service's versions, or of one of them; empty where there are none."""
        versions = self.services.get(service_id, {})
        return [one for name, one in versions.items() if version_id in (None, name)]


class Traffic:
    """Reads the gateway's counters when asked, at most every `FRESH_S` seconds.

    Attributes:
        instances: the same for instances.

    Two lists of readings: those of the last seconds, for rates; and every few seconds one, back to
    the last that is older than a minute.
    """

    def __init__(self, gateway: DataPlane, instances: InstanceTraffic) -> None:
        self._gateway = gateway
        self.instances = instances
        self._readings: list[Reading] = []
        self._minute: list[Reading] = []
        self._lock = asyncio.Lock()

    async def keep_reading(self) -> None:
        """Read from time to time, for ever; an answer that cannot be read is only logged.

        The instances' counters are read only when there have been requests: a server at rest has
        nothing to do for them.
        """
        served = 0
        while True:
            try:
                await self.refresh()
                if (answered := self._all_requests()) != served:
                    await self.instances.refresh()
                    served = answered
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
            reading = Reading(now, _by_service(versions))
            recent = [r for r in self._readings if now - r.at_s <= RATE_WINDOW_S]
            older = self._readings[-1:] if not recent else []
            self._readings = [*older, *recent, reading]
            self._remember(reading)

    def _all_requests(self) -> int:
        if not self._readings:
            return 0
        services = self._readings[-1].services.values()
        return sum(_requests(versions.values()) for versions in services)

    def _remember(self, reading: Reading) -> None:
        if self._minute and reading.at_s - self._minute[-1].at_s < SAMPLE_S - FRESH_S:
            return
        old = [one for one in self._minute if reading.at_s - one.at_s >= MINUTE_S]
        self._minute = [*old[-1:], *self._minute[len(old) :], reading]

    def version_requests(self, service_id: str, version_id: str) -> int:
        """Requests that a version has answered."""
        if not self._readings:
            return 0
        return _requests(self._readings[-1].of(service_id, version_id))

    def service(self, service_id: str) -> Figures:
        """The figures of one service, as of the latest reading."""
        return self._figures(service_id)

    def version(self, service_id: str, version_id: str) -> Figures:
        """The figures of one version, as of the latest reading."""
        return self._figures(service_id, version_id)

    def requests_in_last_minute(self, service_id: str) -> int:
        """Requests that a service has answered in the minute before the latest reading: since the
        last reading that is a minute old then, or since all counters began where there is none."""
        return sum(self.last_minute(service_id).values())

    def last_minute(self, service_id: str) -> dict[str, int]:
        """The same by version: how the traffic was really split."""
        if not self._readings:
            return {}
        last = self._readings[-1]
        start_s = last.at_s - MINUTE_S
        old = [one for one in self._minute if one.at_s <= start_s] or [Reading(start_s, {})]
        since = [one for one in self._minute if start_s < one.at_s < last.at_s]
        return _answered([old[-1], *since, last], service_id)

    def _figures(self, service_id: str, version_id: str | None = None) -> Figures:
        if not self._readings:
            return _NONE
        last, first = self._readings[-1], self._readings[0]
        mine = last.of(service_id, version_id)
        if not mine:
            return _NONE
        before = first.of(service_id, version_id)
        seconds = last.at_s - first.at_s
        total, errors = _requests(mine), _errors(mine)
        busiest = max(mine, key=lambda v: v.requests_total)
        by_code: Counter[int] = Counter()
        for version in mine:
            by_code.update(version.by_code)
        return Figures(
            requests=total,
            errors=errors,
            requests_per_s=_rate(total - _requests(before), seconds),
            p50_ms=_first(busiest.recent_p50_ms, busiest.p50_ms),
            p90_ms=_first(busiest.recent_p90_ms, busiest.p90_ms),
            p99_ms=_first(busiest.recent_p99_ms, busiest.p99_ms),
            max_ms=_first(busiest.recent_max_ms, busiest.max_ms),
            errors_per_s=_rate(errors - _errors(before), seconds),
            active=sum(v.active for v in mine),
            request_bytes=sum(v.request_bytes for v in mine),
            response_bytes=sum(v.response_bytes for v in mine),
            by_code=dict(sorted(by_code.items())),
        )

    def requests_per_s(self) -> float:
        """Over all services."""
        if not self._readings:
            return 0.0
        services = self._readings[-1].services
        return sum(self.service(service_id).requests_per_s for service_id in services)


def _by_service(versions: Iterable[VersionTraffic]) -> Counters:
    found: dict[str, dict[str, VersionTraffic]] = {}
    for one in versions:
        found.setdefault(one.service_id, {})[one.version_id] = one
    return found


def _answered(readings: Sequence[Reading], service_id: str) -> dict[str, int]:
    """Requests that each version of a service answered between readings. A counter that fell began
    anew: the gateway was restarted, or the version went and came back."""
    totals: Counter[str] = Counter()
    for before, after in pairwise(readings):
        for version in after.of(service_id):
            counted = _requests(before.of(service_id, version.version_id))
            now = version.requests_total
            totals[version.version_id] += now if now < counted else now - counted
    return dict(totals)


def _requests(versions: Iterable[VersionTraffic]) -> int:
    return sum(one.requests_total for one in versions)


def _errors(versions: Iterable[VersionTraffic]) -> int:
    return sum(one.errors_4xx + one.errors_5xx for one in versions)


def _rate(more: int, seconds: float) -> float:
    return max(0.0, more / seconds) if seconds > 0 else 0.0


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
