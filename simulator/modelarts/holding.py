"""Models that are held in `publishing` by a transition setting."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from simulator.clock import PlatformClock
from simulator.transitions import TransitionControl


class Holding:
    """Holds models until their time is over, or they are released.

    Attributes:
        held: ids of those that could be published now.
    """

    def __init__(self, clock: PlatformClock, control: TransitionControl) -> None:
        self._clock = clock
        self._control = control
        self._releases: dict[str, asyncio.Event] = {}
        self.held: set[str] = set()

    def begin(self, model_id: str) -> None:
        """The model is being published: it may be released from here on."""
        self._releases[model_id] = asyncio.Event()

    def end(self, model_id: str) -> None:
        self._releases.pop(model_id, None)

    def release(self, model_id: str) -> None:
        """Hold a model no longer, or not at all. One that is not being published is none of this
        object's."""
        if model_id in self._releases:
            self._releases[model_id].set()

    def is_held(self, model_id: str, since: int) -> bool:
        """Whether a model that could be published is not, by the setting.

        Args:
            since: when publishing began, platform time, epoch ms.
        """
        least = self._control.current.publish
        is_over = least is not None and self._clock.now_ms() >= since + least
        return not is_over and not self._releases[model_id].is_set()

    async def hold(self, model_id: str, since: int) -> None:
        """Wait as long as the setting says; `since` as in `is_held`."""
        self.held.add(model_id)
        try:
            while self.is_held(model_id, since):
                await _first(self._waits(self._releases[model_id], since))
        finally:
            self.held.discard(model_id)

    def _waits(self, released: asyncio.Event, since: int) -> list[Coroutine[Any, Any, Any]]:
        """What may end the hold."""
        waits: list[Coroutine[Any, Any, Any]] = [
            released.wait(),
            self._control.next_change.wait(),
        ]
        least = self._control.current.publish
        if least is not None:
            waits.append(self._clock.sleep_until(since + least))
        return waits


async def _first(waits: list[Coroutine[Any, Any, Any]]) -> None:
    """Wait until one of them is done; the others are given up."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
