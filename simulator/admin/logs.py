"""The output of all instances of a service as one stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from backends.base import LogLine
from backends.errors import BackendError
from simulator.clock import real_ms
from simulator.errors import NotFound
from simulator.system import System

HEARTBEAT_S = 5.0
LOOK_S = 0.5
"""How soon a new instance's output joins a stream that follows."""
QUEUE_LINES = 5_000


async def tail_service(
    system: System, service_id: str, tail: int, only: str
) -> AsyncIterator[LogLine | None]:
    """The last lines of each instance, in order of time where the backend knows it; where one
    cannot be read, a line says so."""
    ids = await _instances(system, service_id, only)
    tails = await asyncio.gather(*(_tail_of(system, one, tail) for one in ids))
    lines = [line for tail_of_one in tails for line in tail_of_one]
    if all(line.at_ms is not None for line in lines):
        lines.sort(key=lambda line: line.at_ms or 0)
    for line in lines:
        yield line


async def _tail_of(system: System, instance_id: str, tail: int) -> list[LogLine]:
    try:
        return await system.backend.logs(instance_id, tail)
    except BackendError as error:
        return [LogLine(instance_id, f"(its log could not be read: {error})", real_ms())]


async def follow_service(
    system: System, service_id: str, tail: int, only: str
) -> AsyncIterator[LogLine | None]:
    """The last lines and all that follow, of instances that come later too, until the service is
    gone or the server ends. None is a heartbeat."""
    queue: asyncio.Queue[LogLine] = asyncio.Queue(QUEUE_LINES)
    followers: dict[str, asyncio.Task[None]] = {}
    quiet_s = 0.0
    try:
        while not system.shutdown.is_set():
            try:
                wanted = await _instances(system, service_id, only)
            except NotFound:
                wanted = []
                if queue.empty():
                    return
            for instance_id in wanted:
                if instance_id not in followers:
                    work = _follow_one(system, instance_id, tail, queue)
                    followers[instance_id] = asyncio.create_task(work)
            try:
                yield await asyncio.wait_for(queue.get(), LOOK_S)
                quiet_s = 0.0
                while not queue.empty():
                    yield queue.get_nowait()
            except TimeoutError:
                quiet_s += LOOK_S
                if quiet_s >= HEARTBEAT_S:
                    quiet_s = 0.0
                    yield None
    finally:
        for task in followers.values():
            task.cancel()
        await asyncio.gather(*followers.values(), return_exceptions=True)


async def _follow_one(
    system: System, instance_id: str, tail: int, queue: asyncio.Queue[LogLine]
) -> None:
    with contextlib.suppress(BackendError):
        async for line in system.backend.follow(instance_id, tail):
            await queue.put(line)


async def _instances(system: System, service_id: str, only: str) -> list[str]:
    stored = await asyncio.to_thread(system.store.service, service_id)
    ids = [instance.instance_id for instance in stored.instances]
    return [instance_id for instance_id in ids if only in ("", instance_id)]
