"""Services with all that belongs to them, as they are read and as they are changed.

All functions take the session of a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from simulator.errors import NotFound
from simulator.lifecycle.objects import Event, Service
from simulator.store.records import service_of
from simulator.store.tables import InstanceRow, ServiceRow, VersionRow


@dataclass(frozen=True)
class Stored:
    """A service with all that belongs to it, as of one moment.

    Attributes:
        versions: of the configuration that was accepted last, in its order.
        kept: versions that an update may fall back to, or that instances still run.
        service: the lifecycle's view; the rows hold what front doors show.
    """

    row: ServiceRow
    versions: list[VersionRow]
    instances: list[InstanceRow]
    service: Service
    kept: tuple[VersionRow, ...] = ()

    @property
    def all_versions(self) -> tuple[VersionRow, ...]:
        """Those that are wanted, and those that are kept."""
        return (*self.versions, *self.kept)

    def version(self, version_id: str) -> VersionRow | None:
        """What instances of a version run, while there is need to know."""
        return next((v for v in self.all_versions if v.version_id == version_id), None)


@dataclass(frozen=True)
class Reconfiguration:
    """A changed configuration of a service.

    Attributes:
        versions: rows of all versions that are wanted; those known by their id are changed.
        document: what the front door shows from now on.
        is_logged: whether it is an update of the configuration and not only of its description.
        subscriptions: who is told of which statuses from now on; None for those of before.
        log_channels: where output goes from now on; None for where it went before.
        routing: how requests reach it from now on; None for as before.
        work: what its job is to do from now on; None for as before.
    """

    service: Service
    events: tuple[Event, ...]
    versions: tuple[VersionRow, ...]
    document: dict[str, Any]
    is_logged: bool = True
    subscriptions: list[dict[str, Any]] | None = None
    log_channels: list[dict[str, Any]] | None = None
    routing: dict[str, Any] | None = None
    work: dict[str, Any] | None = None


def stored(session: Session, service_id: str, project_id: str | None = None) -> Stored:
    """Raises `NotFound`, also for a service of another project."""
    row = session.get(ServiceRow, service_id)
    if row is None or (project_id is not None and row.project_id != project_id):
        raise NotFound("service", service_id)
    return whole(session, [row])[0]


def whole(session: Session, rows: Sequence[ServiceRow]) -> list[Stored]:
    """The rows with what belongs to them: two queries, however many rows."""
    ids = [row.service_id for row in rows]
    versions: dict[str, list[VersionRow]] = {service_id: [] for service_id in ids}
    instances: dict[str, list[InstanceRow]] = {service_id: [] for service_id in ids}
    for version in session.exec(select(VersionRow).where(col(VersionRow.service_id).in_(ids))):
        versions[version.service_id].append(version)
    for instance in session.exec(select(InstanceRow).where(col(InstanceRow.service_id).in_(ids))):
        instances[instance.service_id].append(instance)
    return [
        Stored(
            row=row,
            versions=sorted(
                (v for v in versions[row.service_id] if v.wanted), key=lambda v: v.position
            ),
            kept=tuple(v for v in versions[row.service_id] if not v.wanted),
            instances=sorted(instances[row.service_id], key=lambda i: i.ordinal),
            service=service_of(row, versions[row.service_id], instances[row.service_id]),
        )
        for row in rows
    ]


def of_instances(*columns: Any) -> Any:
    """The query for columns of each instance, its version and its service."""
    version_of_instance = and_(
        col(VersionRow.service_id) == InstanceRow.service_id,
        col(VersionRow.version_id) == InstanceRow.version_id,
    )
    return (
        select_columns(*columns)
        .select_from(InstanceRow)
        .join(ServiceRow, col(ServiceRow.service_id) == InstanceRow.service_id)
        .join(VersionRow, version_of_instance)
    )
