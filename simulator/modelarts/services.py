"""From an accepted request to what is stored: pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from simulator.errors import (
    ModelMissing,
    ModelNotPublished,
    NotSimulated,
    PoolMissing,
    SpecificationUnavailable,
)
from simulator.facts import limits
from simulator.facts.specifications import CUSTOM, SPECIFICATIONS, Specification
from simulator.facts.statuses import ModelStatus, ServiceKind, ServiceStatus
from simulator.lifecycle.objects import Goal
from simulator.modelarts.schemas import CreateService, ServiceConfig
from simulator.store.tables import ModelRow, ServiceRow, VersionRow


def check_simulated(request: CreateService) -> None:
    """Raises `NotSimulated` for valid requests of kinds that Drydock does not run."""
    if request.infer_type == ServiceKind.EDGE:
        raise NotSimulated("deploying edge services")
    if request.infer_type == ServiceKind.BATCH:
        raise NotSimulated("deploying batch services")
    if request.schedule:
        raise NotSimulated("stopping a service by schedule")
    extra = request.additional_properties
    if extra is not None and extra.websocket_upgrade:
        raise NotSimulated("deploying WebSocket services")


def check_admission(request: CreateService, models: Mapping[str, ModelRow]) -> None:
    """What the request names must exist and be ready.

    Args:
        models: those of the request that exist in the project, by id.

    Raises:
        ModelMissing, ModelNotPublished, PoolMissing, SpecificationUnavailable.
    """
    for config in request.config:
        model = models.get(config.model_id)
        if model is None:
            raise ModelMissing(config.model_id)
        if model.status != ModelStatus.PUBLISHED:
            raise ModelNotPublished(config.model_id, model.status)
        pool = pool_of(request, config)
        if pool:
            raise PoolMissing(pool)
        specification = specification_of(config)
        if specification.gpus or specification.npus:
            raise SpecificationUnavailable(
                config.specification, "this host offers instances CPUs only"
            )


def pool_of(request: CreateService, config: ServiceConfig) -> str:
    """The dedicated pool that a version runs in; empty for the public one.

    The version's own setting goes before the service's, the new kind of pool before the old.
    Source: Deploying Services, tables 3 and 5.
    """
    return config.pool_name or config.cluster_id or request.pool_name or request.cluster_id or ""


def specification_of(config: ServiceConfig) -> Specification:
    """What one instance gets.

    Raises:
        SpecificationUnavailable: `custom` outside a dedicated pool.
    """
    if config.specification == CUSTOM:
        raise SpecificationUnavailable(CUSTOM, "it needs a dedicated resource pool")
    return SPECIFICATIONS[config.specification]


def build_service(
    request: CreateService,
    body: dict[str, Any],
    *,
    project_id: str,
    user_id: str,
    domain_id: str,
    models: Mapping[str, ModelRow],
    now: int,
) -> tuple[ServiceRow, list[VersionRow]]:
    """The rows of a new service."""
    service_id = str(uuid.uuid4())
    row = ServiceRow(
        service_id=service_id,
        project_id=project_id,
        name=request.service_name,
        kind=request.infer_type,
        goal=Goal.RUNNING.value,
        status=ServiceStatus.DEPLOYING.value,
        created_at=now,
        published_at=now,
        transition_at=now,
        deploy_started_at=now,
        document={"request": body, "owner": user_id, "tenant": domain_id},
    )
    versions = [
        _version(service_id, index, config, models[config.model_id])
        for index, config in enumerate(request.config)
    ]
    return row, versions


def _version(service_id: str, index: int, config: ServiceConfig, model: ModelRow) -> VersionRow:
    specification = specification_of(config)
    extra = config.additional_properties
    grace_s = extra.termination_grace_period_seconds if extra else None
    timeout_s = config.deploy_timeout_in_seconds or limits.DEPLOY_TIMEOUT_DEFAULT_S
    return VersionRow(
        service_id=service_id,
        version_id=f"v{index + 1}",
        position=index,
        model_id=config.model_id,
        model_name=model.name,
        model_version=model.version,
        weight=config.weight or 0,
        instances=config.instance_count,
        specification=config.specification,
        cpus=specification.cpus,
        memory_mib=specification.memory_mb,
        gpus=specification.gpus,
        npus=specification.npus,
        deploy_timeout_ms=timeout_s * 1000,
        grace_s=grace_s if grace_s is not None else limits.TERMINATION_GRACE_DEFAULT_S,
        envs=config.envs or {},
        artifact=model.artifact,
        apis=model.apis,
        health=model.health,
    )
