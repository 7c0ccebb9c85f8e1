"""What the gateway counted, in full, as JSON: services, their versions, their instances."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simulator.store.services import Stored
from simulator.store.tables import InstanceRow, VersionRow
from simulator.traffic import Figures, Traffic

Json = dict[str, Any]
Shares = Callable[[str], Mapping[str, float]]
"""The wanted part of a service's requests by version, 0 to 1."""


def traffic_view(services: Iterable[Stored], traffic: Traffic, wanted: Shares) -> Json:
    """All services, as of the latest readings."""
    return {"services": [service_traffic(stored, traffic, wanted) for stored in services]}


def service_traffic(stored: Stored, traffic: Traffic, wanted: Shares) -> Json:
    """One service. Its latencies are those of its busiest version."""
    service_id = stored.row.service_id
    shares, minute = wanted(service_id), traffic.last_minute(service_id)
    whole = sum(minute.values())
    return {
        "service_id": service_id,
        "name": stored.row.name,
        "status": stored.row.status,
        "requests_last_minute": whole,
        "versions": [
            {
                **_named(version),
                "wanted_share": shares.get(version.version_id, 0.0),
                "measured_share": minute.get(version.version_id, 0) / whole if whole else None,
                "instances": [
                    _instance(one, traffic)
                    for one in stored.instances
                    if one.version_id == version.version_id
                ],
                **_figures(traffic.version(service_id, version.version_id)),
            }
            for version in shown_versions(stored, shares)
        ],
        **_figures(traffic.service(service_id)),
    }


def shown_versions(stored: Stored, shares: Mapping[str, float]) -> list[VersionRow]:
    """The versions that are wanted, and those that still have instances or get requests."""
    running = {one.version_id for one in stored.instances}
    kept = [one for one in stored.kept if one.version_id in running or one.version_id in shares]
    return [*stored.versions, *kept]


def _named(version: VersionRow) -> Json:
    return {
        "version_id": version.version_id,
        "model_name": version.model_name,
        "model_version": version.model_version,
        "weight": version.weight,
    }


def _instance(row: InstanceRow, traffic: Traffic) -> Json:
    figures = traffic.instances.of(row.instance_id)
    return {
        "instance_id": row.instance_id,
        "state": row.state,
        "requests_total": figures.requests,
        "errors_total": figures.errors,
        "requests_per_s": round(figures.requests_per_s, 2),
        "in_flight": figures.active,
    }


def _figures(figures: Figures) -> Json:
    return {
        "requests_total": figures.requests,
        "errors_total": figures.errors,
        "requests_per_s": round(figures.requests_per_s, 2),
        "errors_per_s": round(figures.errors_per_s, 2),
        "in_flight": figures.active,
        "p50_ms": figures.p50_ms,
        "p90_ms": figures.p90_ms,
        "p99_ms": figures.p99_ms,
        "max_ms": figures.max_ms,
        "request_bytes": figures.request_bytes,
        "response_bytes": figures.response_bytes,
        "codes": {str(code): count for code, count in figures.by_code.items()},
    }
