"""What is seen of one service's instances, as the lifecycle takes it: the backend's list, the
probes' verdicts, and the end of the log of those that ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from backends.base import Backend, InstancePhase, Observation
from backends.errors import BackendError
from simulator.lifecycle import plan as lifecycle
from simulator.lifecycle.objects import (
    Goal,
    InstanceState,
    Listening,
    Phase,
    Seen,
    Service,
    Sight,
)
from simulator.prober import Prober
from simulator.sightings import Sightings

LOG_TAIL_LINES = 20
LOG_SLACK_MS = 100
"""An engine may note a start a little after the first line was written."""

_WAS_READY = (InstanceState.READY, InstanceState.UNHEALTHY)
_END_IS_KNOWN = (InstanceState.PENDING, InstanceState.BACKOFF, InstanceState.DRAINING)
"""States in which a seen end tells nothing new, so that its log need not be read again."""


class Seeing:
    """See the module.

    Args:
        is_acting_on: whether an instance is being started or ended now.
    """

    def __init__(
        self,
        backend: Backend,
        sightings: Sightings,
        prober: Prober,
        is_acting_on: Callable[[str], bool],
    ) -> None:
        self._backend = backend
        self._sightings = sightings
        self._prober = prober
        self._is_acting_on = is_acting_on

    async def sight(self, service: Service, now: int) -> Sight | None:
        """What is seen of a service's instances at a platform time; None when the backend does not
        answer. Keeps the probes going to those that run."""
        if not self._sightings.known:
            return None
        overdue = service.goal is Goal.RUNNING and now >= lifecycle.deploy_due_at(service)
        known = {instance.instance_id: instance for instance in service.instances}
        observed = list(self._sightings.of_service(service.service_id).values())
        telling = []
        for seen in observed:
            state = known[seen.instance_id].state if seen.instance_id in known else None
            self._watch(service, seen, state)
            exited = seen.phase is InstancePhase.EXITED and state not in _END_IS_KNOWN
            if (overdue or exited) and not self._prober.verdict(seen.instance_id).healthy:
                telling.append(seen)
        told = await asyncio.gather(*map(self._told, telling)) if telling else []
        sight = {one.instance_id: self._seen(one) for one in observed}
        for one, (log_tail, listening) in zip(telling, told, strict=True):
            sight[one.instance_id] = replace(
                sight[one.instance_id], log_tail=log_tail, listening=listening
            )
        for instance in service.instances:
            if self._is_acting_on(instance.instance_id) and instance.instance_id not in sight:
                sight[instance.instance_id] = Seen(Phase.CREATED)
        return sight

    def _watch(self, service: Service, seen: Observation, state: InstanceState | None) -> None:
        """Keep asking an instance that runs whether it is well, unless it is on its way out: there
        a probe would be taken for a request that it still has to answer."""
        version = service.version(seen.version_id)
        runs = seen.phase is InstancePhase.RUNNING and seen.address is not None
        if runs and version and state is not InstanceState.DRAINING:
            run = f"{seen.ref} {seen.started_at_ms}"
            self._prober.watch(
                seen.instance_id,
                str(seen.address),
                run,
                version.health,
                was_ready=state in _WAS_READY,
                http2=version.http2,
            )
        else:
            self._prober.forget(seen.instance_id)

    def _seen(self, seen: Observation) -> Seen:
        verdict = self._prober.verdict(seen.instance_id)
        return Seen(
            phase=Phase(seen.phase.value),
            healthy=verdict.healthy,
            address=str(seen.address) if seen.address else "",
            ref=seen.ref,
            accelerator=seen.accelerator,
            exit_code=seen.exit_code,
            oom_killed=seen.oom_killed,
            probe=verdict.words,
        )

    async def _told(self, seen: Observation) -> tuple[str, Listening | None]:
        """What is asked of an instance only when something is wrong with it."""
        log_tail = await self._log_tail(seen)
        if seen.phase is not InstancePhase.RUNNING:
            return log_tail, None
        try:
            ports = await self._backend.ports(seen.instance_id)
        except BackendError:
            return log_tail, None
        if ports is None:
            return log_tail, None
        sockets = tuple((one.host, one.port) for one in ports.listened)
        return log_tail, Listening(ports.wanted, sockets)

    async def _log_tail(self, seen: Observation) -> str:
        """The end of what an instance wrote in its last run."""
        try:
            lines = await self._backend.logs(seen.instance_id, LOG_TAIL_LINES)
        except BackendError as error:
            return f"(its log could not be read: {error})"
        since_ms = (seen.started_at_ms or 0) - LOG_SLACK_MS
        own = [line for line in lines if line.at_ms is None or line.at_ms >= since_ms]
        return "\n".join(line.text for line in own or lines)
