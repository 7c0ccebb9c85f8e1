"""Which version gets which share of a service's requests: pure."""

from __future__ import annotations

import math

from simulator.lifecycle.objects import InstanceState, Service


def shares(service: Service) -> dict[str, int]:
    """Weight of each version; shares are relative to their sum.

    Without an update these are the wanted weights. During one the shares of before it hold: a
    version that takes another's place gets the part of its share that its ready instances are of
    those of both, so that each instance has its equal part; other new versions get nothing yet.
    """
    if not service.is_updating:
        return {version.version_id: version.weight for version in service.versions}
    parts: dict[str, tuple[int, int, int]] = {}
    heirs = {version.replaces: version.version_id for version in service.versions}
    for version in service.fallback:
        heir = heirs.get(version.version_id, "")
        of_old, of_new = _ready(service, version.version_id), _ready(service, heir)
        whole = of_old + of_new or 1
        parts[version.version_id] = (version.weight, of_old if of_new else whole, whole)
        if of_new:
            parts[heir] = (version.weight, of_new, whole)
    scale = math.lcm(*(whole for _, _, whole in parts.values()))
    return {name: weight * part * (scale // whole) for name, (weight, part, whole) in parts.items()}


def _ready(service: Service, version_id: str) -> int:
    if not version_id:
        return 0
    ready = [i for i in service.instances_of(version_id) if i.state is InstanceState.READY]
    return len(ready)
