"""How long instances run, on the platform clock: pure.

What is metered is each instance, from when it is seen running until it is seen not to run any more.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.lifecycle.objects import Instance, Phase, Service, Sight, Usage


def noted(service: Service, sight: Sight, now: int) -> Service:
    """The service with `running_since` of its instances as it is seen now."""
    return replace(service, instances=tuple(_noted(i, sight, now) for i in service.instances))


def ended(before: Service, after: Service, now: int) -> tuple[Usage, ...]:
    """Runs that have ended between two records of a service."""
    still = {one.instance_id: one.running_since for one in after.instances}
    return tuple(
        Usage(one.instance_id, one.version_id, one.running_since, now)
        for one in before.instances
        if one.running_since is not None and still.get(one.instance_id) is None
    )


def _noted(instance: Instance, sight: Sight, now: int) -> Instance:
    seen = sight.get(instance.instance_id)
    runs = seen is not None and seen.phase is Phase.RUNNING
    if runs == (instance.running_since is not None):
        return instance
    return replace(instance, running_since=now if runs else None)
