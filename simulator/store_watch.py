"""Finds out when a store that could not be written can be written again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from simulator.failures import log_failure
from simulator.store.queries import Store

logger = logging.getLogger(__name__)

LOOK_S = 2.0
"""Real seconds between two looks, and between two tries while there is trouble."""


class StoreWatch:
    """See the module.

    Args:
        recovered: is called when the store can be written again.
    """

    def __init__(self, store: Store, recovered: Callable[[], None]) -> None:
        self._store = store
        self._recovered = recovered
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._look_for_ever(), name="store watch")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look_for_ever(self) -> None:
        known = False
        while True:
            trouble = self._store.trouble
            if trouble is not None and not known:
                logger.error("the store cannot be written: %s (%s)", trouble.message, trouble.hint)
            known = trouble is not None
            try:
                if known and await asyncio.to_thread(self._store.try_writing):
                    known = False
                    logger.warning("the store can be written again")
                    self._recovered()
            except Exception as error:
                log_failure(logger, "the store could not be tried", error)
            await asyncio.sleep(LOOK_S)
