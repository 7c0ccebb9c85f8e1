"""What Envoy counts of services, read out of the JSON of its admin interface: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Stats = Sequence[Mapping[str, Any]]
"""The `stats` array of Envoy's JSON statistics."""

_FIELDS = {
    "upstream_rq_completed": "requests_total",
    "upstream_rq_5xx": "errors_5xx",
    "upstream_rq_4xx": "errors_4xx",
    "upstream_rq_active": "active",
    "upstream_cx_tx_bytes_total": "request_bytes",
    "upstream_cx_rx_bytes_total": "response_bytes",
}
_LATENCY = "upstream_rq_time"
_CODE = "upstream_rq_([1-5][0-9]{2})"
_IDS = r"^cluster\.([\w-]+)\.([\w~-]+)\."
_OF_VERSION = re.compile(rf"{_IDS}({'|'.join(_FIELDS)}|{_LATENCY}|{_CODE})$", re.ASCII)
_QUANTILES = {50: "p50_ms", 90: "p90_ms", 99: "p99_ms", 100: "max_ms"}
_ANSWERS = re.compile(r"^http\.gateway\.downstream_rq_([1-5]xx)$")

VERSION_STATS = _OF_VERSION.pattern.replace("(", "(?:")
"""Filter for Envoy: what `parse_traffic` reads."""
LATENCY_STATS = rf"{_IDS}{_LATENCY}$".replace("(", "(?:")
"""Filter for Envoy: what `parse_latencies` reads."""
ANSWER_STATS = _ANSWERS.pattern.replace("(", "(?:")
"""Filter for Envoy: what `parse_answers` reads."""

VersionKey = tuple[str, str]
"""Service and version id."""


@dataclass(frozen=True)
class VersionTraffic:
    """What one version has served since Envoy started, or since the version was added.

    Attributes:
        requests_total: requests answered, also those that Envoy had to answer since no instance
            could; a repeated try does not count twice.
        errors_5xx, errors_4xx: those of them with such a status.
        active: requests that instances are working on now.
        p50_ms, p90_ms, p99_ms, max_ms: time from the request's end to the answer's, over all
            requests; None when there were none.
        recent_p50_ms, ...: the same over the last second; None without requests.
        request_bytes, response_bytes: sent to and received from instances, heads included.
        by_code: requests answered by HTTP status.
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
    p90_ms: float | None = None
    max_ms: float | None = None
    recent_p90_ms: float | None = None
    recent_max_ms: float | None = None
    request_bytes: int = 0
    response_bytes: int = 0
    by_code: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class HostTraffic:
    """What one instance has served since Envoy made the cluster that it is in, which it does anew
    whenever an endpoint of the version comes or goes.

    Attributes:
        address: a Unix socket's path, or `host:port`.
        requests_total: requests sent to it, also those that it has not answered yet.
        errors_total: those answered with 5xx, or not at all.
        active: requests that it is working on now.
    """

    service_id: str
    version_id: str
    address: str
    requests_total: int = 0
    errors_total: int = 0
    active: int = 0


@dataclass(frozen=True)
class Bucket:
    """Requests that took from `from_ms` to less than `to_ms`.

    Envoy measures whole milliseconds and keeps two significant digits.
    """

    from_ms: float
    to_ms: float
    count: int


def parse_traffic(stats: Stats) -> list[VersionTraffic]:
    """The versions in the statistics, sorted by their ids."""
    fields: dict[VersionKey, dict[str, Any]] = {}
    for name, value in _plain(stats):
        match = _OF_VERSION.match(name)
        if match is None:
            continue
        of_version = fields.setdefault(_ids(match), {})
        if match[4]:
            of_version.setdefault("by_code", {})[int(match[4])] = int(value)
        elif match[3] in _FIELDS:
            of_version[_FIELDS[match[3]]] = int(value)
    for name, quantiles in _quantiles(stats):
        match = _OF_VERSION.match(name)
        if match:
            fields.setdefault(_ids(match), {}).update(quantiles)
    return [
        VersionTraffic(service_id, version_id, **values)
        for (service_id, version_id), values in sorted(fields.items())
    ]


def parse_latencies(stats: Stats) -> dict[VersionKey, list[Bucket]]:
    """The latencies of each version, from the shortest, of statistics with detailed buckets."""
    found: dict[VersionKey, list[Bucket]] = {}
    for block in (one["histograms"] for one in stats if "histograms" in one):
        for histogram in block.get("details", ()):
            match = _OF_VERSION.match(histogram["name"])
            if match:
                found[_ids(match)] = [_bucket(one) for one in histogram["totals"]]
    return found


def parse_answers(stats: Stats) -> dict[str, int]:
    """Answers to clients by class, such as `4xx`: of all services and of the control API."""
    matches = ((_ANSWERS.match(name), value) for name, value in _plain(stats))
    return {match[1]: int(value) for match, value in matches if match}


def parse_hosts(statuses: Iterable[Mapping[str, Any]]) -> list[HostTraffic]:
    """The instances in the `cluster_statuses` of Envoy's clusters; its own cluster is left out.

    A counter that is 0 has no value there.
    """
    found = []
    for cluster in statuses:
        service_id, dot, version_id = cluster["name"].partition(".")
        if not dot:
            continue
        for host in cluster.get("host_statuses", ()):
            values = {one["name"]: int(one.get("value", 0)) for one in host["stats"]}
            found.append(
                HostTraffic(
                    service_id,
                    version_id,
                    _address(host["address"]),
                    requests_total=values.get("rq_total", 0),
                    errors_total=values.get("rq_error", 0),
                    active=values.get("rq_active", 0),
                )
            )
    return found


def _address(address: Mapping[str, Any]) -> str:
    if "pipe" in address:
        return str(address["pipe"]["path"])
    socket = address["socket_address"]
    return f"{socket['address']}:{socket['port_value']}"


def _bucket(one: Mapping[str, Any]) -> Bucket:
    begin = float(one["lower_bound"])
    return Bucket(begin, begin + float(one["width"]), int(one["count"]))


def _ids(match: re.Match[str]) -> VersionKey:
    """Service and version id; see `clusters.stat_name`."""
    return match[1], match[2].replace("~", ".")


def _plain(stats: Stats) -> Iterable[tuple[str, Any]]:
    return ((one["name"], one["value"]) for one in stats if "name" in one)


def _quantiles(stats: Stats) -> Iterable[tuple[str, dict[str, float | None]]]:
    for block in (one["histograms"] for one in stats if "histograms" in one):
        supported = block.get("supported_quantiles", [])
        for histogram in block.get("computed_quantiles", []):
            by_quantile = dict(zip(supported, histogram["values"], strict=True))
            found = {}
            for quantile, name in _QUANTILES.items():
                found[name] = by_quantile[quantile]["cumulative"]
                found[f"recent_{name}"] = by_quantile[quantile]["interval"]
            yield histogram["name"], found
