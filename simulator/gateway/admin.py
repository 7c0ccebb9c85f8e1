"""Client of Envoy's admin interface, a Unix socket that only our user may open."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import orjson

from simulator.gateway.counters import (
    ANSWER_STATS,
    LATENCY_STATS,
    VERSION_STATS,
    Bucket,
    HostTraffic,
    VersionKey,
    VersionTraffic,
    parse_answers,
    parse_hosts,
    parse_latencies,
    parse_traffic,
)
from simulator.local_http import Answer, LocalHttp, LocalHttpError

TIMEOUT_S = 5.0

_SUBSCRIPTION = re.compile(
    r"^(listener_manager\.lds|cluster_manager\.cds|http\..+\.rds\..+)"
    r"\.(version_text|update_rejected)$"
)


class AdminUnavailable(Exception):
    """Envoy's admin interface does not answer: Envoy is starting, stopping or gone."""


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
        return parse_traffic(await self._stats(VERSION_STATS))

    async def latencies(self) -> dict[VersionKey, list[Bucket]]:
        """How long the requests of each version took, in one request. Raises as `traffic`."""
        return parse_latencies(await self._stats(LATENCY_STATS, histogram_buckets="detailed"))

    async def answers(self) -> dict[str, int]:
        """Answers to clients by class, such as `4xx`. Raises as `traffic`."""
        return parse_answers(await self._stats(ANSWER_STATS))

    async def hosts(self) -> list[HostTraffic]:
        """Counters of all instances, in one request. Raises as `traffic`.

        Its answer has about 1 KB for each instance: to be asked for when somebody wants to know.
        """
        answer = _checked(await self._ask(self._http.get("/clusters", {"format": "json"})))
        return parse_hosts(orjson.loads(answer.body)["cluster_statuses"])

    async def reopen_logs(self) -> None:
        """Open the access log by its name again: what is written from now on goes to a file of that
        name, whatever has become of the one of before. Raises as `traffic`."""
        await self._post("/reopen_logs")

    async def _stats(self, pattern: str, **more: str) -> list[dict[str, Any]]:
        params = {"format": "json", "filter": pattern, **more}
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


def _plain(stats: list[dict[str, Any]]) -> Iterable[tuple[str, Any]]:
    return ((one["name"], one["value"]) for one in stats if "name" in one)
