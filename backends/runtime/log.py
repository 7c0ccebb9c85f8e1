"""The server's log: lines on standard output, one line a thing, flushed at once.

Text from outside (file names, messages, paths) cannot break a line or steer a terminal.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from datetime import UTC, datetime

MAX_LINE_CHARS = 2000
"""Longer lines are cut; a request must not be able to fill the log with one error message."""


def one_line(text: str, limit: int = MAX_LINE_CHARS) -> str:
    """`text` on one line, control and direction characters escaped, at most `limit` characters."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def log(text: str) -> None:
    """Write one line with the UTC time. A reader that has gone away is no reason to fail."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{stamp}Z {one_line(text)}\n")
        sys.stdout.flush()


class _LineHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info and record.exc_info[1]
        text = f"{record.name}: {record.getMessage()}"
        log(f"{text}: {type(cause).__name__}: {cause}" if cause else text)


def capture_library_logs(level: str) -> None:
    """Send what libraries log, from `level` ("debug" to "error") on, through `log`."""
    root = logging.getLogger()
    root.handlers[:] = [_LineHandler()]
    root.setLevel(level.upper())
