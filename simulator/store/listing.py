"""Pages of services: of each only what a list shows, read without making objects of its rows."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import JSON, func, select
from sqlmodel import Session, col

from simulator.lifecycle.objects import InstanceState
from simulator.store.filters import ServiceFilter, conditions, order
from simulator.store.services import Stored
from simulator.store.tables import InstanceRow, ServiceRow, VersionRow


class ListedService(NamedTuple):
    """What a list shows of a service. The first fields are columns of `ServiceRow`.

    Attributes:
        specifications: of the versions that are wanted, in no order.
        instances_wanted: of all of them together.
        instances_ready: whatever their version.
    """

    service_id: str
    project_id: str
    name: str
    kind: str
    status: str
    published_at: int
    transition_at: int
    updated_at: int | None
    stop_after_ms: int | None
    due_at: int | None
    routing: dict[str, Any]
    document: dict[str, Any]
    specifications: list[str]
    instances_wanted: int
    instances_ready: int


_COUNTED = ("specifications", "instances_wanted", "instances_ready")
_COLUMNS = tuple(name for name in ListedService._fields if name not in _COUNTED)


def listed(stored: Stored) -> ListedService:
    """A whole service as a list shows it."""
    columns = (getattr(stored.row, name) for name in _COLUMNS)
    counted = (
        [version.specification for version in stored.versions],
        sum(version.instances for version in stored.versions),
        sum(instance.state == InstanceState.READY for instance in stored.instances),
    )
    return ListedService._make((*columns, *counted))


def page(
    session: Session,
    wanted: ServiceFilter,
    *,
    sort_by: str,
    descending: bool,
    offset: int,
    limit: int | None,
) -> tuple[int, list[ListedService]]:
    """How many services match, and some of them: see `queries.Store.list_services`."""
    matching = conditions(wanted)
    counting = select(func.count()).select_from(ServiceRow).where(*matching)
    query: Any = (
        select(*(getattr(ServiceRow, name) for name in _COLUMNS), *_counted())
        .where(*matching)
        .order_by(*order(sort_by, descending=descending))
        .offset(offset)
        .limit(limit)
    )
    total = session.scalars(counting).one()
    return total, [ListedService._make(row) for row in session.exec(query)]


def _counted() -> tuple[Any, ...]:
    """What is counted for each service, as `_COUNTED` names it."""
    of_service = (col(VersionRow.service_id) == ServiceRow.service_id, col(VersionRow.wanted))
    ready = (
        col(InstanceRow.service_id) == ServiceRow.service_id,
        col(InstanceRow.state) == InstanceState.READY.value,
    )
    specifications = func.json_group_array(VersionRow.specification, type_=JSON)
    instances = func.coalesce(func.sum(VersionRow.instances), 0)
    return (
        select(specifications).where(*of_service).scalar_subquery(),
        select(instances).where(*of_service).scalar_subquery(),
        select(func.count()).select_from(InstanceRow).where(*ready).scalar_subquery(),
    )
