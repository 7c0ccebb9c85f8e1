"""Random histories of a service on a machine that misbehaves; what must hold holds at every plan.

A failing history is printed with its steps and can be run again with the line that hypothesis
prints; `--hypothesis-seed=N` fixes the seed of a run.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.errors import StatusForbids
from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.health import BACKOFF_LAST_MS
from simulator.lifecycle.objects import Event, Goal, InstanceState, Service, Size, Version
from simulator.lifecycle.plan import Policy, plan
from simulator.lifecycle.requests import Change, delete, reconfigure, release, start, stop
from simulator.lifecycle.schedule import changed
from simulator.lifecycle.transitions import Transitions
from tests.support.builders import NOW, a_deployment, a_version
from tests.support.simulated_world import Behaviour, World

DEPLOY_TIMEOUT_MS = 180_000
SETTLE_MS = DEPLOY_TIMEOUT_MS + BACKOFF_LAST_MS + 60_000
"""After this much calm everything is as wanted: a deployment is over, the longest wait between two
tries is over, and a well instance has started."""

HISTORIES = int(os.environ.get("DRYDOCK_PROVE_HISTORIES", "300"))

Step = Callable[[World], None]

durations = st.sampled_from([0, 50, 700, 5_000, 25_000, 179_000, 650_000])
behaviours = st.builds(
    Behaviour,
    starts=st.sampled_from(["ok", "ok", "ok", "retryable", "fatal"]),
    start_ms=st.sampled_from([0, 100, 100, 60_000]),
    ready_ms=st.sampled_from([0, 1_000, 1_000, 20_000, None]),
    dies_ms=st.sampled_from([None, None, 0, 2_000, 700_000]),
    leaves_ms=st.sampled_from([0, 500, 30_000]),
)


def request(change: Change) -> Step:
    def ask(world: World) -> None:
        with contextlib.suppress(StatusForbids):
            world.ask(change)

    return ask


POOLS = {"a": [8, 8], "b": [8]}
"""Cores of the nodes of each pool; an instance takes 3."""


def in_pools(chosen: tuple[str, ...]) -> dict[str, object]:
    return {"pools": chosen, "size": Size(cpus=3)} if chosen else {}


pools = st.sampled_from([(), (), ("a",), ("b",), ("a", "b")])


@dataclass(frozen=True)
class Update:
    """A change of configuration: what becomes of each version that is there, and what is added.

    Attributes:
        fates: of one version after the other: `keep`, `replace`, `drop`; those without are kept.
        counts: instances of each version that is wanted then; the last holds for all others.
        added: how many versions come besides.
    """

    fates: tuple[str, ...]
    counts: tuple[int, ...]
    added: int
    pools: tuple[str, ...]
    max_surge: float
    max_unavailable: float

    def __call__(self, service: Service, now: int) -> tuple[Service, tuple[Event, ...]]:
        number = service.next_version
        wanted: list[Version] = []
        for index, version in enumerate(service.versions):
            fate = self.fates[index] if index < len(self.fates) else "keep"
            if fate == "keep":
                wanted.append(version)
            elif fate == "replace":
                wanted.append(self._new(number, version.version_id))
                number += 1
        for _ in range(max(self.added, not wanted)):
            wanted.append(self._new(number, ""))
            number += 1
        first = 100 - 10 * (len(wanted) - 1)
        versions = tuple(
            replace(
                version,
                weight=10 if index else first,
                instances=self.counts[min(index, len(self.counts) - 1)],
                max_surge=self.max_surge,
                max_unavailable=self.max_unavailable,
            )
            for index, version in enumerate(wanted)
        )
        return reconfigure(service, versions, number, now)

    def _new(self, number: int, replaces: str) -> Version:
        return a_version(
            f"v{number}",
            replaces=replaces,
            deploy_timeout_ms=DEPLOY_TIMEOUT_MS,
            **in_pools(self.pools),
        )


updates = st.builds(
    Update,
    fates=st.lists(st.sampled_from(["keep", "replace", "replace", "drop"]), max_size=3).map(tuple),
    counts=st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple),
    added=st.sampled_from([0, 0, 0, 1, 2]),
    pools=pools,
    max_surge=st.sampled_from([1.0, 1.0, 0.0, 0.25, 0.5, 2.0]),
    max_unavailable=st.sampled_from([0.0, 0.0, 0.3, 1.0, 3.0]),
)
schedules = st.sampled_from([None, 60_000, 600_000, 86_400_000])
_least = st.sampled_from([0, 0, 30_000, 400_000, None])
transitions = st.just(Transitions()) | st.builds(
    Transitions, deploy=_least, stop=_least, delete=_least
)
policies = st.builds(Policy, waits_for_room=st.booleans(), transitions=transitions)


def reschedule(after_ms: int | None) -> Step:
    return lambda world: world.ask(lambda service, now: changed(service, after_ms, now))


def happenings() -> st.SearchStrategy[Step]:
    """One thing that a user, the machine, the engine or the server does."""
    index = st.integers(0, 5)
    return st.one_of(
        st.sampled_from([start, stop, start, stop, start, delete, release]).map(request),
        updates.map(request),
        updates.map(request),
        schedules.map(reschedule),
        behaviours.map(lambda one: lambda world: setattr(world, "weather", one)),
        index.map(lambda n: lambda world: world.crash(n)),
        index.map(lambda n: lambda world: world.vanish(n)),
        index.map(lambda n: lambda world: world.sicken(n)),
        st.tuples(st.sampled_from(["a", "b"]), st.booleans()).map(
            lambda change: lambda world: world.set_lost(*change)
        ),
        st.booleans().map(lambda blind: lambda world: world.set_blind(blind)),
        st.booleans().map(lambda keep: lambda world: world.restart_server(keep_running=keep)),
    )


versions = st.lists(st.integers(1, 3), min_size=1, max_size=2).map(
    lambda counts: tuple(
        a_version(
            f"v{n}",
            weight=100 // len(counts),
            instances=count,
            deploy_timeout_ms=DEPLOY_TIMEOUT_MS,
        )
        for n, count in enumerate(counts, 1)
    )
)


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
    st.lists(st.tuples(happenings(), durations), min_size=4, max_size=20),
)
def test_what_must_hold_holds_and_the_goal_is_reached_after_every_history(
    wanted: tuple[Version, ...],
    policy: Policy,
    coming: list[Behaviour],
    history: list[tuple[Step, int]],
) -> None:
    deployment = a_deployment(versions=wanted, next_version=len(wanted) + 1)
    world = World(deployment, NOW, coming=coming, pools=POOLS, policy=policy)
    play(world, history)
    assert_settled(world)


def play(world: World, history: list[tuple[Step, int]]) -> None:
    """All that happens, and calm after it."""
    world.settle()
    for happen, then_ms in history:
        happen(world)
        world.pass_time(then_ms)
    world.calm_down()
    world.pass_time(SETTLE_MS)
    if world.service is not None and world.service.status is S.STOPPING:
        world.pass_time(60_000)  # it was due to stop just now


def assert_settled(world: World) -> None:
    """The goal is reached (or the deployment has failed), and nothing more is planned."""
    service = world.service
    if service is None:
        assert world.machines == {}
        return
    settled = {
        Goal.RUNNING: {S.RUNNING, S.FAILED, *full(service)},
        Goal.STOPPED: {S.STOPPED},
        Goal.DELETED: set(),
    }
    assert service.status in settled[service.goal]
    if service.status in full(service):
        return
    wanted = sum(v.instances for v in service.versions) if service.status is S.RUNNING else 0
    assert len(world.machines) == len(service.instances) == wanted
    sight = {i: machine.seen(world.now) for i, machine in world.machines.items()}
    last = plan(service, sight, world.now, world.policy, world.room())
    due = service.due_at if service.status is S.RUNNING else None
    assert (last.service, last.actions, last.events, last.wake_at) == (service, (), (), due)
    assert not service.is_updating
    assert_metered(world)


def full(service: Service) -> set[S]:
    """What else a service may end in when some of its instances have no room, for ever."""
    queued = [i for i in service.instances if i.state is InstanceState.QUEUED]
    return {S.WAITING, S.CONCERNING} if queued else set()


def assert_metered(world: World) -> None:
    """The meter says what ran, by first principles; it is late by as long as nothing was seen."""
    open_ms = sum(
        world.now - instance.running_since
        for instance in (world.service.instances if world.service else ())
        if instance.running_since is not None
    )
    most_machines = 30
    late_ms = abs(world.metered_ms + open_ms - world.ran_ms)
    assert late_ms <= world.blind_ms * most_machines


@pytest.mark.parametrize("change", [stop, delete])
def test_a_service_settles_from_each_user_action(change: Change) -> None:
    world = World(a_deployment(), NOW)
    world.settle()
    world.pass_time(5_000)
    assert world.service is not None
    assert world.service.status is S.RUNNING
    world.ask(change)
    world.pass_time(SETTLE_MS)
    assert_settled(world)


def test_a_day_of_crashes_is_a_few_hundred_restarts() -> None:
    day_ms = 86_400_000
    world = World(a_deployment(), NOW)
    world.settle()
    world.pass_time(5_000)
    world.weather = Behaviour(dies_ms=5_000)
    world.crash(0)
    world.pass_time(day_ms)
    assert world.service is not None
    (instance,) = world.service.instances
    # every 300 s at most, once the wait has grown to its longest
    assert day_ms // 320_000 < instance.restarts < day_ms // 290_000
    assert world.plans < 20 * instance.restarts
