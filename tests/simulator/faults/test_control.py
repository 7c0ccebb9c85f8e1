"""Faults that begin, end by themselves, are removed, and outlive the server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.clock import ClockMode, PlatformClock
from simulator.engine import Told
from simulator.errors import NotFound
from simulator.faults.control import FaultControl
from simulator.faults.kinds import FaultKind
from simulator.faults.model import AbortParameters, Fault, LatencyParameters, Target
from simulator.store.queries import Store
from tests.support.builders import CREATED, a_service_row, a_version_row
from tests.support.fresh_store import make_database

SVC = Target("svc")
LATE = LatencyParameters(ms=300)


class World:
    """A store with one service, and what the gateway was told last."""

    def __init__(self, path: Path) -> None:
        self.store = Store(make_database(path))
        self.store.add_service(a_service_row(), [a_version_row()], CREATED)
        self.clock = PlatformClock(ClockMode.MANUAL)
        self.happening: tuple[Fault, ...] = ()
        self.told: list[Told] = []
        self.failures = 0
        self.changed = asyncio.Event()

    async def afflict(self, faults: tuple[Fault, ...]) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError(28, "the disk is full")
        self.happening = faults
        self.changed.set()

    def control(self) -> FaultControl:
        return FaultControl(
            self.store.faults, self.clock, afflict=self.afflict, listen=self.told.append
        )

    async def until(self, *happening: str) -> None:
        async with asyncio.timeout(30):
            while [one.fault_id for one in self.happening] != list(happening):
                self.changed.clear()
                await self.changed.wait()

    def events(self) -> list[str]:
        """The newest first, without the one that made the service."""
        return [row.reason for row in self.store.events("svc")][:-1]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "state.db")
    yield made
    made.store.close()


async def started(world: World) -> FaultControl:
    control = world.control()
    world.happening = await control.resume()
    control.start()
    return control


async def test_a_fault_happens_when_the_call_returns_and_until_it_is_removed(world: World) -> None:
    control = await started(world)
    fault = await control.inject(FaultKind.LATENCY, SVC, LATE)
    assert list(world.happening) == [fault]
    await control.remove(fault.fault_id)
    assert list(world.happening) == []
    assert world.events() == ["FaultEnded", "FaultInjected"]
    assert [one.event.reason for one in world.told] == ["FaultInjected", "FaultEnded"]
    assert {one.service_id for one in world.told} == {"svc"}
    await control.close()


async def test_its_events_say_what_happens_to_whom_and_for_how_long(world: World) -> None:
    control = await started(world)
    broken = AbortParameters(status=503, share=20)
    fault = await control.inject(FaultKind.ABORT, Target("svc", "v1"), broken, 300_000)
    (told,) = world.told
    assert told.event.text == (
        f"fault {fault.fault_id} injected into version v1: HTTP 503 instead of an answer for 20% "
        "of the requests, for 300 s"
    )
    await control.remove(fault.fault_id)
    assert world.told[-1].event.text == f"fault {fault.fault_id} was removed"
    await control.close()


async def test_a_fault_with_an_end_ends_by_itself_whatever_the_platform_clock_does(
    world: World,
) -> None:
    control = await started(world)
    stays = await control.inject(FaultKind.LATENCY, SVC, LATE)
    ends = await control.inject(FaultKind.LATENCY, SVC, LATE, for_ms=200)
    assert ends.until_ms == ends.since_ms + 200
    assert world.happening == (stays, ends)
    await world.until(stays.fault_id)
    assert world.events() == ["FaultEnded", "FaultInjected", "FaultInjected"]
    assert world.told[-1].event.text == f"fault {ends.fault_id} is over"
    await control.close()


async def test_the_next_server_goes_on_with_faults_and_ends_those_whose_time_was_over(
    world: World,
) -> None:
    control = await started(world)
    stays = await control.inject(FaultKind.LATENCY, SVC, LATE)
    later = await control.inject(FaultKind.LATENCY, SVC, LATE, for_ms=1)
    await control.close()
    await asyncio.sleep(0.01)
    control = await started(world)
    assert list(world.happening) == [stays]
    ended = {one.fault_id: one.ended_ms for one in world.store.faults.all()}
    assert ended[stays.fault_id] is None
    assert ended[later.fault_id] is not None
    assert world.events().count("FaultEnded") == 1
    await control.close()


async def test_what_the_gateway_could_not_be_told_is_kept_and_tried_again(world: World) -> None:
    control = await started(world)
    await asyncio.sleep(0)
    world.failures = 2
    with pytest.raises(OSError, match="the disk is full"):
        await control.inject(FaultKind.LATENCY, SVC, LATE)
    (fault,) = world.store.faults.open()
    await world.until(fault.fault_id)
    await control.close()


async def test_before_the_start_a_fault_is_kept_and_the_gateway_not_told(world: World) -> None:
    control = world.control()
    fault = await control.inject(FaultKind.LATENCY, SVC, LATE)
    assert world.happening == ()
    control.start()
    await world.until(fault.fault_id)
    await control.close()


async def test_what_is_not_there_is_neither_afflicted_nor_removed(world: World) -> None:
    control = await started(world)
    with pytest.raises(NotFound):
        await control.inject(FaultKind.LATENCY, Target("gone"), LATE)
    with pytest.raises(NotFound):
        await control.remove("gone")
    assert world.happening == ()
    await control.close()


async def test_a_fault_of_a_deleted_service_ends_with_it(world: World) -> None:
    control = await started(world)
    await control.inject(FaultKind.LATENCY, SVC, LATE)
    world.store.forget_service("svc")
    other = await control.inject(FaultKind.LATENCY, Target(), LATE)
    assert world.happening == (other,)
    await control.close()
