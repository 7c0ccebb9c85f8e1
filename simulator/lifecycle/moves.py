"""The table of legal status moves of a service, and the one way to make one.

Source: ModelArts console guide (which statuses a service passes through) and API reference
(status values); where both are silent, docs/decisions.md.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.errors import IllegalMove
from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.objects import Service

MOVES: dict[S, frozenset[S]] = {
    S.DEPLOYING: frozenset({S.RUNNING, S.FAILED, S.STOPPING, S.DELETING, S.WAITING, S.FINISHED}),
    S.WAITING: frozenset({S.DEPLOYING, S.FAILED, S.STOPPING, S.DELETING}),
    S.PENDING: frozenset({S.DEPLOYING, S.FAILED, S.STOPPING, S.DELETING}),
    S.RUNNING: frozenset({S.CONCERNING, S.DEPLOYING, S.STOPPING, S.DELETING, S.FINISHED, S.FAILED}),
    S.CONCERNING: frozenset({S.RUNNING, S.DEPLOYING, S.STOPPING, S.DELETING, S.FAILED}),
    S.FAILED: frozenset({S.DEPLOYING, S.STOPPING, S.DELETING}),
    S.STOPPING: frozenset({S.STOPPED, S.DELETING}),
    S.STOPPED: frozenset({S.DEPLOYING, S.DELETING}),
    S.FINISHED: frozenset({S.DEPLOYING, S.DELETING}),
    S.DELETING: frozenset(),
}
"""From each status to those that may follow. Nothing leaves `deleting` but the record's removal."""


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
    return replace(told, status=to, transition_at=now)
