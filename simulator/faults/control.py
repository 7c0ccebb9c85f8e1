"""Injects faults, and ends them when their time is over.

A fault is a row before it happens, and it stops happening only after the row says so: a server that
dies in between finds the row, and a restart goes on from there. Whoever it happens to has an event
at its start and at its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable

from simulator.backoff import Backoff
from simulator.clock import PlatformClock, real_ms
from simulator.engine import Told
from simulator.errors import NotFound
from simulator.failures import log_failure
from simulator.faults.applying import in_force, is_over, next_end_ms
from simulator.faults.kinds import FaultKind
from simulator.faults.model import Fault, Parameters, Target, described, whom
from simulator.lifecycle.objects import Event, EventKind
from simulator.store.faults import Faults

logger = logging.getLogger(__name__)

INJECTED, ENDED = "FaultInjected", "FaultEnded"
"""Reasons of the events."""
LOOK_S = 10.0
"""Real seconds between two looks at the time while there are faults, so that a jump of the host's
clock or a laptop that slept keeps none much longer than it should be."""
_PAUSE_FIRST_S = 0.1
_PAUSE_LAST_S = 10.0


class FaultControl:
    """See the module.

    Args:
        store: where faults are kept.
        clock: for the time of events; faults have real time.
        afflict: makes these faults happen at the gateway, and no others; may raise `OSError`.
        listen: is told every event, after it has been stored.
    """

    def __init__(
        self,
        store: Faults,
        clock: PlatformClock,
        *,
        afflict: Callable[[tuple[Fault, ...]], Awaitable[None]],
        listen: Callable[[Told], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._afflict = afflict
        self._listen = listen
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._open: tuple[Fault, ...] = ()
        self._task: asyncio.Task[None] | None = None

    async def resume(self) -> tuple[Fault, ...]:
        """Those that happen now; those whose time was over while there was no server are ended."""
        async with self._lock:
            return await self._end_those_over()

    def start(self) -> None:
        """End faults in time from now on. The gateway must be started."""
        self._task = asyncio.create_task(self._keep_time(), name="faults")

    async def close(self) -> None:
        """Faults stay as they are; the next start takes them up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def inject(
        self, kind: FaultKind, target: Target, parameters: Parameters, for_ms: int | None = None
    ) -> Fault:
        """Let a fault happen from now on; returns when it does.

        Args:
            for_ms: real milliseconds until it ends by itself; None: until it is removed.

        Raises:
            NotFound: the target does not exist.
            OSError: the gateway could not be told yet; the fault is kept, and it is tried again.
        """
        now = real_ms()
        until = None if for_ms is None else now + for_ms
        fault = Fault(uuid.uuid4().hex[:8], kind, target, parameters, now, until)
        event = Event(EventKind.ABNORMAL, _injected(fault, for_ms), INJECTED)
        async with self._lock:
            at = self._clock.now_ms()
            told = await asyncio.to_thread(self._store.add, fault, at, event)
            self._tell(told, at, event)
            await self._put_into_effect()
        return fault

    async def remove(self, fault_id: str) -> None:
        """Let a fault happen no more.

        Raises:
            NotFound: none with this id happens.
            OSError: as `inject`.
        """
        async with self._lock:
            await self._end(fault_id, "was removed")
            await self._put_into_effect()

    async def _put_into_effect(self) -> None:
        """The caller has the lock."""
        self._changed.set()
        left = await self._end_those_over()
        if self._task is not None:  # before the start the gateway has no routes yet
            await self._afflict(left)

    async def _end_those_over(self) -> tuple[Fault, ...]:
        """Those that are left. The caller has the lock."""
        now = real_ms()
        faults = await asyncio.to_thread(self._store.open)
        for fault in faults:
            if is_over(fault, now):
                with contextlib.suppress(NotFound):  # its service was deleted meanwhile
                    await self._end(fault.fault_id, "is over")
        self._open = in_force(faults, now)
        return self._open

    async def _end(self, fault_id: str, how: str) -> None:
        at = self._clock.now_ms()
        event = Event(EventKind.NORMAL, f"fault {fault_id} {how}", ENDED)
        told = await asyncio.to_thread(self._store.end, fault_id, real_ms(), at, event)
        self._tell(told, at, event)

    async def _keep_time(self) -> None:
        backoff = Backoff(_PAUSE_FIRST_S, _PAUSE_LAST_S)
        while True:
            self._changed.clear()
            try:
                async with self._lock:
                    await self._afflict(await self._end_those_over())
                backoff.succeeded("faults")
            except Exception as error:  # the store, or the gateway's files
                log_failure(logger, "faults could not be put into effect", error)
                await backoff.pause("faults")
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._pause_s())

    def _pause_s(self) -> float | None:
        """Real seconds until there is something to do; None while no fault ends by itself."""
        end = next_end_ms(self._open)
        return None if end is None else min(LOOK_S, max(0.0, (end - real_ms()) / 1000))

    def _tell(self, service_ids: list[str], at: int, event: Event) -> None:
        for service_id in service_ids:
            self._listen(Told(service_id, at, event))


def _injected(fault: Fault, for_ms: int | None) -> str:
    how_long = "until it is removed" if for_ms is None else f"for {for_ms / 1000:g} s"
    return (
        f"fault {fault.fault_id} injected into {whom(fault.target)}: {described(fault)}, {how_long}"
    )
