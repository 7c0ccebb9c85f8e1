"""Between rows and the frozen objects of the lifecycle: pure conversions."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle.objects import (
    Goal,
    HealthCheck,
    Instance,
    InstanceState,
    Job,
    JobEnd,
    Service,
    Size,
    Version,
)
from simulator.store.tables import InstanceRow, ServiceRow, VersionRow

_INSTANCE_FIELDS = tuple(f.name for f in fields(Instance))
_SERVICE_FIELDS = (
    "reason",
    "message",
    "evidence",
    "transition_at",
    "deploy_started_at",
    "next_ordinal",
    "next_version",
    "stop_after_ms",
    "due_at",
    "released",
)
_OF_ITS_OWN = ("version_id", "health", "size", "pools", "http2")
"""Fields of a version that are not columns of the same name and type."""
_VERSION_FIELDS = tuple(f.name for f in fields(Version) if f.name not in _OF_ITS_OWN)


def service_of(
    row: ServiceRow, versions: list[VersionRow], instances: list[InstanceRow]
) -> Service:
    """The lifecycle's view of a stored service."""
    return Service(
        service_id=row.service_id,
        goal=Goal(row.goal),
        status=ServiceStatus(row.status),
        versions=tuple(
            version_of(v) for v in sorted(versions, key=lambda v: v.position) if v.wanted
        ),
        instances=tuple(instance_of(i) for i in sorted(instances, key=lambda i: i.ordinal)),
        fallback=tuple(_version_from(values) for values in row.fallback),
        job=_job_from(row.job),
        **{name: getattr(row, name) for name in _SERVICE_FIELDS},
    )


def version_of(row: VersionRow) -> Version:
    values: dict[str, Any] = {name: getattr(row, name) for name in _VERSION_FIELDS}
    return Version(
        row.version_id,
        health=HealthCheck(**row.health),
        size=Size(row.cpus, row.memory_mib, row.gpus, row.npus),
        pools=tuple(row.pools),
        http2=bool(row.artifact.get("http2")),
        **values,
    )


def _version_from(values: dict[str, Any]) -> Version:
    parts = {
        "health": HealthCheck(**values["health"]),
        "size": Size(**values["size"]),
        "pools": tuple(values["pools"]),
    }
    return Version(**values | parts)


def _job_from(values: dict[str, Any] | None) -> Job | None:
    if values is None:
        return None
    return Job(**values | {"end": JobEnd(values["end"]) if values["end"] else None})


def write_version(row: VersionRow, version: Version, position: int | None) -> None:
    """Put what the lifecycle decided about a version into its row.

    Args:
        position: in the configuration; None for a version that is not wanted any more.
    """
    for name in _VERSION_FIELDS:
        setattr(row, name, getattr(version, name))
    row.wanted = position is not None
    row.position = row.position if position is None else position


def instance_of(row: InstanceRow) -> Instance:
    values: dict[str, Any] = {name: getattr(row, name) for name in _INSTANCE_FIELDS}
    return Instance(**values | {"state": InstanceState(row.state)})


def instance_values(instance: Instance) -> dict[str, Any]:
    """Column values of an instance, without its owner."""
    return asdict(instance) | {"state": instance.state.value}


def write_service(row: ServiceRow, service: Service) -> None:
    """Put what the lifecycle decided into the row."""
    row.goal = service.goal.value
    row.status = service.status.value
    row.fallback = [asdict(version) for version in service.fallback]
    row.job = asdict(service.job) if service.job else None
    for name in _SERVICE_FIELDS:
        setattr(row, name, getattr(service, name))
