from __future__ import annotations

import asyncio
import time

import pytest

from simulator import clock
from simulator.clock import ClockMode, PlatformClock, real_ms


class FakeTime:
    """Stands in for the module `time`: moves only when told to."""

    def __init__(self) -> None:
        self.wall_ns = 1_700_000_000_000_000_000
        self.elapsed_s = 50.0

    def time_ns(self) -> int:
        return self.wall_ns

    def monotonic(self) -> float:
        return self.elapsed_s


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(clock, "time", fake)
    return fake


def test_real_time_is_the_hosts() -> None:
    before = time.time() * 1000
    assert before - 1 <= real_ms() <= time.time() * 1000 + 1


def test_a_real_clock_follows_the_host_whatever_speed_is_given(fake_time: FakeTime) -> None:
    real = PlatformClock(ClockMode.REAL, speed=60)
    start = real.now_ms()
    assert start == 1_700_000_000_000
    fake_time.elapsed_s += 2.5
    assert real.now_ms() == start + 2_500


def test_a_scaled_clock_runs_faster(fake_time: FakeTime) -> None:
    scaled = PlatformClock(ClockMode.SCALED, speed=60)
    start = scaled.now_ms()
    fake_time.elapsed_s += 2
    assert scaled.now_ms() == start + 120_000


def test_a_manual_clock_moves_only_when_told_to(fake_time: FakeTime) -> None:
    manual = PlatformClock(ClockMode.MANUAL)
    start = manual.now_ms()
    fake_time.elapsed_s += 1000
    assert manual.now_ms() == start
    assert manual.advance(86_400_000) == start + 86_400_000
    assert manual.now_ms() == start + 86_400_000


def test_a_jump_of_the_wall_clock_changes_nothing(fake_time: FakeTime) -> None:
    real = PlatformClock()
    start = real.now_ms()
    fake_time.wall_ns -= 3_600_000_000_000
    assert real.now_ms() == start


def test_it_does_not_start_before_what_is_on_record(fake_time: FakeTime) -> None:
    record = 1_800_000_000_000
    assert PlatformClock(not_before_ms=record).now_ms() == record
    assert PlatformClock(not_before_ms=5).now_ms() == 1_700_000_000_000


def test_every_clock_can_be_moved_forward_and_none_back(fake_time: FakeTime) -> None:
    for mode in ClockMode:
        one = PlatformClock(mode)
        start = one.now_ms()
        assert one.advance(7) == start + 7
        with pytest.raises(ValueError, match="time cannot go back: -1 ms"):
            one.advance(-1)


@pytest.mark.parametrize("speed", [0, -1])
def test_a_speed_is_above_0(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be above 0"):
        PlatformClock(ClockMode.SCALED, speed)


async def test_a_sleeper_wakes_when_its_instant_is_reached_and_not_before() -> None:
    manual = PlatformClock(ClockMode.MANUAL)
    start = manual.now_ms()
    woken: list[int] = []

    async def sleep(until: int) -> None:
        await manual.sleep_until(until)
        woken.append(until - start)

    sleepers = [asyncio.create_task(sleep(start + ms)) for ms in (100, 200)]
    await asyncio.sleep(0)
    manual.advance(99)
    await settle()
    assert woken == []
    manual.advance(1)
    await settle()
    assert woken == [100]
    manual.advance(10_000)
    await asyncio.gather(*sleepers)
    assert woken == [100, 200]


async def test_the_next_instant_that_somebody_waits_for_is_known() -> None:
    manual = PlatformClock(ClockMode.MANUAL)
    start = manual.now_ms()
    assert manual.next_due_ms() is None
    sleepers = [asyncio.create_task(manual.sleep_until(start + ms)) for ms in (200, 100)]
    await settle()
    assert manual.next_due_ms() == start + 100
    manual.advance(150)
    assert manual.next_due_ms() == start + 100  # until the sleeper has taken notice
    await settle()
    assert manual.next_due_ms() == start + 200
    for sleeper in sleepers:
        sleeper.cancel()
    await settle()
    assert manual.next_due_ms() is None


async def settle() -> None:
    """Let everything run that can run without time passing."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_instant_that_is_over_is_not_waited_for() -> None:
    manual = PlatformClock(ClockMode.MANUAL)
    await asyncio.wait_for(manual.sleep_until(manual.now_ms()), 1)
    await asyncio.wait_for(manual.sleep_until(0), 1)


async def test_on_a_scaled_clock_an_hour_is_over_soon() -> None:
    scaled = PlatformClock(ClockMode.SCALED, speed=100_000)
    due = scaled.now_ms() + 3_600_000
    await asyncio.wait_for(scaled.sleep_until(due), 5)
    assert scaled.now_ms() >= due


async def test_advancing_wakes_a_sleeper_on_a_real_clock_too() -> None:
    real = PlatformClock()
    sleeper = asyncio.create_task(real.sleep_until(real.now_ms() + 3_600_000))
    await asyncio.sleep(0)
    real.advance(3_600_000)
    await asyncio.wait_for(sleeper, 5)


def test_a_clock_that_is_changed_goes_on_from_where_it_was(fake_time: FakeTime) -> None:
    changing = PlatformClock(ClockMode.REAL)
    start = changing.now_ms()
    fake_time.elapsed_s += 10
    changing.change(ClockMode.SCALED, 60)
    assert changing.now_ms() == start + 10_000
    fake_time.elapsed_s += 1
    assert changing.now_ms() == start + 70_000
    changing.change(ClockMode.MANUAL)
    fake_time.elapsed_s += 1000
    assert changing.advance(5) == start + 70_005
    changing.change(ClockMode.REAL, 60)
    fake_time.elapsed_s += 1
    assert (changing.speed, changing.now_ms()) == (1.0, start + 71_005)


@pytest.mark.parametrize("speed", [0, -1])
def test_a_changed_clock_does_not_stand_still_or_go_back(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        PlatformClock().change(ClockMode.SCALED, speed)


async def test_who_sleeps_wakes_when_a_changed_clock_is_there() -> None:
    sleeping = PlatformClock(ClockMode.MANUAL)
    sleeper = asyncio.create_task(sleeping.sleep_until(sleeping.now_ms() + 60_000))
    await asyncio.sleep(0)
    sleeping.change(ClockMode.SCALED, 1_000_000)
    await asyncio.wait_for(sleeper, 5)
