"""Runs of jobs, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from simulator.store.database import Database
from simulator.store.tables import ServiceRow, TaskRow


class Tasks:
    """Blocking and thread-safe, like the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, service_id: str, run: int, at: int) -> TaskRow | None:
        """The run, as it is when it was begun before; None for a service that is gone.

        Args:
            at: platform time, epoch ms.
        """
        with self._database.write() as session:
            row = session.get(TaskRow, (service_id, run))
            if row is None and session.get(ServiceRow, service_id) is not None:
                row = TaskRow(service_id=service_id, run=run, began_at=at)
                session.add(row)
            elif row is not None:
                row.ended_at = None  # it is gone on with
            return row

    def note(self, service_id: str, run: int, **changes: Any) -> None:
        """Keep what is known of a run: `checkpoint`, `total`, `ended_at`. Nothing of one that is
        gone with its service."""
        with self._database.write() as session:
            row = session.get(TaskRow, (service_id, run))
            if row is not None:
                for name, value in changes.items():
                    setattr(row, name, value)

    def last(self, service_ids: Iterable[str] | None = None) -> dict[str, TaskRow]:
        """The newest run of each service that has one; None: of all."""
        with self._database.read() as session:
            return {row.service_id: row for row in _last(session, service_ids)}


def _last(session: Session, service_ids: Iterable[str] | None) -> list[TaskRow]:
    newest = (
        select(TaskRow.service_id, func.max(TaskRow.run).label("run"))
        .group_by(TaskRow.service_id)
        .subquery()
    )
    query = select(TaskRow).join(
        newest,
        (col(TaskRow.service_id) == newest.c.service_id) & (col(TaskRow.run) == newest.c.run),
    )
    if service_ids is not None:
        query = query.where(col(TaskRow.service_id).in_(list(service_ids)))
    return list(session.exec(query))
