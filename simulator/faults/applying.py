"""Which faults happen to what, and when: pure functions of faults and real time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from simulator.faults.model import (
    AbortParameters,
    Fault,
    LatencyParameters,
    SlowParameters,
    Target,
)
from simulator.gateway.state import Abort, Latency, PathFaults, ServiceRoute, SlowAnswers


def is_over(fault: Fault, now_ms: int) -> bool:
    """Whether it has ended, or its time is over."""
    if fault.ended_ms is not None:
        return True
    return fault.until_ms is not None and fault.until_ms <= now_ms


def in_force(faults: Iterable[Fault], now_ms: int) -> tuple[Fault, ...]:
    """Those that happen at an instant."""
    return tuple(one for one in faults if one.since_ms <= now_ms and not is_over(one, now_ms))


def next_end_ms(faults: Iterable[Fault]) -> int | None:
    """When the first of them ends by itself; None when none does."""
    return min((one.until_ms for one in faults if one.until_ms is not None), default=None)


def concerns(target: Target, service_id: str, version_id: str | None = None) -> bool:
    """Whether a fault with this target happens to a service, or to a version of it; None is any."""
    if target.service_id not in ("", service_id):
        return False
    return version_id is None or target.version_id in ("", version_id)


def afflicted(route: ServiceRoute, faults: Sequence[Fault]) -> ServiceRoute:
    """The service's route with what goes wrong on it.

    Args:
        faults: those in force. Of several of one kind that happen to a version, the one with the
            narrowest target does; of those the latest.
    """
    if not any(concerns(fault.target, route.service_id) for fault in faults):
        return route
    versions = tuple(
        replace(one, faults=path_faults(faults, route.service_id, one.version_id))
        for one in route.versions
    )
    return replace(route, versions=versions)


def path_faults(faults: Iterable[Fault], service_id: str, version_id: str) -> PathFaults:
    """What goes wrong with the requests to a version."""
    concerned = [one for one in faults if concerns(one.target, service_id, version_id)]
    strongest = {one.kind: one for one in sorted(concerned, key=_rank)}
    effects = PathFaults()
    for fault in strongest.values():
        effects = _with(effects, fault)
    return effects


def _rank(fault: Fault) -> tuple[bool, bool, int, str]:
    target = fault.target
    return bool(target.version_id), bool(target.service_id), fault.since_ms, fault.fault_id


def _with(effects: PathFaults, fault: Fault) -> PathFaults:
    match fault.parameters:
        case LatencyParameters(ms=ms, share=share):
            return replace(effects, latency=Latency(fault.fault_id, ms / 1000, share))
        case AbortParameters(status=status, share=share):
            return replace(effects, abort=Abort(fault.fault_id, status, share))
        case SlowParameters(kbps=kbps):
            return replace(effects, slow=SlowAnswers(fault.fault_id, kbps))
