"""One decision about one service: `plan(service, sight, now) -> Plan`.

Level-triggered: it looks only at what is wanted and what is there, never at how things came to be
so. The same arguments give the same plan; performing an action twice does no harm. A crash at any
instant is therefore repaired by planning again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle import jobs, metering, placement, rollout, schedule, transitions
from simulator.lifecycle.health import died, look
from simulator.lifecycle.moves import move
from simulator.lifecycle.objects import (
    Action,
    EndInstance,
    Event,
    EventKind,
    ForgetService,
    Goal,
    Instance,
    InstanceState,
    Plan,
    Room,
    Seen,
    Service,
    Sight,
    StartInstance,
)
from simulator.lifecycle.transitions import Transitions


@dataclass(frozen=True)
class Policy:
    """Choices of the user that planning follows.

    Attributes:
        crash_limit: deaths of an instance during a deployment after which the deployment fails;
            0: never, only the deploy timeout ends it.
        waits_for_room: a deployment for which its pool has no room waits until there is some;
            otherwise it fails after `placement.TRIES`.
        transitions: how long services stay on their way at least.
    """

    crash_limit: int = 3
    waits_for_room: bool = False
    transitions: Transitions = transitions.IMMEDIATE


NO_POOLS: Room = MappingProxyType({})
ROLLED_BACK = "RolledBack"
"""Reason of the event that follows the one which says why an update failed."""
_OVER = (ServiceStatus.FAILED, ServiceStatus.FINISHED)
"""Statuses in which nothing runs, although the service was not told to stop."""


def plan(
    service: Service,
    sight: Sight | None,
    now: int,
    policy: Policy | None = None,
    room: Room = NO_POOLS,
) -> Plan:
    """What to do next about a service.

    Args:
        service: the record as stored.
        sight: what is seen of its instances; None when the engine does not answer, so that nothing
            is known and nothing may be concluded.
        now: platform time, epoch ms.
        room: what is left in dedicated pools beside the instances of other services.
    """
    policy = policy or Policy()
    if sight is None:
        return _blind(service, now)
    looks = [look(instance, sight.get(instance.instance_id), now) for instance in service.instances]
    events = tuple(event for one in looks for event in one.events)
    service = replace(service, instances=tuple(one.instance for one in looks))
    service = metering.noted(service, sight, now)
    if service.goal is Goal.RUNNING and service.status not in _OVER:
        step = _toward_running(service, sight, now, policy, room)
    else:
        step = _toward_nothing(service, sight, now, policy)
    return replace(step, events=events + step.events)


def start_failed(
    service: Service,
    instance_id: str,
    *,
    reason: str,
    message: str,
    evidence: str,
    fatal: bool,
    now: int,
) -> tuple[Service, tuple[Event, ...]]:
    """Note that an instance could not be started.

    Args:
        fatal: trying again cannot help (an image that does not exist): a deployment fails at once.
    """
    leaving = InstanceState.DRAINING
    hit = [i for i in service.instances if i.instance_id == instance_id and i.state is not leaving]
    if not hit:
        return service, ()  # it is on its way out already, or gone
    instances = tuple(
        died(i, now, reason=reason, message=message) if i in hit else i for i in service.instances
    )
    service = replace(service, instances=instances)
    deploys = service.goal is Goal.RUNNING and service.status is ServiceStatus.DEPLOYING
    if fatal and deploys and (not service.is_updating or _came_with_update(service, hit[0])):
        return _give_up(service, now, reason, message, evidence)
    return service, (Event(EventKind.ABNORMAL, message, reason, evidence),)


def started(service: Service, instance_id: str, seen: Seen) -> Service:
    """Note that an instance was started: from here on its end is a death."""
    return replace(
        service,
        instances=tuple(
            replace(i, state=InstanceState.STARTING, ref=seen.ref, address=seen.address)
            if i.instance_id == instance_id and i.state is InstanceState.PENDING
            else i
            for i in service.instances
        ),
    )


def resume(service: Service, sight: Sight, now: int) -> tuple[Service, tuple[Event, ...]]:
    """The service as the server finds it when it starts.

    A service that ran, or was being deployed, and of which nothing runs any more (the server was
    stopped, or its instances ended with it) is deployed anew; one whose instances still run goes on
    as it was.
    """
    up = (ServiceStatus.RUNNING, ServiceStatus.CONCERNING, ServiceStatus.DEPLOYING)
    if service.goal is not Goal.RUNNING or service.status not in up or sight:
        return service, ()
    instances = tuple(
        replace(i, state=InstanceState.PENDING, address="", ref="", retry_at=None, deaths=0)
        for i in service.instances
        if i.state is not InstanceState.DRAINING
    )
    service = replace(service, instances=instances, deploy_started_at=now)
    event = Event(EventKind.NORMAL, "the server was started again; starting the instances")
    return move(service, ServiceStatus.DEPLOYING, now), (event,)


def _blind(service: Service, now: int) -> Plan:
    """Nothing is known: conclude nothing, but a deployment's time still runs out."""
    if service.status is not ServiceStatus.DEPLOYING or service.goal is not Goal.RUNNING:
        return Plan(service)
    if service.reason == transitions.HELD:
        return Plan(service)  # it was deployed in time
    due = deploy_due_at(service)
    words = "the container engine does not answer"
    if now >= due:
        given_up, events = _give_up(service, now, "DeployTimeout", f"{words}, and time ran out")
        return Plan(given_up, events=events)
    waiting = move(service, service.status, now, reason="EngineUnavailable", message=words)
    return Plan(waiting, wake_at=due)


