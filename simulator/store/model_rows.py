"""The rows of models. All functions take the session of a transaction."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from simulator.errors import InUse, NotFound
from simulator.facts.statuses import ModelStatus
from simulator.lifecycle.moves import move_model
from simulator.lifecycle.objects import Event, EventKind
from simulator.store.tables import ModelEventRow, ModelRow, ServiceRow, VersionRow


def add(session: Session, model: ModelRow, event: Event | None) -> None:
    """Add a model, and what is told of it."""
    session.add(model)
    session.flush()
    if event is not None:
        session.add(event_row(model.model_id, model.created_at, event))


def get(session: Session, project_id: str, model_id: str) -> ModelRow:
    """Raises `NotFound`, also for a model of another project."""
    row = session.get(ModelRow, model_id)
    if row is None or row.project_id != project_id:
        raise NotFound("model", model_id)
    return row


def find(
    session: Session, project_id: str | None, status: str | None, workspace_id: str | None
) -> list[ModelRow]:
    """Newest first; None is any."""
    query = select(ModelRow).order_by(col(ModelRow.created_at).desc(), ModelRow.model_id)
    for column, value in (
        (ModelRow.project_id, project_id),
        (ModelRow.status, status),
        (ModelRow.workspace_id, workspace_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return list(session.exec(query))


def versions(session: Session, project_id: str, model_id: str, most: int) -> list[str]:
    """Ids of a model and of the others with its name: itself first, then the newest, `most` in all.

    Raises:
        NotFound
    """
    row = get(session, project_id, model_id)
    others = (
        select(ModelRow.model_id)
        .where(
            ModelRow.project_id == project_id,
            ModelRow.name == row.name,
            ModelRow.model_id != model_id,
        )
        .order_by(col(ModelRow.created_at).desc(), ModelRow.model_id)
        .limit(most - 1)
    )
    return [model_id, *session.exec(others)]


def finish(
    session: Session,
    model_id: str,
    status: ModelStatus,
    message: str,
    changes: dict[str, Any],
    at: int,
) -> None:
    """Note how publishing ended; a model deleted meanwhile stays deleted.

    Raises:
        IllegalMove: it has ended before.
    """
    row = session.get(ModelRow, model_id)
    if row is None:
        return
    row.status = move_model(model_id, ModelStatus(row.status), status).value
    row.message = message
    failed = status is ModelStatus.FAILED
    event = (
        Event(EventKind.ABNORMAL, f"the model could not be published: {message}", "PublishFailed")
        if failed
        else Event(EventKind.NORMAL, "the model is published", "Published")
    )
    session.add(event_row(model_id, at, event))
    for name, value in changes.items():
        setattr(row, name, value)


def event_row(model_id: str, at: int, event: Event) -> ModelEventRow:
    return ModelEventRow(
        model_id=model_id, at=at, kind=event.kind.value, text=event.text, reason=event.reason
    )


def events(session: Session, model_id: str) -> list[ModelEventRow]:
    """Newest first."""
    query = select(ModelEventRow).where(ModelEventRow.model_id == model_id)
    return list(session.exec(query.order_by(col(ModelEventRow.event_id).desc())))


def delete(session: Session, project_id: str, model_id: str) -> None:
    """Raises `NotFound`; `InUse` while a service has a version of it."""
    row = get(session, project_id, model_id)
    users = session.exec(
        select(ServiceRow.name).join(VersionRow).where(VersionRow.model_id == model_id).distinct()
    ).all()
    if users:
        raise InUse("model", model_id, sorted(users))
    session.delete(row)
