"""Every read and write of the store, by name. Thread-safe and blocking: call from a thread."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select

from simulator.errors import InUse, NameTaken, NotFound, QuotaExceeded
from simulator.facts.statuses import ModelStatus, ServiceKind
from simulator.lifecycle.objects import Event, EventKind, Service
from simulator.store.database import Database
from simulator.store.records import service_of
from simulator.store.tables import (
    EventRow,
    InstanceRow,
    Meta,
    ModelRow,
    ServiceRow,
    UpdateRow,
    VersionRow,
)
from simulator.store.writing import event_row, note_update, write


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

    def version(self, version_id: str) -> VersionRow | None:
        """What instances of a version run, while there is need to know."""
        known = (*self.versions, *self.kept)
        return next((v for v in known if v.version_id == version_id), None)


@dataclass(frozen=True)
class Reconfiguration:
    """A changed configuration of a service.

    Attributes:
        versions: rows of all versions that are wanted; those known by their id are changed.
        document: what the front door shows from now on.
        is_logged: whether it is an update of the configuration and not only of its description.
    """

    service: Service
    events: tuple[Event, ...]
    versions: tuple[VersionRow, ...]
    document: dict[str, Any]
    is_logged: bool = True


@dataclass(frozen=True)
class ServiceFilter:
    """Which services a list call wants; None is any."""

    project_id: str | None = None
    name: str | None = None
    model_id: str | None = None
    kind: str | None = None
    status: str | None = None
    service_id: str | None = None


class Store:
    """The state of one data directory."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path)

    def close(self) -> None:
        self._database.close()

    # -- the data directory -----------------------------------------------------------------

    def installation_id(self) -> str:
        """Id of this data directory: made once, on everything that instances are labelled with."""
        with self._database.write() as session:
            meta = session.get(Meta, "installation")
            if meta is None:
                meta = Meta(key="installation", value=uuid.uuid4().hex[:12])
                session.add(meta)
            return meta.value

    def remembered(self, key: str) -> str | None:
        """What `remember` kept under this key."""
        with self._database.read() as session:
            meta = session.get(Meta, key)
            return meta.value if meta else None

    def remember(self, key: str, value: str) -> None:
        """Keep a fact about the data directory."""
        with self._database.write() as session:
            session.merge(Meta(key=key, value=value))

    def last_instant(self) -> int:
        """The latest platform time on record, epoch ms; 0 for an empty store."""
        with self._database.read() as session:
            newest = session.exec(select(func.max(EventRow.at))).one()
            return newest or 0

    # -- models -----------------------------------------------------------------------------

    def add_model(self, model: ModelRow) -> None:
        """Raises `NameTaken` when the project has this name in this version."""
        try:
            with self._database.write() as session:
                session.add(model)
        except IntegrityError as error:
            raise NameTaken("model", f"{model.name} {model.version}") from error

    def model(self, project_id: str, model_id: str) -> ModelRow:
        """Raises `NotFound`."""
        with self._database.read() as session:
            return _model(session, project_id, model_id)

    def models(self, project_id: str | None = None, status: str | None = None) -> list[ModelRow]:
        """Newest first; of all projects when none is named."""
        query = select(ModelRow).order_by(col(ModelRow.created_at).desc(), ModelRow.model_id)
        if project_id is not None:
            query = query.where(ModelRow.project_id == project_id)
        if status is not None:
            query = query.where(ModelRow.status == status)
        with self._database.read() as session:
            return list(session.exec(query))

    def finish_model(
        self, model_id: str, status: ModelStatus, message: str, changes: dict[str, Any]
    ) -> None:
        """Note how publishing ended; a model deleted meanwhile stays deleted."""
        with self._database.write() as session:
            row = session.get(ModelRow, model_id)
            if row is None:
                return
            row.status = status.value
            row.message = message
            for name, value in changes.items():
                setattr(row, name, value)

    def delete_model(self, project_id: str, model_id: str) -> None:
        """Raises `NotFound`; `InUse` while a service has a version of it."""
        with self._database.write() as session:
            row = _model(session, project_id, model_id)
            users = session.exec(
                select(ServiceRow.name)
                .join(VersionRow)
                .where(VersionRow.model_id == model_id)
                .distinct()
            ).all()
            if users:
                raise InUse("model", model_id, sorted(users))
            session.delete(row)

    # -- services ---------------------------------------------------------------------------

    def add_service(
        self,
        row: ServiceRow,
        versions: Iterable[VersionRow],
        event: Event,
        *,
        limit: int,
    ) -> None:
        """Store a new service, its quota checked in the same transaction.

        Args:
            limit: how many real-time services the project may have, whatever their status.

        Raises:
            NameTaken, QuotaExceeded. Nothing was stored then.
        """
        try:
            with self._database.write() as session:
                used = session.exec(
                    select(func.count())
                    .select_from(ServiceRow)
                    .where(ServiceRow.project_id == row.project_id, ServiceRow.kind == row.kind)
                ).one()
                if used + 1 > limit:
                    raise QuotaExceeded(f"{row.kind} services", limit, used, 1)
                session.add(row)
                session.flush()
                session.add_all(versions)
                session.add(event_row(row.service_id, row.created_at, event))
        except IntegrityError as error:
            raise NameTaken("service", row.name) from error

    def service(self, service_id: str, project_id: str | None = None) -> Stored:
        """Raises `NotFound`, also for a service of another project."""
        with self._database.read() as session:
            return _stored(session, _service(session, service_id, project_id))

    def services(
        self,
        wanted: ServiceFilter | None = None,
        *,
        sort_by: str = "created_at",
        descending: bool = True,
        offset: int = 0,
        limit: int | None = None,
    ) -> tuple[int, list[Stored]]:
        """How many match, and one page of them with all that belongs to them.

        Args:
            sort_by: `created_at`, `published_at`, `transition_at` or `name`.
        """
        with self._database.read() as session:
            query = _filtered(wanted or ServiceFilter())
            total = session.exec(select(func.count()).select_from(query.subquery())).one()
            column = col(getattr(ServiceRow, _SORT_COLUMNS[sort_by]))
            ordered = query.order_by(
                column.desc() if descending else column, col(ServiceRow.service_id)
            )
            rows = list(session.exec(ordered.offset(offset).limit(limit)))
            return total, _stored_all(session, rows)

    def service_ids(self) -> list[str]:
        with self._database.read() as session:
            return list(session.exec(select(ServiceRow.service_id)))

    def count_services(self, project_id: str, kind: ServiceKind) -> int:
        with self._database.read() as session:
            return session.exec(
                select(func.count())
                .select_from(ServiceRow)
                .where(ServiceRow.project_id == project_id, ServiceRow.kind == kind.value)
            ).one()

    def change_service(
        self,
        service_id: str,
        project_id: str | None,
        at: int,
        change: Callable[[Service], tuple[Service, tuple[Event, ...]]],
        document: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    ) -> Stored:
        """Apply a pure change to a service in one transaction.

        Whatever `change` raises leaves the service as it was. Raises `NotFound`.
        """
        with self._database.write() as session:
            row = _service(session, service_id, project_id)
            stored = _stored(session, row)
            service, events = change(stored.service)
            if document is not None:
                row.document = document(dict(row.document))
            write(session, row, stored.service, service, events, at)
            return _stored(session, row)

    def reconfigure(
        self,
        service_id: str,
        project_id: str | None,
        at: int,
        change: Callable[[Stored], Reconfiguration],
    ) -> Stored:
        """Change a service's configuration in one transaction, and keep the one before it as long
        as the update may fall back to it.

        Whatever `change` raises leaves the service as it was. Raises `NotFound`.
        """
        with self._database.write() as session:
            row = _service(session, service_id, project_id)
            stored = _stored(session, row)
            wanted = change(stored)
            known = {version.version_id for version in (*stored.versions, *stored.kept)}
            session.add_all(v for v in wanted.versions if v.version_id not in known)
            session.flush()
            if wanted.is_logged:
                note_update(session, row, wanted.service, wanted.document, at)
            row.document = wanted.document
            write(session, row, stored.service, wanted.service, wanted.events, at)
            return _stored(session, row)

    def updates(self, service_id: str) -> list[UpdateRow]:
        """Changes of a service's configuration, the newest first."""
        query = select(UpdateRow).where(UpdateRow.service_id == service_id)
        with self._database.read() as session:
            return list(session.exec(query.order_by(col(UpdateRow.update_id).desc())))

    def save_plan(
        self, service: Service, revision: int, events: tuple[Event, ...], at: int
    ) -> bool:
        """Store what was planned from `revision`; False (nothing stored) if it is outdated."""
        with self._database.write() as session:
            row = session.get(ServiceRow, service.service_id)
            if row is None or row.revision != revision:
                return False
            write(session, row, _stored(session, row).service, service, events, at)
            return True

    def forget_service(self, service_id: str) -> None:
        """Remove a service and all that belongs to it. Absent is no error."""
        with self._database.write() as session:
            session.exec(delete(ServiceRow).where(col(ServiceRow.service_id) == service_id))

    # -- events -----------------------------------------------------------------------------

    def add_event(self, service_id: str, at: int, event: Event) -> None:
        """Tell something about a service that may be gone already."""
        with self._database.write() as session:
            if session.get(ServiceRow, service_id) is not None:
                session.add(event_row(service_id, at, event))

    def events(
        self, service_id: str, *, kind: EventKind | None = None, limit: int | None = None
    ) -> list[EventRow]:
        """Newest first."""
        query = select(EventRow).where(EventRow.service_id == service_id)
        if kind is not None:
            query = query.where(EventRow.kind == kind.value)
        with self._database.read() as session:
            return list(session.exec(query.order_by(col(EventRow.event_id).desc()).limit(limit)))

    def last_events(self) -> dict[str, EventRow]:
        """The newest event of each service."""
        newest = select(func.max(EventRow.event_id)).group_by(EventRow.service_id)
        with self._database.read() as session:
            rows = session.exec(select(EventRow).where(col(EventRow.event_id).in_(newest)))
            return {row.service_id: row for row in rows}


_SORT_COLUMNS = {
    "created_at": "created_at",
    "published_at": "published_at",
    "transition_at": "transition_at",
    "name": "name",
}


def _model(session: Session, project_id: str, model_id: str) -> ModelRow:
    row = session.get(ModelRow, model_id)
    if row is None or row.project_id != project_id:
        raise NotFound("model", model_id)
    return row


def _service(session: Session, service_id: str, project_id: str | None) -> ServiceRow:
    row = session.get(ServiceRow, service_id)
    if row is None or (project_id is not None and row.project_id != project_id):
        raise NotFound("service", service_id)
    return row


def _filtered(wanted: ServiceFilter) -> Any:
    query = select(ServiceRow)
    if wanted.model_id is not None:
        using = select(VersionRow.service_id).where(VersionRow.model_id == wanted.model_id)
        query = query.where(col(ServiceRow.service_id).in_(using))
    for name in ("project_id", "name", "kind", "status", "service_id"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(getattr(ServiceRow, name) == value)
    return query


def _stored(session: Session, row: ServiceRow) -> Stored:
    return _stored_all(session, [row])[0]


def _stored_all(session: Session, rows: list[ServiceRow]) -> list[Stored]:
    """The rows with what belongs to them: three queries, however many rows."""
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
