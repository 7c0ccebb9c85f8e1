"""Sends notifications to the user's webhook on this machine, if there is one.

Each is sent until it is taken, in order, with growing pauses; after `MOST_TRIES` it is given up,
and what was wrong stands in the list of notifications. Without a webhook that list is all there is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

import orjson

from simulator.backoff import Backoff
from simulator.clock import real_ms
from simulator.failures import log_failure
from simulator.local_http import LocalHttp, LocalHttpError
from simulator.store.queries import Store
from simulator.store.tables import NotificationRow

logger = logging.getLogger(__name__)

MOST_TRIES = 10
PAUSE_FIRST_S = 0.5
PAUSE_LAST_S = 30.0
TIMEOUT_S = 5.0
LOOK_S = 1.0
"""Real seconds between two looks for something to send."""


class Notifier:
    """See the module.

    Args:
        webhook: an http address of this machine; empty for none.
    """

    def __init__(self, store: Store, webhook: str) -> None:
        self._store = store
        self._webhook = webhook
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._webhook:
            self._task = asyncio.create_task(self._send_for_ever(), name="notifications")

    def wake(self) -> None:
        """Something may have happened of which somebody is to be told."""
        self._wake.set()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _send_for_ever(self) -> None:
        address = urlsplit(self._webhook)
        target = address.path or "/"
        backoff = Backoff(PAUSE_FIRST_S, PAUSE_LAST_S)
        async with aclosing(LocalHttp(authority=address.netloc, timeout_s=TIMEOUT_S)) as client:
            while True:
                try:
                    if await self._send_next(client, target):
                        backoff.succeeded(target)
                        continue
                except Exception as error:  # the store
                    log_failure(logger, "notifications", error)
                await backoff.pause(target)

    async def _send_next(self, client: LocalHttp, target: str) -> bool:
        """Send what is to be sent next, or wait until there is something; False when the webhook
        did not take it."""
        row = await asyncio.to_thread(self._store.notifications.next_unsent, MOST_TRIES)
        if row is not None:
            return await self._send(client, target, row)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), LOOK_S)
        self._wake.clear()
        return True

    async def _send(self, client: LocalHttp, target: str, row: NotificationRow) -> bool:
        assert row.notification_id is not None
        try:
            answer = await client.post(target, orjson.dumps(notification_body(row)))
            error = "" if answer.status < 300 else f"the webhook answered {answer.status}"
        except LocalHttpError as failure:
            error = f"the webhook could not be asked: {failure}"
        notifications = self._store.notifications
        if error:
            logger.warning("notification %s: %s", row.notification_id, error)
            await asyncio.to_thread(notifications.note_failed, row.notification_id, error)
        else:
            await asyncio.to_thread(notifications.note_sent, row.notification_id, real_ms())
        return not error


def notification_body(row: NotificationRow) -> dict[str, Any]:
    """A notification as it is sent and listed. `at_ms` is platform time."""
    return {
        "notification_id": row.notification_id,
        "topic": row.topic,
        "service_id": row.service_id,
        "service_name": row.service_name,
        "status": row.status,
        "text": row.text,
        "at_ms": row.at,
    }
