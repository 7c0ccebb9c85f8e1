"""The store is tried until it can be written again; nobody need ask for it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from simulator import store_watch
from simulator.store.trouble import Trouble, store_trouble
from simulator.store_watch import StoreWatch


@dataclass
class Disk:
    """Stands for a store.

    Attributes:
        answers: what the next tries find; an error is raised.
        tries: how many there were.
    """

    trouble: Trouble | None = None
    answers: list[bool | Exception] = field(default_factory=list)
    tries: int = 0

    def fills(self) -> None:
        self.trouble = store_trouble(sqlite3.OperationalError("disk I/O error"))

    def try_writing(self) -> bool:
        self.tries += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer:
            self.trouble = None
        return answer


@dataclass
class World:
    disk: Disk
    recovered: asyncio.Event


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(store_watch, "LOOK_S", 0.005)
    disk, recovered = Disk(), asyncio.Event()
    watch = StoreWatch(disk, recovered.set)  # type: ignore[arg-type]
    watch.start()
    yield World(disk, recovered)
    await watch.close()


async def test_a_store_without_trouble_is_left_alone(world: World) -> None:
    await asyncio.sleep(0.05)
    assert world.disk.tries == 0


async def test_it_is_tried_until_it_can_be_written_and_that_is_told_once(world: World) -> None:
    world.disk.answers = [False, False, True]
    world.disk.fills()
    async with asyncio.timeout(10):
        await world.recovered.wait()
    world.recovered.clear()
    await asyncio.sleep(0.05)
    assert world.disk.tries == 3
    assert not world.recovered.is_set()


async def test_trouble_that_comes_again_is_found_out_again(world: World) -> None:
    for _ in range(2):
        world.disk.answers = [True]
        world.disk.fills()
        async with asyncio.timeout(10):
            await world.recovered.wait()
        world.recovered.clear()
    assert world.disk.tries == 2


async def test_a_try_that_goes_wrong_does_not_end_the_trying(world: World) -> None:
    world.disk.answers = [RuntimeError("unexpected"), True]
    world.disk.fills()
    async with asyncio.timeout(10):
        await world.recovered.wait()


async def test_it_is_logged_when_it_begins_and_when_it_is_over(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", "simulator.store_watch")
    world.disk.answers = [False, True]
    world.disk.fills()
    async with asyncio.timeout(10):
        await world.recovered.wait()
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert told[0].startswith("the store cannot be written: the disk of the data directory fails")
    assert told[1] == "the store can be written again"


async def test_one_that_was_never_started_can_be_closed() -> None:
    await StoreWatch(Disk(), bool).close()  # type: ignore[arg-type]
