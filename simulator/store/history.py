"""What happened to services. All functions take the session of a transaction."""

from __future__ import annotations

from sqlalchemy import func
from sqlmodel import Session, col, select

from simulator.lifecycle.objects import EventKind
from simulator.store.tables import EventRow, UpdateRow


def events(
    session: Session, service_id: str, kind: EventKind | None, limit: int | None
) -> list[EventRow]:
    """Newest first."""
    query = select(EventRow).where(EventRow.service_id == service_id)
    if kind is not None:
        query = query.where(EventRow.kind == kind.value)
    return list(session.exec(query.order_by(col(EventRow.event_id).desc()).limit(limit)))


def last_events(session: Session) -> dict[str, EventRow]:
    """The newest event of each service."""
    newest = select(func.max(EventRow.event_id)).group_by(EventRow.service_id)
    rows = session.exec(select(EventRow).where(col(EventRow.event_id).in_(newest)))
    return {row.service_id: row for row in rows}


def updates(session: Session, service_id: str) -> list[UpdateRow]:
    """Changes of a service's configuration, the newest first."""
    query = select(UpdateRow).where(UpdateRow.service_id == service_id)
    return list(session.exec(query.order_by(col(UpdateRow.update_id).desc())))
