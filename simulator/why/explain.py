"""From what is kept of a service to an explanation. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle.objects import EventKind, InstanceState
from simulator.lifecycle.plan import ROLLED_BACK
from simulator.store.services import Stored
from simulator.store.tables import EventRow, InstanceRow, VersionRow
from simulator.why.causes import CAUSES, Cause, cause_of

_WELL = (ServiceStatus.RUNNING, ServiceStatus.FINISHED)
_UNTIL_TIMEOUT = (
    "WrongPort",
    "LoopbackOnly",
    "NothingListens",
    "HealthCheckFailed",
    "DeployTimeout",
    "InstanceExited",
    "MissingFile",
    "ReadOnlyDisk",
    "WrongArchitecture",
    "OutOfMemory",
    "ImageNotFound",
)
"""Causes that the cloud tells only when the deployment has timed out: until then it tries again.
Source: Deploying as a Real-Time Service (Timeout); service events (FAQ)."""


@dataclass(frozen=True)
class Evidence:
    """Something that shows the cause: raw text under a title."""

    title: str
    text: str


@dataclass(frozen=True)
class Cloud:
    """What the cloud would have shown.

    Attributes:
        status: of the service.
        error_msg: as the detail of the service has it; empty unless it failed.
        waited_s: platform seconds from the deployment until then.
        here_s: platform seconds that it took here.
    """

    status: str
    error_msg: str
    waited_s: float
    here_s: float


@dataclass(frozen=True)
class Explanation:
    """See the module.

    Attributes:
        cause: its name; empty when nothing is wrong.
        summary: what happened, in a sentence.
        known: what the cause means, and what to do; None for one that needs no explanation.
        cloud: None when nothing has failed.
        timeline: the events that led to it, oldest first.
    """

    status: str
    cause: str
    summary: str
    known: Cause | None
    evidence: tuple[Evidence, ...]
    cloud: Cloud | None
    timeline: tuple[EventRow, ...]


def explain(stored: Stored, events: Sequence[EventRow], error_msg: str) -> Explanation:
    """Why a service is as it is.

    Args:
        events: newest first.
        error_msg: as the cloud's detail would show it.
    """
    row = stored.row
    reason, summary, evidence = row.reason, row.message, row.evidence
    if row.status in _WELL and not reason and (failed := _failed_update(events)):
        reason, summary, evidence = failed.reason, failed.text, failed.evidence
    sick = _sick(stored.instances)
    if not reason and sick is not None:
        reason, summary = sick.reason, sick.message
    cause = cause_of(reason, f"{summary}\n{evidence}")
    return Explanation(
        status=row.status,
        cause=cause,
        summary=summary or _plain(row.status),
        known=CAUSES.get(cause),
        evidence=_evidence(stored, evidence, sick),
        cloud=_cloud(stored, cause, error_msg) if row.status == ServiceStatus.FAILED else None,
        timeline=_timeline(events, row.deploy_started_at),
    )


def _failed_update(events: Sequence[EventRow]) -> EventRow | None:
    """Why the last update was taken back; None when it was not."""
    for index, event in enumerate(events):
        if event.reason == ROLLED_BACK and index + 1 < len(events):
            return events[index + 1]
        if event.reason in ("UpdateDone", "Updating", "Deployed"):
            return None
    return None


def _sick(instances: Sequence[InstanceRow]) -> InstanceRow | None:
    """The first instance with something to say, those that are going not counted."""
    return next((i for i in instances if i.reason and i.state != InstanceState.DRAINING), None)


def _evidence(stored: Stored, raw: str, sick: InstanceRow | None) -> tuple[Evidence, ...]:
    found = [Evidence("the end of its log, or what the engine said", raw)] if raw else []
    if sick is not None and sick.exit_code is not None:
        found.append(Evidence("exit code", str(sick.exit_code)))
    if sick is not None and sick.message:
        found.append(Evidence(f"instance {sick.ordinal}, {sick.state}", sick.message))
    return (*found, *(_limits(version) for version in stored.versions))


def _limits(version: VersionRow) -> Evidence:
    health = version.health.get("path") or "any answer at /"
    text = (
        f"{version.specification}: {version.cpus:g} CPU, {version.memory_mib} MiB; "
        f"health check: {health}; deployed within {version.deploy_timeout_ms / 1000:g} s"
    )
    return Evidence(f"version {version.version_id} has", text)


def _cloud(stored: Stored, cause: str, error_msg: str) -> Cloud:
    row = stored.row
    here_s = (row.transition_at - row.deploy_started_at) / 1000
    longest_ms = max((one.deploy_timeout_ms for one in stored.versions), default=0)
    waited_s = max(here_s, longest_ms / 1000) if cause in _UNTIL_TIMEOUT else here_s
    return Cloud(ServiceStatus.FAILED.value, error_msg, waited_s, here_s)


def _timeline(events: Sequence[EventRow], since: int) -> tuple[EventRow, ...]:
    """Of the last deployment or update, and what was abnormal in it."""
    recent = [event for event in events if event.at >= since]
    kept = [one for one in recent if one.kind == EventKind.ABNORMAL or one is recent[-1]]
    return tuple(reversed(kept))


def _plain(status: str) -> str:
    words = {
        ServiceStatus.RUNNING: "it runs; nothing is wrong",
        ServiceStatus.FINISHED: "its job is done",
        ServiceStatus.STOPPED: "it was stopped",
        ServiceStatus.DEPLOYING: "it is being deployed; nothing has gone wrong so far",
    }
    return words.get(ServiceStatus(status), f"it is {status}")
