"""Injected faults in the store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import NotFound
from simulator.faults.kinds import FaultKind
from simulator.faults.model import (
    AbortParameters,
    Fault,
    LatencyParameters,
    SlowParameters,
    Target,
)
from simulator.lifecycle.objects import Event, EventKind
from simulator.store import faults as store_faults
from simulator.store.queries import Store
from tests.support.builders import CREATED, a_service_row, a_version_row

EVENT = Event(EventKind.ABNORMAL, "it happens", "FaultInjected")
OVER = Event(EventKind.NORMAL, "it is over", "FaultEnded")


def a_fault(fault_id: str = "f1", service_id: str = "svc", **changes: Any) -> Fault:
    parameters = LatencyParameters(ms=300, share=12.5)
    return replace(
        Fault(fault_id, FaultKind.LATENCY, Target(service_id), parameters, 1_000), **changes
    )


def told(store: Store, service_id: str) -> list[tuple[str, int]]:
    return [(row.reason, row.at) for row in store.events(service_id)]


@pytest.mark.parametrize(
    "fault",
    [
        a_fault(until_ms=2_000),
        a_fault(kind=FaultKind.ABORT, parameters=AbortParameters(status=503)),
        a_fault(
            kind=FaultKind.SLOW, parameters=SlowParameters(kbps=64), target=Target("svc", "v1")
        ),
        a_fault(service_id=""),
    ],
    ids=lambda fault: f"{fault.kind}",
)
def test_a_fault_is_read_as_it_was_kept_also_by_the_next_server(
    store: Store, path: Path, service_id: str, fault: Fault
) -> None:
    store.faults.add(fault, 5, EVENT)
    assert store.faults.open() == [fault]
    again = Store(path)
    assert again.faults.open() == [fault]
    again.close()


def test_whom_it_happens_to_has_an_event_at_start_and_end(store: Store, service_id: str) -> None:
    assert store.faults.add(a_fault(), 5, EVENT) == [service_id]
    assert store.faults.end("f1", 7_000, 9, OVER) == [service_id]
    assert told(store, service_id)[:2] == [("FaultEnded", 9), ("FaultInjected", 5)]


def test_one_of_every_service_is_told_by_each(store: Store, service_id: str) -> None:
    store.add_service(a_service_row("two", name="two"), [a_version_row("two")], CREATED)
    assert sorted(store.faults.add(a_fault(service_id=""), 5, EVENT)) == [service_id, "two"]
    for one in (service_id, "two"):
        assert ("FaultInjected", 5) in told(store, one)


def test_one_that_has_ended_is_kept_and_cannot_end_again(store: Store, service_id: str) -> None:
    store.faults.add(a_fault(), 5, EVENT)
    store.faults.end("f1", 7_000, 9, OVER)
    assert store.faults.open() == []
    assert store.faults.all() == [a_fault(ended_ms=7_000)]
    for fault_id in ("f1", "f2"):
        with pytest.raises(NotFound):
            store.faults.end(fault_id, 8_000, 9, OVER)


@pytest.mark.parametrize("target", [Target("gone"), Target("svc", "v9")])
def test_what_is_not_there_has_no_faults(store: Store, service_id: str, target: Target) -> None:
    with pytest.raises(NotFound):
        store.faults.add(a_fault(target=target), 5, EVENT)
    assert store.faults.all() == []
    assert ("FaultInjected", 5) not in told(store, service_id)


def test_a_fault_goes_with_its_service(store: Store, service_id: str) -> None:
    store.faults.add(a_fault(), 5, EVENT)
    store.faults.add(a_fault("f2", service_id=""), 5, EVENT)
    store.forget_service(service_id)
    assert [one.fault_id for one in store.faults.all()] == ["f2"]


def test_of_those_that_have_ended_the_oldest_are_forgotten(
    store: Store, service_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_faults, "ENDED_KEPT", 2)
    for number in range(4):
        store.faults.add(a_fault(f"f{number}"), 5, EVENT)
    for number in range(3):
        store.faults.end(f"f{number}", 7_000 + number, 9, OVER)
    assert [one.fault_id for one in store.faults.all()] == ["f1", "f2", "f3"]
