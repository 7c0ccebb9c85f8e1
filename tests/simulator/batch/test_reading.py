"""Units are read in a thread, in order, and no further ahead than there is room for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from simulator.batch import reading
from simulator.batch.inputs import Item
from simulator.batch.reading import Reader
from simulator.batch.units import Unit


def some(count: int) -> Iterator[Unit]:
    return (Unit(Item(number, str(number))) for number in range(count))


async def test_units_come_in_order_each_once_and_then_no_more() -> None:
    reader = Reader(lambda: some(1000))
    found = []
    while (one := await reader.next()) is not None:
        found.append(one)
    assert [number for number, _ in found] == list(range(1000))
    assert [unit.item.number for _, unit in found] == list(range(1000))
    assert await reader.next() is None
    await reader.stop()


async def test_many_who_ask_at_once_have_each_unit_once() -> None:
    reader = Reader(lambda: some(5000))
    found: list[int] = []

    async def take() -> None:
        while (one := await reader.next()) is not None:
            found.append(one[0])
            reader.release(1, one[1].bytes_held)

    await asyncio.gather(*(take() for _ in range(16)))
    assert sorted(found) == list(range(5000))
    await reader.stop()


async def test_no_more_is_read_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "HELD_UNITS", 10)
    made: list[int] = []

    def noted() -> Iterator[Unit]:
        for unit in some(1000):
            made.append(unit.item.number)
            yield unit

    reader = Reader(noted)
    for _ in range(10):
        assert await reader.next() is not None
    asking = asyncio.create_task(reader.next())
    await asyncio.sleep(0.05)
    assert not asking.done()
    assert len(made) <= 11
    reader.release(5, 5 * 512)
    assert await asking is not None
    await reader.stop()
    assert len(made) <= 16


async def test_a_unit_that_is_larger_than_the_room_passes_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "HELD_BYTES", 1)
    reader = Reader(lambda: some(2))
    one = await reader.next()
    assert one is not None
    reader.release(1, one[1].bytes_held)
    assert await reader.next() is not None
    await reader.stop()


async def test_what_reading_raises_is_raised_after_what_was_read_and_each_time() -> None:
    def broken() -> Iterator[Unit]:
        yield from some(3)
        raise OSError("the disk is gone")

    reader = Reader(broken)
    for number in range(3):
        found = await reader.next()
        assert found is not None
        assert found[0] == number
    for _ in range(2):
        with pytest.raises(OSError, match="the disk is gone"):
            await reader.next()
    await reader.stop()


async def test_stopped_in_the_middle_its_thread_ends() -> None:
    reader = Reader(lambda: some(1_000_000))
    assert await reader.next() is not None
    await reader.stop()
    assert "batch reader" not in {one.name for one in threading.enumerate()}
