"""What becomes of an instance whose pool is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.lifecycle.objects import Instance, InstanceState, Node, Phase, Room, Seen, Size
from simulator.lifecycle.placement import nodes_of, occupied, placed
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


class TestWhatTheSystemTakes:
    """A node of 2 cores and 8192 MB, instances of half of that."""

    NODE, HALF = Size(2, 8192), Size(1, 4096)

    def placed(self, overhead: Size, *, taken: Size = Size()) -> list[InstanceState]:  # noqa: B008
        room: Room = {"a": nodes_of("a", 1, self.NODE, {"a-1": taken}, overhead)}
        version = a_version(pools=("a",), size=self.HALF, instances=2)
        both = (an_instance(1, InstanceState.PENDING), an_instance(2, InstanceState.PENDING))
        service = a_deployment(*both, versions=(version,))
        return [one.state for one in placed(service, {}, room, NOW).instances]

    def test_without_it_two_halves_fill_a_node(self) -> None:
        assert self.placed(Size()) == [InstanceState.PENDING, InstanceState.PENDING]

    @pytest.mark.parametrize("overhead", [Size(0.01), Size(0, 1)], ids=["cores", "memory"])
    def test_with_the_least_of_it_only_one_does(self, overhead: Size) -> None:
        assert self.placed(overhead) == [InstanceState.PENDING, InstanceState.QUEUED]

    def test_it_is_named_where_there_is_no_room(self) -> None:
        room: Room = {"a": nodes_of("a", 1, self.HALF, {}, Size(0.25, 256))}
        version = a_version(pools=("a",), size=self.HALF)
        service = a_deployment(an_instance(1, InstanceState.PENDING), versions=(version,))
        (queued,) = placed(service, {}, room, NOW).instances
        assert "1 cores and 4096 MB (and 0.25 cores and 256 MB for the system)" in queued.message

    def test_it_counts_for_each_instance_that_is_there(self) -> None:
        there = an_instance(1, InstanceState.READY, pool="a", node="a-1")
        version = a_version(pools=("a",), size=self.HALF)
        service = a_deployment(there, versions=(version,))
        assert occupied(service, Size(0.25, 256)) == {"a": {"a-1": Size(1.25, 4352)}}
