"""How long instances run, by the meter."""

from __future__ import annotations

from dataclasses import replace

from simulator.lifecycle.metering import ended, noted
from simulator.lifecycle.objects import Phase, Seen, Usage
from tests.support.builders import NOW, a_service, an_instance, seen_exited, seen_running


def test_a_run_begins_when_the_instance_is_first_seen_running() -> None:
    service = a_service(an_instance(1, running_since=None))
    assert noted(service, {"svc-1": Seen(Phase.CREATED)}, NOW) == service
    running = noted(service, {"svc-1": seen_running(healthy=None)}, NOW + 5)
    assert running.instances[0].running_since == NOW + 5
    assert noted(running, {"svc-1": seen_running()}, NOW + 9) == running


def test_it_ends_when_the_instance_has_ended_or_is_not_there() -> None:
    service = a_service(an_instance(1), an_instance(2))
    after = noted(service, {"svc-1": seen_exited()}, NOW + 7)
    assert [one.running_since for one in after.instances] == [None, None]
    assert ended(service, after, NOW + 7) == (
        Usage("svc-1", "v1", NOW, NOW + 7),
        Usage("svc-2", "v1", NOW, NOW + 7),
    )


def test_it_ends_when_the_instance_is_dropped_from_the_record() -> None:
    before = a_service(an_instance(1), an_instance(2))
    after = replace(before, instances=before.instances[:1])
    assert ended(before, after, NOW + 7) == (Usage("svc-2", "v1", NOW, NOW + 7),)


def test_a_run_that_goes_on_has_not_ended() -> None:
    service = a_service(an_instance(1))
    assert ended(service, service, NOW + 7) == ()
