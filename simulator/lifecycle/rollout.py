"""How the instances of a service come to be those that are wanted: pure.

Without an update each version simply has as many as it wants. During one, a version that takes
another's place grows while the other shrinks, within `max_surge` and `max_unavailable`; a version
that is new stands beside the others; what is to go stays until everything new is ready. Only then
do the traffic's shares change, and only then goes what is left over: an update that fails takes
nothing away from what serves.

Source: Deploying Services, table 7 (max_surge, max_unavailable); docs/decisions.md, "Updates".
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from simulator.lifecycle.objects import Instance, InstanceState, Outcome, Service, Version


def surge(version: Version) -> int:
    """Instances that may be there above the wanted number: a share is rounded up."""
    return math.ceil(_of(version.max_surge, version.instances))


def unavailable(version: Version) -> int:
    """Instances that may be missing: a share is rounded down. At least 1 where no instance may be
    added, because nothing could be replaced otherwise."""
    allowed = math.floor(_of(version.max_unavailable, version.instances))
    return max(allowed, 1) if not surge(version) else allowed


def _of(value: float, instances: int) -> float:
    # 0.1 of 30 is 3, not 3.0000000000000004
    return value if value >= 1 else round(value * instances, 9)


def matched(service: Service) -> Service:
    """The service with the instances that it needs now added, and those that it does not marked as
    draining."""
    wanted = {version.version_id for version in (*service.versions, *service.fallback)}
    service = _without(service, (i for i in _live(service) if i.version_id not in wanted))
    if not service.is_updating:
        for version in service.versions:
            service = _scaled(service, version.version_id, version.instances)
        return service
    replaced = {version.replaces for version in _arriving(service)}
    for version in service.fallback:
        if version.version_id not in replaced:
            service = _scaled(service, version.version_id, _most(service, version))
    for version in _arriving(service):
        if version.replaces in {one.version_id for one in service.fallback}:
            service = _rolled(service, version)
        else:
            service = _scaled(service, version.version_id, version.instances)
    return service


def is_complete(service: Service) -> bool:
    """Whether every wanted version has all its instances, and they are ready."""
    return all(len(_ready(service, v.version_id)) >= v.instances for v in service.versions)


def late(service: Service) -> list[Version]:
    """Wanted versions without all their instances ready."""
    return [v for v in service.versions if len(_ready(service, v.version_id)) < v.instances]


def outcome(before: Service, after: Service) -> Outcome | None:
    """How the update of `before` has ended in `after`; None when it has not, or there was none."""
    if not before.is_updating or after.is_updating:
        return None
    return Outcome.ROLLED_BACK if after.versions == before.fallback else Outcome.DONE


def arriving_ids(service: Service) -> frozenset[str]:
    """Versions that only the update has."""
    return frozenset(version.version_id for version in _arriving(service))


def _arriving(service: Service) -> list[Version]:
    before = {version.version_id for version in service.fallback}
    return [version for version in service.versions if version.version_id not in before]


def _most(service: Service, before: Version) -> int:
    """Instances of a version that stays, or goes at the end: the larger number of both."""
    after = next((v for v in service.versions if v.version_id == before.version_id), before)
    return max(before.instances, after.instances)


def _scaled(service: Service, version_id: str, count: int) -> Service:
    live = service.instances_of(version_id)
    service = _without(service, _surplus(live, len(live) - count))
    return _with(service, version_id, count - len(live))


def _rolled(service: Service, version: Version) -> Service:
    """Steps of a rolling update until nothing more can be done at this instant."""
    wanted = version.instances
    while True:
        new, old = service.instances_of(version.version_id), service.instances_of(version.replaces)
        room = wanted + surge(version) - len(new) - len(old)
        added = max(0, min(wanted - len(new), room))
        service = _with(service, version.version_id, added)
        gone = _dispensable(service, version)
        service = _without(service, gone)
        if not added and not gone:
            return service


def _dispensable(service: Service, version: Version) -> list[Instance]:
    """Instances of the replaced version that can go now: those that are not ready, as far as the
    others are enough, then ready ones."""
    new, old = service.instances_of(version.version_id), service.instances_of(version.replaces)
    ready = [i for i in (*new, *old) if i.state is InstanceState.READY]
    unready_new = [i for i in new if i.state is not InstanceState.READY]
    needed = version.instances - unavailable(version)
    order = _least_useful(old)
    unready_old = [i for i in order if i.state is not InstanceState.READY]
    ready_old = [i for i in order if i.state is InstanceState.READY]
    spare = max(0, len(new) + len(old) - needed - len(unready_new))
    return unready_old[:spare] + ready_old[: max(0, len(ready) - needed)]


def _live(service: Service) -> list[Instance]:
    return [i for i in service.instances if i.state is not InstanceState.DRAINING]


def _ready(service: Service, version_id: str) -> list[Instance]:
    return [i for i in service.instances_of(version_id) if i.state is InstanceState.READY]


def _surplus(instances: Sequence[Instance], count: int) -> list[Instance]:
    """Those to give up: the least useful ones, and of these those in the fullest pool, so that what
    is left stays spread evenly."""
    left = list(instances)
    gone: list[Instance] = []
    while len(gone) < count:
        there = Counter(one.pool for one in left)
        worst = min(
            left, key=lambda i: (i.state is InstanceState.READY, -there[i.pool], -i.ordinal)
        )
        left.remove(worst)
        gone.append(worst)
    return gone


def _least_useful(instances: Iterable[Instance]) -> list[Instance]:
    """Those to give up first: not ready ones, then the youngest."""
    return sorted(instances, key=lambda i: (i.state is InstanceState.READY, -i.ordinal))


def _with(service: Service, version_id: str, count: int) -> Service:
    """The service with `count` new instances of a version; none when that is not above 0."""
    if count <= 0:
        return service
    version = service.version(version_id)
    assert version is not None
    made = tuple(
        Instance(
            instance_id=f"{service.service_id}-{ordinal}",
            version_id=version_id,
            ordinal=ordinal,
            state=InstanceState.PENDING,
            created_at=service.deploy_started_at,
            grace_s=version.grace_s,
        )
        for ordinal in range(service.next_ordinal, service.next_ordinal + count)
    )
    return replace(
        service,
        instances=service.instances + made,
        next_ordinal=service.next_ordinal + count,
    )


def _without(service: Service, leaving: Iterable[Instance]) -> Service:
    """The service with some instances on their way out."""
    ids = {instance.instance_id for instance in leaving}
    if not ids:
        return service
    return replace(
        service,
        instances=tuple(
            replace(i, state=InstanceState.DRAINING) if i.instance_id in ids else i
            for i in service.instances
        ),
    )
