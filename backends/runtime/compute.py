"""Where and when the model computes: in the event loop or in a worker thread, alone or together.

A short call is made in the event loop, because a hand-over to a thread costs more than it does; a
long one in the worker thread, because the loop would starve. Where rows can be computed together
(`batching`), requests that arrive in one turn of the event loop are answered by one call, and so
are those that arrive while the worker is busy. Nothing ever waits for more to come, and where
nothing comes together a call does not even wait for the end of the turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from backends.runtime.model import Model
from backends.runtime.tensors import Feeds

LONELY_CALLS = 4
"""After so many calls in a row for one request each, a request is computed as soon as it is read:
the end of the turn costs a tenth of the processor time of a small request."""
LOOK_EVERY = 16
"""Each so many lonely calls one waits for the end of its turn, to see whether others come too."""


class Call(NamedTuple):
    """What the model is to compute for one request.

    Attributes:
        feeds: checked arrays by input name.
        names: the outputs to compute.
        answer: those outputs, in this order, to the body of the 200 answer; raises RequestError.
    """

    feeds: Feeds
    names: Sequence[str]
    answer: Callable[[list[Any]], bytes]


class Job(NamedTuple):
    """A request's body to be read.

    Attributes:
        heavy: reading takes so long that it would block the event loop.
        read: the body to a call; raises RequestError.
    """

    heavy: bool
    read: Callable[[], Call]


Reply: TypeAlias = Callable[[bytes | Exception], None]
"""Takes a result in the event loop: the body of the 200 answer, or what went wrong."""
_Entry: TypeAlias = tuple[Call, Reply]
_Result: TypeAlias = tuple[Reply, bytes | Exception]


class Computer:
    """Computes the calls of one model, in the order in which they come.

    Args:
        in_thread: compute in the worker thread.
        batch_rows: rows that one call may compute for several requests; 1 for one request a call.
    """

    def __init__(self, model: Model, *, in_thread: bool, batch_rows: int) -> None:
        self._model = model
        self._in_thread = in_thread
        self._batch_rows = batch_rows
        self._rows_of = model.inputs[0].name
        self._queue: deque[_Entry] = deque()
        self._is_due = False
        self._lonely_calls = 0
        self._worker = ThreadPoolExecutor(1, "inference")

    def submit(self, job: Job, reply: Reply) -> None:
        """Compute `job`, now or later; `reply` gets its result."""
        if job.heavy:
            self._hand_over(lambda: [(reply, self._read_and_compute(job))])
            return
        try:
            call = job.read()
        except Exception as exc:
            reply(exc)
            return
        if self._is_lonely():
            self._lonely_calls += 1
            reply(self._compute(call))
            return
        self._queue.append((call, reply))
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._work)

    def _is_lonely(self) -> bool:
        """Whether there is no reason to wait for the end of the turn."""
        if self._in_thread or self._queue:
            return False
        calls = self._lonely_calls
        return self._batch_rows == 1 or (calls >= LONELY_CALLS and calls % LOOK_EVERY != 0)

    def _work(self) -> None:
        batch = self._take()
        self._lonely_calls = self._lonely_calls + 1 if len(batch) == 1 else 0
        if self._in_thread:
            self._hand_over(lambda: self._compute_all(batch), self._next)
        else:
            _deliver(self._compute_all(batch))
            self._next()

    def _next(self) -> None:
        """Other events come first where more is in the queue than fits into one call."""
        if self._queue:
            asyncio.get_running_loop().call_soon(self._work)
        else:
            self._is_due = False

    def _take(self) -> list[_Entry]:
        """The entries that one call is to answer, at least one."""
        queue = self._queue
        batch = [queue.popleft()]
        names, rows = batch[0][0].names, self._rows(batch[0][0])
        while queue and queue[0][0].names == names:
            rows += self._rows(queue[0][0])
            if rows > self._batch_rows:
                break
            batch.append(queue.popleft())
        return batch

    def _rows(self, call: Call) -> int:
        if self._batch_rows == 1:
            return 1
        rows: int = call.feeds[self._rows_of].shape[0]
        return rows

    def _compute_all(self, batch: list[_Entry]) -> list[_Result]:
        if len(batch) > 1:
            calls = [call for call, _ in batch]
            try:
                outputs = self._compute_together(calls)
            except Exception:
                pass  # one of them is at fault; alone, each gets the answer that it deserves
            else:
                return [
                    (reply, _answer(call, values))
                    for (call, reply), values in zip(batch, outputs, strict=True)
                ]
        return [(reply, self._compute(call)) for call, reply in batch]

    def _compute_together(self, calls: Sequence[Call]) -> list[list[Any]]:
        """The outputs of each call; raises whatever goes wrong."""
        feeds = {
            name: np.concatenate([call.feeds[name] for call in calls]) for name in calls[0].feeds
        }
        values = self._model.compute(feeds, calls[0].names)
        outputs, start = [], 0
        for call in calls:
            end = start + self._rows(call)
            outputs.append([value[start:end] for value in values])
            start = end
        if any(len(value) != start for value in values):
            raise ValueError("not one result a row")
        return outputs

    def _compute(self, call: Call) -> bytes | Exception:
        try:
            values = self._model.run(call.feeds, call.names)
        except Exception as exc:
            return exc
        return _answer(call, values)

    def _read_and_compute(self, job: Job) -> bytes | Exception:
        try:
            call = job.read()
        except Exception as exc:
            return exc
        return self._compute(call)

    def _hand_over(
        self, work: Callable[[], list[_Result]], then: Callable[[], None] = lambda: None
    ) -> None:
        """Do `work` in the worker thread, then deliver its results and do `then` in the loop."""
        loop = asyncio.get_running_loop()

        def deliver(results: list[_Result]) -> None:
            _deliver(results)
            then()

        self._worker.submit(lambda: loop.call_soon_threadsafe(deliver, work()))


def _answer(call: Call, values: list[Any]) -> bytes | Exception:
    try:
        return call.answer(values)
    except Exception as exc:
        return exc


def _deliver(results: list[_Result]) -> None:
    for reply, result in results:
        reply(result)
