"""Works through one job: reads its units, has instances answer them, writes what became of them.

The order of results is the order of the inputs, whichever answer comes first: what is done waits
until everything before it is. A worker may be cancelled at any time, and the server killed: another
one goes on from the last checkpoint, and sends again what was under way then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from simulator.batch.instances import AT_ONCE, Instances, NotAnswered
from simulator.batch.ledger import Done, Ledger
from simulator.batch.ordering import InOrder
from simulator.batch.pace import Pace
from simulator.batch.reading import Reader
from simulator.batch.units import Unit
from simulator.clock import steady_s

WRITE_PAUSE_S = 0.02
"""So that several units are written at once, real seconds."""


WRITTEN_AT_ONCE = 128
ROWS_AT_ONCE = 1024
"""Most of them, files or rows: what has begun to be written is seen through also when the job is to
end, and each file takes the disk much longer than a row."""


class NothingToDo(Exception):
    """The job has no inputs."""


class Worker:
    """See the module.

    Args:
        reader: of the units that are left.
        most_instances: how many there may be.
    """

    def __init__(
        self, reader: Reader, instances: Instances, ledger: Ledger, *, most_instances: int
    ) -> None:
        self._reader = reader
        self._instances = instances
        self._ledger = ledger
        self._senders = most_instances * AT_ONCE
        self._written_at_once = ROWS_AT_ONCE if ledger.counts_rows else WRITTEN_AT_ONCE
        self._order: InOrder[Done] = InOrder()
        self._ready: list[Done] = []
        self._arrived = asyncio.Event()
        self.pace = Pace(steady_s())

    async def run(self) -> None:
        """Until everything is written.

        Raises:
            NothingToDo: there are no inputs.
            Exception: what reading or writing raised: the job cannot go on.
        """
        senders = [asyncio.create_task(self._send_for_ever()) for _ in range(self._senders)]
        writer = asyncio.create_task(self._write_until_all_is(asyncio.gather(*senders)))
        try:
            await writer
        finally:
            for task in (*senders, writer):
                task.cancel()
            await asyncio.gather(*senders, writer, return_exceptions=True)
            await self._reader.stop()
            await asyncio.to_thread(self._ledger.close)

    async def _send_for_ever(self) -> None:
        """Take one unit after the other until there are no more."""
        while (found := await self._reader.next()) is not None:
            number, unit = found
            in_order = self._order.put(number, await self._worked_on(unit))
            if in_order:
                self._ready += [done for _, done in in_order]
                self._arrived.set()

    async def _worked_on(self, unit: Unit) -> Done:
        if unit.request is None:
            return Done(unit, error=unit.error)
        try:
            return Done(unit, answer=await self._instances.answer(unit.request))
        except NotAnswered as refusal:
            return Done(unit, error=str(refusal))

    async def _write_until_all_is(self, sending: Awaitable[object]) -> None:
        sent = asyncio.ensure_future(sending)
        sent.add_done_callback(_noticed)
        try:
            while True:
                arrived = asyncio.create_task(self._arrived.wait())
                await asyncio.wait([sent, arrived], return_when=asyncio.FIRST_COMPLETED)
                arrived.cancel()
                self._arrived.clear()
                await self._write_what_is_done()
                if self._ready:
                    self._arrived.set()
                elif sent.done():
                    sent.result()  # raises what reading raised
                    break
                else:
                    await asyncio.sleep(WRITE_PAUSE_S)
        finally:
            sent.cancel()
        if not self._ledger.checkpoint.items:
            raise NothingToDo
        await asyncio.to_thread(self._ledger.finish)

    async def _write_what_is_done(self) -> None:
        ready = self._ready[: self._written_at_once]
        del self._ready[: self._written_at_once]
        if not ready:
            return
        writing = asyncio.create_task(asyncio.to_thread(self._ledger.write, ready))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])  # a thread cannot be ended: it is seen through
            raise
        ends = sum(not one.unit.row for one in ready)
        self.pace.items += ends
        self.pace.units += len(ready) - ends if self._ledger.counts_rows else len(ready)
        self._reader.release(len(ready), sum(one.unit.bytes_held for one in ready))


def _noticed(sent: asyncio.Future[object]) -> None:
    """What ended the senders was told elsewhere; asyncio is not to log that nobody asked."""
    if not sent.cancelled():
        sent.exception()
