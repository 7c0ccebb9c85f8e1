from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from simulator.engine import Told
from simulator.lifecycle.objects import Event, EventKind
from simulator.listeners import QUEUE_LIMIT, Listeners


def told(number: int) -> Told:
    return Told("svc", number, Event(EventKind.NORMAL, f"event {number}"))


async def listening(listeners: Listeners) -> tuple[AsyncIterator[Told], asyncio.Future[Told]]:
    """A stream that listens already, and its first event to come."""
    stream = listeners.listen()
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    return stream, first


async def test_each_event_reaches_everybody_who_listens_in_order() -> None:
    listeners = Listeners()
    streams = [await listening(listeners) for _ in range(2)]
    for number in range(3):
        listeners.tell(told(number))
    for stream, first in streams:
        assert [(await first).at, (await anext(stream)).at, (await anext(stream)).at] == [0, 1, 2]


async def test_what_was_told_before_is_not_repeated() -> None:
    listeners = Listeners()
    listeners.tell(told(0))
    _, first = await listening(listeners)
    listeners.tell(told(1))
    assert (await first).at == 1


async def test_a_slow_listener_loses_its_oldest_events_and_holds_up_nobody() -> None:
    listeners = Listeners()
    stream, first = await listening(listeners)
    for number in range(QUEUE_LIMIT + 10):
        listeners.tell(told(number))
    assert (await first).at == 10
    rest = [(await anext(stream)).at for _ in range(QUEUE_LIMIT - 1)]
    assert rest == list(range(11, QUEUE_LIMIT + 10))


async def test_who_stops_listening_is_forgotten() -> None:
    listeners = Listeners()
    stream, first = await listening(listeners)
    listeners.tell(told(0))
    await first
    await stream.aclose()  # type: ignore[attr-defined]
    assert listeners._queues == set()
