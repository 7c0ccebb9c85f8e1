"""Endless streams of the engine, read by threads of their own and handed to the event loop.

A stream has no read timeout and ends silently when the engine goes; it is stopped from outside
only by shutting its socket. Each therefore has a client and a daemon thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from docker import APIClient
from docker.errors import APIError
from docker.types import CancellableStream
from requests import RequestException

from backends.base import LogLine
from backends.docker_client import connect, translate
from backends.docker_endpoint import Endpoint
from backends.docker_logs import Since, lines_of, open_log, split_frames
from backends.docker_translate import LABEL_INSTALLATION, LABEL_INSTANCE
from backends.errors import BackendError

T = TypeVar("T")

CONNECT_TIMEOUT_S = 10.0
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 5.0
JOIN_TIMEOUT_S = 5.0
WAITING_LINES = 10_000
"""Log lines kept for a slow reader; beyond that the oldest are dropped and counted."""
EVENTS = (
    *("create", "start", "die", "stop", "kill", "oom", "destroy"),
    *("pause", "unpause", "rename", "update", "restart"),
)

logger = logging.getLogger(__name__)


class Feed(Generic[T]):
    """A thread that produces items, and the event loop's end of it.

    Args:
        produce: runs in the thread until it returns or `closed` is set; calls `put` for each item
            and `opened` for each stream that a close must break.
        capacity: how many items wait for a slow reader; the oldest go first, counted in `dropped`.
        name: of the thread.
    """

    def __init__(self, produce: Callable[[Feed[T]], None], capacity: int, name: str) -> None:
        self.closed = threading.Event()
        self.dropped = 0
        self.error: BackendError | None = None
        self._items: deque[T] = deque()
        self._capacity = capacity
        self._ended = False
        self._lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._stream: CancellableStream | None = None
        self._thread = threading.Thread(target=self._run, args=(produce,), name=name, daemon=True)
        self._thread.start()

    def _run(self, produce: Callable[[Feed[T]], None]) -> None:
        try:
            produce(self)
        except BackendError as error:
            self.error = error
        finally:
            self._ended = True
            self._signal()

    def _signal(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._wake.set)

    def put(self, item: T, *, unless_waiting: bool = False) -> None:
        """From the thread: hand over an item; `unless_waiting` skips one that is waiting."""
        with self._lock:
            if unless_waiting and item in self._items:
                return
            if len(self._items) >= self._capacity:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            first = len(self._items) == 1
        if first:
            self._signal()

    @contextlib.contextmanager
    def opened(self, stream: CancellableStream) -> Iterator[None]:
        """From the thread: while this stream is read, a close breaks it."""
        with self._lock:
            self._stream = stream
        if self.closed.is_set():
            _break(stream)
        try:
            yield
        finally:
            with self._lock:
                self._stream = None
            _break(stream)

    async def take(self) -> list[T]:
        """All items that wait, at least one; empty when the thread has ended."""
        while True:
            self._wake.clear()
            ended = self._ended
            with self._lock:
                items = list(self._items)
                self._items.clear()
            if items or ended:
                return items
            await self._wake.wait()

    def take_dropped(self) -> int:
        """How many items were dropped since the last call."""
        with self._lock:
            count, self.dropped = self.dropped, 0
        return count

    def stop(self) -> None:
        """Break the stream; the thread ends soon after."""
        self.closed.set()
        with self._lock:
            stream = self._stream
        if stream is not None:
            _break(stream)

    async def aclose(self) -> None:
        """`stop`, and wait until the thread has ended."""
        self.stop()
        await asyncio.to_thread(self._thread.join, JOIN_TIMEOUT_S)


def _break(stream: CancellableStream) -> None:
    # closing races with the reader, which may have let go of the socket already
    with contextlib.suppress(OSError, AttributeError, ValueError):
        stream.close()


def watch_changes(endpoint: Endpoint, installation: str) -> Feed[str]:
    """Instance ids as the engine reports their events; "" after each (re)connection and break."""

    def produce(feed: Feed[str]) -> None:
        delay_s = FIRST_RETRY_S
        while not feed.closed.is_set():
            try:
                _read_events(feed, endpoint, installation)
                delay_s = FIRST_RETRY_S
            except BackendError as error:
                logger.debug("no event stream: %s", error)
                delay_s = min(delay_s * 2, LAST_RETRY_S)
            feed.closed.wait(delay_s)

    return Feed(produce, WAITING_LINES, "docker-events")


def _read_events(feed: Feed[str], endpoint: Endpoint, installation: str) -> None:
    """One event stream from its opening to its break.

    Raises:
        BackendError: it could not be opened.
    """
    filters = {
        "type": ["container"],
        "event": list(EVENTS),
        "label": [f"{LABEL_INSTALLATION}={installation}"],
    }
    try:
        client = connect(endpoint, CONNECT_TIMEOUT_S)
    except Exception as error:
        raise translate(error, "connecting to its events") from error
    with contextlib.closing(client):
        try:
            stream = client.events(decode=True, filters=filters)
        except Exception as error:
            raise translate(error, "reading its events") from error
        with feed.opened(stream):
            feed.put("", unless_waiting=True)
            for event in _until_broken(stream):
                _settle(client, event)
                feed.put(_instance_of(event), unless_waiting=True)
        if not feed.closed.is_set():
            feed.put("", unless_waiting=True)


def _settle(client: APIClient, event: dict[str, Any]) -> None:
    """Wait until the engine's list shows what an event tells.

    The engine reports a container's end while it still holds its lock, before its list changes; an
    inspection takes that lock and so returns after the change.
    """
    if event.get("Action") == "die":
        with contextlib.suppress(APIError, RequestException):
            client.inspect_container(str(event["Actor"]["ID"]))


def _instance_of(event: dict[str, Any]) -> str:
    attributes = (event.get("Actor") or {}).get("Attributes") or {}
    return str(attributes.get(LABEL_INSTANCE, ""))


def _until_broken(stream: Iterator[T]) -> Iterator[T]:
    try:
        yield from stream
    except Exception as error:
        # a break shows as any of a dozen exceptions of four libraries; it is repaired by reading
        # again, whatever it was
        logger.info("a stream of the engine broke: %r", error)


def follow_log(endpoint: Endpoint, container: str, instance_id: str, since: Since) -> Feed[LogLine]:
    """Lines of one container from `since` on, until it ends or the stream breaks."""

    def produce(feed: Feed[LogLine]) -> None:
        try:
            client = connect(endpoint, CONNECT_TIMEOUT_S)
        except Exception as error:
            raise translate(error, "connecting to a log") from error
        with contextlib.closing(client):
            _read_log(feed, client, container, instance_id, since)

    return Feed(produce, WAITING_LINES, "docker-log")


def _read_log(
    feed: Feed[LogLine],
    client: APIClient,
    container: str,
    instance_id: str,
    since: Since,
) -> None:
    try:
        response = open_log(
            client,
            container,
            tail=None,
            follow=True,
            since_ns=since.at_ns,
        )
    except Exception as error:
        raise translate(error, "reading a log") from error
    since.rewind()
    lines = lines_of(split_frames(response.raw.read))
    with feed.opened(CancellableStream(lines, response)):
        for line in _until_broken(lines):
            if since.is_new(line):
                feed.put(line.to_log_line(instance_id))
