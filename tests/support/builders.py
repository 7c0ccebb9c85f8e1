"""Things to test with, complete but for what a test is about: `a_service(status=...)`."""

from __future__ import annotations

from typing import Any

from simulator.facts.statuses import ModelStatus, ServiceKind, ServiceStatus
from simulator.lifecycle.objects import (
    Event,
    EventKind,
    Goal,
    Instance,
    InstanceState,
    Phase,
    Seen,
    Service,
    Version,
)
from simulator.store.tables import ModelRow, ServiceRow, VersionRow

PROJECT = "a" * 32
SERVICE_ID = "svc"
NOW = 1_000_000_000
"""Platform time at which most tests play, epoch ms."""

CREATED = Event(EventKind.NORMAL, "the service is being deployed", "Created")


def a_version(version_id: str = "v1", **changes: Any) -> Version:
    """A version with all of the traffic and one instance."""
    values: dict[str, Any] = {"version_id": version_id, "weight": 100, "instances": 1}
    return Version(**values | changes)


def an_instance(
    ordinal: int = 1, state: InstanceState = InstanceState.READY, **changes: Any
) -> Instance:
    """An instance of `v1`; a READY one has an address and has been ready since `NOW`."""
    values: dict[str, Any] = {
        "instance_id": f"{SERVICE_ID}-{ordinal}",
        "version_id": "v1",
        "ordinal": ordinal,
        "state": state,
        "created_at": NOW,
    }
    if state is InstanceState.READY:
        values |= {"address": f"10.0.0.{ordinal}:8080", "ref": f"ref-{ordinal}", "ready_at": NOW}
        values |= {"accelerator": "CPU", "running_since": NOW}
    return Instance(**values | changes)


def a_service(*instances: Instance, **changes: Any) -> Service:
    """A service that runs, with the versions that its instances need."""
    next_ordinal = 1 + max((instance.ordinal for instance in instances), default=0)
    values: dict[str, Any] = {
        "service_id": SERVICE_ID,
        "goal": Goal.RUNNING,
        "status": ServiceStatus.RUNNING,
        "versions": (a_version(instances=max(1, len(instances))),),
        "instances": instances,
        "transition_at": NOW,
        "deploy_started_at": NOW,
        "next_ordinal": next_ordinal,
    }
    return Service(**values | changes)


def a_deployment(*instances: Instance, **changes: Any) -> Service:
    """A service that is being deployed since `NOW`."""
    return a_service(*instances, **{"status": ServiceStatus.DEPLOYING} | changes)


def seen_running(ordinal: int = 1, healthy: bool | None = True, **changes: Any) -> Seen:
    """What is seen of an instance that runs."""
    values: dict[str, Any] = {
        "phase": Phase.RUNNING,
        "healthy": healthy,
        "address": f"10.0.0.{ordinal}:8080",
        "ref": f"ref-{ordinal}",
        "accelerator": "CPU",
    }
    return Seen(**values | changes)


def seen_exited(ordinal: int = 1, exit_code: int = 1, **changes: Any) -> Seen:
    """What is seen of an instance whose process has ended."""
    values: dict[str, Any] = {
        "phase": Phase.EXITED,
        "exit_code": exit_code,
        "ref": f"ref-{ordinal}",
        "log_tail": "Traceback: no such file",
    }
    return Seen(**values | changes)


def a_model_row(model_id: str = "m1", **changes: Any) -> ModelRow:
    """A published package model."""
    values: dict[str, Any] = {
        "model_id": model_id,
        "project_id": PROJECT,
        "name": f"model-{model_id}",
        "version": "0.0.1",
        "type": "Custom",
        "status": ModelStatus.PUBLISHED.value,
        "source": f"/bucket/{model_id}/",
        "created_at": NOW,
        "artifact": {"kind": "package", "path": f"/models/{model_id}"},
        "document": {"owner": "u1", "tenant": "d1", "config": {"model_type": "Custom"}},
    }
    return ModelRow(**values | changes)


def a_service_row(service_id: str = SERVICE_ID, **changes: Any) -> ServiceRow:
    """A real-time service whose deployment has just been asked for."""
    values: dict[str, Any] = {
        "service_id": service_id,
        "project_id": PROJECT,
        "name": f"name-{service_id}",
        "kind": ServiceKind.REAL_TIME.value,
        "goal": Goal.RUNNING.value,
        "status": ServiceStatus.DEPLOYING.value,
        "created_at": NOW,
        "published_at": NOW,
        "transition_at": NOW,
        "deploy_started_at": NOW,
        "document": {"request": {"config": [{}]}, "owner": "u1", "tenant": "d1"},
    }
    return ServiceRow(**values | changes)


def a_version_row(
    service_id: str = SERVICE_ID, version_id: str = "v1", **changes: Any
) -> VersionRow:
    """A version with all of the traffic and one instance."""
    values: dict[str, Any] = {
        "service_id": service_id,
        "version_id": version_id,
        "position": int(version_id[1:]) - 1,
        "model_id": "m1",
        "model_name": "model-m1",
        "model_version": "0.0.1",
        "weight": 100,
        "instances": 1,
        "specification": "modelarts.vm.cpu.2u",
        "cpus": 2.0,
        "memory_mib": 8192,
        "deploy_timeout_ms": 1_200_000,
        "grace_s": 240,
        "artifact": {"kind": "package", "path": "/models/m1"},
    }
    return VersionRow(**values | changes)
