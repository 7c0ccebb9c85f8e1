"""Waiting until a server is at rest, and moving its manual clock from one event to the next.

At rest: nothing more will happen until the platform clock moves, a client asks for something, or an
instance changes. The waiting is real time, bounded; platform time moves only where that is said.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from simulator.system import System

POLL_S = 0.0005
PROBES = 2
"""A probe that was under way when waiting began tells of before; the next one does not."""


class NotAtRest(TimeoutError):
    """The server was not at rest in time; the text says what it was doing."""


class Settling:
    """The waiting, for one server; in its event loop.

    Args:
        simulated: whether the instances only do what they are told to. Real ones that were never
            healthy may yet become so by themselves, and are waited for.
    """

    def __init__(self, system: System, *, simulated: bool) -> None:
        self._system = system
        self._simulated = simulated
        self._doing: list[str] = []

    async def settle(self, within_s: float) -> None:
        """Wait until the server is at rest.

        Raises:
            NotAtRest: it is not after `within_s` real seconds.
        """
        async with self._limit(within_s):
            await self._settle(PROBES)

    async def advance(self, by_ms: int, within_s: float) -> None:
        """Move the manual clock on, stopping at each instant that something waits for, so that
        things happen in their order and at their times; then wait until the server is at rest.

        Raises:
            NotAtRest: this takes longer than `within_s` real seconds.
        """
        clock = self._system.clock
        until = clock.now_ms() + by_ms
        async with self._limit(within_s):
            await self._settle(PROBES)
            while (due := clock.next_due_ms()) is not None and due < until:
                clock.advance(max(0, due - clock.now_ms()))
                await self._settle(0)
            clock.advance(until - clock.now_ms())
            await self._settle(PROBES)

    @contextlib.asynccontextmanager
    async def _limit(self, within_s: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(within_s):
                yield
        except TimeoutError:
            doing = ", ".join(self._doing) or "it is moved on from instant to instant"
            raise NotAtRest(f"not at rest after {within_s:g} s: {doing}") from None

    async def _settle(self, probes: int) -> None:
        asked: dict[str, int] = {}
        quiet = 0
        while quiet < 2:  # a second look, after what the first one may have set in motion
            await self._system.engine.sightings.refresh()
            self._doing = self._under_way(asked, probes)
            if not self._doing:
                quiet += 1
                continue
            quiet = 0
            while self._doing:
                await asyncio.sleep(POLL_S)
                self._doing = self._under_way(asked, probes)

    def _under_way(self, asked: dict[str, int], probes: int) -> list[str]:
        """What is waited for, in words.

        Args:
            asked: how often each unready instance had been asked when it was first looked at.
            probes: how often a simulated one must be asked since.
        """
        engine = self._system.engine
        waiting = [
            f"{name} was never healthy yet"
            for name, count in engine.unready().items()
            if not self._simulated or count < asked.setdefault(name, count) + probes
        ]
        if waiting and self._simulated:
            engine.ask_unready()
        others = (*self._system.publisher.under_way(), *self._system.jobs.under_way())
        return [*engine.under_way(), *others, *waiting]
