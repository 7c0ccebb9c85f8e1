"""What the C library does with memory that has been given back to it."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD = -1
_M_ARENA_MAX = -8
"""Numbers of mallopt(3)."""
TRIM_BYTES = 1024 * 1024


def keep_little() -> None:
    """Return free memory to the system. With glibc each thread has an arena of its own otherwise,
    and keeps what a long batch job needed of it; threads take turns in Python anyway. Does nothing
    with other C libraries, which have no such setting."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_TRIM_THRESHOLD, TRIM_BYTES)
