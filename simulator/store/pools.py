"""Dedicated pools: what there is, what is left on their nodes, and how many nodes over time."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, select

from simulator.errors import InUse, NameTaken, NotFound
from simulator.lifecycle.objects import NOTHING, InstanceState, Room, Service, Size
from simulator.lifecycle.placement import fits, nodes_of, occupied
from simulator.store.database import Database
from simulator.store.services import of_instances
from simulator.store.tables import InstanceRow, PoolRow, PoolUsageRow, ServiceRow, VersionRow

ABNORMAL = "abnormal"
Taken = dict[str, dict[str, Size]]
"""What instances take, by pool and node."""


class Pools:
    """Every read and write of dedicated pools, by name. Thread-safe and blocking.

    Args:
        overhead: what the system takes of a node for each instance beside its size.
    """

    def __init__(self, database: Database, overhead: Size = NOTHING) -> None:
        self._database = database
        self.overhead = overhead

    def all(self, project_id: str | None = None) -> list[PoolRow]:
        """By id; of all projects when none is named."""
        query = select(PoolRow).order_by(PoolRow.project_id, PoolRow.pool_id)
        if project_id is not None:
            query = query.where(PoolRow.project_id == project_id)
        with self._database.read() as session:
            return [*session.exec(query)]

    def add(self, pool: PoolRow) -> None:
        """Raises `NameTaken`."""
        with self._database.write() as session:
            add_pool(session, pool)

    def change(
        self,
        project_id: str,
        pool_id: str,
        at: int,
        *,
        nodes: int | None = None,
        status: str | None = None,
    ) -> tuple[PoolRow, list[str]]:
        """The changed pool, and the services in it. Raises `NotFound`, `InUse`."""
        with self._database.write() as session:
            pool = pool_of(session, project_id, pool_id)
            change_pool(session, pool, at, nodes=nodes, status=status)
            return pool, services_in(session, project_id, pool_id)

    def delete(self, project_id: str, pool_id: str, at: int) -> None:
        """Raises `NotFound`, `InUse`."""
        with self._database.write() as session:
            delete_pool(session, pool_of(session, project_id, pool_id), at)

    def room(self, project_id: str, *, beside: str) -> Room:
        """What is left in the project's pools beside the instances of all services but one."""
        with self._database.read() as session:
            return room(session, project_id, beside=beside, overhead=self.overhead)

    def queued(self) -> list[str]:
        """Ids of the services with an instance that has no place."""
        query = select(InstanceRow.service_id).where(InstanceRow.state == InstanceState.QUEUED)
        with self._database.read() as session:
            return sorted(set(session.exec(query)))

    def usage(self, project_id: str | None = None) -> list[PoolUsageRow]:
        """How many nodes the pools had over time, deleted ones too; the oldest first."""
        query = select(PoolUsageRow).order_by(col(PoolUsageRow.usage_id))
        if project_id is not None:
            query = query.where(PoolUsageRow.project_id == project_id)
        with self._database.read() as session:
            return [*session.exec(query)]


def pool_of(session: Session, project_id: str, pool_id: str) -> PoolRow:
    """Raises `NotFound`."""
    row = session.get(PoolRow, (project_id, pool_id))
    if row is None:
        raise NotFound("pool", pool_id)
    return row


def add_pool(session: Session, pool: PoolRow) -> None:
    """Raises `NameTaken`."""
    if session.get(PoolRow, (pool.project_id, pool.pool_id)) is not None:
        raise NameTaken("pool", pool.pool_id)
    session.add(pool)
    _begin_usage(session, pool, pool.created_at)


def change_pool(
    session: Session, pool: PoolRow, at: int, *, nodes: int | None, status: str | None
) -> None:
    """Another number of nodes, or another status.

    Raises:
        InUse: instances have their place on nodes that would go.
    """
    if nodes is not None and nodes != pool.nodes:
        users = _users(session, pool, above=nodes)
        if users:
            raise InUse("pool", pool.pool_id, users)
        pool.nodes = nodes
        end_usage(session, pool, at)
        _begin_usage(session, pool, at)
    if status is not None:
        pool.status = status
    session.add(pool)


