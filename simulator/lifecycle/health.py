"""What one look at an instance means for it: pure, one instance at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.lifecycle.causes import why_silent
from simulator.lifecycle.objects import Event, EventKind, Instance, InstanceState, Phase, Seen

BACKOFF_FIRST_MS = 10_000
BACKOFF_LAST_MS = 300_000
"""The first restart is at once, then 10 s, doubling to 300 s (as Kubernetes does it)."""

HEALTHY_RESET_MS = 600_000
"""An instance that was ready this long starts with no deaths counted."""

LAST_WORDS_CHARS = 200


def backoff_ms(deaths: int) -> int:
    """How long to wait before starting again after the `deaths`-th death (1 or more)."""
    if deaths <= 1:
        return 0
    return int(min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** min(deaths - 2, 30)))


@dataclass(frozen=True)
class Look:
    """An instance after a look at it, and what there is to tell."""

    instance: Instance
    events: tuple[Event, ...] = ()


def look(instance: Instance, seen: Seen | None, now: int) -> Look:
    """Fold what is seen of an instance (None: it does not exist) into its record.

    An instance on its way out is left as it is: the plan drops it when it is gone. So is one that
    has no place: what is left of it is ended.
    """
    if instance.state in (InstanceState.DRAINING, InstanceState.QUEUED):
        return Look(instance)
    if seen is None:
        return _absent(instance)
    if seen.phase is Phase.EXITED:
        return _exited(instance, seen, now)
    if seen.phase is Phase.RUNNING:
        return _running(instance, seen, now)
    return Look(instance)


def died(instance: Instance, now: int, *, reason: str, message: str) -> Instance:
    """The instance waits for its next try."""
    deaths = instance.deaths + 1
    return replace(
        instance,
        state=InstanceState.BACKOFF,
        deaths=deaths,
        retry_at=now + backoff_ms(deaths),
        reason=reason,
        message=message,
        address="",
    )


def _absent(instance: Instance) -> Look:
    if instance.state in (InstanceState.PENDING, InstanceState.BACKOFF):
        return Look(instance)
    again = replace(instance, state=InstanceState.PENDING, address="", ref="")
    text = f"instance {instance.ordinal} is not there any more; starting it again"
    return Look(again, (Event(EventKind.ABNORMAL, text, reason="DriftRepaired"),))


def _exited(instance: Instance, seen: Seen, now: int) -> Look:
    if instance.state in (InstanceState.BACKOFF, InstanceState.PENDING):
        return Look(instance)  # this death is counted already; its restart is due or asked for
    was_up = instance.state in (InstanceState.READY, InstanceState.UNHEALTHY)
    if was_up and instance.ready_at is not None and now - instance.ready_at >= HEALTHY_RESET_MS:
        instance = replace(instance, deaths=0)
    reason = "OutOfMemory" if seen.oom_killed else "InstanceExited"
    how = (
        "was killed for using more memory than its specification has"
        if seen.oom_killed
        else f"ended by itself with {exit_words(seen.exit_code)}"
    )
    message = f"instance {instance.ordinal} ({seen.ref}) {how}{_last_words(seen.log_tail)}"
    after = replace(
        died(instance, now, reason=reason, message=message),
        exit_code=seen.exit_code,
        log_tail=seen.log_tail,
    )
    return Look(after, (Event(EventKind.ABNORMAL, message, reason, seen.log_tail),))


def _running(instance: Instance, seen: Seen, now: int) -> Look:
    known = replace(
        instance, address=seen.address, ref=seen.ref, accelerator=seen.accelerator or "CPU"
    )
    if seen.healthy:
        if instance.state is InstanceState.READY:
            return Look(known)
        ready = replace(
            known,
            state=InstanceState.READY,
            ready_at=now,
            reason="",
            message="",
            retry_at=None,
            exit_code=None,
            log_tail="",
        )
        where = f"{seen.ref} on {known.accelerator}"
        return Look(
            ready, (Event(EventKind.NORMAL, f"instance {instance.ordinal} is ready ({where})"),)
        )
    if instance.state is InstanceState.READY and seen.healthy is False:
        message = f"instance {instance.ordinal} fails its health check: {seen.probe}"
        sick = replace(
            known, state=InstanceState.UNHEALTHY, reason="HealthCheckFailed", message=message
        )
        return Look(sick, (Event(EventKind.ABNORMAL, message, "HealthCheckFailed"),))
    if instance.state in (InstanceState.PENDING, InstanceState.BACKOFF):
        known = replace(known, state=InstanceState.STARTING, retry_at=None)
    if known.state is InstanceState.STARTING:
        reason, words = why_silent(seen.probe, seen.listening)
        known = replace(
            known, reason=reason, message=words, log_tail=seen.log_tail or known.log_tail
        )
    return Look(known)


def _last_words(log_tail: str) -> str:
    """The last line of a log: most programs say there why they end."""
    lines = [line.strip() for line in log_tail.splitlines() if line.strip()]
    if not lines:
        return ""
    last = lines[-1]
    return f": {last}" if len(last) <= LAST_WORDS_CHARS else f": {last[: LAST_WORDS_CHARS - 1]}…"


def exit_words(exit_code: int | None) -> str:
    """An exit code in words: signals by name where they are the usual ones."""
    signals = {129: "SIGHUP", 130: "SIGINT", 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV"}
    signals[143] = "SIGTERM"
    if exit_code is None:
        return "an unknown exit code"
    if exit_code in signals:
        return f"exit code {exit_code} ({signals[exit_code]})"
    return f"exit code {exit_code}"
