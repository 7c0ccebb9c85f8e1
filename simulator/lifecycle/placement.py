"""Where instances of dedicated pools have their place: pure.

An instance goes to the pool in which its version has the fewest, and there to the node with the
most room. What has no room is queued and tried again.

Source: Deploying as a Real-Time Service, table 2 (multi-pool load balancing: half of the instances
in each pool); service events (insufficient resources: three tries, then failed).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from simulator.lifecycle.objects import (
    NOTHING,
    Instance,
    InstanceState,
    Node,
    Room,
    Service,
    Sight,
    Size,
    Version,
)

RETRY_MS = 10_000
"""Between two tries to find a place; nobody documents it."""
TRIES = 3
"""Source: service events (insufficient resources: three retries, then failed)."""
WAIT_MS = 300_000
"""Between two looks afterwards, for a service that waits; room that comes is taken at once."""
NO_ROOM = "InsufficientResources"
POOL_LOST = "PoolLost"
_TOLERANCE = 1e-9
"""Cores and GPUs are decimals: sums of them may be off by as much."""


def placed(service: Service, sight: Sight, room: Room, now: int) -> Service:
    """The service with each new instance at its place, or queued.

    An instance whose pool does not run any more has lost its place. It gets another one when
    nothing is seen of it any more: what runs of it is on its way out.
    """
    instances = [_lost(one, room, now) for one in service.instances]
    free = _free(service, instances, room)
    overhead = overhead_of(room)
    for index, instance in enumerate(instances):
        version = service.version(instance.version_id)
        if version is None or not version.pools or not _wants_place(instance, sight):
            continue
        choice = _choose(version, instances, free, overhead)
        if choice is None:
            instances[index] = _queued(instance, version, room, now)
            continue
        pool, node_id = choice
        free[pool][node_id] = free[pool][node_id] - (version.size + overhead)
        instances[index] = replace(
            instance,
            state=InstanceState.PENDING,
            pool=pool,
            node=node_id,
            tries=0,
            retry_at=None,
            reason="",
            message="",
        )
    return replace(service, instances=tuple(instances))


def occupied(service: Service, overhead: Size = NOTHING) -> dict[str, dict[str, Size]]:
    """What the instances of a service take, by pool and node; those on their way out still do.

    Args:
        overhead: what the system takes for each.
    """
    found: dict[str, dict[str, Size]] = {}
    for instance in service.instances:
        version = service.version(instance.version_id)
        if instance.node and version is not None:
            nodes = found.setdefault(instance.pool, {})
            nodes[instance.node] = nodes.get(instance.node, NOTHING) + version.size + overhead
    return found


def fits(size: Size, free: Size) -> bool:
    return (
        size.cpus <= free.cpus + _TOLERANCE
        and size.memory_mb <= free.memory_mb
        and size.gpus <= free.gpus + _TOLERANCE
        and size.npus <= free.npus
    )


def _lost(instance: Instance, room: Room, now: int) -> Instance:
    if not instance.pool or room.get(instance.pool) or instance.state is InstanceState.DRAINING:
        return instance
    message = f"the pool {instance.pool} is lost, and instance {instance.ordinal} with it"
    return replace(
        instance,
        state=InstanceState.QUEUED,
        pool="",
        node="",
        address="",
        deaths=0,  # wherever it is next, it has not died there
        reason=POOL_LOST,
        message=message,
        retry_at=now + RETRY_MS,
    )


def _wants_place(instance: Instance, sight: Sight) -> bool:
    if instance.state is InstanceState.QUEUED:
        return instance.instance_id not in sight  # room may have come
    return instance.state is InstanceState.PENDING and not instance.node


def _free(service: Service, instances: list[Instance], room: Room) -> dict[str, dict[str, Size]]:
    """What is free on each node beside all instances, those of this service too."""
    free = {pool: {node.node_id: node.free for node in nodes} for pool, nodes in room.items()}
    here = replace(service, instances=tuple(instances))
    for pool, nodes in occupied(here, overhead_of(room)).items():
        for node_id, size in nodes.items():
            if node_id in free.get(pool, {}):
                free[pool][node_id] = free[pool][node_id] - size
    return free


def _choose(
    version: Version, instances: list[Instance], free: dict[str, dict[str, Size]], overhead: Size
) -> tuple[str, str] | None:
    """The pool with the fewest instances of the version, and its node with the most room."""
    there = Counter(
        one.pool
        for one in instances
        if one.version_id == version.version_id and one.state is not InstanceState.DRAINING
    )
    share = -(-version.instances // len(version.pools))  # rounded up: no pool gets more
    for pool in sorted(version.pools, key=lambda name: (there[name], version.pools.index(name))):
        if len(version.pools) > 1 and there[pool] >= share:
            continue
        nodes = [
            (size.cpus, size.memory_mb, node_id)
            for node_id, size in free.get(pool, {}).items()
            if fits(version.size + overhead, size)
        ]
        if nodes:
            most = max(nodes, key=lambda one: (one[0], one[1]))
            return pool, most[2]
    return None


def _queued(instance: Instance, version: Version, room: Room, now: int) -> Instance:
    if instance.state is InstanceState.QUEUED and now < (instance.retry_at or 0):
        return instance  # this is no further try
    if any(room.get(pool) for pool in version.pools):
        message = (
            f"no node of {' and '.join(version.pools)} has {version.size.cpus:g} cores and "
            f"{version.size.memory_mb} MB{_and_overhead(room)} free for instance "
            f"{instance.ordinal}"
        )
        reason = NO_ROOM
    else:
        message = f"the pool {' and '.join(version.pools)} does not run"
        reason = POOL_LOST
    tries = instance.tries + 1
    return replace(
        instance,
        state=InstanceState.QUEUED,
        tries=tries,
        retry_at=now + (RETRY_MS if tries < TRIES else WAIT_MS),
        reason=reason,
        message=message,
    )


def overhead_of(room: Room) -> Size:
    """What the system takes for each instance; the same on all nodes."""
    return next((node.overhead for nodes in room.values() for node in nodes), NOTHING)


def _and_overhead(room: Room) -> str:
    overhead = overhead_of(room)
    if overhead == NOTHING:
        return ""
    return f" (and {overhead.cpus:g} cores and {overhead.memory_mb} MB for the system)"


def nodes_of(
    pool_id: str, count: int, size: Size, taken: dict[str, Size], overhead: Size = NOTHING
) -> tuple[Node, ...]:
    """The nodes of a pool with what is left of each.

    Args:
        taken: what others take, by node.
        overhead: what the system takes for each instance that comes.
    """
    ids = [f"{pool_id}-{number}" for number in range(1, count + 1)]
    return tuple(Node(node_id, size - taken.get(node_id, NOTHING), overhead) for node_id in ids)
