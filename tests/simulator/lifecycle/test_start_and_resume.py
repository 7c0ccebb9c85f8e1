"""Starts that succeed or fail, and what the server finds when it starts."""

from __future__ import annotations

import pytest

from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.objects import (
    EventKind,
    Goal,
    InstanceState,
    Phase,
    Seen,
    Service,
    StartInstance,
)
from simulator.lifecycle.plan import plan, resume, start_failed, started
from tests.support.builders import (
    NOW,
    a_deployment,
    a_service,
    a_version,
    an_instance,
    seen_running,
)

PENDING, STARTING, READY = InstanceState.PENDING, InstanceState.STARTING, InstanceState.READY
BACKOFF, DRAINING = InstanceState.BACKOFF, InstanceState.DRAINING


def failed_start(service: Service, *, fatal: bool) -> Service:
    changed, _ = start_failed(
        service,
        "svc-1",
        reason="ImageNotFound",
        message="there is no image shop/ranker",
        evidence="pull access denied",
        fatal=fatal,
        now=NOW,
    )
    return changed


class TestStarted:
    def test_from_here_on_its_end_is_a_death(self) -> None:
        seen = Seen(Phase.RUNNING, ref="abc", address="10.0.0.1:80")
        service = started(a_deployment(an_instance(1, PENDING)), "svc-1", seen)
        (instance,) = service.instances
        assert instance.state is STARTING
        assert (instance.ref, instance.address) == ("abc", "10.0.0.1:80")

    @pytest.mark.parametrize("state", sorted(set(InstanceState) - {PENDING}))
    def test_one_that_is_further_already_stays_so(self, state: InstanceState) -> None:
        service = a_deployment(an_instance(1, state))
        assert started(service, "svc-1", Seen(Phase.RUNNING, ref="abc")) == service

    def test_others_are_not_touched(self) -> None:
        service = a_deployment(an_instance(1, PENDING), an_instance(2, PENDING))
        assert started(service, "svc-2", Seen(Phase.RUNNING)).instances[0] == service.instances[0]


class TestStartFailed:
    def test_it_is_tried_again(self) -> None:
        service = failed_start(a_deployment(an_instance(1, PENDING)), fatal=False)
        (instance,) = service.instances
        assert (instance.state, instance.deaths) == (BACKOFF, 1)
        assert instance.message == "there is no image shop/ranker"
        assert service.status is S.DEPLOYING
        assert plan(service, {}, NOW).actions == (StartInstance("svc-1", "v1"),)

    def test_it_is_told_with_reason_and_evidence(self) -> None:
        _, (event,) = start_failed(
            a_deployment(an_instance(1, PENDING)),
            "svc-1",
            reason="StartFailed",
            message="no port is free",
            evidence="raw",
            fatal=False,
            now=NOW,
        )
        assert event.kind is EventKind.ABNORMAL
        assert (event.text, event.reason, event.evidence) == (
            "no port is free",
            "StartFailed",
            "raw",
        )

    def test_the_third_failure_fails_the_deployment(self) -> None:
        service = a_deployment(an_instance(1, PENDING, deaths=2))
        planned = plan(failed_start(service, fatal=False), {}, NOW)
        assert (planned.service.status, planned.service.reason) == (S.FAILED, "ImageNotFound")

    def test_one_that_cannot_help_fails_the_deployment_at_once(self) -> None:
        service = failed_start(a_deployment(an_instance(1, PENDING)), fatal=True)
        assert (service.status, service.reason) == (S.FAILED, "ImageNotFound")
        assert service.message == "there is no image shop/ranker"
        assert service.evidence == "pull access denied"

    def test_a_service_that_ran_is_not_failed_by_it(self) -> None:
        service = failed_start(a_service(an_instance(1, PENDING), status=S.CONCERNING), fatal=True)
        assert service.status is S.CONCERNING

    def test_a_service_that_is_to_go_is_not_failed_by_it(self) -> None:
        service = a_service(an_instance(1, DRAINING), goal=Goal.DELETED, status=S.DELETING)
        assert failed_start(service, fatal=True).status is S.DELETING

    @pytest.mark.parametrize("fatal", [False, True])
    def test_one_that_is_on_its_way_out_stays_so_and_harms_nobody(self, fatal: bool) -> None:
        # its deployment failed and was started again while the old start was still under way
        service = a_deployment(
            an_instance(1, DRAINING), an_instance(2, PENDING), versions=(a_version(),)
        )
        after = failed_start(service, fatal=fatal)
        assert [i.state for i in after.instances] == [DRAINING, PENDING]
        assert after.status is S.DEPLOYING

    def test_one_that_is_gone_already_harms_nobody(self) -> None:
        service = a_deployment(an_instance(2, PENDING))
        assert failed_start(service, fatal=True).status is S.DEPLOYING


class TestResume:
    @pytest.mark.parametrize("status", [S.RUNNING, S.CONCERNING])
    def test_a_service_of_which_nothing_runs_is_deployed_again(self, status: S) -> None:
        service = a_service(an_instance(1), an_instance(2, BACKOFF), status=status)
        resumed, (event,) = resume(service, {}, NOW + 7)
        assert resumed.status is S.DEPLOYING
        assert (resumed.deploy_started_at, resumed.transition_at) == (NOW + 7, NOW + 7)
        assert [i.state for i in resumed.instances] == [PENDING, PENDING]
        assert [i.instance_id for i in resumed.instances] == ["svc-1", "svc-2"]
        assert all((i.address, i.ref, i.retry_at) == ("", "", None) for i in resumed.instances)
        assert "started again" in event.text

    def test_one_whose_instances_run_goes_on_as_it_was(self) -> None:
        service = a_service(an_instance(1), an_instance(2))
        assert resume(service, {"svc-1": seen_running(1)}, NOW + 7) == (service, ())

    @pytest.mark.parametrize(
        ("goal", "status"),
        [
            (Goal.STOPPED, S.STOPPED),
            (Goal.STOPPED, S.STOPPING),
            (Goal.DELETED, S.DELETING),
            (Goal.RUNNING, S.FAILED),
        ],
    )
    def test_one_that_did_not_run_goes_on_as_it_was(self, goal: Goal, status: S) -> None:
        service = a_service(an_instance(1), goal=goal, status=status)
        assert resume(service, {}, NOW + 7) == (service, ())

    def test_instances_on_their_way_out_are_not_brought_back(self) -> None:
        service = a_service(
            an_instance(1), an_instance(2, DRAINING), versions=(a_version(instances=1),)
        )
        resumed, _ = resume(service, {}, NOW)
        assert [i.ordinal for i in resumed.instances] == [1]

    def test_deaths_of_before_do_not_fail_the_new_deployment(self) -> None:
        # it crashed in the past, recovered, and ran well until the server was stopped
        service = a_service(an_instance(1, deaths=3, reason="InstanceExited"))
        resumed, _ = resume(service, {}, NOW)
        planned = plan(resumed, {}, NOW)
        assert planned.service.status is S.DEPLOYING
        assert planned.actions == (StartInstance("svc-1", "v1"),)

    def test_a_deployment_that_the_server_left_alone_gets_its_time_anew(self) -> None:
        # the server was down for a day in the middle of it, and its instances with it
        service = a_deployment(an_instance(1, STARTING))
        tomorrow = NOW + 86_400_000
        resumed, _ = resume(service, {}, tomorrow)
        assert plan(resumed, {}, tomorrow).service.status is S.DEPLOYING
