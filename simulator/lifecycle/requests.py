"""What a user may ask of a service, and what its status allows: pure.

Source: ModelArts SDK guide and console guide (starting and stopping a service): a target status
equal to the current one is refused, as is any change while deploying, stopping or deleting;
starting is possible from failed, stopped and finished. Docs/decisions.md tells the two readings of
stopping a service that is being deployed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.errors import StatusForbids
from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle import jobs
from simulator.lifecycle.moves import move
from simulator.lifecycle.objects import Event, EventKind, Goal, InstanceState, Service, Version

Change = Callable[[Service, int], tuple[Service, tuple[Event, ...]]]
"""A service and the platform time to the service as asked for, and the events of that."""

STARTABLE = frozenset({S.STOPPED, S.FAILED, S.FINISHED})
STOPPABLE = frozenset({S.RUNNING, S.CONCERNING, S.FAILED, S.WAITING})
STOPPABLE_JOB = STOPPABLE | {S.DEPLOYING}
"""The same of a service with a job."""
UNCHANGEABLE = frozenset({S.DEPLOYING, S.STOPPING, S.DELETING})
"""While one of these, nothing but the description is changed."""


def start(service: Service, now: int) -> tuple[Service, tuple[Event, ...]]:
    """The service is to run again.

    Raises:
        StatusForbids: it runs, or is on its way somewhere.
    """
    if service.status not in STARTABLE:
        raise StatusForbids("service", service.service_id, service.status, "be started")
    # Instances of before, if any still leave, are not taken up again.
    leaving = tuple(replace(i, state=InstanceState.DRAINING) for i in service.instances)
    wanted = replace(
        service,
        goal=Goal.RUNNING,
        instances=leaving,
        deploy_started_at=now,
        due_at=None,
        job=jobs.again(service.job),
    )
    event = Event(EventKind.NORMAL, "the service is being started", "Started")
    return move(wanted, S.DEPLOYING, now), (event,)


def stop(service: Service, now: int) -> tuple[Service, tuple[Event, ...]]:
    """The service is to stop, and its definition to stay.

    Raises:
        StatusForbids: it is stopped, or on its way somewhere.
    """
    if service.status not in (STOPPABLE if service.job is None else STOPPABLE_JOB):
        raise StatusForbids("service", service.service_id, service.status, "be stopped")
    event = Event(EventKind.NORMAL, "the service is being stopped", "Stopping")
    return move(replace(service, goal=Goal.STOPPED, due_at=None), S.STOPPING, now), (event,)


def delete(service: Service, now: int) -> tuple[Service, tuple[Event, ...]]:
    """The service is to go. Allowed in every status; twice is no error."""
    if service.goal is Goal.DELETED:
        return service, ()
    event = Event(EventKind.NORMAL, "the service is being deleted", "Deleting")
    return move(replace(service, goal=Goal.DELETED), S.DELETING, now), (event,)


def reconfigure(
    service: Service, versions: tuple[Version, ...], next_version: int, now: int
) -> tuple[Service, tuple[Event, ...]]:
    """The service is to have other versions.

    One that runs changes over step by step and falls back if that fails; one that has failed is
    deployed with them at once; one that does not run has them when it is started.

    Args:
        versions: those that stay have their ids; `replaces` says whose place a new one takes.
        next_version: number of the next version after these.

    Raises:
        StatusForbids: it is being deployed, stopped or deleted.
    """
    if service.status in UNCHANGEABLE:
        raise StatusForbids("service", service.service_id, service.status, "be changed")
    before = service.versions
    service = replace(service, versions=versions, next_version=next_version)
    if versions == before:
        return service, ()
    if service.status in (S.STOPPED, S.FINISHED):
        event = Event(EventKind.NORMAL, "the configuration was changed", "ConfigurationChanged")
        return service, (event,)
    event = Event(EventKind.NORMAL, "the service is being updated", "Updating")
    leaving = service.instances
    fallback = before
    if service.status is S.FAILED:
        leaving = tuple(replace(i, state=InstanceState.DRAINING) for i in leaving)
        fallback = ()
    wanted = replace(service, instances=leaving, fallback=fallback, deploy_started_at=now)
    return move(replace(wanted, goal=Goal.RUNNING), S.DEPLOYING, now), (event,)


def redefine_job(
    service: Service, versions: tuple[Version, ...], next_version: int, now: int
) -> tuple[Service, tuple[Event, ...]]:
    """The service is to do another job, perhaps with other versions: a run of its own.

    One that runs is cut off where it is and deployed with the other job, one that has failed is
    deployed too; one that does not run does it when it is started. Nothing is fallen back to: what
    was cut off would not be whole in any case.

    Args:
        versions, next_version: as `reconfigure` takes them.

    Raises:
        StatusForbids: it is being deployed, stopped or deleted.
    """
    if service.status in UNCHANGEABLE:
        raise StatusForbids("service", service.service_id, service.status, "be changed")
    job = jobs.another(service.job)
    service = replace(service, versions=versions, next_version=next_version, job=job)
    if service.status in (S.STOPPED, S.FINISHED):
        event = Event(EventKind.NORMAL, "the configuration was changed", "ConfigurationChanged")
        return service, (event,)
    leaving = tuple(replace(i, state=InstanceState.DRAINING) for i in service.instances)
    wanted = replace(service, instances=leaving, goal=Goal.RUNNING, deploy_started_at=now)
    event = Event(EventKind.NORMAL, "the service is being updated", "Updating")
    return move(wanted, S.DEPLOYING, now), (event,)


def release(service: Service, now: int) -> tuple[Service, tuple[Event, ...]]:
    """Let a transition be made that a setting holds: now, or as soon as it can be made.

    Raises:
        StatusForbids: the service is on its way nowhere.
    """
    if service.status not in (S.DEPLOYING, S.STOPPING, S.DELETING):
        raise StatusForbids("service", service.service_id, service.status, "be released")
    if service.released:
        return service, ()
    event = Event(EventKind.NORMAL, "its transition was released", "TransitionReleased")
    return replace(service, released=True), (event,)
