"""Pauses that grow, and that can be cut short."""

from __future__ import annotations

import asyncio

import pytest

from simulator import backoff
from simulator.backoff import Backoff


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each wait would have been; none waits."""
    seen: list[float] = []

    async def wait_for(work: object, timeout_s: float) -> None:
        work.close()  # type: ignore[attr-defined]
        seen.append(timeout_s)
        raise TimeoutError

    monkeypatch.setattr(backoff.asyncio, "wait_for", wait_for)
    return seen


async def test_each_failure_in_a_row_doubles_the_pause_up_to_the_longest(
    pauses: list[float],
) -> None:
    tries = Backoff(0.1, 1.0)
    for _ in range(6):
        await tries.pause("a")
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


async def test_a_success_forgets_the_failures_of_its_key_only(pauses: list[float]) -> None:
    tries = Backoff(0.1, 1.0)
    for key in ("a", "a", "b"):
        await tries.pause(key)
    tries.succeeded("a")
    for key in ("a", "b"):
        await tries.pause(key)
    assert pauses == [0.1, 0.2, 0.1, 0.1, 0.2]


async def test_failures_without_end_do_not_become_numbers_without_end(
    pauses: list[float],
) -> None:
    tries = Backoff(0.1, 60.0)
    for _ in range(5_000):
        await tries.pause("a")
    assert pauses[-1] == 60.0


async def test_all_who_wait_can_be_told_to_go_on_and_begin_anew() -> None:
    tries = Backoff(3600.0, 3600.0)
    waiting = [asyncio.create_task(tries.pause(key)) for key in "abc"]
    await asyncio.sleep(0)
    tries.hurry()
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting)


async def test_who_begins_to_wait_afterwards_waits(pauses: list[float]) -> None:
    tries = Backoff(0.1, 1.0)
    await tries.pause("a")
    tries.hurry()
    await tries.pause("a")
    assert pauses == [0.1, 0.1]
