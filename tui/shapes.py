"""The server's answers as data: what each field of the admin API means to the dashboard.

Every text field is cleaned while it is parsed (`tui.clean`), so whatever holds one of these objects
may show it. Fields that a server may leave out have a default; unknown fields are ignored, so that
dashboard and server of neighbouring versions work together. Instants are epoch milliseconds of the
platform clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from tui.clean import clean, clean_line


@dataclass(frozen=True)
class Cleaned:
    """Annotation that passes a text through `function` when it is parsed."""

    function: Callable[[str], str]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        # Imported here: parsing starts after the first frame, and pydantic costs 0.1 s to import.
        from pydantic_core import core_schema  # noqa: PLC0415

        return core_schema.no_info_after_validator_function(self.function, handler(source))


Line = Annotated[str, Cleaned(clean_line)]
"""Outside text for a place that has one line."""

Block = Annotated[str, Cleaned(clean)]
"""Outside text that may have several lines."""


@dataclass(frozen=True, slots=True)
class Server:
    version: Line
    pid: int = 0
    home: Line = ""
    address: Line = ""
    started_at_ms: int = 0
    project_id: Line = ""


@dataclass(frozen=True, slots=True)
class Backend:
    name: Line = ""
    available: bool = False
    detail: Line = ""


@dataclass(frozen=True, slots=True)
class Gateway:
    status: Line = ""
    detail: Line = ""
    requests_per_s: float | None = None
    error: Line = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """The platform clock; `speed` is platform seconds per real second."""

    now_ms: int
    mode: Line = "real"
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Quota:
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` is `normal` or `abnormal`; `evidence` may have many lines, as the end of a log."""

    at_ms: int
    text: Line
    kind: Line = "normal"
    evidence: Block = ""


@dataclass(frozen=True, slots=True)
class Version:
    """`weight` is the wanted share of the traffic in percent."""

    version_id: Line
    weight: int
    model_id: Line = ""
    model_name: Line = ""
    model_version: Line = ""
    specification: Line = ""
    instances_wanted: int = 0
    instances_ready: int = 0
    requests_total: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """The work of a batch service: inputs in all (None until they are counted) and those that are
    done, rows of CSV files (None for a job without); rate and time left while it is under way."""

    total: int | None = None
    done: int = 0
    failed: int = 0
    rows: int | None = None
    rate_per_s: float | None = None
    left_s: float | None = None
    results: Line = ""


@dataclass(frozen=True)
class Service:
    """A service as the list shows it; latencies are None while nothing was measured."""

    service_id: Line
    name: Line
    status: Line
    kind: Line = ""
    reason: Line = ""
    message: Block = ""
    created_at_ms: int = 0
    transition_at_ms: int | None = None
    instances_wanted: int = 0
    instances_ready: int = 0
    requests_total: int = 0
    errors_total: int = 0
    requests_per_s: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    access_address: Line = ""
    last_event: Event | None = None
    job: Job | None = None
    versions: tuple[Version, ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """`exit_code` is None while it runs; `retry_at_ms` is set while it waits for its next try."""

    instance_id: Line
    state: Line
    version_id: Line = ""
    ref: Line = ""
    address: Line = ""
    accelerator: Line = ""
    restarts: int = 0
    exit_code: int | None = None
    reason: Line = ""
    message: Line = ""
    started_at_ms: int | None = None
    ready_at_ms: int | None = None
    retry_at_ms: int | None = None


@dataclass(frozen=True)
class ServiceDetail(Service):
    """A service with its instances and the request as it was accepted (not cleaned: `config`)."""

    instances: tuple[Instance, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Model:
    model_id: Line
    name: Line
    version: Line = ""
    type: Line = ""
    status: Line = ""
    created_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """All that the server says in one answer. Quotas are by name, as `real_time_services`."""

    server: Server
    backend: Backend
    gateway: Gateway
    clock: Clock
    quota: dict[str, Quota] = field(default_factory=dict)
    services: tuple[Service, ...] = ()
    models: tuple[Model, ...] = ()


@dataclass(frozen=True, slots=True)
class EventList:
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class LogLine:
    instance_id: Line
    text: Line
    at_ms: int = 0


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """The body of a refused call."""

    message: Line
    code: Line = ""
    hint: Line = ""
    request_id: Line = ""
