"""How long instances ran: held against a recount millisecond by millisecond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete

from simulator.store.queries import Store
from simulator.store.tables import InstanceRow, UsageRow
from simulator.store.usage import Usage
from tests.support.builders import (
    CREATED,
    NOW,
    PROJECT,
    a_service_row,
    a_version_row,
    an_instance,
)

SPECIFICATIONS = {"v1": "modelarts.vm.cpu.2u", "v2": "modelarts.vm.cpu.free"}
GONE, THERE = "gone", "there"
ONE_STORE = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""All examples use the same store, which each one empties."""


@dataclass(frozen=True)
class Run:
    """An instance ran, until `until`; None: it goes on."""

    service_id: str
    version_id: str
    since: int
    until: int | None

    def has(self, at: int, now: int) -> bool:
        """Whether it ran in the millisecond that begins at `at`."""
        return self.since <= at < (now if self.until is None else min(self.until, now))


def put(store: Store, runs: Sequence[Run]) -> None:
    """As the server would have written it; only the service that is there has runs that go on.
    What was there before is gone."""
    store.forget_service(THERE)
    versions = [a_version_row(THERE, v, specification=s) for v, s in SPECIFICATIONS.items()]
    store.add_service(a_service_row(THERE), versions, CREATED)
    with store._database.write() as session:
        session.exec(delete(UsageRow))
        for number, run in enumerate(runs, 1):
            session.add(_row(number, run))


def _row(number: int, run: Run) -> UsageRow | InstanceRow:
    instance_id = f"{run.service_id}-{number}"
    if run.until is None:
        return InstanceRow(
            instance_id=instance_id,
            service_id=run.service_id,
            version_id=run.version_id,
            ordinal=number,
            state="ready",
            created_at=0,
            running_since=run.since,
        )
    return UsageRow(
        project_id=PROJECT,
        service_id=run.service_id,
        service_name=f"name-{run.service_id}",
        version_id=run.version_id,
        instance_id=instance_id,
        specification=SPECIFICATIONS[run.version_id],
        since=run.since,
        until=run.until,
    )


def recounted(runs: Sequence[Run], now: int, since: int, until: int | None) -> list[Usage]:
    """The same by looking at each millisecond."""
    last = now if until is None else min(until - 1, now)
    found = []
    for service_id in (GONE, THERE):
        for version_id, specification in SPECIFICATIONS.items():
            mine = [r for r in runs if (r.service_id, r.version_id) == (service_id, version_id)]
            interval = range(since, last + 1)
            counted = [
                r for r in mine if r.since in interval or any(r.has(at, now) for at in interval)
            ]
            if counted:
                ms = sum(r.has(at, now) for r in mine for at in interval)
                goes_on = sum(r.until is None for r in counted)
                name = f"name-{service_id}"
                found.append(Usage(service_id, name, specification, ms, len(counted), goes_on))
    return found


@st.composite
def runs_of(draw: st.DrawFn) -> Run:
    since = draw(st.integers(0, 40))
    until = draw(st.none() | st.integers(since, 50))
    service_id = THERE if until is None else draw(st.sampled_from((GONE, THERE)))
    return Run(service_id, draw(st.sampled_from(sorted(SPECIFICATIONS))), since, until)


@settings(ONE_STORE, max_examples=150)
@given(
    runs=st.lists(runs_of(), max_size=8),
    now=st.integers(0, 50),
    since=st.integers(0, 55),
    until=st.none() | st.integers(0, 60),
)
def test_totals_are_those_of_a_recount_millisecond_by_millisecond(
    store: Store, runs: list[Run], now: int, since: int, until: int | None
) -> None:
    put(store, runs)
    assert store.usage(now, since, until) == recounted(runs, now, since, until)


@settings(ONE_STORE, max_examples=50)
@given(runs=st.lists(runs_of(), max_size=8), cut=st.integers(0, 55))
def test_two_intervals_side_by_side_have_together_what_the_whole_has(
    store: Store, runs: list[Run], cut: int
) -> None:
    put(store, runs)
    parts = [*store.usage(45, 0, cut), *store.usage(45, cut)]
    whole = store.usage(45)
    assert sum(one.instance_ms for one in parts) == sum(one.instance_ms for one in whole)


@pytest.mark.parametrize(("since", "until"), [(20, 20), (20, 19), (31, None)])
def test_an_interval_without_an_instant_has_nothing(
    store: Store, since: int, until: int | None
) -> None:
    put(store, [Run(THERE, "v1", 10, None), Run(GONE, "v1", 10, 40)])
    assert store.usage(30, since, until) == []


def test_without_a_run_there_is_nothing(store: Store, service_id: str) -> None:
    assert store.usage(NOW) == []


def test_what_the_server_writes_is_what_is_counted(store: Store, service_id: str) -> None:
    was = store.service(service_id).service
    first = an_instance(1, running_since=NOW)
    second = an_instance(2, running_since=NOW + 500)
    store.save_plan(replace(was, instances=(first, second)), 1, (), NOW + 500)
    store.save_plan(replace(was, instances=(second,)), 2, (), NOW + 2_000)
    (usage,) = store.usage(NOW + 2_250)
    assert (usage.instance_ms, usage.runs, usage.running_now) == (2_000 + 1_750, 2, 1)
    assert (usage.service_name, usage.specification) == ("name-svc", "modelarts.vm.cpu.2u")


def test_a_service_that_is_gone_keeps_its_name_and_its_time(store: Store, service_id: str) -> None:
    was = store.service(service_id).service
    store.save_plan(replace(was, instances=(an_instance(1, running_since=NOW),)), 1, (), NOW)
    store.save_plan(replace(was, instances=()), 2, (), NOW + 777)
    store.forget_service(service_id)
    assert store.usage(NOW + 10_000) == [
        Usage("svc", "name-svc", "modelarts.vm.cpu.2u", 777, 1, 0),
    ]


def test_an_instance_that_has_just_been_started_is_told(store: Store, service_id: str) -> None:
    was = store.service(service_id).service
    store.save_plan(replace(was, instances=(an_instance(1, running_since=NOW),)), 1, (), NOW)
    (usage,) = store.usage(NOW)
    assert (usage.instance_ms, usage.runs, usage.running_now) == (0, 1, 1)


@pytest.mark.parametrize("until", [None, (1 << 63) - 1])
def test_the_largest_instants_are_no_error(
    store: Store, service_id: str, until: int | None
) -> None:
    was = store.service(service_id).service
    store.save_plan(replace(was, instances=(an_instance(1, running_since=NOW),)), 1, (), NOW)
    (usage,) = store.usage(NOW + 1, 0, until)
    assert usage.instance_ms == 1
    assert store.usage(NOW + 1, (1 << 63) - 1, until) == []


def test_order_is_by_name(store: Store) -> None:
    for service_id, name in (("s1", "b"), ("s2", "c"), ("s3", "a")):
        row = a_service_row(service_id, name=name)
        store.add_service(row, [a_version_row(service_id)], CREATED)
        was = store.service(service_id).service
        running = an_instance(1, instance_id=f"{service_id}-1", running_since=NOW)
        store.save_plan(replace(was, instances=(running,)), 1, (), NOW)
    assert [one.service_id for one in store.usage(NOW + 1)] == ["s3", "s1", "s2"]
