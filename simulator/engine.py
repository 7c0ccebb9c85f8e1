"""The imperative shell: load, plan, publish, store, perform; again whenever something changes.

Level-triggered. One worker a service, so that plans of one service never overlap; a service that is
woken while its worker runs is planned once more. Nothing needed for recovery lives here: what was
decided is in the store before it is done, and what is there is seen anew after a restart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Protocol

from backends.base import Backend, InstancePhase
from simulator import specs
from simulator.backoff import Backoff
from simulator.clock import PlatformClock
from simulator.config import Settings, WhenFull
from simulator.ending import end_all
from simulator.errors import NotFound
from simulator.failures import log_failure
from simulator.gateway.state import ServiceRoute
from simulator.heartbeat import PERIOD_S, Heartbeat
from simulator.lifecycle import placement
from simulator.lifecycle import plan as lifecycle
from simulator.lifecycle.objects import (
    Event,
    Phase,
    Room,
    Seen,
    Service,
    Sight,
)
from simulator.lifecycle.transitions import Transitions
from simulator.performer import After, Performer
from simulator.prober import Prober
from simulator.seeing import Seeing
from simulator.sightings import Sightings
from simulator.store.queries import Store
from simulator.store.services import Stored

logger = logging.getLogger(__name__)

RELIST_S = 30.0
"""Everything is looked at anew at least this often, real seconds."""
BLIND_RELIST_S = 1.0
"""How often an engine that does not answer is asked again."""
RETRY_FIRST_S = 0.1
RETRY_LAST_S = 60.0


@dataclass(frozen=True)
class Told:
    """An event as listeners get it."""

    service_id: str
    at: int
    event: Event


Publish = Callable[[str, ServiceRoute | None], Coroutine[Any, Any, None]]
"""Puts one service's route (None: no longer there) into effect in the gateway, and waits for it."""


class Work(Protocol):
    """Has the jobs of services done."""

    def tend(self, stored: Stored, service: Service) -> None:
        """Called whenever a service was planned."""

    def forget(self, service_id: str) -> None:
        """The service is gone."""


