"""Which services a list call wants, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_
from sqlmodel import col, select

from simulator.store.tables import ServiceRow, TagRow, VersionRow

SORT_COLUMNS = ("created_at", "published_at", "transition_at", "name")


@dataclass(frozen=True)
class ServiceFilter:
    """Which services a list call wants; None is any.

    Attributes:
        name_part: stands somewhere in the name, in these letters.
        tags: the service has all of them, each a key or `key=value`.
    """

    project_id: str | None = None
    workspace_id: str | None = None
    name: str | None = None
    name_part: str | None = None
    model_id: str | None = None
    kind: str | None = None
    status: str | None = None
    service_id: str | None = None
    tags: tuple[str, ...] = ()


def conditions(wanted: ServiceFilter) -> list[Any]:
    """What holds for the rows that match, all of it."""
    found: list[Any] = []
    if wanted.model_id is not None:
        using = select(VersionRow.service_id).where(VersionRow.model_id == wanted.model_id)
        found.append(col(ServiceRow.service_id).in_(using))
    if wanted.name_part is not None:
        found.append(func.instr(ServiceRow.name, wanted.name_part) > 0)
    found += (col(ServiceRow.service_id).in_(_tagged(tag)) for tag in wanted.tags)
    for name in ("project_id", "workspace_id", "name", "kind", "status", "service_id"):
        value = getattr(wanted, name)
        if value is not None:
            found.append(getattr(ServiceRow, name) == value)
    return found


def _tagged(tag: str) -> Any:
    """Ids of the services with a tag. As keys may hold `=` too, the text is not taken apart."""
    pair = col(TagRow.key) + "=" + TagRow.value
    return select(TagRow.service_id).where(or_(col(TagRow.key) == tag, pair == tag))


def order(sort_by: str, *, descending: bool) -> tuple[Any, ...]:
    """An order of services that leaves nothing open, so that pages do not overlap.

    Args:
        sort_by: one of `SORT_COLUMNS`.
    """
    if sort_by not in SORT_COLUMNS:
        raise ValueError(f"services cannot be sorted by {sort_by}")
    column = col(getattr(ServiceRow, sort_by))
    return (column.desc() if descending else column), col(ServiceRow.service_id)


def in_public_pool() -> Any:
    """Versions that run in the public pool, not in a dedicated one."""
    return func.json_array_length(col(VersionRow.pools)) == 0
