"""What a user may ask of a service in each status."""

from __future__ import annotations

import pytest

from simulator.errors import StatusForbids
from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.objects import Goal, InstanceState
from simulator.lifecycle.requests import Change, delete, start, stop
from tests.support.builders import NOW, a_service, an_instance

# Source: ModelArts SDK and console guides.
START_FROM = {S.STOPPED, S.FAILED, S.FINISHED}
STOP_FROM = {S.RUNNING, S.CONCERNING, S.FAILED, S.WAITING}


@pytest.mark.parametrize("status", sorted(START_FROM))
def test_start_makes_it_deploy_again(status: S) -> None:
    service, (event,) = start(a_service(goal=Goal.STOPPED, status=status), NOW + 9)
    assert (service.goal, service.status) == (Goal.RUNNING, S.DEPLOYING)
    assert (service.deploy_started_at, service.transition_at) == (NOW + 9, NOW + 9)
    assert event.reason == "Started"


@pytest.mark.parametrize("status", sorted(STOP_FROM))
def test_stop_makes_it_stop(status: S) -> None:
    service, (event,) = stop(a_service(status=status), NOW + 9)
    assert (service.goal, service.status) == (Goal.STOPPED, S.STOPPING)
    assert service.transition_at == NOW + 9
    assert event.reason == "Stopping"


@pytest.mark.parametrize("status", sorted(set(S) - {S.DELETING}))
def test_delete_is_allowed_in_every_status(status: S) -> None:
    service, (event,) = delete(a_service(status=status), NOW + 9)
    assert (service.goal, service.status) == (Goal.DELETED, S.DELETING)
    assert event.reason == "Deleting"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        *[(start, status, "cannot be started now") for status in sorted(set(S) - START_FROM)],
        *[(stop, status, "cannot be stopped now") for status in sorted(set(S) - STOP_FROM)],
    ],
)
def test_what_the_status_forbids_is_refused_with_the_status(
    change: Change, status: S, words: str
) -> None:
    with pytest.raises(StatusForbids, match=f"is {status}: {words}"):
        change(a_service(status=status), NOW)


def test_deleting_twice_is_no_error_and_tells_nothing() -> None:
    once, _ = delete(a_service(), NOW)
    assert delete(once, NOW + 9) == (once, ())


def test_start_does_not_take_up_instances_that_still_leave() -> None:
    failed = a_service(an_instance(1), an_instance(2, InstanceState.BACKOFF), status=S.FAILED)
    service, _ = start(failed, NOW)
    assert {i.state for i in service.instances} == {InstanceState.DRAINING}