class Engine:
    """Makes what runs match what is wanted.

    Args:
        publish: the gateway's side; raises OSError when its files cannot be written.
        drained: waits for the running requests of an instance that left the gateway; see
            `performer.After`.
        listen: is told every event, after it has been stored.
        work: has the jobs of services done.
    """

    def __init__(
        self,
        *,
        store: Store,
        backend: Backend,
        clock: PlatformClock,
        settings: Settings,
        installation: str,
        inference_prefix: str,
        publish: Publish,
        drained: Callable[[str, float], Awaitable[object]],
        listen: Callable[[Told], None],
        work: Work,
    ) -> None:
        self.backend = backend
        self._store = store
        self._clock = clock
        self._settings = settings
        self._prefix = inference_prefix
        self._publish = publish
        self._listen = listen
        self._works = work
        self._heartbeat = Heartbeat(settings.paths.heartbeat)
        self._policy = lifecycle.Policy(
            crash_limit=settings.crash_limit,
            waits_for_room=settings.when_full is WhenFull.WAIT,
            transitions=settings.transitions.transitions,
        )
        self.sightings = Sightings(backend, self._seen_anew)
        self._prober = Prober(clock, self._probed)
        self._dirty: set[str] = set()
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._performer = Performer(
            store=store,
            backend=backend,
            clock=clock,
            installation=installation,
            after=After(
                look=self.sightings.refresh,
                wake=self.wake,
                forget_probes=self._prober.forget,
                tell=self._tell,
                drained=drained,
            ),
        )
        self._seeing = Seeing(backend, self.sightings, self._prober, self._performer.is_acting_on)
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_LAST_S)
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._background: list[asyncio.Task[None]] = []
        self._pool = asyncio.Semaphore(16)
        self._working = False

    # -- life -------------------------------------------------------------------------------

    async def routes(self) -> list[ServiceRoute]:
        """Look at everything, and work out the routes for a gateway that starts: to what was ready
        and still runs."""
        await self.sightings.refresh()
        if self.sightings.known:
            running = {
                seen.instance_id
                for seen in self.sightings.all()
                if seen.phase is InstancePhase.RUNNING
            }
            alive = max(
                self._heartbeat.last_ms(), await asyncio.to_thread(self._store.last_instant)
            )
            await asyncio.to_thread(self._store.end_runs, alive, running)
        all_stored = await asyncio.to_thread(self._store.services)
        routes = []
        for stored in all_stored:
            service, events = self._resumed(stored)
            if service != stored.service:  # stored before anybody can read the status
                await self._save(stored, service, events, self._clock.now_ms())
            route = self._route(stored, service)
            if route is not None:
                routes.append(route)
        return routes

    async def start(self) -> None:
        """Take up every service where it is, and go on for ever. The gateway must be started."""
        self._working = True
        for service_id in await asyncio.to_thread(self._store.service_ids):
            self.wake(service_id)
        self._background = [
            asyncio.create_task(self._relist_for_ever()),
            asyncio.create_task(self._follow_changes()),
            asyncio.create_task(self._beat_for_ever()),
        ]

    def wake(self, service_id: str) -> None:
        """Something about this service may have changed: plan it soon."""
        self._dirty.add(service_id)
        if service_id not in self._workers and self._working:
            self._workers[service_id] = asyncio.create_task(self._work(service_id))

    async def hold(self, transitions: Transitions) -> None:
        """Hold transitions otherwise from now on; what is held now goes on by these."""
        self._policy = replace(self._policy, transitions=transitions)
        for service_id in await asyncio.to_thread(self._store.service_ids):
            self.wake(service_id)

    def under_way(self) -> list[str]:
        """What is being done now, in words. Empty when nothing will happen until the platform clock
        moves, somebody asks for something, or an instance changes: see `unready` for the latter."""
        due = self._clock.next_due_ms()
        planning = self._dirty | self._workers.keys()
        return [
            *(f"service {service_id} is planned" for service_id in sorted(planning)),
            *(f"{name} is started or ended" for name in self._performer.acting_on()),
            *(f"{name} is asked for its health" for name in self._prober.asking()),
            *(["a timer is due"] if due is not None and due <= self._clock.now_ms() else []),
        ]

    def unready(self) -> dict[str, int]:
        """Instances that run, were asked for their health and were never well yet; and how often
        they were asked."""
        return self._prober.unready()

    def ask_unready(self) -> None:
        """Ask those of `unready` again now, not only after their pause."""
        self._prober.hurry()

    async def close(self, *, keep_running: bool) -> None:
        """Stop deciding. Without `keep_running` all instances are stopped and removed; the store
        still wants them, so that the next start brings them back."""
        self._working = False
        tasks = [*self._background, *self._timers.values(), *self._workers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._performer.close()
        await self._prober.close()
        if not keep_running:
            try:
                await self.sightings.refresh()
                await end_all(self.backend, self.sightings.all())
                await asyncio.to_thread(self._store.end_runs, self._clock.now_ms(), ())
            except Exception as error:  # the next start looks anew at what runs
                log_failure(logger, "not everything was ended", error)

    def hurry(self) -> None:
        """What made things fail is over: what waits for its next try is tried now."""
        self._backoff.hurry()
        self._performer.hurry()

    # -- waking -----------------------------------------------------------------------------

    async def _relist_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RELIST_S if self.sightings.known else BLIND_RELIST_S)
            try:
                await self.sightings.refresh()
                await self._remove_orphans()
            except Exception as error:
                log_failure(logger, "not everything could be looked at", error)

    async def _beat_for_ever(self) -> None:
        while True:
            if self.sightings.known and self.sightings.all():
                await asyncio.to_thread(self._heartbeat.beat, self._clock.now_ms())
            await asyncio.sleep(PERIOD_S)

    async def _follow_changes(self) -> None:
        while True:
            try:
                async for _ in self.backend.changes():
                    await self.sightings.refresh()
            except Exception as error:  # what has changed is seen when all is looked at anew
                log_failure(logger, "changes could not be followed", error)
            await asyncio.sleep(BLIND_RELIST_S)

    async def _seen_anew(self, changed: set[str] | None) -> None:
        if self.sightings.known:
            self._prober.forget_all_but({seen.instance_id for seen in self.sightings.all()})
        if changed is None:
            changed = set(await asyncio.to_thread(self._store.service_ids))
        for service_id in changed:
            self.wake(service_id)

    def _probed(self, instance_id: str) -> None:
        self.wake(instance_id.rpartition("-")[0])

    def _wake_at(self, service_id: str, at: int | None) -> None:
        timer = self._timers.pop(service_id, None)
        if timer is not None:
            timer.cancel()
        if at is not None and self._working:
            self._timers[service_id] = asyncio.create_task(self._wake_later(service_id, at))

    async def _wake_later(self, service_id: str, at: int) -> None:
        await self._clock.sleep_until(at)
        self._timers.pop(service_id, None)
        self.wake(service_id)

    # -- one service ------------------------------------------------------------------------

    async def _work(self, service_id: str) -> None:
        try:
            while service_id in self._dirty:
                self._dirty.discard(service_id)
                try:
                    await self._reconcile(service_id)
                    self._backoff.succeeded(service_id)
                except Exception as error:
                    self._store.note_trouble(error)
                    log_failure(logger, f"service {service_id} could not be looked after", error)
                    await self._backoff.pause(service_id)
                    self._dirty.add(service_id)
        finally:
            self._workers.pop(service_id, None)
            if service_id in self._dirty:
                self.wake(service_id)

    async def _reconcile(self, service_id: str) -> None:
        try:
            async with self._pool:
                stored = await asyncio.to_thread(self._store.service, service_id)
        except NotFound:
            await self._publish(service_id, None)
            self._works.forget(service_id)
            self._wake_at(service_id, None)
            return
        now = self._clock.now_ms()
        sight = await self._seeing.sight(stored.service, now)  # may take a while: outside the pool
        async with self._pool:
            await self._plan(stored, sight, now)

    async def _plan(self, stored: Stored, sight: Sight | None, now: int) -> None:
        service_id = stored.row.service_id
        room = await self._room(stored)
        planned = lifecycle.plan(stored.service, sight, now, self._policy, room)
        # Published before it is stored: whoever reads "running" must be able to call it.
        await self._publish(service_id, self._route(stored, planned.service))
        changed = planned.service != stored.service or planned.events
        if changed and not await self._save(stored, planned.service, planned.events, now):
            self.wake(service_id)  # somebody wrote meanwhile: plan again from what is there now
            return
        self._works.tend(stored, planned.service)
        for action in planned.actions:
            self._performer.perform(stored, action)
        if placement.occupied(stored.service) != placement.occupied(planned.service):
            await self._wake_queued(service_id)
        self._wake_at(service_id, planned.wake_at)

    async def _room(self, stored: Stored) -> Room:
        if not any(version.pools for version in stored.service.versions):
            return lifecycle.NO_POOLS
        return await asyncio.to_thread(
            self._store.pools.room, stored.row.project_id, beside=stored.row.service_id
        )

    async def _wake_queued(self, service_id: str) -> None:
        """A place may have become free: have those look that wait for one."""
        for queued in await asyncio.to_thread(self._store.pools.queued):
            if queued != service_id:
                self.wake(queued)

    async def _save(
        self, stored: Stored, service: Service, events: tuple[Event, ...], now: int
    ) -> bool:
        saved = await asyncio.to_thread(
            self._store.save_plan, service, stored.row.revision, events, now
        )
        if saved:
            self._tell(service.service_id, now, events)
        return saved

    def _tell(self, service_id: str, at: int, events: tuple[Event, ...]) -> None:
        for event in events:
            self._listen(Told(service_id, at, event))

    def _route(self, stored: Stored, service: Service) -> ServiceRoute | None:
        return specs.service_route(
            stored,
            service,
            prefix=self._prefix,
            timeout_s=self._settings.predict_timeout_s,
            requests_per_s=self._settings.traffic_limit_per_s,
        )

    # -- after a restart --------------------------------------------------------------------

    def _resumed(self, stored: Stored) -> tuple[Service, tuple[Event, ...]]:
        if not self.sightings.known:
            return stored.service, ()
        running = {
            instance_id: Seen(Phase(seen.phase.value))
            for instance_id, seen in self.sightings.of_service(stored.row.service_id).items()
            if seen.phase is InstancePhase.RUNNING
        }
        return lifecycle.resume(stored.service, running, self._clock.now_ms())

    async def _remove_orphans(self) -> None:
        """Instances of ours without a record: their service was forgotten while the engine was
        away. A record is stored before its instance is started, so none is taken by error."""
        if not self.sightings.known:
            return
        owned = await asyncio.to_thread(self._store.instance_ids)
        for seen in self.sightings.all():
            if seen.instance_id not in owned:
                self._performer.remove_orphan(seen.service_id, seen.instance_id)
