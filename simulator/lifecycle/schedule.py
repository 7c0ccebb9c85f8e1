"""Stopping a service by schedule: pure.

Source: Deploying Services, table 3, schedule (a real-time service stops after some days, hours or
minutes).
"""

from __future__ import annotations

from dataclasses import replace

from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.moves import move
from simulator.lifecycle.objects import Event, EventKind, Goal, Service

_UP = (S.RUNNING, S.CONCERNING)
"""Only these are stopped by schedule: a deployment or update ends before."""


def applied(service: Service, now: int) -> tuple[Service, tuple[Event, ...]]:
    """The service with its time counting once it runs, and stopping when that is over."""
    if service.stop_after_ms is None or service.status not in _UP:
        return service, ()
    if service.due_at is None:
        return replace(service, due_at=now + service.stop_after_ms), ()
    if now < service.due_at:
        return service, ()
    stopping = move(replace(service, goal=Goal.STOPPED, due_at=None), S.STOPPING, now)
    text = "the service is being stopped: its time by schedule is over"
    return stopping, (Event(EventKind.NORMAL, text, "AutoStop"),)


def changed(
    service: Service, stop_after_ms: int | None, now: int
) -> tuple[Service, tuple[Event, ...]]:
    """The service with another schedule, or none. Where it runs, the time counts from now."""
    runs = service.due_at is not None or service.status in _UP
    due_at = now + stop_after_ms if stop_after_ms is not None and runs else None
    if (stop_after_ms, due_at) == (service.stop_after_ms, service.due_at):
        return service, ()
    service = replace(service, stop_after_ms=stop_after_ms, due_at=due_at)
    if stop_after_ms is None:
        return service, (Event(EventKind.NORMAL, "it is not stopped by schedule", "AutoStopOff"),)
    text = f"it is stopped by schedule after {stop_after_ms // 60_000} minutes"
    return service, (Event(EventKind.NORMAL, text, "AutoStopSet"),)
