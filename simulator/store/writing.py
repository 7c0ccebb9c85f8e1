"""Putting a service that was planned or changed into its rows, in one transaction: its instances
and versions, what happened, what ran, and how an update ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle import metering, rollout
from simulator.lifecycle.objects import Event, EventKind, Outcome, Service, Usage
from simulator.store.records import instance_values, write_service, write_version
from simulator.store.tables import (
    EventRow,
    InstanceRow,
    NotificationRow,
    ServiceRow,
    UpdateRow,
    UsageRow,
    VersionRow,
)

RowT = TypeVar("RowT", VersionRow, InstanceRow)

RUNNING, FAILED = "running", "failed"
"""Results of an update that is under way, and of one with which a deployment failed; the others are
those of `Outcome`."""


def write(
    session: Session,
    row: ServiceRow,
    before: Service,
    after: Service,
    events: tuple[Event, ...],
    at: int,
) -> None:
    """Store `after` in place of `before`, with all that follows from the difference."""
    write_service(row, after)
    row.revision += 1
    versions = _of_service(session, VersionRow, row.service_id)
    _write_usage(session, row, versions, before, after, at)
    _write_outcome(session, row, before, after, events, at)
    _write_instances(session, row.service_id, after)
    _write_versions(session, versions, after)
    _write_notifications(session, row, before, after, events, at)
    session.add_all(event_row(row.service_id, at, event) for event in events)
    session.flush()


def event_row(service_id: str, at: int, event: Event) -> EventRow:
    return EventRow(
        service_id=service_id,
        at=at,
        kind=event.kind.value,
        text=event.text,
        reason=event.reason,
        evidence=event.evidence,
    )


def _write_instances(session: Session, service_id: str, after: Service) -> None:
    kept = {instance.instance_id: instance for instance in after.instances}
    rows = {row.instance_id: row for row in _of_service(session, InstanceRow, service_id)}
    for instance_id, row in rows.items():
        instance = kept.get(instance_id)
        if instance is None:
            session.delete(row)
            continue
        for name, value in instance_values(instance).items():
            setattr(row, name, value)
    session.add_all(
        InstanceRow(service_id=service_id, **instance_values(instance))
        for instance in after.instances
        if instance.instance_id not in rows
    )


def _write_versions(session: Session, rows: Iterable[VersionRow], after: Service) -> None:
    """Versions that are neither wanted, nor fallen back to, nor run by an instance go."""
    wanted = {version.version_id: place for place, version in enumerate(after.versions)}
    kept = {i.version_id for i in after.instances} | {v.version_id for v in after.fallback}
    for row in rows:
        place = wanted.get(row.version_id)
        if place is not None:
            write_version(row, after.versions[place], place)
        elif row.version_id in kept:
            row.wanted = False
        else:
            session.delete(row)


def _write_usage(
    session: Session,
    row: ServiceRow,
    versions: Iterable[VersionRow],
    before: Service,
    after: Service,
    at: int,
) -> None:
    by_id = {version.version_id: version for version in versions}
    for one in metering.ended(before, after, at):
        _meter(session, row, by_id.get(one.version_id), one)


def _meter(session: Session, row: ServiceRow, version: VersionRow | None, run: Usage) -> None:
    """Note a run that has ended. Of a dedicated pool only its nodes are metered."""
    if version is not None and version.pools:
        return
    session.add(
        UsageRow(
            project_id=row.project_id,
            service_id=row.service_id,
            service_name=row.name,
            version_id=run.version_id,
            instance_id=run.instance_id,
            specification=version.specification if version is not None else "",
            since=run.since,
            until=run.until,
        )
    )


def note_update(
    session: Session, row: ServiceRow, after: Service, document: dict[str, Any], at: int
) -> None:
    """Note that the configuration changes, and what it was before."""
    begins = after.status is ServiceStatus.DEPLOYING
    row.previous = row.document if after.is_updating else {}
    row.updated_at = at
    session.add(
        UpdateRow(
            service_id=row.service_id,
            at=at,
            ended_at=None if begins else at,
            result=RUNNING if begins else Outcome.DONE.value,
            document=document,
        )
    )


def end_runs(session: Session, at: int, running: Collection[str]) -> None:
    """Meter the runs of instances that do not run any more: those of all but `running`. They ended
    with the server, or while there was none: at `at`, when it was last alive."""
    query = (
        select(InstanceRow, ServiceRow, VersionRow)
        .join(ServiceRow, col(ServiceRow.service_id) == col(InstanceRow.service_id))
        .join(
            VersionRow,
            (col(VersionRow.service_id) == col(InstanceRow.service_id))
            & (col(VersionRow.version_id) == col(InstanceRow.version_id)),
        )
        .where(col(InstanceRow.running_since).is_not(None))
    )
    for instance, service, version in session.exec(query).all():
        since = instance.running_since
        if instance.instance_id in running or since is None:
            continue
        run = Usage(instance.instance_id, instance.version_id, since, max(at, since))
        _meter(session, service, version, run)
        instance.running_since = None
        session.add(instance)


def _write_notifications(
    session: Session,
    row: ServiceRow,
    before: Service,
    after: Service,
    events: tuple[Event, ...],
    at: int,
) -> None:
    """Whoever wants to know of the new status is to be told: in the transaction that brings it, so
    that no crash can lose it."""
    if after.status is before.status:
        return
    text = after.message or (events[-1].text if events else "")
    session.add_all(
        NotificationRow(
            project_id=row.project_id,
            service_id=row.service_id,
            service_name=row.name,
            topic=one["topic"],
            status=after.status.value,
            text=text,
            at=at,
        )
        for one in row.subscriptions
        if after.status.value in one["statuses"]
    )


def _write_outcome(
    session: Session,
    row: ServiceRow,
    before: Service,
    after: Service,
    events: tuple[Event, ...],
    at: int,
) -> None:
    """Note how an update ended, and return to the document from before it if it failed."""
    outcome = rollout.outcome(before, after)
    if outcome is Outcome.ROLLED_BACK:
        row.document = row.previous
    if outcome is not None:
        row.previous = {}
    result = outcome.value if outcome else _end_of_deployment(before, after)
    if result is None:
        return
    running = select(UpdateRow).where(
        UpdateRow.service_id == row.service_id, UpdateRow.result == RUNNING
    )
    for update in session.exec(running):
        update.result = result
        update.ended_at = at
        if result != Outcome.DONE.value:
            told = (event.text for event in events if event.kind is EventKind.ABNORMAL)
            update.message = "; ".join(told)


def _end_of_deployment(before: Service, after: Service) -> str | None:
    """How a deployment ended that was no rolling update; None when none has."""
    deployed = before.status is ServiceStatus.DEPLOYING and not before.is_updating
    if not deployed or after.status is ServiceStatus.DEPLOYING:
        return None
    return Outcome.DONE.value if after.status is ServiceStatus.RUNNING else FAILED


def _of_service(session: Session, table: type[RowT], service_id: str) -> list[RowT]:
    return list(session.exec(select(table).where(table.service_id == service_id)))
