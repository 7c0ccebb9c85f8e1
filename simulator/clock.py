"""All time comes from here.

Two kinds of time exist and must not be mixed:

* *platform time* runs the simulated cloud's timers (deploy timeout, health delay, auto-stop): real,
  scaled or manual. Integers, epoch milliseconds. `PlatformClock.now_ms`.
* *real time* is for what a real socket or process does: request limits, token expiry, probes'
  own timeouts. Epoch seconds or milliseconds. `real_ms`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from enum import StrEnum


def real_ms() -> int:
    """Epoch milliseconds of the host."""
    return time.time_ns() // 1_000_000


def steady_s() -> float:
    """Seconds of the host's monotonic clock, for how long something real takes."""
    return time.monotonic()


class ClockMode(StrEnum):
    REAL = "real"
    SCALED = "scaled"
    MANUAL = "manual"


class PlatformClock:
    """The clock that the simulated cloud's timers run on.

    It follows the host's monotonic clock, so that a jump of the wall clock or a sleeping laptop
    neither fires a timer twice nor makes a duration negative.

    Args:
        mode: real, scaled (by `speed`) or manual (moves only by `advance`).
        speed: platform seconds per real second, above 0; 1 for real.
        not_before_ms: platform time never starts before this: the last instant that was recorded,
            so that a scaled clock does not jump back after a restart.
    """

    def __init__(
        self, mode: ClockMode = ClockMode.REAL, speed: float = 1.0, not_before_ms: int = 0
    ) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.mode = mode
        self.speed = 1.0 if mode is ClockMode.REAL else speed
        self._origin_ms = max(real_ms(), not_before_ms)
        self._started = time.monotonic()
        self._moved = asyncio.Event()
        self._sleepers: dict[object, int] = {}

    def now_ms(self) -> int:
        """Platform time, epoch milliseconds. Never goes back."""
        if self.mode is ClockMode.MANUAL:
            return self._origin_ms
        elapsed_s = time.monotonic() - self._started
        return self._origin_ms + int(elapsed_s * 1000 * self.speed)

    def advance(self, by_ms: int) -> int:
        """Move platform time forward at once; returns the new time.

        Raises:
            ValueError: `by_ms` is negative.
        """
        if by_ms < 0:
            raise ValueError(f"time cannot go back: {by_ms} ms")
        self._origin_ms += by_ms
        self._wake()
        return self.now_ms()

    def change(self, mode: ClockMode, speed: float = 1.0) -> None:
        """Go on otherwise, from the time that it is now: nothing jumps, and whoever sleeps wakes at
        its instant all the same.

        Raises:
            ValueError: `speed` is not above 0.
        """
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self._origin_ms, self._started = self.now_ms(), time.monotonic()
        self.mode = mode
        self.speed = 1.0 if mode is ClockMode.REAL else speed
        self._wake()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep_until(self, at_ms: int) -> None:
        """Wait until platform time reaches `at_ms`."""
        sleeper = object()
        self._sleepers[sleeper] = at_ms
        try:
            while (left_ms := at_ms - self.now_ms()) > 0:
                moved = self._moved
                timeout_s = None if self.mode is ClockMode.MANUAL else left_ms / 1000 / self.speed
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(moved.wait(), timeout_s)
        finally:
            del self._sleepers[sleeper]

    def next_due_ms(self) -> int | None:
        """The earliest instant that somebody waits for, epoch milliseconds; None when nobody waits.

        One that has been reached is named until its sleeper has taken notice.
        """
        return min(self._sleepers.values(), default=None)