def _toward_running(service: Service, sight: Sight, now: int, policy: Policy, room: Room) -> Plan:
    events: tuple[Event, ...] = ()
    while True:
        service = _drop_gone(rollout.matched(service), sight)
        service = placement.placed(service, sight, room, now)
        instances = tuple(_retry_if_due(i, now) for i in service.instances)
        was_updating = service.is_updating
        service, told = _judge(replace(service, instances=instances), now, policy)
        events += told
        if was_updating == service.is_updating:
            break  # otherwise other instances are wanted now
    service, told = schedule.applied(service, now)
    events += told
    if service.goal is not Goal.RUNNING or service.status in _OVER:
        ending = _toward_nothing(service, sight, now, policy)
        return replace(ending, events=events + ending.events)
    return Plan(service, _actions(service, sight), events, _next_wake(service, now, policy))


def _toward_nothing(service: Service, sight: Sight, now: int, policy: Policy) -> Plan:
    """Goal stopped or deleted, or the deployment failed: no instance stays."""
    draining = tuple(replace(i, state=InstanceState.DRAINING) for i in service.instances)
    service = _drop_gone(replace(service, instances=draining), sight)
    if service.instances:
        return Plan(service, _actions(service, sight))
    if transitions.is_held(service, policy.transitions, now):
        service, events = transitions.held(service)
        return Plan(service, (), events, transitions.due_at(service, policy.transitions))
    if service.goal is Goal.DELETED:
        return Plan(service, (ForgetService(service.service_id),))
    if service.goal is Goal.STOPPED and service.status is ServiceStatus.STOPPING:
        stopped = move(service, ServiceStatus.STOPPED, now)
        event = Event(EventKind.NORMAL, "the service has stopped", "Stopped")
        return Plan(stopped, events=(event,))
    return Plan(service)


def _actions(service: Service, sight: Sight) -> tuple[Action, ...]:
    """What the states of the instances ask for. With its place an instance loses its grace too."""
    ends = [
        EndInstance(i.instance_id, _grace_s(service, i))
        for i in service.instances
        if i.state is InstanceState.DRAINING
    ]
    ends += [
        EndInstance(i.instance_id, 0)
        for i in service.instances
        if i.state is InstanceState.QUEUED and i.instance_id in sight
    ]
    starts = (
        StartInstance(i.instance_id, i.version_id)
        for i in service.instances
        if i.state is InstanceState.PENDING
    )
    return (*ends, *starts)


def _retry_if_due(instance: Instance, now: int) -> Instance:
    if instance.state is not InstanceState.BACKOFF or now < (instance.retry_at or 0):
        return instance
    return replace(
        instance, state=InstanceState.PENDING, retry_at=None, restarts=instance.restarts + 1
    )


