"""What there is and what was counted, in Prometheus' text format: a pure function.

Times are in seconds and sizes in bytes, as Prometheus has it. Counters of services and versions are
the gateway's, and begin anew with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry

from simulator.admin.traffic_views import Shares, shown_versions
from simulator.facts.statuses import ServiceStatus
from simulator.gateway.counters import Bucket, VersionKey
from simulator.lifecycle.objects import InstanceState
from simulator.store.quotas import QuotaUse
from simulator.store.services import Stored
from simulator.store.tables import VersionRow
from simulator.traffic import Traffic

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000)
"""Upper bounds of the latency histogram's buckets: borders of Envoy's, which have two digits."""

_VERSION = ("service", "service_name", "version")
_INSTANCE = (*_VERSION, "instance_id")


@dataclass(frozen=True)
class Server:
    """How the server itself is.

    Attributes:
        started_at_ms: real epoch ms.
        answers: of the listening address, by class such as `4xx`.
    """

    version: str
    backend: str
    started_at_ms: int
    is_store_writable: bool
    is_backend_available: bool
    is_gateway_running: bool
    gateway_restarts: int
    answers: Mapping[str, int]


@dataclass(frozen=True)
class Snapshot:
    """All that the metrics are a function of."""

    server: Server
    services: Sequence[Stored]
    quotas: Sequence[QuotaUse]
    traffic: Traffic
    latencies: Mapping[VersionKey, Sequence[Bucket]]
    wanted: Shares


def exposition(snapshot: Snapshot) -> bytes:
    """The metrics as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(snapshot))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        yield from _of_server(self._snapshot.server)
        yield from _of_quotas(self._snapshot.quotas)
        yield from _of_services(self._snapshot.services)
        yield from _of_versions(self._snapshot)
        yield from _of_instances(self._snapshot)


def _of_server(server: Server) -> Iterator[Metric]:
    info = {"version": server.version, "backend": server.backend}
    yield InfoMetricFamily("drydock", "The server.", info)
    yield _gauge("drydock_start_time_seconds", "When it was started.", server.started_at_ms / 1000)
    yield _gauge(
        "drydock_store_writable", "Whether the state can be written.", server.is_store_writable
    )
    yield _gauge(
        "drydock_backend_available",
        "Whether the place where instances run answers.",
        server.is_backend_available,
    )
    yield _gauge("drydock_gateway_up", "Whether Envoy runs.", server.is_gateway_running)
    yield CounterMetricFamily(
        "drydock_gateway_restarts", "How often Envoy was brought back.", server.gateway_restarts
    )
    answers = CounterMetricFamily(
        "drydock_gateway_answers",
        "Answers of the listening address, of the control API and refusals too.",
        labels=["class"],
    )
    for name, count in sorted(server.answers.items()):
        answers.add_metric([name], count)
    yield answers


def _of_quotas(quotas: Iterable[QuotaUse]) -> Iterator[Metric]:
    limit = GaugeMetricFamily("drydock_quota_limit", "What may be had.", labels=["quota"])
    used = GaugeMetricFamily("drydock_quota_used", "What there is of it.", labels=["quota"])
    for one in quotas:
        limit.add_metric([one.name], one.size)
        used.add_metric([one.name], one.used)
    yield from (limit, used)


def _of_services(services: Iterable[Stored]) -> Iterator[Metric]:
    statuses = Counter(one.row.status for one in services)
    family = GaugeMetricFamily("drydock_services", "Services by status.", labels=["status"])
    for status in ServiceStatus:
        family.add_metric([status.value], statuses[status.value])
    yield family