def delete_pool(session: Session, pool: PoolRow, at: int) -> None:
    """Raises `InUse` while a service has a version in it."""
    users = _users(session, pool)
    if users:
        raise InUse("pool", pool.pool_id, users)
    end_usage(session, pool, at)
    session.delete(pool)


def room(session: Session, project_id: str, *, beside: str, overhead: Size = NOTHING) -> Room:
    """What is left in the project's pools beside the instances of all services but one."""
    taken = _taken(session, project_id, beside=beside, overhead=overhead)
    pools = session.exec(select(PoolRow).where(PoolRow.project_id == project_id))
    return {
        pool.pool_id: nodes_of(
            pool.pool_id, pool.nodes, size_of(pool), taken.get(pool.pool_id, {}), overhead
        )
        for pool in pools
        if pool.status != ABNORMAL
    }


def has_room(session: Session, project_id: str, service: Service, overhead: Size = NOTHING) -> bool:
    """Whether what a planned service takes fits beside what the others take now."""
    taken = occupied(service, overhead)
    if not taken:
        return True
    free = room(session, project_id, beside=service.service_id, overhead=overhead)
    for pool, nodes in taken.items():
        there = {node.node_id: node.free for node in free.get(pool, ())}
        for node_id, size in nodes.items():
            if node_id in there and not fits(size, there[node_id]):
                return False
    return True


def services_in(session: Session, project_id: str, pool_id: str) -> list[str]:
    """Ids of the services that have a version in a pool."""
    rows = session.exec(
        select(VersionRow.service_id, VersionRow.pools)
        .join(ServiceRow)
        .where(ServiceRow.project_id == project_id)
    )
    return sorted({service_id for service_id, pools in rows if pool_id in pools})


def size_of(row: PoolRow | VersionRow) -> Size:
    """Of a node, or of an instance."""
    return Size(row.cpus, row.memory_mib, row.gpus, row.npus)


def end_usage(session: Session, pool: PoolRow, at: int) -> None:
    going_on = select(PoolUsageRow).where(
        PoolUsageRow.project_id == pool.project_id,
        PoolUsageRow.pool_id == pool.pool_id,
        col(PoolUsageRow.until).is_(None),
    )
    for usage in session.exec(going_on):
        usage.until = at
        session.add(usage)


def _begin_usage(session: Session, pool: PoolRow, at: int) -> None:
    session.add(
        PoolUsageRow(
            project_id=pool.project_id,
            pool_id=pool.pool_id,
            specification=pool.specification,
            nodes=pool.nodes,
            since=at,
        )
    )


def _users(session: Session, pool: PoolRow, *, above: int | None = None) -> list[str]:
    """Names of the services with a version in the pool; or with an instance on a node of a higher
    number."""
    ids: Iterable[str] = services_in(session, pool.project_id, pool.pool_id)
    if above is not None:
        rows = session.exec(select(InstanceRow).where(InstanceRow.pool == pool.pool_id))
        placed = {row.service_id for row in rows if int(row.node.rsplit("-", 1)[1]) > above}
        ids = [service_id for service_id in ids if service_id in placed]
    names = select(ServiceRow.name).where(col(ServiceRow.service_id).in_(list(ids)))
    return sorted(session.exec(names))


def _taken(session: Session, project_id: str, *, beside: str, overhead: Size) -> Taken:
    placed = of_instances(InstanceRow, VersionRow).where(
        ServiceRow.project_id == project_id,
        InstanceRow.node != "",
        InstanceRow.service_id != beside,
    )
    taken: Taken = {}
    for instance, version in session.exec(placed):
        nodes = taken.setdefault(instance.pool, {})
        nodes[instance.node] = nodes.get(instance.node, NOTHING) + size_of(version) + overhead
    return taken
