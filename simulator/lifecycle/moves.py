"""The table of legal status moves, what causes each, and the one way to make one.

Source: ModelArts console guide (which statuses a service passes through) and API reference
(status values); where both are silent, docs/decisions.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.errors import IllegalMove
from simulator.facts.statuses import ModelStatus as M
from simulator.facts.statuses import ServiceKind as K
from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.objects import Service

_BOTH = (K.REAL_TIME, K.BATCH)
_REAL_TIME = (K.REAL_TIME,)
_BATCH = (K.BATCH,)


@dataclass(frozen=True)
class Move:
    """A move that a service may make.

    Attributes:
        cause: what makes it, as a sentence's end: "a service moves when ...".
        kinds: of services that make it.
    """

    source: S
    target: S
    cause: str
    kinds: tuple[K, ...] = _BOTH


TABLE: tuple[Move, ...] = (
    Move(S.DEPLOYING, S.RUNNING, "all instances are healthy, or an update ended, well or not"),
    Move(
        S.DEPLOYING,
        S.CONCERNING,
        "an update was rolled back and some instances are not healthy",
        _REAL_TIME,
    ),
    Move(S.DEPLOYING, S.FAILED, "its time is over, or an instance cannot be started"),
    Move(S.DEPLOYING, S.STOPPING, "it is stopped", _BATCH),
    Move(S.DEPLOYING, S.WAITING, "its pool has no room", _REAL_TIME),
    Move(S.DEPLOYING, S.FINISHED, "the job was done before it was seen running", _BATCH),
    Move(S.WAITING, S.DEPLOYING, "its pool has room again", _REAL_TIME),
    Move(S.WAITING, S.FAILED, "its pool is gone", _REAL_TIME),
    Move(S.WAITING, S.STOPPING, "a user stops it", _REAL_TIME),
    Move(S.PENDING, S.DEPLOYING, "it is started", _REAL_TIME),
    Move(S.PENDING, S.FAILED, "it cannot be started", _REAL_TIME),
    Move(S.PENDING, S.STOPPING, "a user stops it", _REAL_TIME),
    Move(S.RUNNING, S.CONCERNING, "some instances are not healthy any more", _REAL_TIME),
    Move(S.RUNNING, S.DEPLOYING, "its configuration is updated, or the server was started again"),
    Move(S.RUNNING, S.STOPPING, "a user stops it, or its time by schedule is over"),
    Move(S.RUNNING, S.FINISHED, "the job is done", _BATCH),
    Move(S.RUNNING, S.FAILED, "the job failed", _BATCH),
    Move(S.CONCERNING, S.RUNNING, "all instances are healthy again", _REAL_TIME),
    Move(
        S.CONCERNING,
        S.DEPLOYING,
        "its configuration is updated, or the server was started again",
        _REAL_TIME,
    ),
    Move(S.CONCERNING, S.STOPPING, "a user stops it, or its time is over", _REAL_TIME),
    Move(S.FAILED, S.DEPLOYING, "a user starts it, or updates its configuration"),
    Move(S.FAILED, S.STOPPING, "a user stops it"),
    Move(S.STOPPING, S.STOPPED, "no instance is left"),
    Move(S.STOPPED, S.DEPLOYING, "a user starts it"),
    Move(S.FINISHED, S.DEPLOYING, "a user starts it again", _BATCH),
    *(Move(source, S.DELETING, "a user deletes it") for source in S if source is not S.DELETING),
)
"""Nothing leaves `deleting` but the record's removal."""

MOVES: dict[S, frozenset[S]] = {
    source: frozenset(move.target for move in TABLE if move.source is source) for source in S
}
"""From each status to those that may follow, whatever the kind of the service."""

MODEL_MOVES: dict[M, dict[M, str]] = {
    M.PUBLISHING: {
        M.PUBLISHED: "the package or image was read and is sound",
        M.FAILED: "it could not be read, or is not sound",
    },
    M.PUBLISHED: {},
    M.FAILED: {},
}
"""From each status of a model to those that may follow, each with its cause."""


def move(
    service: Service,
    to: S,
    now: int,
    *,
    reason: str = "",
    message: str = "",
    evidence: str = "",
) -> Service:
    """The service in its new status; the same status only renews reason, message and evidence.

    Raises:
        IllegalMove: the table does not have this move; nothing was changed.
    """
    told = replace(service, reason=reason, message=message, evidence=evidence)
    if to is service.status:
        return told
    if to not in MOVES[service.status]:
        raise IllegalMove(service.service_id, service.status, to)
    return replace(told, status=to, transition_at=now, released=False)


def move_model(model_id: str, status: M, to: M) -> M:
    """The status that a model comes to.

    Raises:
        IllegalMove: the table does not have this move.
    """
    if to not in MODEL_MOVES[status]:
        raise IllegalMove(model_id, status, to)
    return to
