"""One decision about one service, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.objects import (
    EndInstance,
    ForgetService,
    Instance,
    InstanceState,
    Phase,
    Plan,
    Seen,
    Service,
    StartInstance,
)
from simulator.lifecycle.plan import Policy, deploy_due_at, plan
from simulator.lifecycle.requests import delete, start, stop
from tests.support.builders import (
    NOW,
    a_deployment,
    a_service,
    a_version,
    an_instance,
    seen_exited,
    seen_running,
)

TIMEOUT_MS = 1_200_000
PENDING, STARTING, READY = InstanceState.PENDING, InstanceState.STARTING, InstanceState.READY
BACKOFF, DRAINING = InstanceState.BACKOFF, InstanceState.DRAINING
UNHEALTHY = InstanceState.UNHEALTHY


def states(service: Service) -> list[InstanceState]:
    return [instance.state for instance in service.instances]


def texts(planned: Plan) -> list[str]:
    return [event.text for event in planned.events]


class TestDeploying:
    def test_instances_are_made_and_started(self) -> None:
        service = a_deployment(versions=(a_version(instances=2),))
        planned = plan(service, {}, NOW)
        assert states(planned.service) == [PENDING, PENDING]
        assert planned.actions == (StartInstance("svc-1", "v1"), StartInstance("svc-2", "v1"))
        assert planned.service.next_ordinal == 3
        assert planned.service.status is S.DEPLOYING

    def test_each_version_gets_its_instances(self) -> None:
        versions = (a_version("v1", weight=70, instances=2), a_version("v2", weight=30))
        planned = plan(a_deployment(versions=versions), {}, NOW)
        assert [i.version_id for i in planned.service.instances] == ["v1", "v1", "v2"]

    def test_starting_is_asked_for_until_the_instance_is_seen(self) -> None:
        service = plan(a_deployment(), {}, NOW).service
        again = plan(service, {}, NOW + 1)
        assert again.actions == (StartInstance("svc-1", "v1"),)
        assert again.service == service
        assert plan(service, {"svc-1": seen_running(healthy=None)}, NOW + 1).actions == ()

    def test_it_runs_when_all_instances_are_ready(self) -> None:
        service = a_deployment(an_instance(1, STARTING), an_instance(2, STARTING))
        one = plan(service, {"svc-1": seen_running(1), "svc-2": seen_running(2, None)}, NOW + 1)
        assert one.service.status is S.DEPLOYING
        both = plan(one.service, {"svc-1": seen_running(1), "svc-2": seen_running(2)}, NOW + 2)
        assert (both.service.status, both.service.transition_at) == (S.RUNNING, NOW + 2)
        assert texts(both)[-1] == "the service is running"
        assert (both.actions, both.wake_at) == ((), None)

    def test_it_is_looked_at_again_when_its_time_is_over(self) -> None:
        assert plan(a_deployment(), {}, NOW).wake_at == NOW + TIMEOUT_MS

    def test_what_is_waited_for_is_told_meanwhile(self) -> None:
        seen = seen_running(healthy=None, probe="GET /health was answered 503")
        planned = plan(a_deployment(an_instance(1, STARTING)), {"svc-1": seen}, NOW)
        assert planned.service.message == "GET /health was answered 503"


class TestDeployTimeout:
    @pytest.mark.parametrize(
        ("instance", "seen", "waited_for"),
        [
            (an_instance(1, PENDING), {}, "to be started"),
            (
                an_instance(1, STARTING),
                {"svc-1": seen_running(healthy=None, probe="no answer", log_tail="loading")},
                "to answer its health check (no answer)",
            ),
            (
                an_instance(1, BACKOFF, deaths=2, retry_at=NOW + 2 * TIMEOUT_MS, message="died"),
                {"svc-1": seen_exited()},
                "to be started again (died)",
            ),
            (
                an_instance(1, UNHEALTHY, message="sick"),
                {"svc-1": seen_running(healthy=False)},
                "to become healthy (sick)",
            ),
        ],
    )
    def test_it_fails_with_what_it_waited_for(
        self, instance: Instance, seen: dict[str, Seen], waited_for: str
    ) -> None:
        planned = plan(a_deployment(instance), seen, NOW + TIMEOUT_MS)
        assert (planned.service.status, planned.service.reason) == (S.FAILED, "DeployTimeout")
        assert planned.service.message == (
            f"not deployed within 1200 s: instance 1 still had {waited_for}"
        )

    def test_the_end_of_the_log_is_its_evidence(self) -> None:
        seen = seen_running(healthy=None, log_tail="loading 12 GB of weights")
        service = a_deployment(an_instance(1, STARTING))
        planned = plan(service, {"svc-1": seen}, NOW + TIMEOUT_MS)
        assert planned.service.evidence == "loading 12 GB of weights"
        assert planned.events[-1].evidence == "loading 12 GB of weights"

    def test_a_millisecond_earlier_it_has_not_failed(self) -> None:
        service = a_deployment(an_instance(1, STARTING))
        seen = {"svc-1": seen_running(healthy=None)}
        assert plan(service, seen, NOW + TIMEOUT_MS - 1).service.status is S.DEPLOYING

    def test_all_ready_at_the_last_instant_is_in_time(self) -> None:
        service = a_deployment(an_instance(1, STARTING))
        planned = plan(service, {"svc-1": seen_running()}, NOW + TIMEOUT_MS)
        assert planned.service.status is S.RUNNING

    def test_the_first_version_that_is_late_counts(self) -> None:
        versions = (
            a_version("v1", deploy_timeout_ms=180_000),
            a_version("v2", deploy_timeout_ms=600_000),
        )
        late = an_instance(2, STARTING, version_id="v2")
        ready = a_deployment(an_instance(1), late, versions=versions)
        assert deploy_due_at(ready) == NOW + 600_000
        neither = replace(ready, instances=(an_instance(1, STARTING), late))
        assert deploy_due_at(neither) == NOW + 180_000

    def test_its_instances_are_ended(self) -> None:
        service = a_deployment(an_instance(1, STARTING), an_instance(2, PENDING))
        seen = {"svc-1": seen_running(healthy=None)}
        planned = plan(service, seen, NOW + TIMEOUT_MS)
        assert planned.actions == (EndInstance("svc-1", 240),)
        assert states(planned.service) == [DRAINING]
        assert plan(planned.service, {}, NOW + TIMEOUT_MS).service.instances == ()


class TestCrashLimit:
    def crashed(self, deaths: int, policy: Policy | None = None) -> Plan:
        service = a_deployment(an_instance(1, STARTING, deaths=deaths - 1))
        return plan(service, {"svc-1": seen_exited()}, NOW, policy)

    def test_the_first_death_restarts_it_at_once(self) -> None:
        planned = self.crashed(1)
        assert planned.actions == (StartInstance("svc-1", "v1"),)
        assert planned.service.instances[0].restarts == 1
        assert planned.service.status is S.DEPLOYING

    def test_the_second_death_waits_and_wakes_when_due(self) -> None:
        planned = self.crashed(2)
        assert (planned.actions, planned.wake_at) == ((), NOW + 10_000)
        assert states(planned.service) == [BACKOFF]
        seen = {"svc-1": seen_exited()}
        assert plan(planned.service, seen, NOW + 9_999).actions == ()
        due = plan(planned.service, seen, NOW + 10_000)
        assert due.actions == (StartInstance("svc-1", "v1"),)

    def test_the_third_death_fails_the_deployment_with_the_log(self) -> None:
        planned = self.crashed(3)
        service = planned.service
        assert (service.status, service.reason) == (S.FAILED, "InstanceExited")
        assert service.message.endswith(
            "ended by itself with exit code 1: Traceback: no such file; tried 3 times"
        )
        assert service.evidence == "Traceback: no such file"
        assert planned.actions == (EndInstance("svc-1", 240),)

    def test_the_limit_is_a_setting(self) -> None:
        assert self.crashed(1, Policy(crash_limit=1)).service.status is S.FAILED

    def test_0_means_that_only_the_timeout_ends_it(self) -> None:
        assert self.crashed(1000, Policy(crash_limit=0)).service.status is S.DEPLOYING

    def test_a_service_that_ran_is_never_failed_by_crashes(self) -> None:
        service = a_service(an_instance(deaths=50), status=S.CONCERNING)
        planned = plan(service, {"svc-1": seen_exited()}, NOW + 1)
        assert planned.service.status is S.CONCERNING


class TestRunning:
    def test_a_service_that_is_well_needs_nothing(self) -> None:
        assert plan(a_service(an_instance()), {"svc-1": seen_running()}, NOW + 9) == Plan(
            a_service(an_instance())
        )

    def test_a_death_makes_it_concerning_and_restarts_the_instance(self) -> None:
        service = a_service(an_instance(1), an_instance(2))
        planned = plan(service, {"svc-1": seen_running(1), "svc-2": seen_exited(2)}, NOW + 9)
        assert (planned.service.status, planned.service.reason) == (S.CONCERNING, "InstanceExited")
        assert "1 of 2 instances are ready; instance 2" in planned.service.message
        assert planned.actions == (StartInstance("svc-2", "v1"),)
        assert texts(planned)[-1].startswith("the service is concerning: 1 of 2")

    def test_concerning_is_told_once(self) -> None:
        service = a_service(an_instance(1), an_instance(2))
        seen = {"svc-1": seen_running(1), "svc-2": seen_exited(2)}
        once = plan(service, seen, NOW + 9).service
        assert plan(once, seen, NOW + 10).events == ()

    def test_it_recovers_when_all_are_ready_again(self) -> None:
        service = a_service(an_instance(1, STARTING), status=S.CONCERNING, reason="X", message="x")
        planned = plan(service, {"svc-1": seen_running()}, NOW + 9)
        assert (planned.service.status, planned.service.reason) == (S.RUNNING, "")
        assert texts(planned)[-1] == "the service recovered"

    def test_an_unhealthy_instance_makes_it_concerning_and_is_not_restarted(self) -> None:
        planned = plan(a_service(an_instance()), {"svc-1": seen_running(healthy=False)}, NOW + 9)
        assert planned.service.status is S.CONCERNING
        assert planned.service.reason == "HealthCheckFailed"
        assert planned.actions == ()

    def test_one_that_vanished_is_started_again_under_its_id(self) -> None:
        planned = plan(a_service(an_instance()), {}, NOW + 9)
        assert planned.service.status is S.CONCERNING
        assert planned.actions == (StartInstance("svc-1", "v1"),)

    def test_no_deploy_timeout_runs_any_more(self) -> None:
        service = a_service(an_instance(1, STARTING), status=S.CONCERNING)
        seen = {"svc-1": seen_running(healthy=None)}
        assert plan(service, seen, NOW + 10 * TIMEOUT_MS).service.status is S.CONCERNING


class TestCounts:
    def test_a_missing_instance_gets_a_new_ordinal(self) -> None:
        service = a_service(an_instance(4), versions=(a_version(instances=2),), next_ordinal=9)
        planned = plan(service, {"svc-4": seen_running(4)}, NOW)
        assert planned.actions == (StartInstance("svc-9", "v1"),)
        assert planned.service.next_ordinal == 10

    def test_surplus_instances_go_those_not_ready_first_then_the_youngest(self) -> None:
        service = a_service(
            an_instance(1),
            an_instance(2, STARTING),
            an_instance(3),
            an_instance(4),
            versions=(a_version(instances=2, grace_s=30),),
        )
        seen = {f"svc-{n}": seen_running(n, None if n == 2 else True) for n in (1, 2, 3, 4)}
        planned = plan(service, seen, NOW)
        assert planned.actions == (EndInstance("svc-2", 30), EndInstance("svc-4", 30))
        assert states(planned.service) == [READY, DRAINING, READY, DRAINING]
        assert planned.service.status is S.RUNNING

    def test_instances_of_a_version_that_is_gone_leave(self) -> None:
        service = a_service(
            an_instance(1), an_instance(2, version_id="v0"), versions=(a_version("v1"),)
        )
        planned = plan(service, {"svc-1": seen_running(1), "svc-2": seen_running(2)}, NOW)
        assert planned.actions == (EndInstance("svc-2", 240),)

    def test_one_that_left_is_dropped_when_it_is_gone(self) -> None:
        service = a_service(
            an_instance(1), an_instance(2, DRAINING), versions=(a_version(instances=1),)
        )
        there = plan(service, {"svc-1": seen_running(1), "svc-2": seen_exited(2)}, NOW)
        assert there.actions == (EndInstance("svc-2", 240),)
        gone = plan(service, {"svc-1": seen_running(1)}, NOW)
        assert gone.service.instances == (an_instance(1),)
        assert gone.service.next_ordinal == service.next_ordinal


class TestGoalChanges:
    @pytest.mark.parametrize("status", [S.RUNNING, S.CONCERNING, S.FAILED])
    def test_stopping_ends_all_instances_and_then_it_is_stopped(self, status: S) -> None:
        service = a_service(an_instance(1), an_instance(2, BACKOFF), status=status)
        service, _ = stop(service, NOW)
        seen = {"svc-1": seen_running(1), "svc-2": seen_exited(2)}
        planned = plan(service, seen, NOW)
        assert planned.actions == (EndInstance("svc-1", 240), EndInstance("svc-2", 240))
        assert planned.service.status is S.STOPPING
        last = plan(planned.service, {}, NOW + 5)
        assert (last.service.status, last.service.transition_at) == (S.STOPPED, NOW + 5)
        assert texts(last) == ["the service has stopped"]
        assert plan(last.service, {}, NOW + 6) == Plan(last.service)

    @pytest.mark.parametrize("status", sorted(set(S) - {S.DELETING}))
    def test_deleting_ends_in_forgetting_in_every_status(self, status: S) -> None:
        service, _ = delete(a_service(an_instance(1), status=status), NOW)
        there = plan(service, {"svc-1": seen_running(1)}, NOW)
        assert there.actions == (EndInstance("svc-1", 240),)
        gone = plan(there.service, {}, NOW)
        assert gone.actions == (ForgetService("svc"),)
        assert gone.service.status is S.DELETING

    def test_deleting_is_not_over_while_an_instance_is_seen(self) -> None:
        service, _ = delete(a_service(an_instance(1)), NOW)
        for seen in (seen_exited(1), Seen(Phase.CREATED), seen_running(1)):
            assert ForgetService("svc") not in plan(service, {"svc-1": seen}, NOW).actions

    def test_a_stop_turns_into_a_delete(self) -> None:
        service, _ = stop(a_service(an_instance()), NOW)
        service, _ = delete(service, NOW)
        assert plan(service, {}, NOW).actions == (ForgetService("svc"),)

    def test_starting_again_makes_new_instances_beside_those_that_leave(self) -> None:
        failed = a_service(an_instance(1, DRAINING), status=S.FAILED)
        service, _ = start(failed, NOW)
        planned = plan(service, {"svc-1": seen_exited(1)}, NOW)
        assert planned.actions == (EndInstance("svc-1", 240), StartInstance("svc-2", "v1"))

    def test_an_instance_that_leaves_does_not_wake_the_planner_for_its_restart(self) -> None:
        failed = a_service(
            an_instance(1, DRAINING, deaths=3, retry_at=NOW - 60_000), status=S.FAILED
        )
        service, _ = start(failed, NOW)
        planned = plan(service, {"svc-1": seen_exited(1)}, NOW)
        assert planned.wake_at == NOW + TIMEOUT_MS  # not in the past: that would never end

    def test_a_stopped_service_starts_under_new_ordinals(self) -> None:
        service, _ = stop(a_service(an_instance(1)), NOW)
        stopped = plan(service, {}, NOW).service
        again, _ = start(stopped, NOW)
        assert plan(again, {}, NOW).actions == (StartInstance("svc-2", "v1"),)


class TestBlind:
    """The engine does not answer: nothing may be concluded."""

    @pytest.mark.parametrize(
        "service",
        [
            a_service(an_instance(1)),
            a_service(an_instance(1, BACKOFF, retry_at=NOW), status=S.CONCERNING),
            stop(a_service(an_instance(1)), NOW)[0],
            delete(a_service(), NOW)[0],
            a_service(status=S.FAILED),
        ],
    )
    def test_nothing_is_concluded_and_nothing_done(self, service: Service) -> None:
        assert plan(service, None, NOW + 10 * TIMEOUT_MS) == Plan(service)

    def test_a_deployment_waits_until_it_is_due(self) -> None:
        service = a_deployment(an_instance(1, STARTING))
        planned = plan(service, None, NOW)
        assert (planned.service.status, planned.service.instances) == (
            S.DEPLOYING,
            service.instances,
        )
        assert "the container engine does not answer" in planned.service.message
        assert (planned.actions, planned.wake_at) == ((), NOW + TIMEOUT_MS)

    def test_a_deployments_time_runs_out_all_the_same(self) -> None:
        planned = plan(a_deployment(), None, NOW + TIMEOUT_MS)
        assert (planned.service.status, planned.service.reason) == (S.FAILED, "DeployTimeout")
        assert "the container engine does not answer" in planned.service.message
        assert planned.actions == ()

    def test_what_a_failed_deployment_left_is_ended_when_the_engine_is_back(self) -> None:
        service = a_deployment(an_instance(1, STARTING))
        failed = plan(service, None, NOW + TIMEOUT_MS).service
        back = plan(failed, {"svc-1": seen_running()}, NOW + TIMEOUT_MS)
        assert back.actions == (EndInstance("svc-1", 240),)
        assert back.service.status is S.FAILED
