"""Ending all instances when the server ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from backends.base import Backend, Observation
from backends.errors import BackendError

logger = logging.getLogger(__name__)

GRACE_S = 30.0
LIMIT_S = 45.0
"""Real seconds in which all must have ended; the server does not wait for those that hang."""


async def end_all(backend: Backend, instances: Iterable[Observation]) -> None:
    """Stop and remove instances, all at once. Those that could not be are logged; the next start
    finds them."""

    async def end(seen: Observation) -> None:
        try:
            await backend.stop(seen.instance_id, GRACE_S)
            await backend.remove(seen.instance_id)
        except BackendError as error:
            logger.error("instance %s was not stopped: %s", seen.instance_id, error)

    ending = {asyncio.create_task(end(seen)): seen for seen in instances}
    if not ending:
        return
    _, hanging = await asyncio.wait(ending, timeout=LIMIT_S)
    for task in hanging:
        logger.error("instance %s was not stopped in time", ending[task].instance_id)
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
