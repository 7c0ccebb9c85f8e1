"""Services that end with their work (batch services): when they do, and what their instances mean.

Source: ModelArts console guide and API reference (a batch service is deploying, running, and then
finished or failed; the work begins by itself when it is deployed). Docs/decisions.md has what they
leave open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle.moves import move
from simulator.lifecycle.objects import (
    Event,
    EventKind,
    Instance,
    InstanceState,
    Job,
    JobEnd,
    Service,
)

Change = Callable[[Service], tuple[Service, tuple[Event, ...]]]
"""What a worker has to say of its service."""


def again(job: Job | None) -> Job | None:
    """The job of a service that is started: one that was cut off is gone on with, as is one that
    failed; one that is done is done anew."""
    if job is None:
        return None
    return Job(job.run + 1) if job.end is JobEnd.DONE else Job(job.run)


def another(job: Job | None) -> Job | None:
    """The job of a service that is to do something else: nothing of the one before is gone on
    with."""
    return None if job is None else Job(job.run + 1)


def done(service: Service, run: int) -> tuple[Service, tuple[Event, ...]]:
    """Note that a run's work is done, whatever became of its single items."""
    return _noted(service, run, JobEnd.DONE, "")


def failed(service: Service, run: int, message: str) -> tuple[Service, tuple[Event, ...]]:
    """Note that a run's work cannot be gone on with.

    Args:
        message: why, for people.
    """
    return _noted(service, run, JobEnd.FAILED, message)


def _noted(
    service: Service, run: int, end: JobEnd, message: str
) -> tuple[Service, tuple[Event, ...]]:
    """What a worker says counts while its service is to run, and is to do what the worker does: a
    stopped one goes on later, and one whose job was replaced meanwhile has another run to do."""
    job = service.job
    up = service.status in (ServiceStatus.DEPLOYING, ServiceStatus.RUNNING)
    if job is None or job.run != run or job.end is not None or not up:
        return service, ()
    return replace(service, job=replace(job, end=end, message=message)), ()


def ended(service: Service, job: Job, now: int) -> tuple[Service, tuple[Event, ...]]:
    """The service whose work has ended: its instances are not needed any more."""
    if job.end is JobEnd.FAILED:
        event = Event(EventKind.ABNORMAL, f"the job failed: {job.message}", "JobFailed")
        reason = {"reason": "JobFailed", "message": job.message}
        return move(service, ServiceStatus.FAILED, now, **reason), (event,)
    event = Event(EventKind.NORMAL, "the job is done", "Finished")
    return move(service, ServiceStatus.FINISHED, now), (event,)


def judged(
    service: Service, sick: Sequence[Instance], now: int, crash_limit: int
) -> tuple[Service, tuple[Event, ...]]:
    """A service at work some of whose instances are not well: the others go on; without any that is
    likely to come back, the job has failed.

    Args:
        crash_limit: how often in a row an instance may end by itself; 0: without end.
    """
    live = [i for i in service.instances if i.state is not InstanceState.DRAINING]
    worn = [i for i in sick if crash_limit and i.deaths >= crash_limit]
    first = sick[0]
    message = f"{len(live) - len(sick)} of {len(live)} instances are ready"
    if first.message:
        message += f"; {first.message}"
    if len(worn) < len(live):
        return move(service, service.status, now, reason=first.reason, message=message), ()
    text = f"no instance stays up: {worn[0].message}; tried {worn[0].deaths} times"
    event = Event(EventKind.ABNORMAL, f"the job failed: {text}", worn[0].reason, worn[0].log_tail)
    lost = move(
        service,
        ServiceStatus.FAILED,
        now,
        reason=worn[0].reason or "InstanceExited",
        message=text,
        evidence=worn[0].log_tail,
    )
    return lost, (event,)
