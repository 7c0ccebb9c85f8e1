"""Whether the events of a change tell the way that the status went, step by step."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.moves import MOVES
from simulator.lifecycle.objects import Event

_TELLING = (
    ("the service is running", S.RUNNING),
    ("the service recovered", S.RUNNING),
    ("the update was rolled back", S.RUNNING),
    ("the service is concerning", S.CONCERNING),
    ("the service is being started", S.DEPLOYING),
    ("the service is being updated", S.DEPLOYING),
    ("the server was started again", S.DEPLOYING),
    ("there is room again", S.DEPLOYING),
    ("the service waits for room", S.WAITING),
    ("the deployment failed", S.FAILED),
    ("the job failed", S.FAILED),
    ("the job is done", S.FINISHED),
    ("the service is being stopped", S.STOPPING),
    ("the service has stopped", S.STOPPED),
    ("the service is being deleted", S.DELETING),
)
"""How an event begins that tells of a new status; written down here once more, on purpose."""


def told_statuses(events: Iterable[Event]) -> list[S]:
    """The statuses that events tell of, in their order."""
    return [
        status
        for event in events
        for beginning, status in _TELLING
        if event.text.startswith(beginning)
    ]


def assert_told(before: S, after: S, events: Iterable[Event]) -> None:
    """Every move is told by an event of its own, in order, and is one that the table has."""
    way = [before, *told_statuses(events)]
    shown = " > ".join(way)
    assert way[-1] is after, f"from {before} to {after}, but told is {shown}"
    for start, finish in pairwise(way):
        assert start is finish or finish in MOVES[start], f"{start} to {finish} in {shown}"
