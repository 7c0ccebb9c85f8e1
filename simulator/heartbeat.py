"""When the server was last alive, on the platform clock: a small file, written each second.

What instances ran until a server was killed is metered up to then, and a scaled clock goes on from
there. The file is not synced: it must survive the server, not the machine.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

PERIOD_S = 1.0
"""Real seconds between two beats."""


class Heartbeat:
    """See the module."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def beat(self, now_ms: int) -> None:
        """Note that the server lives now, platform time, epoch ms. A disk that is full changes
        nothing: the last beat then counts."""
        with contextlib.suppress(OSError):
            self._path.write_text(f"{now_ms}\n")

    def last_ms(self) -> int:
        """Platform time of the last beat; 0 when there was none."""
        try:
            return int(self._path.read_text())
        except (OSError, ValueError):
            return 0
