"""The output of one instance in files of bounded size.

Two files, the current one and the one before it; when the current one is full it replaces the
other. Each line is stored as `<epoch ms> <text>`. Positions count bytes from the very first line,
so that a follower can tell where it was after a change of files. All methods do file I/O and are
safe to call from any thread.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from backends.base import LogLine

LOG_LIMIT_BYTES = 10 * 1024 * 1024
LINE_LIMIT_BYTES = 64 * 1024
READ_LIMIT_BYTES = 256 * 1024

_CUT_MARK = " … [line cut]".encode()
_FIRST_BLOCK_BYTES = 16 * 1024


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class InstanceLog:
    """Written by one pump, read by any number of readers.

    Attributes:
        instance_id: owner; stands in every line that is read.
    """

    def __init__(
        self,
        instance_id: str,
        directory: Path,
        limit_bytes: int = LOG_LIMIT_BYTES,
        now_ms: Callable[[], int] = _now_ms,
    ) -> None:
        """
        Args:
            directory: must exist before the first line is written.
            limit_bytes: of both files together; at least four times `LINE_LIMIT_BYTES`.
            now_ms: real epoch milliseconds.
        """
        if limit_bytes < 4 * LINE_LIMIT_BYTES:
            raise ValueError(f"a log needs at least {4 * LINE_LIMIT_BYTES} bytes")
        self.instance_id = instance_id
        self._current = directory / "output.log"
        self._previous = directory / "output.log.1"
        self._file_limit_bytes = limit_bytes // 2
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._partial = b""
        self._skipping = False
        self._lost_bytes = 0
        self._oldest = 0  # position of the first byte that is still kept
        self._base = 0  # position of the current file's first byte
        self._end = 0

    def append(self, chunk: bytes) -> list[bytes]:
        """Take a piece of output; returns the lines that it completed, without line ends.

        Never raises for a full disk: what cannot be written is counted and the count is written
        as soon as there is room.
        """
        with self._lock:
            lines = self._split(chunk)
            self._store(lines)
            return lines

    def end_line(self) -> None:
        """Store what came after the last line end, because nothing will follow it."""
        with self._lock:
            if self._partial:
                self._store([self._partial])
            self._partial, self._skipping = b"", False

    def note(self, text: str) -> None:
        """Add a line of Drydock's own."""
        with self._lock:
            self._store([f"[drydock] {text}".encode()])

    def tail(self, count: int) -> tuple[list[LogLine], int]:
        """The last `count` lines, oldest first, and the position behind them."""
        with self._lock:
            lines = _last_lines(self._current, count)
            if len(lines) < count:
                lines = _last_lines(self._previous, count - len(lines)) + lines
            return [self._parse(line) for line in lines], self._end

    def read(self, position: int) -> tuple[list[LogLine], int]:
        """Some lines from a position on, and the position behind them; none at the end.

        When the lines at `position` are no longer kept, the first line says how much is missing.
        """
        with self._lock:
            lines: list[LogLine] = []
            if position < self._oldest:
                missing = self._oldest - position
                text = f"[drydock] {missing} bytes of output came too fast to follow"
                lines.append(LogLine(self.instance_id, text))
                position = self._oldest
            older = position < self._base
            path, start = (self._previous, self._oldest) if older else (self._current, self._base)
            data = _read_block(path, position - start)
            data = data[: data.rfind(b"\n") + 1]
            lines += [self._parse(line) for line in data.split(b"\n")[:-1]]
            return lines, position + len(data)

    def _split(self, chunk: bytes) -> list[bytes]:
        """Complete lines, each cut to the limit. An endless line is kept up to the limit once."""
        *lines, rest = (self._partial + chunk).split(b"\n")
        if self._skipping:
            if not lines:
                return []
            del lines[0]
            self._skipping = False
        if len(rest) > LINE_LIMIT_BYTES:
            lines.append(rest)
            rest, self._skipping = b"", True
        self._partial = rest
        return [_cut(line) for line in lines]

    def _store(self, lines: Sequence[bytes]) -> None:
        stamp = b"%d " % self._now_ms()
        if self._lost_bytes and lines:
            lost = b"[drydock] %d bytes of output could not be written" % self._lost_bytes
            lines = [lost, *lines]
        block: list[bytes] = []
        size = self._end - self._base
        for line in lines:
            stored = stamp + line + b"\n"
            if size + len(stored) > self._file_limit_bytes:
                self._write(b"".join(block))
                self._turn_over()
                block, size = [], self._end - self._base
            block.append(stored)
            size += len(stored)
        self._write(b"".join(block))

    def _write(self, data: bytes) -> None:
        if not data:
            return
        try:
            with self._current.open("ab") as file:
                file.write(data)
        except OSError:
            self._lost_bytes += len(data)
            self._drop_half_written()
            return
        self._end += len(data)
        self._lost_bytes = 0

    def _drop_half_written(self) -> None:
        try:
            os.truncate(self._current, self._end - self._base)
        except OSError:
            return  # the file is not there: nothing was written

    def _turn_over(self) -> None:
        try:
            self._current.replace(self._previous)
        except OSError:
            return  # nothing was written yet, or the directory has been removed
        self._oldest, self._base = self._base, self._end

    def _parse(self, stored: bytes) -> LogLine:
        stamp, _, text = stored.partition(b" ")
        at_ms = int(stamp) if stamp.isdigit() else None
        if (
            at_ms is None
        ):  # the model has write access to its own log, as to all of the user's files
            text = stored
        decoded = text.removesuffix(b"\r").decode("utf-8", errors="replace")
        return LogLine(self.instance_id, decoded, at_ms)


def _cut(line: bytes) -> bytes:
    if len(line) <= LINE_LIMIT_BYTES:
        return line
    return line[: LINE_LIMIT_BYTES - len(_CUT_MARK)] + _CUT_MARK


def _read_block(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(READ_LIMIT_BYTES)
    except FileNotFoundError:
        return b""


def _last_lines(path: Path, count: int) -> list[bytes]:
    if count <= 0:
        return []
    try:
        with path.open("rb") as file:
            start, step, data = file.seek(0, os.SEEK_END), _FIRST_BLOCK_BYTES, b""
            while start > 0 and data.count(b"\n") <= count:
                step = min(start, step)
                start -= step
                file.seek(start)
                data = file.read(step) + data
                step = max(len(data), _FIRST_BLOCK_BYTES)
    except FileNotFoundError:
        return []
    return data.split(b"\n")[:-1][-count:]
