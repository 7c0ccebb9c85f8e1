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
        artifact: `{"kind": "package", "path"}` or `{"kind": "image", "reference", "port"}`.
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
            `lifecycle.objects.Version`'s fields; `previous`: the document of that configuration.
        updated_at: when the configuration was last changed; None when it never was.
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
    next_version: int = 2
    fallback: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    stop_after_ms: int | None = None
    due_at: int | None = None
    updated_at: int | None = None
    document: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    previous: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class VersionRow(SQLModel, table=True):
    """One version of a service: what runs, how much of it, which share of the traffic it gets.

    Attributes:
        wanted: it is part of the configuration that was accepted last; otherwise it is kept while
            an update may fall back to it or one of its instances is left.
        artifact, apis, health: copied from the model when the version was made.
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


class QuotaRow(SQLModel, table=True):
    """A quota that is not as documented."""

    __tablename__ = "quota"

    name: str = Field(primary_key=True)
    size: int
