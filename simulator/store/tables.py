"""The tables. Instants are epoch milliseconds of the platform clock.

`document` columns hold what a front door accepted or wants to show again, in its own words; the
core never looks into them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from simulator.facts import limits


class Meta(SQLModel, table=True):
    """Facts about the data directory itself, e.g. its installation id."""

    key: str = Field(primary_key=True)
    value: str


class ModelRow(SQLModel, table=True):
    """A model version that services can be deployed from.

    Attributes:
        source: where it was imported from, as given.
        artifact: `{"kind": "package", "path"}` or `{"kind": "image", "reference", "port"}`, with
            `"http2": true` where the image speaks HTTP/2 and not HTTP/1.1.
        apis: `[{"path", "method"}]` that the model declares; empty means any.
        health: `{"path", "initial_delay_s", ...}` as declared; empty for the defaults.
    """

    __tablename__ = "model"
    __table_args__ = (
        UniqueConstraint("project_id", "name", "version"),
        Index("model_by_project", "project_id", "created_at"),
    )

    model_id: str = Field(primary_key=True)
    project_id: str
    name: str
    version: str
    type: str
    status: str
    message: str = ""
    source: str
    size_bytes: int = 0
    created_at: int
    workspace_id: str = "0"
    artifact: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    apis: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    health: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    document: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class ServiceRow(SQLModel, table=True):
    """A service: what is wanted of it and what is known about it.

    Attributes:
        revision: grows with each write; a plan made from an older revision is not stored.
        published_at: last publish; `transition_at`: last change of status.
        owner: the user whose quota it counts for.
        fallback: versions of the configuration before the update that is under way, each with
            `lifecycle.objects.Version`'s fields; `previous`: `{"document", "routing"}` of that
            configuration.
        job: the work that the service ends with: `lifecycle.objects.Job`'s fields; None for none.
        work: what the job is to do, in the words of whoever does it; None for no job.
        routing: `routing.Routing`'s fields as far as they are not the defaults.
        updated_at: when the configuration was last changed; None when it never was.
        log_channels: where the output of its instances goes: `[{"group", "stream"}]`.
        subscriptions: who is told when it comes to which statuses: `[{"topic", "statuses"}]`.
    """

    __tablename__ = "service"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        Index("service_by_project", "project_id", "status", "created_at"),
        Index("service_by_goal", "goal", "status"),
    )

    service_id: str = Field(primary_key=True)
    project_id: str
    name: str
    kind: str
    goal: str
    status: str
    reason: str = ""
    message: str = ""
    evidence: str = ""
    revision: int = 1
    created_at: int
    published_at: int
    transition_at: int
    deploy_started_at: int
    next_ordinal: int = 1
    owner: str = ""
    workspace_id: str = "0"
    next_version: int = 2
    fallback: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    stop_after_ms: int | None = None
    due_at: int | None = None
    released: bool = False
    job: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    work: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    routing: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    updated_at: int | None = None
    log_channels: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    subscriptions: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    document: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    previous: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class VersionRow(SQLModel, table=True):
    """One version of a service: what runs, how much of it, which share of the traffic it gets.

    Attributes:
        wanted: it is part of the configuration that was accepted last; otherwise it is kept while
            an update may fall back to it or one of its instances is left.
        artifact, apis, health: copied from the model when the version was made.
        pools: ids of the dedicated pools that it runs in; none for the public pool.
        memory_mib: MiB; `deploy_timeout_ms`, `grace_s`: see `lifecycle.objects.Version`.
    """

    __tablename__ = "version"

    service_id: str = Field(primary_key=True, foreign_key="service.service_id", ondelete="CASCADE")
    version_id: str = Field(primary_key=True)
    position: int
    model_id: str = Field(index=True)
    model_name: str
    model_version: str
    weight: int
    instances: int
    specification: str
    cpus: float
    memory_mib: int
    gpus: float = 0.0
    npus: int = 0
    deploy_timeout_ms: int
    grace_s: int
    wanted: bool = True
    max_surge: float = limits.MAX_SURGE_DEFAULT
    max_unavailable: float = limits.MAX_UNAVAILABLE_DEFAULT
    replaces: str = ""
    pools: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    envs: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    artifact: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    apis: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    health: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class InstanceRow(SQLModel, table=True):
    """One instance; the columns are `lifecycle.objects.Instance`'s fields."""

    __tablename__ = "instance"

    instance_id: str = Field(primary_key=True)
    service_id: str = Field(foreign_key="service.service_id", ondelete="CASCADE", index=True)
    version_id: str
    ordinal: int
    state: str
    created_at: int
    address: str = ""
    ref: str = ""
    accelerator: str = ""
    deaths: int = 0
    restarts: int = 0
    retry_at: int | None = None
    ready_at: int | None = None
    exit_code: int | None = None
    reason: str = ""
    message: str = ""
    log_tail: str = ""
    running_since: int | None = None
    grace_s: int = limits.TERMINATION_GRACE_DEFAULT_S
    pool: str = ""
    node: str = ""
    tries: int = 0


