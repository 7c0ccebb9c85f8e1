"""Quotas in the store: their sizes, what is used of them, and the check before a write.

What is used is counted anew from the rows each time: there is no counter that could be wrong. All
functions take the session of a transaction, so that check and write are one.

Source: Deploying as a Real-Time Service, constraints and quota calculation (services count in
whatever status; instances count when a service is made, when their number is changed, and until it
is deleted; what is in a dedicated pool does not count); Deploying as a Batch Service, context.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from simulator.errors import InvalidRequest, QuotaExceeded, Violation
from simulator.facts.quotas import (
    APPS,
    BATCH_SERVICES,
    PUBLIC_INSTANCES,
    QUOTAS,
    REAL_TIME_SERVICES,
    SIZE_MAX,
)
from simulator.facts.statuses import ServiceKind
from simulator.store.app_tables import AppRow
from simulator.store.tables import QuotaRow, ServiceRow, VersionRow

_Taking = tuple[Sequence[str], int]
"""A version's dedicated pools, none for the public one, and its number of instances."""


@dataclass(frozen=True)
class QuotaUse:
    """A quota as it is now.

    Attributes:
        size: how much may be used.
        used: what one user has of it in one project; may be above the size when that was lowered.
        default: the documented size.
    """

    name: str
    size: int
    used: int
    default: int


class Counting(Enum):
    """Which real-time services count."""

    PUBLIC = "public"
    """Those with a version in the public pool."""
    ALL = "all"
    """Those in dedicated pools too."""


def quota_uses(session: Session, project_id: str, owner: str, counting: Counting) -> list[QuotaUse]:
    """All quotas, with what a user has of them in a project."""
    sizes = _sizes(session)
    instances = _public_instances(session, project_id, owner)
    used = {
        REAL_TIME_SERVICES: sum(_counts(one, counting) for one in instances.values()),
        BATCH_SERVICES: _batch_services(session, project_id, owner),
        PUBLIC_INSTANCES: sum(one or 0 for one in instances.values()),
        APPS: _apps(session, project_id, owner),
    }
    return [
        QuotaUse(quota.name, sizes[quota.name], used[quota.name], quota.default)
        for quota in QUOTAS.values()
    ]


def check_quotas(
    session: Session,
    row: ServiceRow,
    versions: Sequence[VersionRow],
    counting: Counting,
    *,
    is_new: bool,
) -> None:
    """Whether there is room for a service's configuration, before it is stored. One that takes no
    more than the one before it is never refused, also where more is used than allowed.

    Args:
        is_new: the service itself is not stored yet either.

    Raises:
        QuotaExceeded
    """
    if row.kind == ServiceKind.BATCH and is_new:
        used = _batch_services(session, row.project_id, row.owner)
        _check(session, BATCH_SERVICES, used, 1)
    if row.kind != ServiceKind.REAL_TIME:
        return
    instances = _public_instances(session, row.project_id, row.owner)
    wanted = _in_public_pool((version.pools, version.instances) for version in versions)
    before = None if is_new else instances[row.service_id]
    counted_before = not is_new and _counts(before, counting)
    if _counts(wanted, counting) and not counted_before:
        services = sum(_counts(one, counting) for one in instances.values())
        _check(session, REAL_TIME_SERVICES, services, 1)
    more = (wanted or 0) - (before or 0)
    if more > 0:
        _check(session, PUBLIC_INSTANCES, sum(one or 0 for one in instances.values()), more)


def check_app_quota(session: Session, project_id: str, owner: str) -> None:
    """Whether a user may have one app more. Raises `QuotaExceeded`."""
    _check(session, APPS, _apps(session, project_id, owner), 1)


def set_quota_size(session: Session, name: str, size: int) -> None:
    """Give a quota another size; what is used already stays.

    Raises:
        InvalidRequest: there is no such quota, or the size is not from 0 to `SIZE_MAX`.
    """
    _check_name(name)
    if not 0 <= size <= SIZE_MAX:
        text = f"size: must be from 0 to {SIZE_MAX}, not {size}"
        raise InvalidRequest([Violation("DD-QUO-002", "/size", text, "drydock quota")])
    session.merge(QuotaRow(name=name, size=size))


def reset_quota_size(session: Session, name: str) -> None:
    """Give a quota its documented size again.

    Raises:
        InvalidRequest: there is no such quota.
    """
    _check_name(name)
    row = session.get(QuotaRow, name)
    if row is not None:
        session.delete(row)


def _check_name(name: str) -> None:
    if name not in QUOTAS:
        text = f"there is no quota {name}; there are {', '.join(QUOTAS)}"
        raise InvalidRequest([Violation("DD-QUO-001", "/name", text, "drydock quota")])


def _check(session: Session, quota: str, used: int, asked: int) -> None:
    size = _sizes(session)[quota]
    if used + asked > size:
        raise QuotaExceeded(quota, size, used, asked)


def _sizes(session: Session) -> dict[str, int]:
    changed = {row.name: row.size for row in session.exec(select(QuotaRow))}
    return {quota.name: changed.get(quota.name, quota.default) for quota in QUOTAS.values()}


def _batch_services(session: Session, project_id: str, owner: str) -> int:
    rows = select(func.count()).select_from(ServiceRow)
    return session.exec(rows.where(*_of_user(project_id, owner, ServiceKind.BATCH))).one()


def _apps(session: Session, project_id: str, owner: str) -> int:
    rows = select(func.count()).select_from(AppRow)
    return session.exec(rows.where(AppRow.project_id == project_id, AppRow.owner == owner)).one()


def _public_instances(session: Session, project_id: str, owner: str) -> dict[str, int | None]:
    """Real-time services to the instances that each is configured with in the public pool; None
    where it is not there at all. During an update it is the larger number of both configurations:
    a failed update returns to the one before it."""
    query = (
        select(ServiceRow.service_id, ServiceRow.fallback, VersionRow.pools, VersionRow.instances)
        .join(VersionRow)
        .where(*_of_user(project_id, owner, ServiceKind.REAL_TIME), col(VersionRow.wanted))
    )
    wanted: dict[str, list[_Taking]] = {}
    before: dict[str, list[_Taking]] = {}
    for service_id, fallback, pools, instances in session.exec(query):
        wanted.setdefault(service_id, []).append((pools, instances))
        before[service_id] = [(one.get("pools", []), one["instances"]) for one in fallback]
    return {
        service_id: max(
            (_in_public_pool(versions), _in_public_pool(before[service_id])),
            key=lambda count: -1 if count is None else count,
        )
        for service_id, versions in wanted.items()
    }


def _in_public_pool(versions: Iterable[_Taking]) -> int | None:
    """How many instances these versions have there; None when all of them are in other pools."""
    counted = [instances for pools, instances in versions if not pools]
    return sum(counted) if counted else None


def _counts(public_instances: int | None, counting: Counting) -> bool:
    """Whether a service counts as one."""
    return public_instances is not None or counting is Counting.ALL


def _of_user(project_id: str, owner: str, kind: ServiceKind) -> tuple[Any, ...]:
    return (
        col(ServiceRow.project_id) == project_id,
        col(ServiceRow.owner) == owner,
        col(ServiceRow.kind) == kind.value,
    )
