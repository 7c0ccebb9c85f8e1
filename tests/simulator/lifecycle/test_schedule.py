"""Services that stop by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.objects import Goal
from simulator.lifecycle.plan import plan
from simulator.lifecycle.requests import start, stop
from simulator.lifecycle.schedule import changed
from tests.support.builders import NOW, a_deployment, a_service, an_instance, seen_running

HOUR_MS = 3_600_000
SIGHT = {"svc-1": seen_running()}


def test_its_time_counts_from_when_it_runs() -> None:
    deploying = a_deployment(an_instance(1), stop_after_ms=HOUR_MS)
    planned = plan(deploying, SIGHT, NOW + 500)
    assert planned.service.status is S.RUNNING
    assert planned.service.due_at == planned.wake_at == NOW + 500 + HOUR_MS


def test_until_then_it_runs_and_then_it_stops() -> None:
    service = a_service(an_instance(1), stop_after_ms=HOUR_MS, due_at=NOW + HOUR_MS)
    assert plan(service, SIGHT, NOW + HOUR_MS - 1).service.status is S.RUNNING
    planned = plan(service, SIGHT, NOW + HOUR_MS)
    assert (planned.service.status, planned.service.goal) == (S.STOPPING, Goal.STOPPED)
    assert planned.service.due_at is None
    assert planned.events[-1].reason == "AutoStop"


def test_a_concerning_service_stops_too() -> None:
    service = a_service(an_instance(1), status=S.CONCERNING, stop_after_ms=HOUR_MS, due_at=NOW)
    sick = {"svc-1": seen_running(healthy=False)}
    assert plan(service, sick, NOW).service.status is S.STOPPING


def test_an_update_is_not_cut_off() -> None:
    service = a_deployment(an_instance(1), stop_after_ms=HOUR_MS, due_at=NOW)
    planned = plan(service, {"svc-1": seen_running(healthy=False)}, NOW)
    assert planned.service.status is S.DEPLOYING


@pytest.mark.parametrize("status", [S.RUNNING, S.CONCERNING])
def test_where_it_runs_a_changed_time_counts_from_the_change(status: S) -> None:
    service, events = changed(a_service(an_instance(1), status=status), HOUR_MS, NOW + 9)
    assert service.due_at == NOW + 9 + HOUR_MS
    assert [event.reason for event in events] == ["AutoStopSet"]


def test_where_it_does_not_run_yet_it_counts_later() -> None:
    service, _ = changed(a_deployment(), HOUR_MS, NOW)
    assert (service.stop_after_ms, service.due_at) == (HOUR_MS, None)


def test_it_can_be_taken_away() -> None:
    before = a_service(an_instance(1), stop_after_ms=HOUR_MS, due_at=NOW + 1)
    service, events = changed(before, None, NOW)
    assert (service.stop_after_ms, service.due_at) == (None, None)
    assert [event.reason for event in events] == ["AutoStopOff"]
    assert changed(service, None, NOW) == (service, ())


def test_stopping_by_hand_and_starting_again_count_anew() -> None:
    service = a_service(an_instance(1), stop_after_ms=HOUR_MS, due_at=NOW + 1)
    stopped, _ = stop(service, NOW)
    assert stopped.due_at is None
    started, _ = start(replace(stopped, status=S.STOPPED), NOW)
    assert (started.due_at, started.stop_after_ms) == (None, HOUR_MS)
