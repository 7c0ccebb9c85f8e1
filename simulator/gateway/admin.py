"""Client of Envoy's admin interface, a Unix socket that only our user may open."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import orjson

from simulator.local_http import Answer, LocalHttp, LocalHttpError

TIMEOUT_S = 5.0

_FIELDS = {
    "upstream_rq_completed": "requests_total",
    "upstream_rq_5xx": "errors_5xx",
    "upstream_rq_4xx": "errors_4xx",
    "upstream_rq_active": "active",
}
_LATENCY = "upstream_rq_time"
_OF_VERSION = re.compile(
    rf"^cluster\.([\w-]+)\.([\w~-]+)\.({'|'.join(_FIELDS)}|{_LATENCY})$", re.ASCII
)
_SUBSCRIPTION = re.compile(
    r"^(listener_manager\.lds|cluster_manager\.cds|http\..+\.rds\..+)"
    r"\.(version_text|update_rejected)$"
)


class AdminUnavailable(Exception):
    """Envoy's admin interface does not answer: Envoy is starting, stopping or gone."""


@dataclass(frozen=True)
class VersionTraffic:
    """What one version has served since Envoy started, or since the version was added.

    Attributes:
        requests_total: requests answered, also those that Envoy had to answer since no instance
            could; a repeated try does not count twice.
        errors_5xx, errors_4xx: those of them with such a status.
        active: requests that instances are working on now.
        p50_ms, p99_ms: time from the request's end to the answer's, over all requests; None when
            there were none.
        recent_p50_ms, recent_p99_ms: the same over the last second; None without requests.
    """

    service_id: str
    version_id: str
    requests_total: int = 0
    errors_5xx: int = 0
    errors_4xx: int = 0
    active: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    recent_p50_ms: float | None = None
    recent_p99_ms: float | None = None


@dataclass(frozen=True)
class Subscription:
    """A configuration file as Envoy has it.

    Attributes:
        version: `version_info` of the last accepted content; empty before the first.
        rejected: how often content was refused.
    """

    version: str = ""
    rejected: int = 0


class AdminClient:
    """Asynchronous calls to the admin socket at `path`; to be closed with `aclose`."""

    def __init__(self, path: str) -> None:
        self._http = LocalHttp(uds=path, authority="envoy", timeout_s=TIMEOUT_S)

    async def __aenter__(self) -> AdminClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def is_ready(self) -> bool:
        """Whether Envoy serves; False while it starts, drains, or does not answer."""
        try:
            return (await self._http.get("/ready")).status == 200
        except LocalHttpError:
            return False

    async def drain(self) -> None:
        """Accept no more connections; those that are open go on."""
        await self._post("/drain_listeners")

    async def active_requests(self) -> int:
        """Client requests being served now, over all services and the control API."""
        stats = await self._stats(r"^http\.gateway\.downstream_rq_active$")
        return sum(int(value) for _, value in _plain(stats))

    async def subscriptions(self) -> dict[str, Subscription]:
        """Each configuration subscription by its name in the statistics."""
        found: dict[str, Subscription] = {}
        for name, value in _plain(
            await self._stats(r"\.[lcr]ds\..*(version_text|update_rejected)$")
        ):
            match = _SUBSCRIPTION.match(name)
            if match is None:
                continue
            one = found.get(match[1], Subscription())
            if match[2] == "version_text":
                found[match[1]] = Subscription(str(value), one.rejected)
            else:
                found[match[1]] = Subscription(one.version, int(value))
        return found

    async def traffic(self) -> list[VersionTraffic]:
        """Counters and latencies of all versions, in one request; sorted by their ids.

        Raises:
            AdminUnavailable: Envoy does not answer.
        """
        names = "|".join([*_FIELDS, _LATENCY])
        return parse_traffic(await self._stats(rf"^cluster\.[\w-]+\.[\w~-]+\.({names})$"))

    async def _stats(self, pattern: str) -> list[dict[str, Any]]:
        params = {"format": "json", "filter": pattern}
        answer = _checked(await self._ask(self._http.get("/stats", params)))
        stats: list[dict[str, Any]] = orjson.loads(answer.body)["stats"]
        return stats

    async def _post(self, path: str) -> None:
        _checked(await self._ask(self._http.post(path)))

    async def _ask(self, asking: Awaitable[Answer]) -> Answer:
        try:
            return await asking
        except LocalHttpError as error:
            raise AdminUnavailable(f"Envoy's admin socket: {error!r}") from error


def _checked(answer: Answer) -> Answer:
    if answer.status != 200:
        raise AdminUnavailable(f"Envoy's admin socket answered {answer.status}")
    return answer


def parse_traffic(stats: list[dict[str, Any]]) -> list[VersionTraffic]:
    """The versions in the `stats` array of Envoy's JSON statistics."""
    fields: dict[tuple[str, str], dict[str, Any]] = {}
    for name, value in _plain(stats):
        match = _OF_VERSION.match(name)
        if match and match[3] in _FIELDS:
            fields.setdefault(_ids(match), {})[_FIELDS[match[3]]] = int(value)
    for name, quantiles in _histograms(stats):
        match = _OF_VERSION.match(name)
        if match:
            fields.setdefault(_ids(match), {}).update(quantiles)
    return [
        VersionTraffic(service_id, version_id, **values)
        for (service_id, version_id), values in sorted(fields.items())
    ]


def _ids(match: re.Match[str]) -> tuple[str, str]:
    """Service and version id; see `clusters.stat_name`."""
    return match[1], match[2].replace("~", ".")


def _plain(stats: list[dict[str, Any]]) -> Iterable[tuple[str, Any]]:
    return ((one["name"], one["value"]) for one in stats if "name" in one)


def _histograms(stats: list[dict[str, Any]]) -> Iterable[tuple[str, dict[str, float | None]]]:
    for block in (one["histograms"] for one in stats if "histograms" in one):
        quantiles = block.get("supported_quantiles", [])
        for histogram in block.get("computed_quantiles", []):
            by_quantile = dict(zip(quantiles, histogram["values"], strict=True))
            p50, p99 = by_quantile[50], by_quantile[99]
            yield (
                histogram["name"],
                {
                    "p50_ms": p50["cumulative"],
                    "p99_ms": p99["cumulative"],
                    "recent_p50_ms": p50["interval"],
                    "recent_p99_ms": p99["interval"],
                },
            )
