"""Who wants to hear of events as they happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from simulator.engine import Told

QUEUE_LIMIT = 1000


class Listeners:
    """Passes each event on to all that listen; a slow listener loses its oldest events."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Told]] = set()

    def tell(self, told: Told) -> None:
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(told)

    async def listen(self) -> AsyncIterator[Told]:
        """Every event from now on, until the caller stops listening."""
        queue: asyncio.Queue[Told] = asyncio.Queue(QUEUE_LIMIT)
        self._queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)
