"""The tables. Instants are epoch milliseconds of the platform clock.

`document` columns hold what a front door accepted or wants to show again, in its own words; the
core never looks into them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel


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
    document: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class VersionRow(SQLModel, table=True):
    """One version of a service: what runs, how much of it, which share of the traffic it gets.

    Attributes:
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
