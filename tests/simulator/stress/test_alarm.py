"""An alarm rings once, and never before its time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.clock import steady_s
from simulator.stress.alarm import Alarm, LoopAlarm, TimerfdAlarm, alarm

RINGS_WITHIN_S = 20.0
OPEN_FILES = Path("/proc/self/fd")
Make = Callable[[asyncio.AbstractEventLoop, Callable[[], None]], Alarm]
KINDS = [LoopAlarm, TimerfdAlarm] if sys.platform == "linux" else [LoopAlarm]


class Rung:
    """When it rang, and waiting for that."""

    def __init__(self, make: Make) -> None:
        self.at: list[float] = []
        self._event = asyncio.Event()
        self.alarm = make(asyncio.get_running_loop(), self._ring)

    def _ring(self) -> None:
        self.at.append(steady_s())
        self._event.set()

    async def wait(self) -> None:
        async with asyncio.timeout(RINGS_WITHIN_S):
            await self._event.wait()
        self._event.clear()


@pytest.mark.parametrize("make", KINDS)
async def test_it_rings_at_its_time_and_again_only_when_asked(make: Make) -> None:
    rung = Rung(make)
    for pause_s in (0.02, 0.0, -5.0):
        when_s = steady_s() + pause_s
        rung.alarm.at(when_s)
        await rung.wait()
        assert rung.at[-1] >= when_s - 0.002  # the loop's timers go by whole milliseconds
    await asyncio.sleep(0.03)
    assert len(rung.at) == 3
    rung.alarm.close()


@pytest.mark.parametrize("make", KINDS)
async def test_a_later_wish_replaces_an_earlier_one(make: Make) -> None:
    rung = Rung(make)
    rung.alarm.at(steady_s() + 100)
    rung.alarm.at(steady_s())
    await rung.wait()
    rung.alarm.at(steady_s() + 0.01)
    rung.alarm.at(steady_s() + 100)
    await asyncio.sleep(0.05)
    assert len(rung.at) == 1
    rung.alarm.close()


@pytest.mark.parametrize("make", KINDS)
async def test_once_closed_it_never_rings(make: Make) -> None:
    rung = Rung(make)
    rung.alarm.at(steady_s() + 0.01)
    rung.alarm.close()
    await asyncio.sleep(0.05)
    assert rung.at == []
    rung.alarm.close()


@pytest.mark.skipif(sys.platform != "linux", reason="there are timers that are files on Linux only")
async def test_on_linux_it_is_a_file_that_is_given_back() -> None:
    before = len(list(OPEN_FILES.iterdir()))
    made = alarm(asyncio.get_running_loop(), lambda: None)
    assert isinstance(made, TimerfdAlarm)
    assert len(list(OPEN_FILES.iterdir())) == before + 1
    made.close()
    assert len(list(OPEN_FILES.iterdir())) == before
