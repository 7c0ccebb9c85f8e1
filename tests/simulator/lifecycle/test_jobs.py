"""Services that end with their work."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.errors import StatusForbids
from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle import jobs
from simulator.lifecycle.objects import (
    Event,
    Goal,
    InstanceState,
    Job,
    JobEnd,
    Service,
)
from simulator.lifecycle.plan import Policy, plan
from simulator.lifecycle.requests import delete, redefine_job, start, stop
from tests.simulator.lifecycle.test_histories import (
    HISTORIES,
    SETTLE_MS,
    Step,
    behaviours,
    durations,
    policies,
    request,
)
from tests.support.builders import (
    NOW,
    a_deployment,
    a_service,
    a_version,
    an_instance,
    seen_exited,
    seen_running,
)
from tests.support.simulated_world import Behaviour, World

READY = {"svc-1": seen_running()}
STARTING = an_instance(state=InstanceState.STARTING)
OF_REAL_TIME = {S.CONCERNING, S.WAITING, S.PENDING}
"""Statuses that a batch service never has."""


def a_job(**changes: Any) -> Service:
    """A batch service at work."""
    return replace(a_service(an_instance()), **{"job": Job()} | changes)


class TestWorking:
    def test_it_runs_when_its_instances_are_ready(self) -> None:
        deployed = plan(replace(a_deployment(STARTING), job=Job()), READY, NOW).service
        assert deployed.status is S.RUNNING

    def test_when_the_work_is_done_it_is_finished_and_its_instances_go(self) -> None:
        noted, _ = jobs.done(a_job(), 1)
        planned = plan(noted, READY, NOW)
        assert planned.service.status is S.FINISHED
        assert [action.instance_id for action in planned.actions] == ["svc-1"]
        assert [event.reason for event in planned.events] == ["Finished"]
        after = plan(planned.service, {}, NOW + 1)
        assert (after.service.instances, after.actions, after.events) == ((), (), ())

    def test_work_that_cannot_go_on_fails_with_the_reason(self) -> None:
        noted, _ = jobs.failed(a_job(), 1, "the output folder is gone")
        planned = plan(noted, READY, NOW).service
        assert planned.status is S.FAILED
        assert (planned.reason, planned.message) == ("JobFailed", "the output folder is gone")

    def test_an_instance_that_dies_does_not_end_it(self) -> None:
        two = replace(
            a_service(an_instance(1), an_instance(2)), job=Job(), versions=(a_version(instances=2),)
        )
        hurt = plan(two, {"svc-1": seen_running(), "svc-2": seen_exited()}, NOW).service
        assert hurt.status is S.RUNNING
        assert "1 of 2 instances are ready" in hurt.message

    def test_without_any_instance_that_stays_up_it_fails(self) -> None:
        worn = a_job(instances=(an_instance(deaths=2),))
        lost = plan(worn, {"svc-1": seen_exited()}, NOW, Policy(crash_limit=3)).service
        assert lost.status is S.FAILED
        assert "no instance stays up" in lost.message
        endless = plan(worn, {"svc-1": seen_exited()}, NOW, Policy(crash_limit=0)).service
        assert endless.status is S.RUNNING

    def test_what_a_worker_says_of_a_service_that_is_stopped_does_not_count(self) -> None:
        stopping = a_job(goal=Goal.STOPPED, status=S.STOPPING)
        assert jobs.done(stopping, 1) == (stopping, ())

    def test_nor_does_what_the_worker_of_another_run_says(self) -> None:
        replaced, _ = redefine_job(a_job(), (a_version(),), 2, NOW)
        assert jobs.done(replaced, 1) == (replaced, ())
        assert jobs.failed(replaced, 1, "no disk") == (replaced, ())


class TestStartingAgain:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (Job(3), Job(3)),
            (Job(3, JobEnd.FAILED, "no disk"), Job(3)),
            (Job(3, JobEnd.DONE), Job(4)),
        ],
    )
    def test_what_was_cut_off_goes_on_and_what_was_done_is_done_anew(
        self, before: Job, after: Job
    ) -> None:
        status = {None: S.STOPPED, JobEnd.DONE: S.FINISHED, JobEnd.FAILED: S.FAILED}[before.end]
        started, _ = start(a_job(status=status, job=before), NOW)
        assert (started.status, started.job) == (S.DEPLOYING, after)

    def test_a_job_that_is_being_deployed_can_be_stopped(self) -> None:
        stopped, _ = stop(replace(a_deployment(STARTING), job=Job()), NOW)
        assert stopped.status is S.STOPPING
        with pytest.raises(StatusForbids):
            stop(a_deployment(STARTING), NOW)


class TestAnotherJob:
    @pytest.mark.parametrize("status", [S.RUNNING, S.FAILED])
    def test_one_that_runs_or_has_failed_is_deployed_with_it(self, status: S) -> None:
        end = JobEnd.FAILED if status is S.FAILED else None
        before = a_job(status=status, job=Job(3, end, "no disk" if end else ""))
        version = a_version("v2")
        after, events = redefine_job(before, (version,), 3, NOW)
        assert (after.status, after.job, after.versions) == (S.DEPLOYING, Job(4), (version,))
        assert (after.is_updating, after.next_version) == (False, 3)
        assert {i.state for i in after.instances} == {InstanceState.DRAINING}
        assert [event.reason for event in events] == ["Updating"]

    @pytest.mark.parametrize(
        ("status", "job"), [(S.FINISHED, Job(3, JobEnd.DONE)), (S.STOPPED, Job(3))]
    )
    def test_one_that_does_not_run_does_it_when_it_is_started(self, status: S, job: Job) -> None:
        changed, _ = redefine_job(a_job(status=status, job=job), (a_version(),), 2, NOW)
        assert (changed.status, changed.job) == (status, Job(4))
        assert plan(replace(changed, instances=()), {}, NOW).service.status is status
        started, _ = start(changed, NOW)
        assert (started.status, started.job) == (S.DEPLOYING, Job(4))

    @pytest.mark.parametrize("status", [S.DEPLOYING, S.STOPPING, S.DELETING])
    def test_one_that_is_on_its_way_keeps_its_own(self, status: S) -> None:
        with pytest.raises(StatusForbids):
            redefine_job(a_job(status=status), (a_version(),), 2, NOW)


def redefined(service: Service, now: int) -> tuple[Service, tuple[Event, ...]]:
    """Another job with the same versions."""
    return redefine_job(service, service.versions, service.next_version, now)


def work_done(world: World) -> None:
    world.ask(lambda service, now: jobs.done(service, _run(service)))


def work_failed(world: World) -> None:
    world.ask(lambda service, now: jobs.failed(service, _run(service), "it cannot go on"))


def _run(service: Service) -> int:
    assert service.job is not None
    return service.job.run


def happenings() -> st.SearchStrategy[Step]:
    index = st.integers(0, 3)
    return st.one_of(
        st.sampled_from([start, stop, start, stop, redefined, delete]).map(request),
        st.sampled_from([work_done, work_done, work_failed]),
        behaviours.map(lambda one: lambda world: setattr(world, "weather", one)),
        index.map(lambda n: lambda world: world.crash(n)),
        index.map(lambda n: lambda world: world.vanish(n)),
        st.booleans().map(lambda blind: lambda world: world.set_blind(blind)),
        st.booleans().map(lambda keep: lambda world: world.restart_server(keep_running=keep)),
    )


@settings(
    max_examples=max(50, HISTORIES // 3),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    st.integers(1, 5),
    policies,
    st.lists(behaviours, max_size=2),
    st.lists(st.tuples(happenings(), durations), min_size=3, max_size=15),
)
def test_every_history_of_a_job_ends_with_its_work(
    instances: int,
    policy: Policy,
    coming: list[Behaviour],
    history: list[tuple[Step, int]],
) -> None:
    version = a_version(instances=instances, deploy_timeout_ms=180_000)
    deployment = replace(a_deployment(versions=(version,)), job=Job())
    world = World(deployment, NOW, coming=coming, policy=policy)
    world.settle()
    for happen, then_ms in history:
        happen(world)
        world.pass_time(then_ms)
        assert world.service is None or world.service.status not in OF_REAL_TIME
    world.calm_down()
    world.pass_time(SETTLE_MS)
    with contextlib.suppress(StatusForbids):
        work_done(world)
    world.pass_time(SETTLE_MS)
    if world.service is not None:
        assert world.service.status in {S.FINISHED, S.FAILED, S.STOPPED}
    assert world.machines == {}
