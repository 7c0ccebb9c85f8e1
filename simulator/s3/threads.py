"""Blocking calls from the event loop, which are never left behind in the middle."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `asyncio.to_thread`; a cancelled caller waits for the call's end, so that nobody closes a
    file which the call is still using."""
    task = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


@contextlib.asynccontextmanager
async def entered(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    """A blocking context manager in an async block."""
    value = await in_thread(manager.__enter__)
    try:
        yield value
    except BaseException as error:
        kept = await in_thread(manager.__exit__, type(error), error, error.__traceback__)
        if not kept:
            raise
    else:
        await in_thread(manager.__exit__, None, None, None)
