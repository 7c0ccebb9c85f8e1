"""Takes exchanges from the spool and writes those that are wanted into the object store.

It works in short turns on a thread, with long pauses between them, so that it takes a small part of
one processor however many requests there are. What comes faster than it can be written waits in the
spool; when that is full, collection pauses until it is nearly empty, and the services' events say
so. A file of the spool goes when its exchange is in the object store, so that a server that is
killed loses none; its next start may write the last ones once more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from simulator.clock import PlatformClock
from simulator.collection.exchange import Unreadable, line, read_trace
from simulator.collection.rules import BUCKET, OFF, Collection
from simulator.collection.sheaf import FLUSH_BYTES, Sheaf, used_bytes
from simulator.collection.spool import Spool
from simulator.engine import Told
from simulator.errors import NotFound
from simulator.lifecycle.objects import Event, EventKind
from simulator.objects.errors import ObjectStoreError
from simulator.objects.store import ObjectStore
from simulator.routing import routing_of
from simulator.store.queries import Store

logger = logging.getLogger(__name__)

TURN_S = 0.025
PAUSE_S = 0.475
"""A turn is at most this long, and this far from the next: a twentieth of one processor."""
RULES_S = 1.0
"""For how long a service's rules are not read again."""
RECOUNT_S = 30.0
"""How often the files of a service without room are counted anew: some may have been deleted."""
TORN_S = 5.0
"""A file that is not whole after this long will never be."""
SPOOL_FILES = 5_000
SPOOL_BYTES = 64 * 1024 * 1024
"""What waits in the spool before collection pauses."""
STATES = ("on", "off", "full", "paused", "failed")
BUDGET_REACHED, PAUSED, RESUMED, FAILED = (
    "CollectionBudgetReached",
    "CollectionPaused",
    "CollectionResumed",
    "CollectionFailed",
)
"""Reasons of the events."""


@dataclass(frozen=True)
class Status:
    """How the collection of a service goes.

    Attributes:
        exchanges: written since the server started.
        used_bytes: what the service's files take together; None before its first exchange.
        waiting: exchanges that are about to be written.
        state: of `STATES`: `full` is when the budget is used up, `paused` when the spool is full,
            `failed` when they cannot be written.
        trouble: why they cannot be written.
    """

    state: str
    exchanges: int = 0
    used_bytes: int | None = None
    waiting: int = 0
    trouble: str = ""


