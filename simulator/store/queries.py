"""Every read and write of the store, by name. Thread-safe and blocking: call from a thread."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select

from simulator.errors import NameTaken
from simulator.facts.statuses import ModelStatus
from simulator.lifecycle.objects import NOTHING, Event, EventKind, Service, Size
from simulator.store import history, listing, model_rows
from simulator.store.apps import Apps
from simulator.store.database import Database
from simulator.store.faults import Faults
from simulator.store.filters import ServiceFilter, order
from simulator.store.listing import ListedService
from simulator.store.notifications import Notifications
from simulator.store.pools import Pools, has_room
from simulator.store.quotas import (
    Counting,
    QuotaUse,
    check_quotas,
    quota_uses,
    reset_quota_size,
    set_quota_size,
)
from simulator.store.service_apis import ServiceApis
from simulator.store.services import Reconfiguration, Stored, stored, whole
from simulator.store.tables import (
    EventRow,
    InstanceRow,
    Meta,
    ModelEventRow,
    ModelRow,
    ServiceRow,
    UpdateRow,
    VersionRow,
)
from simulator.store.tags import Tags
from simulator.store.tasks import Tasks
from simulator.store.trouble import Trouble
from simulator.store.usage import PoolUsage, Usage, pool_totals, usage_totals
from simulator.store.writing import end_runs, event_row, write, write_configuration


class Store:
    """The state of one data directory.

    Args:
        counting: which real-time services count for the quota.
        overhead: what the system takes of a node for each instance beside its size.

    Attributes:
        pools: dedicated pools; `tags`: tags of services; `tasks`: runs of jobs.
        notifications: of statuses that services came to.
        faults: that were injected.
        apps: that call services; `apis`: what they call them by.
    """

    def __init__(
        self, path: Path, counting: Counting = Counting.PUBLIC, overhead: Size = NOTHING
    ) -> None:
        self._database = Database(path)
        self._counting = counting
        self.pools = Pools(self._database, overhead)
        self.notifications = Notifications(self._database)
        self.tags = Tags(self._database)
        self.tasks = Tasks(self._database)
        self.faults = Faults(self._database)
        self.apps = Apps(self._database)
        self.apis = ServiceApis(self._database)

    @property
    def trouble(self) -> Trouble | None:
        """Why the last writes failed; None when nothing is wrong with the disk."""
        return self._database.condition.trouble

    def note_trouble(self, error: BaseException) -> None:
        """A file beside the database could not be written: the disk may be full."""
        self._database.condition.note(error)

    def try_writing(self) -> bool:
        """Whether there is no trouble (any more): see `Database.try_writing`."""
        return self._database.try_writing()

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

    def add_model(self, model: ModelRow, event: Event | None = None) -> None:
        """Store a new model, and what is told of it.

        Raises:
            NameTaken: the project has this name in this version.
        """
        try:
            with self._database.write() as session:
                model_rows.add(session, model, event)
        except IntegrityError as error:
            raise NameTaken("model", f"{model.name} {model.version}") from error

    def model(self, project_id: str, model_id: str) -> ModelRow:
        """Raises `NotFound`."""
        with self._database.read() as session:
            return model_rows.get(session, project_id, model_id)

    def models(
        self,
        project_id: str | None = None,
        status: str | None = None,
        workspace_id: str | None = None,
    ) -> list[ModelRow]:
        """Newest first; None is any."""
        with self._database.read() as session:
            return model_rows.find(session, project_id, status, workspace_id)

    def versions_of(self, project_id: str, model_id: str, most: int) -> list[str]:
        """Ids of a model and of others with its name, `most` in all. Raises `NotFound`."""
        with self._database.read() as session:
            return model_rows.versions(session, project_id, model_id, most)

    def finish_model(
        self, model_id: str, status: ModelStatus, message: str, changes: dict[str, Any], at: int
    ) -> None:
        """Note how publishing ended; a model deleted meanwhile stays deleted."""
        with self._database.write() as session:
            model_rows.finish(session, model_id, status, message, changes, at)

    def add_model_event(self, model_id: str, at: int, event: Event) -> None:
        """Tell something of a model; nothing of one that is gone."""
        with self._database.write() as session:
            if session.get(ModelRow, model_id) is not None:
                session.add(model_rows.event_row(model_id, at, event))

    def model_events(self, project_id: str, model_id: str) -> list[ModelEventRow]:
        """What happened to a model, the newest first. Raises `NotFound`."""
        with self._database.read() as session:
            model_rows.get(session, project_id, model_id)
            return model_rows.events(session, model_id)

    def delete_model(self, project_id: str, model_id: str) -> None:
        """Raises `NotFound`; `InUse` while a service has a version of it."""
        with self._database.write() as session:
            model_rows.delete(session, project_id, model_id)

    # -- services ---------------------------------------------------------------------------

    def add_service(self, row: ServiceRow, versions: Sequence[VersionRow], event: Event) -> None:
        """Store a new service, its quotas checked in the same transaction.

        Raises:
            NameTaken, QuotaExceeded. Nothing was stored then.
        """
        try:
            with self._database.write() as session:
                check_quotas(session, row, versions, self._counting, is_new=True)
                session.add(row)
                session.flush()
                session.add_all(versions)
                session.add(event_row(row.service_id, row.created_at, event))
        except IntegrityError as error:
            raise NameTaken("service", row.name) from error

    def service(self, service_id: str, project_id: str | None = None) -> Stored:
        """Raises `NotFound`, also for a service of another project."""
        with self._database.read() as session:
            return stored(session, service_id, project_id)

    def services(self) -> list[Stored]:
        """All there are, the newest first."""
        query = select(ServiceRow).order_by(*order("created_at", descending=True))
        with self._database.read() as session:
            return whole(session, session.exec(query).all())

    def list_services(
        self,
        wanted: ServiceFilter | None = None,
        *,
        sort_by: str = "created_at",
        descending: bool = True,
        offset: int = 0,
        limit: int | None = None,
    ) -> tuple[int, list[ListedService]]:
        """How many match, and one page of them.

        Args:
            sort_by: one of `filters.SORT_COLUMNS`.
        """
        with self._database.read() as session:
            return listing.page(
                session,
                wanted or ServiceFilter(),
                sort_by=sort_by,
                descending=descending,
                offset=offset,
                limit=limit,
            )

    def service_ids(self) -> list[str]:
        with self._database.read() as session:
            return list(session.exec(select(ServiceRow.service_id)))

    def instance_ids(self) -> set[str]:
        """Of all services."""
        with self._database.read() as session:
            return set(session.exec(select(InstanceRow.instance_id)))

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
            before = stored(session, service_id, project_id)
            service, events = change(before.service)
            if document is not None:
                before.row.document = document(dict(before.row.document))
            write(session, before, service, events, at)
            return stored(session, service_id)

    def change_services(
        self,
        service_ids: Collection[str],
        project_id: str | None,
        at: int,
        change: Callable[[Service], tuple[Service, tuple[Event, ...]]],
    ) -> None:
        """Apply a pure change to several services in one transaction: to all, or to none when it or
        a missing service raises."""
        with self._database.write() as session:
            for service_id in service_ids:
                before = stored(session, service_id, project_id)
                after, events = change(before.service)
                write(session, before, after, events, at)

    def reconfigure(
        self,
        service_id: str,
        project_id: str | None,
        at: int,
        change: Callable[[Stored], Reconfiguration],
    ) -> Stored:
        """Change a service's configuration in one transaction, and keep the one before it as long
        as the update may fall back to it.

        Whatever `change` raises leaves the service as it was.

        Raises:
            NotFound, QuotaExceeded. Nothing was changed then.
        """
        with self._database.write() as session:
            before = stored(session, service_id, project_id)
            wanted = change(before)
            check_quotas(session, before.row, wanted.versions, self._counting, is_new=False)
            write_configuration(session, before, wanted, at)
            return stored(session, service_id)

    def updates(self, service_id: str) -> list[UpdateRow]:
        """Changes of a service's configuration, the newest first."""
        with self._database.read() as session:
            return history.updates(session, service_id)

    def save_plan(
        self, service: Service, revision: int, events: tuple[Event, ...], at: int
    ) -> bool:
        """Store what was planned from `revision`; False (nothing stored) if it is outdated, or if
        another service has taken the place of one of its instances meanwhile."""
        with self._database.write() as session:
            row = session.get(ServiceRow, service.service_id)
            if row is None or row.revision != revision:
                return False
            if not has_room(session, row.project_id, service, self.pools.overhead):
                return False
            write(session, stored(session, service.service_id), service, events, at)
            return True

    def forget_service(self, service_id: str) -> None:
        """Remove a service and all that belongs to it. Absent is no error."""
        with self._database.write() as session:
            session.exec(delete(ServiceRow).where(col(ServiceRow.service_id) == service_id))

    # -- quotas and usage -------------------------------------------------------------------

    def end_runs(self, at: int, running: Collection[str]) -> None:
        """Note that instances do not run any more: all but some, since `at` at the latest."""
        with self._database.write() as session:
            end_runs(session, at, running)

    def quotas(self, project_id: str, owner: str) -> list[QuotaUse]:
        """All quotas, with what a user has of them in a project."""
        with self._database.read() as session:
            return quota_uses(session, project_id, owner, self._counting)

    def set_quota(self, name: str, size: int) -> None:
        """Raises `InvalidRequest` for a name or a size that there is not."""
        with self._database.write() as session:
            set_quota_size(session, name, size)

    def reset_quota(self, name: str) -> None:
        """Back to the documented size. Raises `InvalidRequest` for an unknown name."""
        with self._database.write() as session:
            reset_quota_size(session, name)

    def usage(self, now: int, since: int = 0, until: int | None = None) -> list[Usage]:
        """How long instances ran: see `usage.usage_totals`."""
        with self._database.read() as session:
            return usage_totals(session, now, since, until)

    def pool_usage(self, now: int, since: int = 0, until: int | None = None) -> list[PoolUsage]:
        """What dedicated pools were metered: see `usage.pool_totals`."""
        with self._database.read() as session:
            return pool_totals(session, now, since, until)

    def log_channels(self) -> dict[str, list[tuple[str, str]]]:
        """Groups and streams that the output of each instance goes to, by instance id; only those
        of which some goes anywhere."""
        query = select(InstanceRow.instance_id, ServiceRow.log_channels).join(ServiceRow)
        with self._database.read() as session:
            rows = session.exec(query.where(func.json_array_length(ServiceRow.log_channels) > 0))
            return {
                instance_id: [(one["group"], one["stream"]) for one in channels]
                for instance_id, channels in rows
            }

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
        with self._database.read() as session:
            return history.events(session, service_id, kind, limit)

    def last_events(self) -> dict[str, EventRow]:
        """The newest event of each service."""
        with self._database.read() as session:
            return history.last_events(session)
