"""Injected faults in the store: those that happen, and those that have ended.

A fault of a service goes with the service, like its events. Times of faults are real time; events
are told at platform time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from simulator.errors import NotFound
from simulator.faults.kinds import FaultKind
from simulator.faults.model import PARAMETERS, Fault, Target
from simulator.lifecycle.objects import Event
from simulator.store.database import Database
from simulator.store.tables import FaultRow, ServiceRow, VersionRow
from simulator.store.writing import event_row

ENDED_KEPT = 1000
"""Ended faults that are kept; the oldest go."""


class Faults:
    """Every read and write of faults, by name. Thread-safe and blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self) -> list[Fault]:
        """Those that have not ended, the oldest first; the time of some may be over."""
        query = select(FaultRow).where(col(FaultRow.ended_at).is_(None))
        with self._database.read() as session:
            return [_fault(row) for row in session.exec(_by_age(query))]

    def all(self) -> list[Fault]:
        """The oldest first, those that have ended too."""
        with self._database.read() as session:
            return [_fault(row) for row in session.exec(_by_age(select(FaultRow)))]

    def add(self, fault: Fault, at: int, event: Event) -> list[str]:
        """Keep a fault, and tell those that it happens to; returns their ids.

        Args:
            at: platform time of the event, epoch ms.

        Raises:
            NotFound: there is no such service, or it has no such version.
        """
        with self._database.write() as session:
            _check_target(session, fault.target)
            session.add(_row(fault))
            return _tell(session, fault.target, at, event)

    def end(self, fault_id: str, ended_ms: int, at: int, event: Event) -> list[str]:
        """Note that a fault has ended, and tell those that it happened to; returns their ids.

        Args:
            ended_ms: real time; `at`: platform time of the event.

        Raises:
            NotFound: no such fault is open.
        """
        with self._database.write() as session:
            row = session.get(FaultRow, fault_id)
            if row is None or row.ended_at is not None:
                raise NotFound("fault", fault_id)
            row.ended_at = ended_ms
            session.add(row)
            session.flush()
            _forget_oldest(session)
            return _tell(session, _target(row), at, event)


def _by_age(query: Any) -> Any:
    return query.order_by(col(FaultRow.since), col(FaultRow.fault_id))


def _check_target(session: Session, target: Target) -> None:
    if target.service_id and session.get(ServiceRow, target.service_id) is None:
        raise NotFound("service", target.service_id)
    version = (target.service_id, target.version_id)
    if target.version_id and session.get(VersionRow, version) is None:
        raise NotFound("version", target.version_id)


def _tell(session: Session, target: Target, at: int, event: Event) -> list[str]:
    ids: Sequence[str] = [target.service_id]
    if not target.service_id:
        ids = session.exec(select(ServiceRow.service_id)).all()
    session.add_all(event_row(service_id, at, event) for service_id in ids)
    return list(ids)


def _forget_oldest(session: Session) -> None:
    ended = select(FaultRow).where(col(FaultRow.ended_at).is_not(None))
    newest_first = ended.order_by(col(FaultRow.ended_at).desc(), col(FaultRow.fault_id))
    for row in session.exec(newest_first.offset(ENDED_KEPT)):
        session.delete(row)


def _row(fault: Fault) -> FaultRow:
    return FaultRow(
        fault_id=fault.fault_id,
        kind=fault.kind.value,
        service_id=fault.target.service_id or None,
        version_id=fault.target.version_id,
        parameters=fault.parameters.model_dump(),
        since=fault.since_ms,
        until=fault.until_ms,
        ended_at=fault.ended_ms,
    )


def _target(row: FaultRow) -> Target:
    return Target(row.service_id or "", row.version_id)


def _fault(row: FaultRow) -> Fault:
    kind = FaultKind(row.kind)
    return Fault(
        fault_id=row.fault_id,
        kind=kind,
        target=_target(row),
        parameters=PARAMETERS[kind](**row.parameters),
        since_ms=row.since,
        until_ms=row.until,
        ended_ms=row.ended_at,
    )
