"""Random histories of a service through the real store: what is read back is what was decided, runs
are metered to the millisecond, the shown configuration is the one in force, and quotas are what a
recount from first principles finds, at every step."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from simulator.lifecycle.objects import Version
from simulator.lifecycle.plan import Policy
from simulator.store.queries import Store
from simulator.store.quotas import Counting
from tests.simulator.lifecycle.test_histories import (
    POOLS,
    Step,
    assert_settled,
    behaviours,
    durations,
    happenings,
    play,
    policies,
    versions,
)
from tests.support.builders import NOW, a_deployment, a_version
from tests.support.fresh_store import make_database
from tests.support.quota_world import DEFAULTS, ME, SOMEBODY_ELSE, Other, QuotaWorld
from tests.support.simulated_world import Behaviour, World

SMALL = {"real-time-services": 4, "batch-services": 3, "public-instances": 12}
"""The largest sizes that quotas are given: so small that they are reached."""

small_sizes = st.fixed_dictionaries({name: st.integers(0, most) for name, most in SMALL.items()})
takings = st.lists(st.tuples(st.booleans(), st.integers(1, 5)), min_size=1, max_size=3).map(tuple)
others = st.builds(
    Other,
    kind=st.sampled_from(["real-time", "real-time", "batch"]),
    owner=st.sampled_from([ME, ME, ME, SOMEBODY_ELSE]),
    versions=takings,
)
names = st.sampled_from([f"other-{number}" for number in range(6)])


def on_quotas(step: Callable[[QuotaWorld], None]) -> Step:
    def happen(world: World) -> None:
        assert isinstance(world, QuotaWorld)
        step(world)

    return happen


def quota_steps() -> st.SearchStrategy[Step]:
    """One thing that is asked for beside the service that lives, or a ticket for another quota."""
    creating = st.tuples(names, others)
    sizes = st.sampled_from(sorted(DEFAULTS)).flatmap(
        lambda name: st.tuples(st.just(name), st.none() | st.integers(0, SMALL[name]))
    )
    return st.one_of(
        creating.map(lambda one: on_quotas(lambda world: world.create(*one))),
        creating.map(lambda one: on_quotas(lambda world: world.create(*one))),
        names.map(lambda name: on_quotas(lambda world: world.remove(name))),
        sizes.map(lambda one: on_quotas(lambda world: world.resize(*one))),
        sizes.map(lambda one: on_quotas(lambda world: world.resize(*one))),
    )


HISTORIES = int(os.environ.get("DRYDOCK_PROVE_STORED_HISTORIES", "25"))


@settings(
    max_examples=HISTORIES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    versions,
    policies,
    st.lists(behaviours, max_size=2),
    st.lists(st.tuples(happenings() | quota_steps(), durations), min_size=4, max_size=16),
    st.booleans(),
    small_sizes,
)
def test_the_store_keeps_what_was_decided_through_every_history(
    wanted: tuple[Version, ...],
    policy: Policy,
    coming: list[Behaviour],
    history: list[tuple[Step, int]],
    counts_all: bool,
    sizes: dict[str, int],
) -> None:
    with tempfile.TemporaryDirectory(prefix="drydock-") as directory:
        counting = Counting.ALL if counts_all else Counting.PUBLIC
        store = Store(make_database(Path(directory) / "state.db"), counting)
        try:
            deployment = a_deployment(versions=wanted, next_version=len(wanted) + 1)
            world = QuotaWorld(
                deployment,
                NOW,
                coming=coming,
                pools=POOLS,
                policy=policy,
                store=store,
                counts_all=counts_all,
            )
            for quota, size in sizes.items():
                world.resize(quota, size)
            play(world, history)
            assert_settled(world)
            world.check_told()
            for quota, times in world.refused.items():
                event(f"{quota}: something was refused: {times > 0}")
        finally:
            store.close()


@pytest.fixture
def world(store: Store) -> QuotaWorld:
    """A service with two instances in the public pool."""
    version = a_version(instances=2)
    return QuotaWorld(a_deployment(versions=(version,), next_version=2), NOW, store=store)


class TestTheRecount:
    """What the histories compare with, at the places where it is easy to see."""

    def used(self, world: QuotaWorld) -> list[int]:
        return list(world._used(world.service, world.others).values())

    def test_counts_services_and_instances(self, world: QuotaWorld) -> None:
        assert self.used(world) == [1, 0, 2]
        world.create("dedicated", Other("real-time", ME, ((True, 5),)))
        assert self.used(world) == [1, 0, 2]
        world.create("mixed", Other("real-time", ME, ((True, 5), (False, 3))))
        assert self.used(world) == [2, 0, 5]
        world.create("batch", Other("batch", ME, ((False, 5),)))
        assert self.used(world) == [2, 1, 5]
        world.create("hers", Other("real-time", SOMEBODY_ELSE, ((False, 5),)))
        assert self.used(world) == [2, 1, 5]

    def test_what_would_be_too_much_is_refused(self, world: QuotaWorld) -> None:
        world.resize("real-time-services", 1)
        world.create("other", Other("real-time", ME, ((False, 1),)))
        world.resize("real-time-services", None)
        world.resize("public-instances", 2)
        world.create("other", Other("real-time", ME, ((False, 1),)))
        world.resize("batch-services", 0)
        world.create("batch", Other("batch", ME, ((False, 1),)))
        assert world.others == {}
        assert list(world.refused.values()) == [1, 1, 1]

    def test_what_takes_no_more_is_never_refused(self, world: QuotaWorld) -> None:
        for name in DEFAULTS:
            world.resize(name, 0)
        world.create("dedicated", Other("real-time", ME, ((True, 5),)))
        assert list(world.others) == ["dedicated"]