def _of_versions(snapshot: Snapshot) -> Iterator[Metric]:
    families = _version_families()
    traffic = snapshot.traffic
    for stored in snapshot.services:
        service_id = stored.row.service_id
        shares, minute = snapshot.wanted(service_id), traffic.last_minute(service_id)
        whole = sum(minute.values())
        for version in shown_versions(stored, shares):
            labels = _labels(stored, version)
            figures = traffic.version(service_id, version.version_id)
            for code, count in figures.by_code.items():
                families.requests.add_metric([*labels, str(code)], count)
            families.in_flight.add_metric(labels, figures.active)
            families.request_bytes.add_metric(labels, figures.request_bytes)
            families.response_bytes.add_metric(labels, figures.response_bytes)
            families.wanted.add_metric(labels, shares.get(version.version_id, 0.0))
            if whole:
                families.measured.add_metric(labels, minute.get(version.version_id, 0) / whole)
            buckets = snapshot.latencies.get((service_id, version.version_id), ())
            families.duration.add_metric(labels, *_histogram(buckets))
    yield from vars(families).values()


@dataclass(frozen=True)
class _VersionFamilies:
    requests: CounterMetricFamily
    in_flight: GaugeMetricFamily
    request_bytes: CounterMetricFamily
    response_bytes: CounterMetricFamily
    wanted: GaugeMetricFamily
    measured: GaugeMetricFamily
    duration: HistogramMetricFamily


def _version_families() -> _VersionFamilies:
    return _VersionFamilies(
        requests=CounterMetricFamily(
            "drydock_requests",
            "Requests answered, by HTTP status; also those that no instance could answer.",
            labels=[*_VERSION, "code"],
        ),
        in_flight=GaugeMetricFamily(
            "drydock_requests_in_flight",
            "Requests that instances are working on.",
            labels=_VERSION,
        ),
        request_bytes=CounterMetricFamily(
            "drydock_request_bytes", "Sent to instances, heads included.", labels=_VERSION
        ),
        response_bytes=CounterMetricFamily(
            "drydock_response_bytes", "Received from instances, heads included.", labels=_VERSION
        ),
        wanted=GaugeMetricFamily(
            "drydock_traffic_share_wanted", "The part of the requests to get.", labels=_VERSION
        ),
        measured=GaugeMetricFamily(
            "drydock_traffic_share_measured", "The part got in the last minute.", labels=_VERSION
        ),
        duration=HistogramMetricFamily(
            "drydock_request_duration_seconds",
            "From a request's end to its answer's end, in whole milliseconds.",
            labels=_VERSION,
        ),
    )


def _of_instances(snapshot: Snapshot) -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "drydock_instances", "Instances by state.", labels=[*_VERSION, "state"]
    )
    requests = CounterMetricFamily(
        "drydock_instance_requests", "Requests sent to an instance.", labels=_INSTANCE
    )
    errors = CounterMetricFamily(
        "drydock_instance_errors", "Those answered with 5xx or not at all.", labels=_INSTANCE
    )
    in_flight = GaugeMetricFamily(
        "drydock_instance_requests_in_flight", "Requests it is working on.", labels=_INSTANCE
    )
    for stored in snapshot.services:
        for version in shown_versions(stored, snapshot.wanted(stored.row.service_id)):
            labels = _labels(stored, version)
            mine = [one for one in stored.instances if one.version_id == version.version_id]
            counted = Counter(one.state for one in mine)
            for state in InstanceState:
                states.add_metric([*labels, state.value], counted[state.value])
            for one in mine:
                figures = snapshot.traffic.instances.of(one.instance_id)
                requests.add_metric([*labels, one.instance_id], figures.requests)
                errors.add_metric([*labels, one.instance_id], figures.errors)
                in_flight.add_metric([*labels, one.instance_id], figures.active)
    yield from (states, requests, errors, in_flight)


def _labels(stored: Stored, version: VersionRow) -> list[str]:
    return [stored.row.service_id, stored.row.name, version.version_id]


def _histogram(buckets: Sequence[Bucket]) -> tuple[list[tuple[str, float]], float]:
    """Cumulative counts by upper bound in seconds, and the sum. Each request counts as the middle
    of its bucket, which is at most a tenth of its latency wide."""
    counts = [
        (f"{bound / 1000:g}", float(sum(one.count for one in buckets if one.from_ms < bound)))
        for bound in BOUNDS_MS
    ]
    whole = float(sum(one.count for one in buckets))
    total_ms = sum(one.count * (one.from_ms + one.to_ms) / 2 for one in buckets)
    return [*counts, ("+Inf", whole)], total_ms / 1000


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, float(value))
