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
    Service,
    Version,
)
from simulator.store.tables import InstanceRow, ServiceRow, VersionRow

_INSTANCE_FIELDS = tuple(f.name for f in fields(Instance))
_SERVICE_FIELDS = ("reason", "message", "evidence", "transition_at", "deploy_started_at")


def service_of(
    row: ServiceRow, versions: list[VersionRow], instances: list[InstanceRow]
) -> Service:
    """The lifecycle's view of a stored service."""
    return Service(
        service_id=row.service_id,
        goal=Goal(row.goal),
        status=ServiceStatus(row.status),
        versions=tuple(version_of(v) for v in sorted(versions, key=lambda v: v.position)),
        instances=tuple(instance_of(i) for i in sorted(instances, key=lambda i: i.ordinal)),
        next_ordinal=row.next_ordinal,
        **{name: getattr(row, name) for name in _SERVICE_FIELDS},
    )


def version_of(row: VersionRow) -> Version:
    return Version(
        version_id=row.version_id,
        weight=row.weight,
        instances=row.instances,
        deploy_timeout_ms=row.deploy_timeout_ms,
        grace_s=row.grace_s,
        health=HealthCheck(**row.health),
    )


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
    row.next_ordinal = service.next_ordinal
    for name in _SERVICE_FIELDS:
        setattr(row, name, getattr(service, name))
