"""What tables show of the data: columns, and rows as cells. Pure."""

from tui import format
from tui.looks import Tone, instance_look, service_look
from tui.shapes import Instance, Job, Service, Version
from tui.widgets.columns import ColumnSpec
from tui.widgets.live_table import Cell, Row

SERVICE_COLUMNS = (
    ColumnSpec("status", "Status", 12),
    ColumnSpec("name", "Name", 20, grow=2, max_width=44),
    ColumnSpec("instances", "Inst", 5, right=True),
    ColumnSpec("rate", "Req/s", 6, priority=2, right=True),
    ColumnSpec("p50", "p50", 6, priority=4, right=True),
    ColumnSpec("p99", "p99", 6, priority=3, right=True),
    ColumnSpec("errors", "Errors", 6, priority=5, right=True),
    ColumnSpec("age", "Age", 4, priority=1, right=True),
    ColumnSpec("event", "Last event", 24, priority=6, grow=5),
)

VERSION_COLUMNS = (
    ColumnSpec("version", "Version", 11),
    ColumnSpec("bar", "Weight", 10, priority=3),
    ColumnSpec("wanted", "Wanted", 6, right=True),
    ColumnSpec("measured", "Measured", 8, right=True),
    ColumnSpec("requests", "Requests", 8, priority=2, right=True),
    ColumnSpec("ready", "Inst", 5, right=True),
    ColumnSpec("model", "Model", 14, grow=3, max_width=30),
    ColumnSpec("specification", "Specification", 20, priority=4, grow=2),
)

INSTANCE_COLUMNS = (
    ColumnSpec("state", "State", 11),
    ColumnSpec("instance", "Instance", 8),
    ColumnSpec("version", "Version", 7, priority=3),
    ColumnSpec("device", "Device", 6, priority=4, grow=1, max_width=10),
    ColumnSpec("restarts", "Restarts", 8, priority=2, right=True),
    ColumnSpec("age", "Age", 4, priority=1, right=True),
    ColumnSpec("where", "Where", 22, priority=6, grow=4, max_width=42),
    ColumnSpec("note", "Note", 18, priority=5, grow=4),
)


def service_row(service: Service, now_ms: int | None) -> Row:
    """A service in the list. `age` is the time since its last change of status."""
    look = service_look(service.status)
    event = service.last_event
    per_s = service.job.rate_per_s if service.job else service.requests_per_s
    happening = Cell(event.text if event else "", _event_tone(event.kind if event else ""))
    if service.job is not None and service.status == "running":
        happening = Cell(job_words(service.job), Tone.BUSY)
    return {
        "status": Cell(f"{look.symbol} {service.status}", look.tone),
        "name": Cell(service.name),
        "instances": _ready(service.instances_ready, service.instances_wanted, service.status),
        "rate": Cell(format.rate(per_s), Tone.PLAIN if per_s else Tone.MUTED),
        "p50": _latency(service.p50_ms),
        "p99": _latency(service.p99_ms),
        "errors": Cell(
            format.count(service.errors_total), Tone.BAD if service.errors_total else Tone.MUTED
        ),
        "age": Cell(format.age(now_ms, changed_at_ms(service)), Tone.MUTED),
        "event": happening,
    }


def job_words(job: Job) -> str:
    """How far a job is: `1,200 of 5,000 inputs, 3 failed, 4m left`."""
    total = format.UNKNOWN if job.total is None else f"{job.total:,}"
    parts = [f"{job.done:,} of {total} inputs"]
    if job.rows is not None:
        parts.append(format.plural(job.rows, "row"))
    if job.failed:
        parts.append(f"{job.failed:,} failed")
    if job.left_s is not None:
        parts.append(f"{format.long_duration(job.left_s)} left")
    return ", ".join(parts)


def version_row(version: Version, requests_total: int) -> Row:
    """A version with its wanted share and its share of `requests_total` served requests."""
    fraction = version.weight / 100
    model = " ".join(filter(None, (version.model_name, version.model_version)))
    return {
        "version": Cell(version.version_id),
        "bar": Cell(format.bar(fraction, 10), Tone.BUSY),
        "wanted": Cell(f"{version.weight}%"),
        "measured": Cell(
            format.share(version.requests_total, requests_total),
            Tone.PLAIN if requests_total else Tone.MUTED,
        ),
        "requests": Cell(format.count(version.requests_total), Tone.MUTED),
        "ready": _ready(version.instances_ready, version.instances_wanted, "running"),
        "model": Cell(model or version.model_id),
        "specification": Cell(version.specification, Tone.MUTED),
    }


def instance_row(instance: Instance, now_ms: int | None) -> Row:
    """An instance; `note` says what is wrong and when it is tried again."""
    look = instance_look(instance.state)
    return {
        "state": Cell(f"{look.symbol} {instance.state}", look.tone),
        "instance": Cell(format.short_id(instance.instance_id)),
        "version": Cell(instance.version_id, Tone.MUTED),
        "device": Cell(instance.accelerator, Tone.MUTED),
        "restarts": Cell(str(instance.restarts), Tone.WARN if instance.restarts else Tone.MUTED),
        "age": Cell(format.age(now_ms, instance.started_at_ms), Tone.MUTED),
        "where": Cell(" ".join(filter(None, (instance.ref, instance.address))), Tone.MUTED),
        "note": Cell(instance_note(instance, now_ms), look.tone),
    }


def instance_note(instance: Instance, now_ms: int | None) -> str:
    """Why an instance is not well, in one line: reason, message, exit code, next try."""
    parts = [": ".join(filter(None, (instance.reason, instance.message)))]
    if instance.exit_code is not None:
        parts.append(f"exit {instance.exit_code}")
    if instance.retry_at_ms is not None and now_ms is not None:
        parts.append(f"next try in {format.duration((instance.retry_at_ms - now_ms) / 1000)}")
    return ", ".join(filter(None, parts))


def changed_at_ms(service: Service) -> int:
    """When the service's status last changed; its creation where nothing changed since."""
    return service.transition_at_ms or service.created_at_ms


def in_order(services: tuple[Service, ...]) -> list[Service]:
    """Oldest first, so that a new service is added below and moves nothing."""
    return sorted(services, key=lambda service: (service.created_at_ms, service.service_id))


def matches(service: Service, wanted: str) -> bool:
    """Whether the filter text occurs in what a user knows a service by, in any case."""
    versions = (f"{v.model_name} {v.model_version}" for v in service.versions)
    texts = (service.name, service.status, service.reason, service.service_id, *versions)
    return any(wanted.casefold() in text.casefold() for text in texts)


def _ready(ready: int, wanted: int, status: str) -> Cell:
    settled = status not in {"running", "concerning", "deploying", "failed"}
    if settled or ready >= wanted:
        return Cell(f"{ready}/{wanted}", Tone.MUTED if ready == 0 else Tone.PLAIN)
    return Cell(f"{ready}/{wanted}", Tone.BAD if ready == 0 else Tone.WARN)


def _latency(milliseconds: float | None) -> Cell:
    tone = Tone.MUTED if milliseconds is None else Tone.PLAIN
    return Cell(format.latency(milliseconds), tone)


def _event_tone(kind: str) -> Tone:
    return Tone.WARN if kind == "abnormal" else Tone.MUTED