class Collector:
    """See the module.

    Args:
        spool: where the gateway writes.
        hold: makes the gateway collect nothing of these services, None for all of them; may raise
            `OSError`.
        listen: is told every event, after it has been stored.
    """

    def __init__(
        self,
        store: Store,
        objects: ObjectStore,
        clock: PlatformClock,
        *,
        spool: Spool,
        hold: Callable[[frozenset[str] | None], Awaitable[None]],
        listen: Callable[[Told], None],
    ) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._spool = spool
        self._hold = hold
        self._listen = listen
        self._sheaves: dict[str, Sheaf] = {}
        self._events: list[tuple[str, Event]] = []
        self._is_paused = False
        self._turning = threading.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Collect from now on."""
        self._task = asyncio.create_task(self._keep(), name="collection")

    async def close(self) -> None:
        """Write what is there; the gateway must have been stopped."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        try:
            await asyncio.to_thread(self._turn, float("inf"), is_last=True)
            await self._tell()
        except Exception:  # the store may be the reason to close
            logger.exception("exchanges could not be collected; they wait for the next start")

    def status(self, service_id: str, rules: Collection) -> Status:
        """How the collection of a service with these rules goes."""
        sheaf = self._sheaves.get(service_id)
        if sheaf is None:
            return Status("on" if rules.enabled else "off")
        if not rules.enabled:
            state = "off"
        elif sheaf.trouble:
            state = "failed"
        elif sheaf.is_full:
            state = "full"
        else:
            state = "paused" if self._is_paused else "on"
        return Status(state, sheaf.exchanges, sheaf.used_bytes, len(sheaf.lines), sheaf.trouble)

    async def look(self) -> None:
        """One turn, with what follows from it.

        Raises:
            OSError: the gateway's files could not be written.
        """
        if not self._sheaves and not self._spool.files():
            return
        await asyncio.to_thread(self._turn, TURN_S)
        await self._hold(None if self._is_paused else self._without_room())
        await self._tell()

    async def _keep(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                logger.exception("exchanges could not be collected")
            await asyncio.sleep(PAUSE_S)

    async def _tell(self) -> None:
        events, self._events = self._events, []
        for service_id, event in events:
            at = self._clock.now_ms()
            await asyncio.to_thread(self._store.add_event, service_id, at, event)
            self._listen(Told(service_id, at, event))

    def _without_room(self) -> frozenset[str]:
        return frozenset(
            one.service_id for one in self._sheaves.values() if one.is_full or one.trouble
        )

    # -- on the thread -----------------------------------------------------------------------

    def _turn(self, for_s: float, *, is_last: bool = False) -> None:
        # a turn whose task was cancelled goes on: the last one waits for it
        with self._turning:
            self._work(time.monotonic() + for_s, is_last=is_last)

    def _work(self, until: float, *, is_last: bool) -> None:
        for sheaf in list(self._sheaves.values()):
            self._look_after(sheaf)
        waiting = {name for sheaf in self._sheaves.values() for name in sheaf.names}
        found = [one for one in self._spool.files() if one.name not in waiting]
        for index, entry in enumerate(found):
            if index and time.monotonic() > until:
                self._pause_if_full(found[index:])
                break
            self._take(entry)
        else:
            self._pause_if_full([])
        for sheaf in list(self._sheaves.values()):
            if sheaf.lines and (is_last or sheaf.is_due(time.monotonic())):
                self._write(sheaf)

    def _take(self, entry: os.DirEntry[str]) -> None:
        """Add the exchange in a file of the spool to what is to be written, if it is wanted."""
        path = Path(entry.path)
        try:
            exchange = read_trace(path.read_bytes())
        except Unreadable:
            if time.time() - entry.stat().st_mtime > TORN_S:
                path.unlink()
            return
        sheaf = None if exchange is None else self._sheaf(exchange.service_id)
        if exchange is None or sheaf is None:
            path.unlink()
            return
        if sheaf.trouble and sheaf.waiting_bytes > FLUSH_BYTES:
            return
        if sheaf.rules.wants(exchange.status, exchange.content_type) and not sheaf.is_full:
            found = line(exchange, sheaf.rules.max_body_bytes)
            if len(found) <= sheaf.left_bytes:
                sheaf.add(exchange.request.at_s, found, entry.name, time.monotonic())
                if sheaf.is_due(time.monotonic()):
                    self._write(sheaf)
                return
            self._fill(sheaf)
        path.unlink()

    def _sheaf(self, service_id: str) -> Sheaf | None:
        """What belongs to a service; None where that is gone."""
        if service_id not in self._sheaves:
            rules = self._rules(service_id)
            if rules is None:
                return None
            sheaf = Sheaf(service_id, rules, read_s=time.monotonic())
            self._count(sheaf)
            self._sheaves[service_id] = sheaf
        return self._sheaves[service_id]

    def _rules(self, service_id: str) -> Collection | None:
        try:
            row = self._store.service(service_id).row
        except NotFound:
            return None
        return routing_of(row.routing).collection

    def _look_after(self, sheaf: Sheaf) -> None:
        """Follow changed rules; see whether there is room again."""
        now = time.monotonic()
        if now - sheaf.read_s < RULES_S:
            return
        sheaf.read_s = now
        rules = self._rules(sheaf.service_id)
        if rules is None:  # the service is gone; its last exchanges are kept
            if not sheaf.lines or sheaf.trouble:
                self._forget(sheaf)
            return
        is_changed = rules != sheaf.rules
        if is_changed and sheaf.lines:
            self._write(sheaf)  # those that cannot be go where the others will
        sheaf.rules = rules
        is_held = sheaf.is_full or bool(sheaf.trouble)
        if is_changed or (is_held and now - sheaf.counted_s > RECOUNT_S):
            before = sheaf.used_bytes
            self._count(sheaf)
            sheaf.is_full = sheaf.is_full and not is_changed and sheaf.used_bytes >= before
            if sheaf.left_bytes < 0 and sheaf.lines:
                self._discard(sheaf.drop())
                self._fill(sheaf)

    def _forget(self, sheaf: Sheaf) -> None:
        self._discard(sheaf.names)
        del self._sheaves[sheaf.service_id]

    def _count(self, sheaf: Sheaf) -> None:
        sheaf.counted_s = time.monotonic()
        if sheaf.rules.destination == OFF.destination:
            with contextlib.suppress(ObjectStoreError):  # counting says what is wrong
                self._objects.create(BUCKET)
        try:
            sheaf.used_bytes = used_bytes(self._objects, sheaf.rules, sheaf.service_id)
        except ObjectStoreError as error:
            self._fail(sheaf, str(error))
        else:
            sheaf.trouble = ""

    def _write(self, sheaf: Sheaf) -> None:
        """Write a service's lines, and remove their files from the spool; else they wait on."""
        try:
            written = sheaf.write(self._objects, datetime.now(UTC))
        except ObjectStoreError as error:
            self._fail(sheaf, str(error))
            return
        sheaf.trouble = ""
        self._discard(written)

    def _discard(self, names: list[str]) -> None:
        for name in names:
            (self._spool.path / name).unlink(missing_ok=True)

    # -- what users are told -----------------------------------------------------------------

    def _fail(self, sheaf: Sheaf, why: str) -> None:
        if not sheaf.trouble:
            text = f"collected data cannot be written: {why}; no more is collected until it can be"
            self._say(sheaf.service_id, EventKind.ABNORMAL, text, FAILED)
        sheaf.trouble = why

    def _fill(self, sheaf: Sheaf) -> None:
        sheaf.is_full = True
        text = (
            f"the budget of collected data, {sheaf.rules.budget_bytes} bytes, is used up; nothing "
            "more is collected until it is raised or files are deleted"
        )
        self._say(sheaf.service_id, EventKind.ABNORMAL, text, BUDGET_REACHED)

    def _pause_if_full(self, left: list[os.DirEntry[str]]) -> None:
        part = 0.1 if self._is_paused else 1.0
        size = sum(_size(one) for one in left[:SPOOL_FILES])
        is_over = len(left) > SPOOL_FILES * part or size > SPOOL_BYTES * part
        if is_over == self._is_paused:
            return
        self._is_paused = is_over
        for service_id in self._sheaves:
            if is_over:
                text = "requests come faster than they can be collected: collection pauses"
                self._say(service_id, EventKind.ABNORMAL, text, PAUSED)
            else:
                self._say(service_id, EventKind.NORMAL, "collection goes on", RESUMED)

    def _say(self, service_id: str, kind: EventKind, text: str, reason: str) -> None:
        logger.info("%s: %s", service_id, text)
        self._events.append((service_id, Event(kind, text, reason)))


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:
        return 0
