"""Keeps what is known fresh: asks once a second, sooner when told that something changed."""

import asyncio
from collections.abc import Callable
from time import monotonic

from tui.client import AdminClient
from tui.errors import DashboardError, Refused
from tui.known import Known

INTERVAL_S = 1.0
LONGEST_INTERVAL_S = 10.0
SHORTEST_GAP_S = 0.2
"""Between two polls, however many changes are announced."""

REST_PER_WORK = 3.0
"""A slow server is asked less often: it rests this many times what an answer took."""

LOG_TAIL = 200


class Poller:
    """Reads from the client into `known` and calls `announce` after each change.

    Args:
        client: asks the server; opened by `run`.
        known: what is learned goes here.
        announce: called on the event loop, after `known` changed.
        interval_s: seconds between two polls while the server is quick.
    """

    def __init__(
        self,
        client: AdminClient,
        known: Known,
        announce: Callable[[], None],
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._client = client
        self._known = known
        self._announce = announce
        self._interval_s = interval_s
        self._woken = asyncio.Event()
        self._watched: str | None = None

    def watch(self, service_id: str | None) -> None:
        """Also reads this service's instances and events, from now on; None reads the list only."""
        if service_id != self._watched:
            self._watched = service_id
            self.wake()

    def wake(self) -> None:
        """Asks for a poll as soon as `SHORTEST_GAP_S` allows."""
        self._woken.set()

    async def run(self) -> None:
        """Polls until cancelled."""
        await self._client.open()
        while True:
            self._woken.clear()
            started_s = monotonic()
            await self.poll()
            took_s = monotonic() - started_s
            await self._rest(min(LONGEST_INTERVAL_S, max(self._interval_s, REST_PER_WORK * took_s)))

    async def poll(self) -> None:
        """Asks once. A failure becomes the state of the link; it never raises."""
        try:
            state = await self._client.state()
            self._known.accept_state(state, monotonic(), self._client.over_socket)
            if self._watched is not None and self._known.service(self._watched) is not None:
                await self._poll_service(self._watched)
        except DashboardError as error:
            self._known.lose(error.message, error.hint)
        self._announce()

    async def follow_changes(self) -> None:
        """Wakes the poller at each change that the server announces, until cancelled."""
        await self._client.open()
        while True:
            try:
                async for _ in self._client.changes():
                    self.wake()
            except DashboardError:
                # Polling alone still works, and says so when it does not.
                pass
            await asyncio.sleep(self._interval_s)

    async def follow_logs(self, service_id: str) -> None:
        """Reads a service's log lines into `known`, over broken connections, until cancelled."""
        await self._client.open()
        buffer = self._known.log(service_id)
        while True:
            buffer.expect_repeats()
            try:
                async for line in self._client.follow_logs(service_id, LOG_TAIL):
                    buffer.broken = ""
                    if line is not None:
                        buffer.add(line)
                buffer.broken = "the server closed the stream"
            except DashboardError as error:
                buffer.broken = error.message
            await asyncio.sleep(self._interval_s)

    async def _poll_service(self, service_id: str) -> None:
        try:
            detail, events = await asyncio.gather(
                self._client.service(service_id), self._client.events(service_id)
            )
        except Refused as error:
            if error.http_status == 404:
                return  # deleted between the two calls: the next list says so
            raise
        self._known.details[service_id] = detail
        self._known.events[service_id] = events

    async def _rest(self, seconds: float) -> None:
        gap_s = min(SHORTEST_GAP_S, seconds)
        await asyncio.sleep(gap_s)
        try:
            await asyncio.wait_for(self._woken.wait(), seconds - gap_s)
        except TimeoutError:
            return
