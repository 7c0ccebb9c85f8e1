from __future__ import annotations

import asyncio

import pytest

from simulator.coalesce import Coalesced


class Work:
    """Counts its runs; each waits for `go` and then raises `error`, if there is one."""

    def __init__(self) -> None:
        self.runs = 0
        self.at_once = 0
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.runs += 1
        self.at_once += 1
        assert self.at_once == 1, "two runs at one time"
        await self.go.wait()
        self.at_once -= 1
        if self.error is not None:
            raise self.error


async def running(work: Work, runs: int) -> None:
    while work.runs < runs:
        await asyncio.sleep(0)


async def test_calls_before_the_first_run_begins_share_it() -> None:
    work = Work()
    once = Coalesced(work)
    callers = [asyncio.create_task(once()) for _ in range(10)]
    work.go.set()
    await asyncio.gather(*callers)
    assert work.runs == 1


async def test_calls_during_a_run_share_the_one_after_it() -> None:
    work = Work()
    once = Coalesced(work)
    first = asyncio.create_task(once())
    await running(work, 1)
    later = [asyncio.create_task(once()) for _ in range(10)]
    await asyncio.sleep(0)
    assert work.runs == 1
    work.go.set()
    await asyncio.gather(first, *later)
    assert work.runs == 2


async def test_a_call_during_a_run_is_not_answered_by_that_run() -> None:
    work = Work()
    once = Coalesced(work)
    first = asyncio.create_task(once())
    await running(work, 1)
    second = asyncio.create_task(once())
    await asyncio.sleep(0)
    work.go.set()
    await first
    work.go.clear()
    await running(work, 2)
    assert not second.done()
    work.go.set()
    await second


async def test_what_the_work_raises_reaches_each_of_its_callers_and_no_other() -> None:
    work = Work()
    work.error = OSError("broken")
    once = Coalesced(work)
    callers = [asyncio.create_task(once()) for _ in range(3)]
    await running(work, 1)
    work.go.set()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert [str(result) for result in results] == ["broken"] * 3
    work.error = None
    await once()
    assert work.runs == 2


async def test_a_caller_that_gives_up_does_not_stop_the_work_for_others() -> None:
    work = Work()
    once = Coalesced(work)
    impatient, patient = asyncio.create_task(once()), asyncio.create_task(once())
    await running(work, 1)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    work.go.set()
    await patient
    assert work.runs == 1
