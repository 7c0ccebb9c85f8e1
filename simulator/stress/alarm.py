"""Being woken at an instant, to some ten microseconds where the system can.

The timers of asyncio's and uvloop's loops go by whole milliseconds: at 1,000 requests/s the half of
them would be 0.3 ms late, as much as a small model takes to answer. Linux has timers that are files
(timerfd_create(2)); Python 3.11 has no function for them, so they are called through ctypes.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable
from typing import Protocol

from simulator.clock import steady_s

_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1


class Alarm(Protocol):
    """Calls back in the loop at an instant of `steady_s`, once for each `at`."""

    def at(self, when_s: float) -> None:
        """Ring then, or at once when that has passed; replaces an earlier wish."""

    def close(self) -> None:
        """Never ring again."""


class LoopAlarm:
    """With the loop's own timers."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop, self._ring = loop, ring
        self._handle: asyncio.TimerHandle | None = None

    def at(self, when_s: float) -> None:
        self.close()
        self._handle = self._loop.call_later(max(0.0, when_s - steady_s()), self._ring)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.cancel()


class _TimerSpec(ctypes.Structure):
    """`struct itimerspec` where time_t and long have 64 bits."""

    _fields_ = (
        ("interval_s", ctypes.c_int64),
        ("interval_ns", ctypes.c_int64),
        ("value_s", ctypes.c_int64),
        ("value_ns", ctypes.c_int64),
    )


class TimerfdAlarm:
    """With a timer of the Linux kernel that the loop watches as a file.

    Raises:
        OSError: the system has none.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        if sys.platform != "linux" or ctypes.sizeof(ctypes.c_long) != ctypes.sizeof(ctypes.c_int64):
            raise OSError("no timers that are files")
        self._libc = ctypes.CDLL(None, use_errno=True)
        flags = os.O_NONBLOCK | os.O_CLOEXEC
        self._file = int(self._libc.timerfd_create(_CLOCK_MONOTONIC, flags))
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._loop, self._ring = loop, ring
        self._spec = _TimerSpec()
        loop.add_reader(self._file, self._woken)

    def at(self, when_s: float) -> None:
        seconds = int(when_s)
        self._spec.value_s = seconds
        self._spec.value_ns = max(1, int((when_s - seconds) * 1e9))  # all 0 would switch it off
        self._libc.timerfd_settime(self._file, _ABSOLUTE, ctypes.byref(self._spec), None)

    def close(self) -> None:
        if self._file >= 0:
            self._loop.remove_reader(self._file)
            os.close(self._file)
            self._file = -1

    def _woken(self) -> None:
        try:
            os.read(self._file, 8)
        except BlockingIOError:  # set anew after the loop had seen it ring
            return
        self._ring()


def alarm(loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> Alarm:
    """The most exact alarm that this system has."""
    try:
        return TimerfdAlarm(loop, ring)
    except OSError:
        return LoopAlarm(loop, ring)
