"""Transitions that a tester holds: the status stays, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.errors import StatusForbids
from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.objects import ForgetService, Goal, InstanceState, Phase, Plan, Seen
from simulator.lifecycle.plan import Policy, deploy_due_at, plan
from simulator.lifecycle.requests import release
from simulator.lifecycle.transitions import HELD, Transitions
from tests.support.builders import (
    NOW,
    a_deployment,
    a_service,
    a_version,
    an_instance,
    seen_exited,
    seen_running,
)

READY = {"svc-1": seen_running()}
STARTING = an_instance(state=InstanceState.STARTING)
MANUAL = Policy(transitions=Transitions(deploy=None, stop=None, delete=None))
MINUTE = Policy(transitions=Transitions(deploy=60_000, stop=60_000, delete=60_000))


def reasons(planned: Plan) -> list[str]:
    """Of what is told about the service, beside the instances' own news."""
    return [event.reason for event in planned.events if event.reason]


class TestDeploying:
    def test_a_service_that_is_ready_stays_deploying_for_the_set_time(self) -> None:
        held = plan(a_deployment(STARTING), READY, NOW, MINUTE)
        assert held.service.status is S.DEPLOYING
        assert held.service.reason == HELD
        assert reasons(held) == [HELD]
        assert held.wake_at == NOW + 60_000
        assert plan(held.service, READY, NOW + 59_999, MINUTE).service.status is S.DEPLOYING
        done = plan(held.service, READY, NOW + 60_000, MINUTE)
        assert done.service.status is S.RUNNING
        assert done.service.reason == ""

    def test_one_that_takes_longer_by_itself_is_not_held(self) -> None:
        done = plan(a_deployment(STARTING), READY, NOW + 90_000, MINUTE)
        assert done.service.status is S.RUNNING

    def test_by_hand_it_waits_until_it_is_released(self) -> None:
        held = plan(a_deployment(STARTING), READY, NOW, MANUAL).service
        late = plan(held, READY, NOW + 10_000_000, MANUAL)
        assert late.service.status is S.DEPLOYING, "the deploy timeout is about being ready"
        assert late.wake_at is None
        released, events = release(late.service, NOW)
        assert [event.reason for event in events] == ["TransitionReleased"]
        running = plan(released, READY, NOW, MANUAL).service
        assert running.status is S.RUNNING
        assert not running.released

    def test_released_before_it_is_ready_it_is_not_held(self) -> None:
        released, _ = release(a_deployment(STARTING), NOW)
        assert plan(released, READY, NOW, MANUAL).service.status is S.RUNNING

    def test_what_fails_fails_at_once(self) -> None:
        dead = {"svc-1": seen_exited()}
        dying = a_deployment(replace(STARTING, deaths=2))
        assert plan(dying, dead, NOW, MANUAL).service.status is S.FAILED

    def test_never_ready_it_fails_when_its_time_is_over(self) -> None:
        deployment = a_deployment(STARTING)
        unready = {"svc-1": seen_running(healthy=None)}
        late = plan(deployment, unready, deploy_due_at(deployment), MANUAL)
        assert late.service.status is S.FAILED

    def test_without_an_engine_one_that_is_held_does_not_fail(self) -> None:
        held = plan(a_deployment(STARTING), READY, NOW, MANUAL).service
        blind = plan(held, None, deploy_due_at(held), MANUAL)
        assert blind.service.status is S.DEPLOYING

    def test_an_instance_that_dies_meanwhile_ends_the_hold(self) -> None:
        held = plan(a_deployment(STARTING), READY, NOW, MANUAL).service
        hurt = plan(held, {"svc-1": seen_exited()}, NOW + 1, MANUAL).service
        assert hurt.status is S.DEPLOYING
        assert hurt.reason != HELD

    def test_an_update_that_is_complete_is_held_and_goes_on_serving(self) -> None:
        old, new = a_version("v1"), a_version("v2", replaces="v1")
        updating = a_deployment(
            an_instance(2, version_id="v2"), versions=(new,), fallback=(old,), next_version=3
        )
        held = plan(updating, {"svc-2": seen_running(2)}, NOW, MANUAL)
        assert held.service.is_updating
        assert reasons(held) == [HELD]
        released, _ = release(held.service, NOW)
        done = plan(released, {"svc-2": seen_running(2)}, NOW, MANUAL)
        assert done.service.status is S.RUNNING
        assert "UpdateDone" in reasons(done)


class TestEnding:
    @pytest.mark.parametrize("policy", [MINUTE, MANUAL])
    def test_a_service_without_instances_stays_stopping(self, policy: Policy) -> None:
        stopping = a_service(goal=Goal.STOPPED, status=S.STOPPING)
        held = plan(stopping, {}, NOW, policy)
        assert held.service.status is S.STOPPING
        assert reasons(held) == [HELD]
        released, _ = release(held.service, NOW)
        assert plan(released, {}, NOW, policy).service.status is S.STOPPED

    def test_a_deleted_service_is_forgotten_when_it_is_released(self) -> None:
        deleting = a_service(goal=Goal.DELETED, status=S.DELETING)
        held = plan(deleting, {}, NOW, MANUAL)
        assert held.actions == ()
        released, _ = release(held.service, NOW)
        assert plan(released, {}, NOW, MANUAL).actions == (ForgetService("svc"),)

    def test_its_instances_end_all_the_same(self) -> None:
        leaving = an_instance(state=InstanceState.DRAINING)
        deleting = a_service(leaving, goal=Goal.DELETED, status=S.DELETING)
        planned = plan(deleting, {"svc-1": Seen(Phase.RUNNING)}, NOW, MANUAL)
        assert [action.instance_id for action in planned.actions if hasattr(action, "grace_s")]


class TestReleasing:
    @pytest.mark.parametrize("status", [S.RUNNING, S.STOPPED, S.FAILED, S.CONCERNING])
    def test_only_what_is_on_its_way_can_be_released(self, status: S) -> None:
        with pytest.raises(StatusForbids, match="cannot be released"):
            release(a_service(status=status), NOW)

    def test_twice_is_told_once(self) -> None:
        once, _ = release(a_deployment(STARTING), NOW)
        assert release(once, NOW) == (once, ())