def _drop_gone(service: Service, sight: Sight) -> Service:
    kept = tuple(
        i
        for i in service.instances
        if i.state is not InstanceState.DRAINING or i.instance_id in sight
    )
    return replace(service, instances=kept)


def _judge(service: Service, now: int, policy: Policy) -> tuple[Service, tuple[Event, ...]]:
    """The status that the instances add up to."""
    if service.job is not None and service.job.end is not None:
        return jobs.ended(service, service.job, now)
    if service.is_updating:
        return _judge_update(service, now, policy)
    service, told = _judge_waiting(service, now)
    service, more = _judge_instances(service, now, policy)
    return service, told + more


def _judge_waiting(service: Service, now: int) -> tuple[Service, tuple[Event, ...]]:
    """A service that waits for room goes on when each instance has its place: its time begins."""
    if service.status is not ServiceStatus.WAITING or _queued(service):
        return service, ()
    event = Event(EventKind.NORMAL, "there is room again; deploying", "RoomAgain")
    return replace(move(service, ServiceStatus.DEPLOYING, now), deploy_started_at=now), (event,)


def _queued(service: Service) -> list[Instance]:
    return [i for i in service.instances if i.state is InstanceState.QUEUED]


def _judge_instances(
    service: Service, now: int, policy: Policy
) -> tuple[Service, tuple[Event, ...]]:
    live = [i for i in service.instances if i.state is not InstanceState.DRAINING]
    sick = [i for i in live if i.state is not InstanceState.READY]
    if not sick:
        return _all_ready(service, now, policy)
    if service.status in (ServiceStatus.DEPLOYING, ServiceStatus.WAITING):
        return _judge_deployment(service, sick, now, policy)
    if service.job is not None:
        return jobs.judged(service, sick, now, policy.crash_limit)
    first = sick[0]
    reason = first.reason or "InstanceNotReady"
    ready = len(live) - len(sick)
    message = f"{ready} of {len(live)} instances are ready"
    if first.message:
        message += f"; {first.message}"
    was = service.status
    service = move(service, ServiceStatus.CONCERNING, now, reason=reason, message=message)
    if was is ServiceStatus.CONCERNING:
        return service, ()
    return service, (Event(EventKind.ABNORMAL, f"the service is concerning: {message}", reason),)


def _all_ready(service: Service, now: int, policy: Policy) -> tuple[Service, tuple[Event, ...]]:
    if transitions.is_held(service, policy.transitions, now):
        return transitions.held(service)
    was = service.status
    service = move(service, ServiceStatus.RUNNING, now)
    if was is ServiceStatus.RUNNING:
        return service, ()
    if was is ServiceStatus.DEPLOYING:
        return service, (Event(EventKind.NORMAL, "the service is running", "Deployed"),)
    return service, (Event(EventKind.NORMAL, "the service recovered", "Recovered"),)


def _judge_update(service: Service, now: int, policy: Policy) -> tuple[Service, tuple[Event, ...]]:
    """What was new is all ready: it is in force. It will not be: back to what was before."""
    if rollout.is_complete(service):
        if transitions.is_held(service, policy.transitions, now):
            return transitions.held(service)
        event = Event(EventKind.NORMAL, "the update is done", "UpdateDone")
        return replace(service, fallback=()), (event,)
    made = [
        i
        for i in service.instances
        if i.state not in (InstanceState.DRAINING, InstanceState.READY)
        and _came_with_update(service, i)
    ]
    return _judge_deployment(service, made, now, policy)


def _came_with_update(service: Service, instance: Instance) -> bool:
    arriving = instance.version_id in rollout.arriving_ids(service)
    return arriving or instance.created_at >= service.deploy_started_at


