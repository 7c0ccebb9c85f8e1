"""A service, the lifecycle that looks after it and a machine that misbehaves, in integer time.

`World` does what the engine does (look, plan, note, act, look again), with a machine made of plain
integers instead of a backend, and checks at every plan what must hold at every plan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle import metering, rollout
from simulator.lifecycle.health import HEALTHY_RESET_MS, backoff_ms
from simulator.lifecycle.objects import (
    EndInstance,
    Event,
    ForgetService,
    Goal,
    InstanceState,
    Node,
    Phase,
    Plan,
    Room,
    Seen,
    Service,
    Sight,
    Size,
    StartInstance,
)
from simulator.lifecycle.plan import Policy, plan, resume, start_failed, started
from simulator.lifecycle.traffic import shares
from simulator.lifecycle.transitions import HELD, Transitions
from tests.support.told_moves import assert_told

NOT_LIVE = InstanceState.DRAINING
HOLDABLE = {(S.DEPLOYING, S.RUNNING), (S.STOPPING, S.STOPPED)}


def told(events: tuple[Event, ...]) -> set[str]:
    """Reasons of events."""
    return {event.reason for event in events}


@dataclass(frozen=True)
class Behaviour:
    """What the next instance does.

    Attributes:
        starts: `ok`, or how its start fails: `retryable`, `fatal`.
        start_ms: how long starting takes.
        ready_ms: how long it then takes to answer; None for never.
        dies_ms: how long it runs until it ends by itself; None for never.
        leaves_ms: how long it takes to end when told to.
    """

    starts: str = "ok"
    start_ms: int = 100
    ready_ms: int | None = 1_000
    dies_ms: int | None = None
    leaves_ms: int = 500


WELL = Behaviour()


@dataclass
class Machine:
    """One instance as it really is. `runs_from` and `ends_at` are instants."""

    behaviour: Behaviour
    starts_until: int
    phase: Phase = Phase.CREATED
    runs_from: int = 0
    sick: bool = False
    ends_at: int | None = None
    end_asked: bool = False

    def seen(self, now: int) -> Seen:
        if self.phase is not Phase.RUNNING:
            return Seen(self.phase, exit_code=1 if self.phase is Phase.EXITED else None)
        ready_ms = self.behaviour.ready_ms
        answers = ready_ms is not None and now >= self.runs_from + ready_ms
        return Seen(
            Phase.RUNNING,
            healthy=not self.sick if answers else None,
            address=f"10.0.0.1:{self.runs_from % 60_000 + 1}",
            ref="ref",
        )


@dataclass
class World:
    """Everything there is.

    Attributes:
        service: None once it was forgotten.
        coming: how the next instances behave, one after the other.
        weather: how those after them behave.
        deaths: instance id to how often it died in a row, and when last; counted from first
            principles.
        ran_ms: how long machines ran in all; `metered_ms`: how long that was by the meter.
        blind_ms: how long nothing was seen; the meter may be late by as much for each machine.
        pools: pool id to the cores of each of its nodes; `lost` are those that do not run.
    """

    service: Service | None
    now: int
    machines: dict[str, Machine] = field(default_factory=dict)
    blind: bool = False
    wake_at: int | None = None
    coming: list[Behaviour] = field(default_factory=list)
    weather: Behaviour = WELL
    events: list[Event] = field(default_factory=list)
    deaths: dict[str, tuple[int, int]] = field(default_factory=dict)
    plans: int = 0
    ran_ms: int = 0
    metered_ms: int = 0
    blind_ms: int = 0
    pools: dict[str, list[int]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    policy: Policy = field(default_factory=Policy)

    # -- what users and the world do --------------------------------------------------------

    def ask(self, change: Callable[[Service, int], tuple[Service, tuple[Event, ...]]]) -> None:
        """A user's request; raises what it raises."""
        if self.service is not None:
            before = self.service
            self.service, events = change(self.service, self.now)
            self._note(before, events)
            self._keep(before, self.service, events)
            self.settle()

    def pass_time(self, ms: int) -> None:
        """Let time pass, stopping at each instant at which something happens or is due."""
        until = self.now + ms
        while (instant := self._next_instant()) is not None and instant <= until:
            self._go_to(max(self.now, instant))
        self._go_to(until)

    def _go_to(self, instant: int) -> None:
        passed = instant - self.now
        self.ran_ms += passed * sum(m.phase is Phase.RUNNING for m in self.machines.values())
        self.blind_ms += passed * self.blind
        self.now = instant
        self.settle()

    def crash(self, index: int) -> None:
        self._to_running(index, lambda machine: replace_phase(machine, Phase.EXITED))

    def sicken(self, index: int) -> None:
        self._to_running(index, lambda machine: setattr(machine, "sick", True))

    def vanish(self, index: int) -> None:
        ids = sorted(i for i, m in self.machines.items() if m.phase is not Phase.CREATED)
        if ids:
            del self.machines[ids[index % len(ids)]]
            self.settle()

    def set_lost(self, pool: str, lost: bool) -> None:
        if lost:
            self.lost.add(pool)
        else:
            self.lost.discard(pool)
        self.settle()

    def room(self) -> Room:
        return {
            pool: tuple(
                Node(f"{pool}-{number}", Size(cpus=cores, memory_mb=1 << 20))
                for number, cores in enumerate(nodes)
            )
            for pool, nodes in self.pools.items()
            if pool not in self.lost
        }

    def set_blind(self, blind: bool) -> None:
        self.blind = blind
        self.settle()

    def restart_server(self, *, keep_running: bool) -> None:
        """The server ends without a word and comes back; starts under way are cut off."""
        self.machines = {
            instance_id: machine
            for instance_id, machine in self.machines.items()
            if keep_running and machine.phase is not Phase.CREATED
        }
        if self.service is not None and not self.blind:
            before = self.service
            running = {
                i: m.seen(self.now) for i, m in self.machines.items() if m.phase is Phase.RUNNING
            }
            self.service, events = resume(self.service, running, self.now)
            if events:
                self.deaths.clear()  # a new deployment
            self._note(before, events)
            self._keep(before, self.service, events)
        self.settle()

    def calm_down(self) -> None:
        """No more disturbances: the engine answers, the sick recover, new instances are well, and
        no transition is held."""
        self.coming.clear()
        self.weather = WELL
        self.blind = False
        self.lost.clear()
        self.policy = replace(self.policy, transitions=Transitions())
        for machine in self.machines.values():
            machine.sick = False
            machine.behaviour = replace(WELL, leaves_ms=machine.behaviour.leaves_ms)
        self.settle()

    # -- the engine's loop ------------------------------------------------------------------

    def settle(self) -> None:
        """Plan and act until nothing more is to be done at this instant."""
        for _ in range(20):
            happened = self._happen()
            acted = self._plan_once()
            if not acted and not happened:
                return
        raise AssertionError("planning at one instant does not come to an end")

    def _plan_once(self) -> bool:
        """One plan, performed. Whether it changed anything."""
        if self.service is None:
            return False
        before, sight = self.service, self._sight()
        planned = self._planned(before, sight)
        self.plans += 1
        self._check(before, sight, planned)
        self._note(before, planned.events, planned.service)
        self._count_deaths(before, sight)
        self._forget_deaths_with_places(before, planned.service)
        self.service, self.wake_at = planned.service, planned.wake_at
        self._keep(before, planned.service, planned.events)
        did = [self._perform(action) for action in planned.actions]
        return planned.service != before or any(did)

    def _planned(self, service: Service, sight: Sight | None) -> Plan:
        return plan(service, sight, self.now, self.policy, self.room())

    def _sight(self) -> Sight | None:
        if self.blind:
            return None
        return {i: machine.seen(self.now) for i, machine in self.machines.items()}

    def _perform(self, action: StartInstance | EndInstance | ForgetService) -> bool:
        if isinstance(action, ForgetService):
            assert not self.machines, "a service was forgotten while instances were left"
            assert self.service is not None
            self._check_released(self.service)
            self._forget(self.service)
            self.service = None
            self.wake_at = None
            return True
        machine = self.machines.get(action.instance_id)
        if isinstance(action, EndInstance):
            if machine is None or machine.end_asked:
                return False
            machine.end_asked = True
            if machine.phase is not Phase.CREATED:
                machine.ends_at = self.now + machine.behaviour.leaves_ms
            return True
        if machine is not None and machine.phase is not Phase.EXITED:
            return False
        self._check_backoff(action.instance_id)
        behaviour = self.coming.pop(0) if self.coming else self.weather
        self.machines[action.instance_id] = Machine(behaviour, self.now + behaviour.start_ms)
        return True

    # -- what is kept, in a world with a store ----------------------------------------------

    def _keep(self, before: Service, after: Service, events: tuple[Event, ...]) -> None:
        """The record has become another one."""

    def _forget(self, service: Service | None) -> None:
        """The record is removed."""

    # -- the machine ------------------------------------------------------------------------

    def _next_instant(self) -> int | None:
        due = [] if self.service is None or self.wake_at is None else [self.wake_at]
        for machine in self.machines.values():
            due += [at for at in self._instants(machine) if at > self.now]
        return min(due, default=None)

    @staticmethod
    def _instants(machine: Machine) -> list[int]:
        if machine.ends_at is not None:
            return [machine.ends_at]
        if machine.phase is Phase.CREATED:
            return [machine.starts_until]
        if machine.phase is Phase.EXITED:
            return []
        after = (machine.behaviour.ready_ms, machine.behaviour.dies_ms)
        return [machine.runs_from + ms for ms in after if ms is not None]

    def _happen(self) -> bool:
        """What is due at this instant happens; whether anything did."""
        happened = False
        for instance_id, machine in list(self.machines.items()):
            if machine.ends_at is not None and self.now >= machine.ends_at:
                del self.machines[instance_id]
            elif machine.phase is Phase.CREATED and self.now >= machine.starts_until:
                self._finish_start(instance_id, machine)
            elif self._ends_by_itself(machine):
                machine.phase = Phase.EXITED
            else:
                continue
            happened = True
        return happened

    def _ends_by_itself(self, machine: Machine) -> bool:
        dies_ms = machine.behaviour.dies_ms
        if machine.phase is not Phase.RUNNING or dies_ms is None:
            return False
        return self.now >= machine.runs_from + dies_ms

    def _finish_start(self, instance_id: str, machine: Machine) -> None:
        before = self.service
        if machine.behaviour.starts != "ok":
            del self.machines[instance_id]
            if before is None:
                return
            self.service, events = start_failed(
                before,
                instance_id,
                reason="StartFailed",
                message="it could not be started",
                evidence="",
                fatal=machine.behaviour.starts == "fatal",
                now=self.now,
            )
            self._died(instance_id)
            self._note(before, events)
            self._keep(before, self.service, events)
            return
        machine.phase, machine.runs_from = Phase.RUNNING, self.now
        if machine.end_asked:
            machine.ends_at = self.now + machine.behaviour.leaves_ms
        if before is not None:
            self.service = started(before, instance_id, machine.seen(self.now))
            self._keep(before, self.service, ())

    def _to_running(self, index: int, effect: Callable[[Machine], None]) -> None:
        running = sorted(i for i, m in self.machines.items() if m.phase is Phase.RUNNING)
        if running:
            effect(self.machines[running[index % len(running)]])
            self.settle()

    # -- what must hold ---------------------------------------------------------------------

    def _note(
        self, before: Service, events: tuple[Event, ...], after: Service | None = None
    ) -> None:
        after = after or self.service
        assert after is not None
        self.metered_ms += sum(u.until - u.since for u in metering.ended(before, after, self.now))
        assert_told(before.status, after.status, events)
        if after.status is not before.status:
            assert after.transition_at == self.now
            if (before.status, after.status) in HOLDABLE and "RolledBack" not in told(events):
                self._check_released(before)
        self.events += events

    def _check_released(self, before: Service) -> None:
        least = self.policy.transitions.least(before.status)
        waited = least is not None and self.now >= before.transition_at + least
        assert before.released or waited, f"{before.status} was left while it was held"

    def _check(self, before: Service, sight: Sight | None, planned: Plan) -> None:
        after = planned.service
        assert self._planned(before, sight) == planned, "the same arguments, another plan"
        again = self._planned(after, sight)
        assert again.service == after, "planned again at once, it decides otherwise"
        assert again.events == (), "planned again at once, it tells something again"
        assert planned.wake_at is None or planned.wake_at > self.now, "it wakes itself for ever"
        self._check_instances(before, after)
        self._check_update(before, after, sight or {})
        self._check_places(after)
        self._check_shares(after)
        if sight is not None:
            self._check_wanted(after, sight)
            self._check_actions(planned, sight)
        else:
            assert planned.actions == (), "it acted without seeing"

    def _check_instances(self, before: Service, after: Service) -> None:
        known = {i.instance_id for i in before.instances}
        ids = [i.instance_id for i in after.instances]
        assert len(set(ids)) == len(ids)
        assert after.next_ordinal >= before.next_ordinal
        for instance in after.instances:
            assert instance.ordinal < after.next_ordinal
            if instance.instance_id not in known:
                assert instance.ordinal >= before.next_ordinal, "an ordinal was used again"

    def _check_wanted(self, after: Service, sight: Sight) -> None:
        up = after.goal is Goal.RUNNING and after.status not in (S.FAILED, S.FINISHED)
        for version in after.versions if not after.is_updating else ():
            live = after.instances_of(version.version_id)
            assert len(live) == (version.instances if up else 0)
        assert not up or after.status in (S.DEPLOYING, S.RUNNING, S.CONCERNING, S.WAITING)
        live_ready = [i.state is InstanceState.READY for i in after.instances if is_live(i.state)]
        if up and not after.is_updating:
            is_ready = all(live_ready)
            assert is_ready or after.reason != HELD
            runs = after.status is S.RUNNING
            # a job goes on with those of its instances that are well
            assert runs == (is_ready and after.reason != HELD) or (runs and after.job)
        assert not after.is_updating or after.status in (S.DEPLOYING, S.DELETING)
        owned = {i.instance_id for i in after.instances}
        assert sight.keys() <= owned, "an instance has no owner"

    def _check_update(self, before: Service, after: Service, sight: Sight) -> None:
        """Never more than the surge above, nor more than allowed below, during an update."""
        if not (before.is_updating and after.is_updating) or after.goal is not Goal.RUNNING:
            return
        ready_now = {i.instance_id for i in after.instances if i.state is InstanceState.READY}
        for version in after.versions:
            if version.version_id not in rollout.arriving_ids(after):
                continue
            both = (version.version_id, version.replaces)
            lived = [i for i in before.instances if is_live(i.state) and i.version_id in both]
            live = [i for i in after.instances if is_live(i.state) and i.version_id in both]
            most = version.instances + math.ceil(share_of(version.max_surge, version.instances))
            is_rolled = any(v.version_id == version.replaces for v in after.fallback)
            assert len(live) <= max(most, len(lived)) or not is_rolled
            were_ready = sum(i.state is InstanceState.READY for i in lived)
            gone = {i.instance_id for i in lived} - {i.instance_id for i in live}
            well = {name for name, seen in sight.items() if seen.healthy}
            lost_ready = sum(
                i.state is InstanceState.READY for i in lived if i.instance_id in gone & well
            )
            allowed = math.floor(share_of(version.max_unavailable, version.instances))
            if not share_of(version.max_surge, version.instances):
                allowed = max(allowed, 1)
            ready = sum(i.instance_id in ready_now for i in live)
            assert not lost_ready or ready >= version.instances - allowed, (were_ready, ready)

    def _check_places(self, after: Service) -> None:
        """No node has more than fits, and whatever has a node is counted on it."""
        taken: dict[str, float] = {}
        for instance in after.instances:
            version = after.version(instance.version_id)
            assert bool(instance.node) == bool(instance.pool)
            if version is not None and instance.node:
                taken[instance.node] = taken.get(instance.node, 0) + version.size.cpus
            if version is not None and version.pools and is_live(instance.state):
                assert (instance.state is InstanceState.QUEUED) == (not instance.node)
        for pool, nodes in self.pools.items():
            for number, cores in enumerate(nodes):
                assert taken.get(f"{pool}-{number}", 0) <= cores
        for version in after.versions if not after.is_updating else ():
            share = -(-version.instances // max(1, len(version.pools)))
            for pool in version.pools:
                there = [i for i in after.instances_of(version.version_id) if i.pool == pool]
                assert len(there) <= share or len(version.pools) == 1

    def _check_shares(self, after: Service) -> None:
        """The weights are those of one configuration, and what is not ready adds nothing new."""
        found = shares(after)
        total = sum(version.weight for version in after.fallback or after.versions)
        assert sum(found.values()) % total == 0
        assert sum(found.values()) > 0
        for version_id in rollout.arriving_ids(after) if after.is_updating else ():
            ready = [i for i in after.instances_of(version_id) if i.state is InstanceState.READY]
            assert ready or not found.get(version_id)

    def _check_actions(self, planned: Plan, sight: Sight) -> None:
        states = {i.instance_id: i.state for i in planned.service.instances}
        for action in planned.actions:
            if isinstance(action, StartInstance):
                assert states[action.instance_id] is InstanceState.PENDING
            elif isinstance(action, EndInstance):
                leaving = (InstanceState.DRAINING, InstanceState.QUEUED)
                assert states[action.instance_id] in leaving
            else:
                assert planned.service.goal is Goal.DELETED
                assert not sight

    def _check_backoff(self, instance_id: str) -> None:
        deaths, at = self.deaths.get(instance_id, (0, self.now))
        waited_ms = self.now - at
        assert deaths == 0 or waited_ms >= backoff_ms(deaths), (
            f"{instance_id} died {deaths} times in a row and was started after {waited_ms} ms"
        )

    def _count_deaths(self, before: Service, sight: Sight | None) -> None:
        for instance in before.instances:
            seen = (sight or {}).get(instance.instance_id)
            ran = instance.state in (
                InstanceState.STARTING,
                InstanceState.READY,
                InstanceState.UNHEALTHY,
            )
            if seen is None or seen.phase is not Phase.EXITED or not ran:
                continue
            was_ready = instance.state is not InstanceState.STARTING
            long = self.now - (instance.ready_at or self.now) >= HEALTHY_RESET_MS
            if was_ready and long:
                self.deaths.pop(instance.instance_id, None)
            self._died(instance.instance_id)

    def _forget_deaths_with_places(self, before: Service, after: Service) -> None:
        """An instance whose pool was lost begins anew, wherever that is."""
        places = {i.instance_id: i.pool for i in after.instances}
        for instance in before.instances:
            lost = instance.pool and places.get(instance.instance_id) != instance.pool
            if lost:
                self.deaths.pop(instance.instance_id, None)

    def _died(self, instance_id: str) -> None:
        deaths, _ = self.deaths.get(instance_id, (0, 0))
        self.deaths[instance_id] = (deaths + 1, self.now)


def replace_phase(machine: Machine, phase: Phase) -> None:
    machine.phase = phase


def share_of(value: float, instances: int) -> float:
    """A share of the instances below 1, a count from 1 on."""
    return value if value >= 1 else round(value * instances, 9)


def is_live(state: InstanceState) -> bool:
    """Whether an instance in this state counts as one of those that are wanted."""
    return state is not NOT_LIVE
