"""How long instances ran in the public pool, and how many nodes dedicated pools had: the meter.

A run is an instance from when it was seen running until it was not any more; one that goes on ends
now. Platform time, epoch milliseconds; all figures are whole numbers.

Source: Deploying as a Real-Time Service, metering calculation (in the shared pool the
specifications that a service uses are metered; of a dedicated pool, the pool alone).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal, or_, select, union_all
from sqlmodel import Session, col

from simulator.store.filters import in_public_pool
from simulator.store.services import of_instances
from simulator.store.tables import InstanceRow, PoolUsageRow, ServiceRow, UsageRow, VersionRow


@dataclass(frozen=True)
class Usage:
    """What a service used of a specification in an interval.

    Attributes:
        service_name: also of a service that is gone.
        instance_ms: milliseconds that its instances ran in the interval, added up.
        runs: how many runs have a part in it; each has at least its first instant.
        running_now: how many of them go on.
    """

    service_id: str
    service_name: str
    specification: str
    instance_ms: int
    runs: int
    running_now: int


@dataclass(frozen=True)
class PoolUsage:
    """What a dedicated pool was metered in an interval.

    Attributes:
        node_ms: milliseconds that it had nodes, added up over these.
        nodes_now: how many it has now; 0 for one that is gone.
    """

    pool_id: str
    specification: str
    node_ms: int
    nodes_now: int


def pool_totals(
    session: Session, now: int, since: int = 0, until: int | None = None
) -> list[PoolUsage]:
    """What the dedicated pools were metered from `since` on and before `until`, by id; pools that
    are gone included. A part of the interval that lies after `now` does not count."""
    end = now if until is None else min(until, now)
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for row in session.scalars(select(PoolUsageRow)):
        part_ms = min(end, now if row.until is None else row.until) - max(since, row.since)
        if part_ms < 0:
            continue
        key = row.pool_id, row.specification
        node_ms, nodes_now = found.get(key, (0, 0))
        still = row.nodes if row.until is None else 0
        found[key] = node_ms + part_ms * row.nodes, nodes_now + still
    return [PoolUsage(*key, *found[key]) for key in sorted(found)]


def usage_totals(
    session: Session, now: int, since: int = 0, until: int | None = None
) -> list[Usage]:
    """What was used from `since` on, and before `until`; by name, services that are gone included.

    Args:
        now: where runs that go on end; nothing later counts.
        until: None for everything up to and with `now`.
    """
    runs = union_all(_ended(), _going_on(now)).subquery()
    end, last = (now, now) if until is None else (min(until, now), min(until - 1, now))
    if since > last:
        return []
    part_ms = func.min(runs.c.until, end) - func.max(runs.c.since, since)
    query: Any = (
        select(
            runs.c.service_id,
            func.max(runs.c.service_name).label("service_name"),
            runs.c.specification,
            func.sum(part_ms),
            func.count(),
            func.sum(runs.c.goes_on),
        )
        .where(
            runs.c.since <= last,
            or_(func.min(runs.c.until, now) > since, runs.c.since >= since),
        )
        .group_by(runs.c.service_id, runs.c.specification)
        .order_by("service_name", runs.c.service_id, runs.c.specification)
    )
    return [Usage(*row) for row in session.exec(query)]


def _ended() -> Any:
    """Runs that are over."""
    return select(
        col(UsageRow.service_id),
        col(UsageRow.service_name),
        col(UsageRow.specification),
        col(UsageRow.since),
        col(UsageRow.until),
        literal(0).label("goes_on"),
    )


def _going_on(now: int) -> Any:
    """Runs that are not, as if they ended now."""
    return of_instances(
        col(InstanceRow.service_id),
        col(ServiceRow.name),
        col(VersionRow.specification),
        col(InstanceRow.running_since),
        literal(now),
        literal(1),
    ).where(col(InstanceRow.running_since).is_not(None), in_public_pool())