def _judge_deployment(
    service: Service, sick: list[Instance], now: int, policy: Policy
) -> tuple[Service, tuple[Event, ...]]:
    """Whether it goes on; `sick` are the instances that it waits for, none while an update waits
    for instances that it did not make."""
    worn = next((i for i in sick if policy.crash_limit and i.deaths >= policy.crash_limit), None)
    if worn is not None:
        message = f"{worn.message}; tried {worn.deaths} times"
        return _give_up(service, now, worn.reason or "InstanceExited", message, worn.log_tail)
    stuck = next((i for i in sick if i.tries >= placement.TRIES), None)
    if stuck is not None:
        if policy.waits_for_room and not service.is_updating:
            return _wait(service, stuck, now)
        message = f"{stuck.message}; tried {stuck.tries} times"
        return _give_up(service, now, stuck.reason, message)
    first = sick[0] if sick else None
    if now >= deploy_due_at(service):
        message = _timeout_message(service, first)
        log_tail = first.log_tail if first else ""
        return _give_up(service, now, _timeout_reason(first), message, log_tail)
    reason, message = (first.reason, first.message) if first else ("", "")
    return move(service, ServiceStatus.DEPLOYING, now, reason=reason, message=message), ()


def _wait(service: Service, stuck: Instance, now: int) -> tuple[Service, tuple[Event, ...]]:
    was = service.status
    service = move(service, ServiceStatus.WAITING, now, reason=stuck.reason, message=stuck.message)
    if was is ServiceStatus.WAITING:
        return service, ()
    text = f"the service waits for room: {stuck.message}"
    return service, (Event(EventKind.ABNORMAL, text, stuck.reason),)


def _timeout_reason(first: Instance | None) -> str:
    """What the deployment waited for, where that is known to be at fault."""
    is_at_fault = first is not None and first.state in (
        InstanceState.STARTING,
        InstanceState.BACKOFF,
    )
    return (first.reason if first and is_at_fault else "") or "DeployTimeout"


def _timeout_message(service: Service, first: Instance | None) -> str:
    seconds = (deploy_due_at(service) - service.deploy_started_at) // 1000
    message = f"not deployed within {seconds} s"
    if first is None:
        return f"{message}: instances from before the update were not ready"
    waited_for = {
        InstanceState.QUEUED: "to find a place",
        InstanceState.PENDING: "to be started",
        InstanceState.STARTING: "to answer its health check",
        InstanceState.BACKOFF: "to be started again",
    }.get(first.state, "to become healthy")
    message += f": instance {first.ordinal} still had {waited_for}"
    return f"{message} ({first.message})" if first.message else message


def _give_up(
    service: Service, now: int, reason: str, message: str, evidence: str = ""
) -> tuple[Service, tuple[Event, ...]]:
    """A deployment fails; an update returns to what was before it."""
    if not service.is_updating:
        failed = move(
            service, ServiceStatus.FAILED, now, reason=reason, message=message, evidence=evidence
        )
        text = f"the deployment failed: {message}"
        return failed, (Event(EventKind.ABNORMAL, text, reason, evidence),)
    back = replace(service, versions=service.fallback, fallback=())
    text = f"the update failed: {message}; the configuration from before it is in force again"
    return move(back, ServiceStatus.RUNNING, now), (
        Event(EventKind.ABNORMAL, text, reason, evidence),
        Event(EventKind.NORMAL, "the update was rolled back", ROLLED_BACK),
    )


def deploy_due_at(service: Service) -> int:
    """Platform time when a deployment or update has taken too long: first due of what is late."""
    late = [version.deploy_timeout_ms for version in rollout.late(service)]
    longest = max((v.deploy_timeout_ms for v in service.versions), default=0)
    return service.deploy_started_at + min(late, default=longest)


def _grace_s(service: Service, instance: Instance) -> int:
    version = service.version(instance.version_id)
    return version.grace_s if version else instance.grace_s


def _next_wake(service: Service, now: int, policy: Policy) -> int | None:
    trying = (InstanceState.BACKOFF, InstanceState.QUEUED)
    waiting = [i for i in service.instances if i.state in trying]
    due = [i.retry_at for i in waiting if i.retry_at is not None]
    if service.reason == transitions.HELD:
        held_until = transitions.due_at(service, policy.transitions)
        due += [] if held_until is None else [held_until]
    elif service.status is ServiceStatus.DEPLOYING:
        due.append(deploy_due_at(service))
    elif service.due_at is not None:
        due.append(service.due_at)
    # what was due and was not done waits for something to be seen
    return min((at for at in due if at > now), default=None)
