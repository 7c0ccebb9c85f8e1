"""What becomes of an instance whose pool is lost."""

from __future__ import annotations

from dataclasses import replace

from simulator.lifecycle.objects import Instance, InstanceState, Node, Phase, Room, Seen, Size
from simulator.lifecycle.plan import plan
from tests.support.builders import NOW, a_deployment, a_version, an_instance

ROOM: Room = {"a": (Node("a-1", Size(cpus=8, memory_mb=1 << 20)),)}
GONE: Room = {}


def crashing(room: Room, now: int, before: Instance | None = None) -> Instance:
    """An instance of pool `a` that has died twice, as the next plan leaves it."""
    dead = an_instance(
        1, InstanceState.BACKOFF, pool="a", node="a-1", deaths=2, retry_at=NOW + 20_000
    )
    version = a_version(pools=("a",), size=Size(cpus=1))
    service = a_deployment(before or dead, versions=(version,))
    (after,) = plan(service, {}, now, room=room).service.instances
    return after


def test_while_its_pool_runs_it_waits_for_its_next_try() -> None:
    assert crashing(ROOM, NOW).state is InstanceState.BACKOFF
    assert crashing(ROOM, NOW).deaths == 2


def test_it_loses_its_place_with_its_pool() -> None:
    lost = crashing(GONE, NOW)
    assert (lost.state, lost.reason) == (InstanceState.QUEUED, "PoolLost")
    assert (lost.pool, lost.node) == ("", "")


def test_it_begins_anew_wherever_it_has_its_place_next() -> None:
    placed = crashing(ROOM, NOW + 5_000, crashing(GONE, NOW))
    assert (placed.state, placed.deaths) == (InstanceState.PENDING, 0)


def test_it_has_no_place_while_something_of_it_still_runs() -> None:
    lost = crashing(GONE, NOW)
    version = a_version(pools=("a",), size=Size(cpus=1))
    service = a_deployment(replace(lost), versions=(version,))
    seen = {lost.instance_id: Seen(Phase.RUNNING)}
    (after,) = plan(service, seen, NOW + 5_000, room=ROOM).service.instances
    assert after.state is InstanceState.QUEUED
