"""Reads a job's units in a thread of its own, no further ahead than there is room for."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator

from simulator.batch.units import Unit

HELD_BYTES = 32 * 1024 * 1024
"""What units may hold between being read and being written; one that is larger passes alone."""
HELD_UNITS = 4096
_END = None


class Reader:
    """Units to be worked on, in order, and how many of them are held.

    Args:
        units: begins to read; called in the thread.
    """

    def __init__(self, units: Callable[[], Iterator[Unit]]) -> None:
        self._units = units
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[int, Unit] | BaseException | None] = asyncio.Queue()
        self._read_units: deque[tuple[int, Unit]] = deque()
        self._is_told = False
        self._room = threading.Condition()
        self._held_bytes = 0
        self._held_units = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._read, name="batch reader", daemon=True)
        self._thread.start()

    async def next(self) -> tuple[int, Unit] | None:
        """The next unit and its number, from 0; None when there are no more, from then on always.

        Raises:
            Exception: what reading raised, each time.
        """
        found = await self._queue.get()
        if found is _END or isinstance(found, BaseException):
            self._queue.put_nowait(found)  # for whoever asks next
        if isinstance(found, BaseException):
            raise found
        return found

    def release(self, units: int, held_bytes: int) -> None:
        """So many units are written, which held so much: there is room for others."""
        with self._room:
            self._held_bytes -= held_bytes
            self._held_units -= units
            self._room.notify()

    async def stop(self) -> None:
        """Read nothing more, and wait until the thread has ended."""
        with self._room:
            self._stopped = True
            self._room.notify()
        await asyncio.to_thread(self._thread.join)

    def _read(self) -> None:
        try:
            for number, unit in enumerate(self._units()):
                if not self._take_room(unit.bytes_held):
                    return
                self._read_units.append((number, unit))
                if not self._is_told:  # the loop is woken once for many of them
                    self._is_told = True
                    self._tell(self._take_read)
        except BaseException as error:
            self._tell(self._end, error)
        else:
            self._tell(self._end, _END)

    def _take_room(self, unit_bytes: int) -> bool:
        """Wait for room; False when reading has been stopped."""
        with self._room:
            self._room.wait_for(lambda: self._stopped or self._has_room(unit_bytes))
            self._held_bytes += unit_bytes
            self._held_units += 1
            return not self._stopped

    def _has_room(self, unit_bytes: int) -> bool:
        fits = self._held_bytes + unit_bytes <= HELD_BYTES and self._held_units < HELD_UNITS
        return fits or not self._held_units

    def _take_read(self) -> None:
        """In the loop: units that were read may be asked for."""
        self._is_told = False  # before looking: what comes from here on is told again
        while self._read_units:
            self._queue.put_nowait(self._read_units.popleft())

    def _end(self, how: BaseException | None) -> None:
        """In the loop: there are no more units."""
        self._take_read()
        self._queue.put_nowait(how)

    def _tell(self, what: Callable[..., None], *details: BaseException | None) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *details)
        except RuntimeError:  # the loop has ended
            self._stopped = True
