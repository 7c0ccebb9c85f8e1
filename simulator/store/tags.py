"""Tags of services: each read and write is one transaction.

Source: Adding a Resource Tag, Deleting Resource Tags (real-time services only; a key that is there
gets the new value), Obtaining Inference Service Tags; quotas (tags of a service).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlmodel import Session, col, select

from simulator.errors import InvalidRequest, NotFound, Violation
from simulator.facts.limits import TAGS_PER_SERVICE
from simulator.facts.statuses import ServiceKind
from simulator.store.database import Database
from simulator.store.tables import ServiceRow, TagRow

SOURCE = "Adding a Resource Tag"


class Tags:
    """Every read and write of tags, by name. Thread-safe and blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_service(self, service_id: str) -> dict[str, str]:
        """Key to value; empty for an unknown service."""
        with self._database.read() as session:
            return {tag.key: tag.value for tag in _tags(session, service_id)}

    def of_project(self, project_id: str) -> dict[str, list[str]]:
        """Each key with its different values, both sorted, of all services whatever their
        workspace."""
        query = (
            select(TagRow.key, TagRow.value)
            .join(ServiceRow)
            .where(ServiceRow.project_id == project_id)
            .distinct()
            .order_by(TagRow.key, TagRow.value)
        )
        found: dict[str, list[str]] = {}
        with self._database.read() as session:
            for key, value in session.exec(query):
                found.setdefault(key, []).append(value)
        return found

    def put(self, project_id: str, service_id: str, tags: Mapping[str, str]) -> None:
        """Give a service tags; those with a key that is there get the new value.

        Raises:
            NotFound: the project has no such service.
            InvalidRequest: it is no real-time service, or would have too many tags.
        """
        with self._database.write() as session:
            _check_service(session, project_id, service_id)
            known = {tag.key for tag in _tags(session, service_id)}
            count = len(known | tags.keys())
            if count > TAGS_PER_SERVICE:
                raise _refused(
                    "/tags",
                    f"a service has at most {TAGS_PER_SERVICE} tags; this one has {len(known)} "
                    f"and would have {count}",
                )
            for key, value in tags.items():
                session.merge(TagRow(service_id=service_id, key=key, value=value))

    def remove(
        self, project_id: str, service_id: str, tags: Iterable[tuple[str, str | None]]
    ) -> None:
        """Take tags from a service. Those that it does not have are no error.

        Args:
            tags: keys, each with the value that the tag must have; None for any.

        Raises:
            NotFound: the project has no such service.
            InvalidRequest: it is no real-time service.
        """
        with self._database.write() as session:
            _check_service(session, project_id, service_id)
            for key, value in tags:
                tag = session.get(TagRow, (service_id, key))
                if tag is not None and value in (None, tag.value):
                    session.delete(tag)
                    session.flush()


def _tags(session: Session, service_id: str) -> list[TagRow]:
    query = select(TagRow).where(TagRow.service_id == service_id).order_by(col(TagRow.key))
    return list(session.exec(query))


def _check_service(session: Session, project_id: str, service_id: str) -> None:
    row = session.get(ServiceRow, service_id)
    if row is None or row.project_id != project_id:
        raise NotFound("service", service_id)
    if row.kind != ServiceKind.REAL_TIME:
        raise _refused("", f"only real-time services have tags, and this one is {row.kind}")


def _refused(path: str, text: str) -> InvalidRequest:
    return InvalidRequest([Violation("Tags", path, text, SOURCE)])
