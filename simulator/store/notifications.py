"""Notifications in the store: written with the status that they tell of, sent afterwards."""

from __future__ import annotations

from sqlmodel import col, select

from simulator.store.database import Database
from simulator.store.tables import NotificationRow


class Notifications:
    """Every read and write of notifications, by name. Thread-safe and blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, service_id: str | None = None, limit: int = 1000) -> list[NotificationRow]:
        """The newest first; of all services when none is named."""
        query = select(NotificationRow).order_by(col(NotificationRow.notification_id).desc())
        if service_id is not None:
            query = query.where(NotificationRow.service_id == service_id)
        with self._database.read() as session:
            return [*session.exec(query.limit(limit))]

    def next_unsent(self, most_tries: int) -> NotificationRow | None:
        """The oldest that was not sent yet, nor tried so often that it is given up."""
        query = (
            select(NotificationRow)
            .where(col(NotificationRow.sent_at).is_(None), NotificationRow.tries < most_tries)
            .order_by(col(NotificationRow.notification_id))
        )
        with self._database.read() as session:
            return session.exec(query).first()

    def note_sent(self, notification_id: int, at_ms: int) -> None:
        """The webhook took it. Args: `at_ms`: real time, epoch ms."""
        with self._database.write() as session:
            row = session.get(NotificationRow, notification_id)
            if row is not None:
                row.sent_at = at_ms
                row.error = ""

    def note_failed(self, notification_id: int, error: str) -> None:
        """It was sent in vain."""
        with self._database.write() as session:
            row = session.get(NotificationRow, notification_id)
            if row is not None:
                row.tries += 1
                row.error = error
