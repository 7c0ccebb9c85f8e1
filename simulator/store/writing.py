"""Putting a service that was planned or changed into its rows, in one transaction: its instances
and versions, what happened, what ran, and how an update ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from sqlmodel import Session, col, select

from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle import metering, rollout
from simulator.lifecycle.objects import Event, EventKind, Outcome, Service, Usage
from simulator.lifecycle.plan import ROLLED_BACK
from simulator.store.records import instance_values, write_service, write_version
from simulator.store.services import Reconfiguration, Stored, of_instances
from simulator.store.tables import (
    EventRow,
    InstanceRow,
    NotificationRow,
    ServiceRow,
    UpdateRow,
    UsageRow,
    VersionRow,
)

RUNNING, FAILED = "running", "failed"
"""Results of an update that is under way, and of one with which a deployment failed; the others are
those of `Outcome`."""


def write(
    session: Session, stored: Stored, after: Service, events: tuple[Event, ...], at: int
) -> None:
    """Store `after` in place of what is stored, with all that follows from the difference.

    Args:
        stored: of the same session.
    """
    row, before = stored.row, stored.service
    write_service(row, after)
    row.revision += 1
    _write_usage(session, stored, after, at)
    _write_outcome(session, row, before, after, events, at)
    _write_instances(session, stored, after)
    _write_versions(session, stored.all_versions, after)
    _write_notifications(session, row, before, after, events, at)
    session.add_all(event_row(row.service_id, at, event) for event in events)
    session.flush()


def write_configuration(session: Session, stored: Stored, wanted: Reconfiguration, at: int) -> None:
    """Store a changed configuration: its versions, its document, and the update that it begins."""
    known = {version.version_id for version in stored.all_versions}
    added = [version for version in wanted.versions if version.version_id not in known]
    session.add_all(added)
    session.flush()
    row = stored.row
    if wanted.is_logged:
        _note_update(session, row, wanted.service, wanted.document, at)
    row.document = wanted.document
    if wanted.subscriptions is not None:
        row.subscriptions = wanted.subscriptions
    if wanted.log_channels is not None:
        row.log_channels = wanted.log_channels
    if wanted.routing is not None:
        row.routing = wanted.routing
    if wanted.work is not None:
        row.work = wanted.work
    with_added = replace(stored, versions=[*stored.versions, *added])
    write(session, with_added, wanted.service, wanted.events, at)


def event_row(service_id: str, at: int, event: Event) -> EventRow:
    return EventRow(
        service_id=service_id,
        at=at,
        kind=event.kind.value,
        text=event.text,
        reason=event.reason,
        evidence=event.evidence,
    )


def _write_instances(session: Session, stored: Stored, after: Service) -> None:
    kept = {instance.instance_id: instance for instance in after.instances}
    rows = {row.instance_id: row for row in stored.instances}
    for instance_id, row in rows.items():
        instance = kept.get(instance_id)
        if instance is None:
            session.delete(row)
            continue
        for name, value in instance_values(instance).items():
            setattr(row, name, value)
    session.add_all(
        InstanceRow(service_id=after.service_id, **instance_values(instance))
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


def _write_usage(session: Session, stored: Stored, after: Service, at: int) -> None:
    for run in metering.ended(stored.service, after, at):
        _meter(session, stored.row, stored.version(run.version_id), run)


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


def _note_update(
    session: Session, row: ServiceRow, after: Service, document: dict[str, Any], at: int
) -> None:
    """Note that the configuration changes, and what it was before."""
    begins = after.status is ServiceStatus.DEPLOYING
    before = {"document": row.document, "routing": row.routing}
    row.previous = before if after.is_updating else {}
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
    runs = of_instances(InstanceRow, ServiceRow, VersionRow)
    query = runs.where(col(InstanceRow.running_since).is_not(None))
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
        row.document = row.previous["document"]
        row.routing = row.previous["routing"]
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
            update.message = _why_it_failed(events)


def _why_it_failed(events: tuple[Event, ...]) -> str:
    """What was told of the update itself; instances and the status have their own words."""
    abnormal = [event.text for event in events if event.kind is EventKind.ABNORMAL]
    for told, following in pairwise(events):
        if following.reason == ROLLED_BACK:
            return told.text
    return abnormal[-1] if abnormal else ""


def _end_of_deployment(before: Service, after: Service) -> str | None:
    """How a deployment ended that was no rolling update; None when none has."""
    deployed = before.status is ServiceStatus.DEPLOYING and not before.is_updating
    if not deployed or after.status is ServiceStatus.DEPLOYING:
        return None
    is_deployed = after.status in (ServiceStatus.RUNNING, ServiceStatus.FINISHED)
    return Outcome.DONE.value if is_deployed else FAILED
