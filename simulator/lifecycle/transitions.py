"""Transitions that a tester can hold: how long services and models stay on their way. Pure.

The cloud takes its minutes; here a transition is made as soon as it can be. A client that waits can
be tried with one that takes a certain time, or that is made when the tester says so. The status is
held, and nothing else: what would have failed fails as soon as it does, and instances start and end
at their own pace.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle.objects import Event, EventKind, Service

HELD = "TransitionHeld"
"""Reason of a service whose transition is held."""


class Transition(StrEnum):
    """What can be held, by the name that settings give it."""

    DEPLOY = "deploy"
    """A service from `deploying` to `running`, after an update too."""
    STOP = "stop"
    """A service from `stopping` to `stopped`."""
    DELETE = "delete"
    """A service from `deleting` to gone."""
    PUBLISH = "publish"
    """A model from `publishing` to `published`."""


Least = int | None
"""How long a status is kept at least: platform ms, 0 for as long as it takes; None until the
transition is released."""


@dataclass(frozen=True)
class Transitions:
    """How each transition is made."""

    deploy: Least = 0
    stop: Least = 0
    delete: Least = 0
    publish: Least = 0

    def least(self, status: ServiceStatus) -> Least:
        """How long a service keeps a status at least."""
        return {
            ServiceStatus.DEPLOYING: self.deploy,
            ServiceStatus.STOPPING: self.stop,
            ServiceStatus.DELETING: self.delete,
        }.get(status, 0)


IMMEDIATE = Transitions()


def is_held(service: Service, transitions: Transitions, now: int) -> bool:
    """Whether a service that could leave its status stays in it."""
    least = transitions.least(service.status)
    if service.released:
        return False
    return least is None or now < service.transition_at + least


def due_at(service: Service, transitions: Transitions) -> int | None:
    """When a service that is held goes on by itself, platform time; None: never."""
    least = transitions.least(service.status)
    return None if least is None else service.transition_at + least


def held(service: Service) -> tuple[Service, tuple[Event, ...]]:
    """The service with the note that it is held; the event is told once."""
    if service.reason == HELD:
        return service, ()
    message = f"it could leave `{service.status}` now, and is held there by a transition setting"
    told = replace(service, reason=HELD, message=message, evidence="")
    return told, (Event(EventKind.NORMAL, f"the service is held: {message}", HELD),)
