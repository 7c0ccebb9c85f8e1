"""Performs planned actions on the backend, at most one at a time for each instance.

Every action may be performed twice without harm. After one has ended, its effect is seen before the
service is planned again: with the old sight it would only be planned once more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from backends.base import Backend
from backends.errors import BackendError, EngineUnavailable, StartFailed
from simulator import specs
from simulator.backoff import Backoff
from simulator.clock import PlatformClock, steady_s
from simulator.errors import NotFound, with_hint
from simulator.failures import log_failure
from simulator.lifecycle import plan as lifecycle
from simulator.lifecycle.objects import (
    Action,
    EndInstance,
    Event,
    EventKind,
    ForgetService,
    Phase,
    Seen,
    Service,
    StartInstance,
)
from simulator.store.queries import Store
from simulator.store.services import Stored

logger = logging.getLogger(__name__)

RETRY_FIRST_S = 1.0
"""Real seconds before an action that could not be performed is planned again: the first time."""
RETRY_LAST_S = 60.0
"""The longest pause, after many failures in a row."""
CLOSE_LIMIT_S = 30.0
"""Real seconds that a start which reached the backend has to end when the server does."""

LEAST_STOP_S = 2.0
"""Real seconds that an instance has to end even when its requests took all of the grace."""

Change = Callable[[Service], tuple[Service, tuple[Event, ...]]]


@dataclass(frozen=True)
class After:
    """What follows an action.

    Attributes:
        look: see all instances anew.
        wake: plan the service again.
        forget_probes: the instance is not asked for its health any more.
        tell: an event was stored: (service id, platform time, events).
        drained: wait, at most some real seconds, until the gateway has had all answers of an
            instance (its address) that is no endpoint any more.
    """

    look: Callable[[], Awaitable[None]]
    wake: Callable[[str], None]
    forget_probes: Callable[[str], None]
    tell: Callable[[str, int, tuple[Event, ...]], None]
    drained: Callable[[str, float], Awaitable[object]]


class Performer:
    """See the module."""

    def __init__(
        self,
        *,
        store: Store,
        backend: Backend,
        clock: PlatformClock,
        installation: str,
        after: After,
    ) -> None:
        self._store = store
        self._backend = backend
        self._clock = clock
        self._installation = installation
        self._after = after
        self._acting: dict[str, tuple[type[Action], asyncio.Task[None]]] = {}
        self._uninterruptible: set[str] = set()
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_LAST_S)
        self._closing = False

    def is_acting_on(self, instance_id: str) -> bool:
        return instance_id in self._acting

    def acting_on(self) -> list[str]:
        """Instances, and services that are being forgotten, with an action under way."""
        return list(self._acting)

    def perform(self, stored: Stored, action: Action) -> None:
        """Begin an action, unless it is under way; an end waits for a start under way."""
        service_id = stored.row.service_id
        if isinstance(action, ForgetService):
            if service_id not in self._acting:
                self._spawn(service_id, service_id, ForgetService, self._forget(service_id))
            return
        key = action.instance_id
        busy = self._acting.get(key)
        if isinstance(action, StartInstance):
            if busy is None:
                self._spawn(service_id, key, StartInstance, self._start(stored, action))
        elif busy is None or busy[0] is not EndInstance:
            work = self._end(stored, action, busy[1] if busy else None)
            self._spawn(service_id, key, EndInstance, work)

    def remove_orphan(self, service_id: str, instance_id: str) -> None:
        """Begin to remove an instance that no record has, unless something is done to it."""
        if instance_id not in self._acting:
            self._spawn(service_id, instance_id, EndInstance, self._remove_orphan(instance_id))

    def hurry(self) -> None:
        """What made actions fail is over: those that wait for their next try need not wait."""
        self._backoff.hurry()

    async def close(self) -> None:
        """Begin nothing more. A start that reached the backend is waited for, so that none is left
        half done, but not for ever; everything else, long preparations too, is given up and planned
        anew later."""
        self._closing = True
        tasks = [task for _, task in self._acting.values()]
        for key, (_, task) in self._acting.items():
            if key not in self._uninterruptible:
                task.cancel()
        if tasks:
            _, hanging = await asyncio.wait(tasks, timeout=CLOSE_LIMIT_S)
            for task in hanging:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(
        self, service_id: str, key: str, kind: type[Action], work: Coroutine[Any, Any, None]
    ) -> None:
        if self._closing:
            work.close()
            return
        task = asyncio.create_task(self._see_through(service_id, key, work))
        self._acting[key] = (kind, task)

        def finished(task: asyncio.Task[None]) -> None:
            work.close()  # where the task was cancelled before it began
            self._done(key, task)

        task.add_done_callback(finished)

    def _done(self, key: str, task: asyncio.Task[None] | None) -> None:
        if self._acting.get(key, (None, None))[1] is task:
            del self._acting[key]

    async def _see_through(
        self, service_id: str, key: str, work: Coroutine[Any, Any, None]
    ) -> None:
        """Do the work, see its effect, have the service planned again; whatever happens."""
        try:
            await work
            self._backoff.succeeded(key)
        except Exception as error:
            self._store.note_trouble(error)
            log_failure(logger, key, error)
            await self._backoff.pause(key)
        try:
            await self._after.look()
        except Exception as error:  # whoever looks next tells what was seen
            log_failure(logger, key, error)
        self._done(key, asyncio.current_task())
        self._after.wake(service_id)

    async def _start(self, stored: Stored, action: StartInstance) -> None:
        version = stored.version(action.version_id)
        if version is None:
            return  # it is not wanted any more, and the next plan will say so
        spec = specs.instance_spec(self._installation, version, action.instance_id)
        service_id = stored.row.service_id
        try:
            await self._backend.prepare(spec.artifact, self._progress_of(service_id))
            self._uninterruptible.add(action.instance_id)
            seen = await self._backend.start(spec)
        except EngineUnavailable:
            raise  # says nothing about the instance: planned again when the engine answers
        except BackendError as error:
            await self._note_start_failed(service_id, action.instance_id, error)
        except Exception as error:
            logger.exception("starting %s", action.instance_id)
            wrapped = StartFailed(f"internal error of Drydock: {error!r}")
            await self._note_start_failed(service_id, action.instance_id, wrapped)
        else:
            address = str(seen.address) if seen.address else ""
            started = Seen(Phase.RUNNING, ref=seen.ref, address=address)
            await self._change(
                service_id, lambda s: (lifecycle.started(s, action.instance_id, started), ())
            )
        finally:
            self._uninterruptible.discard(action.instance_id)

    async def _note_start_failed(
        self, service_id: str, instance_id: str, error: BackendError
    ) -> None:
        now = self._clock.now_ms()
        await self._change(
            service_id,
            lambda service: lifecycle.start_failed(
                service,
                instance_id,
                reason=error.reason,
                message=with_hint(error.message, error.hint),
                evidence=error.evidence,
                fatal=not error.retryable,
                now=now,
            ),
        )

    async def _end(
        self, stored: Stored, action: EndInstance, start: asyncio.Task[None] | None
    ) -> None:
        """Running requests end, or the grace does; then the instance is told to end, and has what
        is left of the grace."""
        if start is not None:
            if action.instance_id not in self._uninterruptible:
                start.cancel()  # what it prepares, it prepares in vain
            await asyncio.wait([start])
        self._after.forget_probes(action.instance_id)
        began_s = steady_s()
        address = _address(stored, action.instance_id)
        if address:
            await self._after.drained(address, action.grace_s)
        left_s = action.grace_s - (steady_s() - began_s)
        await self._backend.stop(action.instance_id, max(left_s, LEAST_STOP_S))
        await self._backend.remove(action.instance_id)

    async def _remove_orphan(self, instance_id: str) -> None:
        logger.warning("removing orphan %s", instance_id)
        await self._backend.remove(instance_id)

    async def _forget(self, service_id: str) -> None:
        await asyncio.to_thread(self._store.forget_service, service_id)
        event = Event(EventKind.NORMAL, "the service is deleted", "Deleted")
        self._after.tell(service_id, self._clock.now_ms(), (event,))

    async def _change(self, service_id: str, change: Change) -> None:
        now = self._clock.now_ms()
        told: tuple[Event, ...] = ()

        def noted(service: Service) -> tuple[Service, tuple[Event, ...]]:
            nonlocal told
            changed, told = change(service)
            return changed, told

        try:
            await asyncio.to_thread(self._store.change_service, service_id, None, now, noted)
        except NotFound:
            return
        self._after.tell(service_id, now, told)

    def _progress_of(self, service_id: str) -> Callable[[str], None]:
        """Long preparations (pulling, building) become events; called from any thread."""
        loop = asyncio.get_running_loop()

        def progress(line: str) -> None:
            event = Event(EventKind.NORMAL, line, "Preparing")
            now = self._clock.now_ms()
            try:
                self._store.add_event(service_id, now, event)
            except Exception as error:  # the preparation itself goes on
                log_failure(logger, service_id, error)
                return
            loop.call_soon_threadsafe(self._after.tell, service_id, now, (event,))

        return progress


def _address(stored: Stored, instance_id: str) -> str:
    """Where an instance was reached; empty when that was never known."""
    return next((i.address for i in stored.instances if i.instance_id == instance_id), "")