class EventRow(SQLModel, table=True):
    """Something that happened to a service, with its evidence."""

    __tablename__ = "event"
    __table_args__ = (Index("event_by_service", "service_id", "at"),)

    event_id: int | None = Field(default=None, primary_key=True)
    service_id: str = Field(foreign_key="service.service_id", ondelete="CASCADE")
    at: int
    kind: str
    text: str
    reason: str = ""
    evidence: str = ""


class ModelEventRow(SQLModel, table=True):
    """Something that happened to a model."""

    __tablename__ = "model_event"
    __table_args__ = (Index("event_by_model", "model_id"),)

    event_id: int | None = Field(default=None, primary_key=True)
    model_id: str = Field(foreign_key="model.model_id", ondelete="CASCADE")
    at: int
    kind: str
    text: str
    reason: str = ""


class UpdateRow(SQLModel, table=True):
    """A change of a service's configuration.

    Attributes:
        at: when it was accepted; `ended_at`: when it was done or had failed; None before.
        result: `running`, `done` or `rolled-back`.
        message: why it failed.
        document: the configuration, as `ServiceRow.document` has it.
    """

    __tablename__ = "service_update"
    __table_args__ = (Index("update_by_service", "service_id", "at"),)

    update_id: int | None = Field(default=None, primary_key=True)
    service_id: str = Field(foreign_key="service.service_id", ondelete="CASCADE")
    at: int
    ended_at: int | None = None
    result: str
    message: str = ""
    document: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class UsageRow(SQLModel, table=True):
    """An instance ran. Stays when its service is deleted; runs that go on are in no row yet."""

    __tablename__ = "usage"
    __table_args__ = (
        Index("usage_by_project", "project_id", "until"),
        Index("usage_by_service", "service_id"),
    )

    usage_id: int | None = Field(default=None, primary_key=True)
    project_id: str
    service_id: str
    service_name: str
    version_id: str
    instance_id: str
    specification: str
    since: int
    until: int


class TaskRow(SQLModel, table=True):
    """One run of a service's job.

    Attributes:
        run: see `lifecycle.objects.Job`.
        checkpoint: how far it has come, in the words of whoever does the work.
        total: how many inputs there are; None until they are counted.
        began_at, ended_at: platform time, epoch ms.
    """

    __tablename__ = "task"

    service_id: str = Field(primary_key=True, foreign_key="service.service_id", ondelete="CASCADE")
    run: int = Field(primary_key=True)
    checkpoint: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    total: int | None = None
    began_at: int
    ended_at: int | None = None


class PoolRow(SQLModel, table=True):
    """A dedicated resource pool: some nodes of one specification.

    Attributes:
        generation: `old` or `new`; front doors address the two by different fields.
        status: `running`, `concerning` or `abnormal`; nothing runs in an abnormal one.
        memory_mib: MiB of a node.
    """

    __tablename__ = "pool"

    project_id: str = Field(primary_key=True)
    pool_id: str = Field(primary_key=True)
    description: str = ""
    owner: str = ""
    generation: str
    status: str
    specification: str
    cpus: float
    memory_mib: int
    gpus: float = 0.0
    npus: int = 0
    nodes: int
    created_at: int


class PoolUsageRow(SQLModel, table=True):
    """A pool had some nodes, from `since` to `until`; None: it has them still."""

    __tablename__ = "pool_usage"

    usage_id: int | None = Field(default=None, primary_key=True)
    project_id: str
    pool_id: str
    specification: str
    nodes: int
    since: int
    until: int | None = None


class NotificationRow(SQLModel, table=True):
    """Somebody is to be told that a service came to a status. Stays when the service is deleted.

    Attributes:
        topic: who, in the words of the request.
        sent_at: real time when the webhook took it, epoch ms; None before, and without a webhook.
        tries, error: how often it was sent in vain, and what was wrong the last time.
    """

    __tablename__ = "notification"
    __table_args__ = (Index("notification_by_project", "project_id", "notification_id"),)

    notification_id: int | None = Field(default=None, primary_key=True)
    project_id: str
    service_id: str
    service_name: str
    topic: str
    status: str
    text: str
    at: int
    sent_at: int | None = None
    tries: int = 0
    error: str = ""


class QuotaRow(SQLModel, table=True):
    """A quota that is not as documented."""

    __tablename__ = "quota"

    name: str = Field(primary_key=True)
    size: int


class TagRow(SQLModel, table=True):
    """A tag of a service; a key stands once."""

    __tablename__ = "tag"

    service_id: str = Field(primary_key=True, foreign_key="service.service_id", ondelete="CASCADE")
    key: str = Field(primary_key=True)
    value: str


class FaultRow(SQLModel, table=True):
    """An injected fault; the columns are `faults.model.Fault`'s fields. Times are real time.

    Attributes:
        service_id: None for every service; `version_id`: empty for every version.
        until: when it ends by itself; `ended_at`: when it has ended.
    """

    __tablename__ = "fault"
    __table_args__ = (
        Index("fault_by_service", "service_id"),
        Index("fault_by_end", "ended_at"),
    )

    fault_id: str = Field(primary_key=True)
    kind: str
    service_id: str | None = Field(
        default=None, foreign_key="service.service_id", ondelete="CASCADE"
    )
    version_id: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    since: int
    until: int | None = None
    ended_at: int | None = None
