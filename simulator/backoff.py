"""Pauses between tries, longer after each failure in a row, that can be cut short."""

from __future__ import annotations

import asyncio
import contextlib

MOST_DOUBLINGS = 20


class Backoff:
    """Pauses of many keys, real seconds.

    Args:
        first_s: the pause after the first failure; it doubles with each further one.
        last_s: the longest pause.
    """

    def __init__(self, first_s: float, last_s: float) -> None:
        self._first_s = first_s
        self._last_s = last_s
        self._failures: dict[str, int] = {}
        self._hurry = asyncio.Event()

    def succeeded(self, key: str) -> None:
        """The next failure is the first one again."""
        self._failures.pop(key, None)

    async def pause(self, key: str) -> None:
        """Wait after a failure, at most until `hurry`."""
        failures = self._failures.get(key, 0)
        self._failures[key] = min(failures + 1, MOST_DOUBLINGS)
        with contextlib.suppress(TimeoutError):
            pause_s = min(self._first_s * 2**failures, self._last_s)
            await asyncio.wait_for(self._hurry.wait(), pause_s)

    def hurry(self) -> None:
        """What made them fail is over: all who wait now try again, as if they had not failed."""
        self._failures.clear()
        self._hurry.set()
        self._hurry = asyncio.Event()
