"""The documented statuses and what they mean.

Source: ModelArts, Querying Services (status values); real-time console guide (what they mean).
"""

from __future__ import annotations

from enum import StrEnum


class ServiceStatus(StrEnum):
    """Status of a service, the wire word as value."""

    DEPLOYING = "deploying"
    RUNNING = "running"
    CONCERNING = "concerning"
    """Deployed, but not all instances are healthy (the console's "Alarm")."""
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    """A batch job is done."""
    DELETING = "deleting"
    PENDING = "pending"
    WAITING = "waiting"
    """Queued for resources."""


class ModelStatus(StrEnum):
    """Status of a model (AI application). `published` is the console's "Normal"."""

    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"


class ServiceKind(StrEnum):
    """How a service infers; the documents' infer_type."""

    REAL_TIME = "real-time"
    BATCH = "batch"
    EDGE = "edge"
