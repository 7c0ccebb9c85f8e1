"""The sender: takes requests up when they are due, and gives each a connection.

An open loop never waits for answers: what is due finds a free connection, or one is opened, or it
waits until one is free. A closed loop sends the next request when an answer is there.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator

from simulator.clock import steady_s
from simulator.http_connection import reason
from simulator.stress.alarm import alarm
from simulator.stress.connection import Connection, Request
from simulator.stress.frames import Job, Tick
from simulator.stress.journal import Journal
from simulator.stress.outcomes import Ending, ending_of, label_of

TICK_S = 0.1
STOP_GRACE_S = 1.0
"""Requests under way have so long to be answered when the test is stopped."""
PAUSE_S = 0.05
"""A closed loop waits so long after a request without an answer, so as not to spin."""


class Sender:
    """Sends what a job asks for.

    Args:
        told: called about every `TICK_S` with the frames of what has ended and with a tick; the
            last time before `run` returns.
    """

    def __init__(self, job: Job, told: Callable[[bytes, Tick], None]) -> None:
        self._job, self._load, self._told = job, job.load, told
        self.version_header = job.version_header.lower().encode()
        self._journal = Journal()
        self._data: Iterator[bytes] = itertools.cycle(job.requests)
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._ended = False  # nothing is taken up any more
        self._stopped_s = 0.0
        self._start_s = 0.0
        self._index = 0
        self._sent = self._sent_in_time = 0
        self._unsent = self._unfinished = self._outstanding = 0
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._waiting: deque[Request] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._opened = 0
        self._lag_s = 0.0
        self._cpu_s = 0.0
        self._tls = ssl.create_default_context() if job.server_name else None
        self._pace = alarm(self._loop, self._due if job.load.is_open else self._end)

    async def run(self) -> None:
        """Returns when every request has ended, or been given up."""
        for _ in range(self._load.opened_before):
            self._open()
        if self._opening:
            await asyncio.wait(self._opening)
        self._cpu_s = time.process_time()
        self._start_s = steady_s()
        ticking = self._loop.create_task(self._tick())
        try:
            if self._load.is_open:
                self._due()
            else:
                self._pace.at(self._start_s + self._load.duration_s)
                for _ in range(self._load.concurrency):
                    self._next()
            await self._done
        finally:
            self._pace.close()
            ticking.cancel()
            for connection in list(self._all):
                connection.abort()
            for task in self._opening:
                task.cancel()
        self._tell()

    def stop(self) -> None:
        """Take nothing up any more, and end soon."""
        if self._stopped_s or self._done.done():
            return
        self._stopped_s = steady_s()
        self._ended = True
        if self._load.is_open:
            self._unsent += self._load.planned - self._index
        self._unsent += len(self._waiting)
        self._outstanding -= len(self._waiting)
        self._waiting.clear()
        self._check_done()

    # -- taking up ----------------------------------------------------------------------------

    def _due(self) -> None:
        """Take up all that is due by now, and be woken for the next."""
        if self._ended:
            return
        load, start_s, index = self._load, self._start_s, self._index
        now_s = steady_s()
        due_s = start_s + load.due_s(index)
        while due_s <= now_s:
            self._take_up(due_s, now_s)
            index += 1
            if index == load.planned:
                self._index = index
                self._end()
                return
            due_s = start_s + load.due_s(index)
        self._index = index
        self._pace.at(due_s)

    def _next(self) -> None:
        """A closed loop's next request."""
        if not self._ended:
            now_s = steady_s()
            self._take_up(now_s, now_s)

    def _take_up(self, due_s: float, now_s: float) -> None:
        self._sent += 1
        self._sent_in_time += now_s - self._start_s <= self._load.duration_s
        self._outstanding += 1
        request = Request(next(self._data), due_s, now_s)
        if self._idle:
            self._send(self._idle.pop(), request)
            return
        self._waiting.append(request)
        self._open()

    def _end(self) -> None:
        self._ended = True
        self._check_done()

    def _check_done(self) -> None:
        if self._ended and not self._outstanding and not self._done.done():
            self._done.set_result(None)

    # -- connections --------------------------------------------------------------------------

    def _send(self, connection: Connection, request: Request) -> None:
        request.sent_s = steady_s()
        connection.send(request)

    def _open(self) -> None:
        if len(self._all) + len(self._opening) < self._load.most_connections:
            task = self._loop.create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _connect(self) -> None:
        job = self._job
        try:
            async with asyncio.timeout(self._load.timeout_s):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self),
                    job.address,
                    job.port,
                    ssl=self._tls,
                    server_hostname=job.server_name or None,
                )
        except TimeoutError:
            return  # what waited for it is given up by the tick
        except OSError as error:
            self._not_connected(error)
            return
        if connection.is_open:
            self._all.add(connection)
            self._opened += 1
            self._free(connection)
        else:  # closed by the other side at once
            self._not_connected(ConnectionError("connection closed without an answer"))

    def _not_connected(self, error: OSError) -> None:
        """The request that has waited longest has no connection; the others go on trying."""
        if self._waiting:
            self._give_up(self._waiting.popleft(), Ending.LOST, f"cannot connect: {reason(error)}")
        if self._waiting:
            self._loop.call_soon(self._open)  # when this attempt does not count any more

    def _free(self, connection: Connection) -> None:
        """A connection may take the next request."""
        if self._waiting:
            self._send(connection, self._waiting.popleft())
        else:
            self._idle.append(connection)

    # -- what connections tell ----------------------------------------------------------------

    def answered(self, connection: Connection, request: Request) -> None:
        ending = ending_of(connection.status)
        outcome = self._journal.ok
        if ending is not Ending.OK:
            label, message = label_of(connection.status, connection.error_body)
            outcome = self._journal.outcome(ending, label, message)
        self._note(request, outcome, self._journal.version(connection.version))
        if connection.reusable:
            self._free(connection)
        else:
            connection.abort()
        if not self._load.is_open:
            self._next()
        self._check_done()

    def lost(self, connection: Connection, request: Request, why: str) -> None:
        self._give_up(request, Ending.LOST, why)

    def closed(self, connection: Connection) -> None:
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._waiting:
            self._open()

    # -- noting -------------------------------------------------------------------------------

    def _note(self, request: Request, outcome: int, version: int) -> None:
        now_s = steady_s()
        sent_s = request.sent_s or now_s
        self._outstanding -= 1
        self._journal.add(
            request.due_s - self._start_s,
            request.taken_up_s - request.due_s,
            sent_s - request.taken_up_s,
            now_s - sent_s,
            outcome,
            version,
        )

    def _give_up(self, request: Request, ending: Ending, label: str) -> None:
        outcome = self._journal.outcome(ending, label)
        self._note(request, outcome, self._journal.version(b""))
        if not self._load.is_open:
            self._loop.call_later(PAUSE_S, self._next)
        self._check_done()

    async def _tick(self) -> None:
        while True:
            before_s = steady_s()
            await asyncio.sleep(TICK_S)
            self._lag_s = max(0.0, steady_s() - before_s - TICK_S)
            self._look_for_late_ones(steady_s())
            self._tell()

    def _look_for_late_ones(self, now_s: float) -> None:
        """Give up what has no answer in time; all of it, soon after the test was stopped."""
        before_s = now_s - self._load.timeout_s
        while self._waiting and self._waiting[0].due_s <= before_s:
            request = self._waiting.popleft()
            self._give_up(request, Ending.TIMEOUT, "not sent in time: every connection was busy")
        stopped = self._stopped_s and now_s - self._stopped_s >= STOP_GRACE_S
        for connection in list(self._all):
            request_under_way = connection.request
            if request_under_way is None:
                continue
            if stopped:
                self._unfinished += 1
                self._outstanding -= 1
                connection.abort()
            elif request_under_way.due_s <= before_s:
                connection.abort()
                self._give_up(request_under_way, Ending.TIMEOUT, "no answer in time")
        self._check_done()

    def _tell(self) -> None:
        busy = sum(connection.request is not None for connection in self._all)
        tick = Tick(
            at_s=steady_s() - self._start_s,
            sent=self._sent,
            sent_in_time=self._sent_in_time,
            in_flight=busy,
            waiting=len(self._waiting),
            connections=len(self._all),
            opened=self._opened,
            cpu_s=time.process_time() - self._cpu_s,
            loop_lag_s=self._lag_s,
            unsent=self._unsent,
            unfinished=self._unfinished,
        )
        self._lag_s = 0.0
        self._told(self._journal.take(), tick)
