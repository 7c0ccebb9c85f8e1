"""From an accepted request to what is stored: pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from simulator.errors import NotSimulated
from simulator.facts import limits
from simulator.facts.specifications import CUSTOM, SPECIFICATIONS, Specification
from simulator.facts.statuses import ServiceKind, ServiceStatus
from simulator.lifecycle.objects import Goal
from simulator.modelarts.rules.version import corrected, rounded
from simulator.modelarts.schemas import (
    CreateService,
    ModelAdditionalProperties,
    Schedule,
    ServiceConfig,
    UpdateService,
)
from simulator.store.tables import ModelRow, ServiceRow, VersionRow

NumberT = TypeVar("NumberT", int, float)

_SCHEDULE_UNIT_MS = {"MINUTES": 60_000, "HOURS": 3_600_000, "DAYS": 86_400_000}


def check_simulated(request: CreateService) -> None:
    """Raises `NotSimulated` for valid requests of kinds that Drydock does not run."""
    if request.infer_type == ServiceKind.EDGE:
        raise NotSimulated("edge services", are=True)
    if request.infer_type == ServiceKind.BATCH:
        raise NotSimulated("batch services", are=True)
    console = request.x_drydock
    if console is not None and console.data_collection:
        raise NotSimulated("collecting the data of requests")
    check_settings_simulated(request)


def check_settings_simulated(request: CreateService | UpdateService) -> None:
    """Raises `NotSimulated` for valid settings that Drydock would have to ignore."""
    extra = request.additional_properties
    if extra is not None and extra.websocket_upgrade:
        raise NotSimulated("WebSocket services", are=True)
    if request.load_balancer_policy not in (None, "ROUND_ROBIN"):
        raise NotSimulated(f"balancing load by {request.load_balancer_policy}")
    for version in request.config or ():
        if version.additional_properties and version.additional_properties.persistent_volumes:
            raise NotSimulated("mounting persistent volumes")


def build_service(
    request: CreateService,
    body: dict[str, Any],
    *,
    project_id: str,
    user_id: str,
    domain_id: str,
    models: Mapping[str, ModelRow],
    now: int,
    timeout_unit_s: int = 1,
) -> tuple[ServiceRow, list[VersionRow]]:
    """The rows of a new service.

    Args:
        body: the request as it is shown later.
        timeout_unit_s: seconds in one unit of deploy_timeout_in_seconds: 60 when it is read as
            minutes.
    """
    service_id = str(uuid.uuid4())
    document: dict[str, Any] = {"request": body, "owner": user_id, "tenant": domain_id}
    if request.x_drydock is not None and request.x_drydock.traffic_limit is not None:
        document["requests_per_s"] = request.x_drydock.traffic_limit
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
        owner=user_id,
        next_version=len(request.config) + 1,
        stop_after_ms=stop_after_ms(request.schedule),
        document=document,
    )
    return row, version_rows(service_id, request.config, models, timeout_unit_s)


def version_rows(
    service_id: str,
    configs: Iterable[ServiceConfig],
    models: Mapping[str, ModelRow],
    timeout_unit_s: int,
) -> list[VersionRow]:
    """The rows of a configuration's versions, numbered from 1."""
    return [
        _version(service_id, index, config, models[config.model_id], timeout_unit_s)
        for index, config in enumerate(configs)
    ]


def stop_after_ms(schedules: Sequence[Schedule] | None) -> int | None:
    """How long a service runs until it stops by itself; the shortest time if there are several."""
    return min(
        (one.duration * _SCHEDULE_UNIT_MS[one.time_unit] for one in schedules or ()), default=None
    )


def specification_of(config: ServiceConfig) -> Specification:
    """What one instance gets.

    Raises:
        KeyError: the specification is none that the rules accept.
    """
    spec = config.custom_spec
    if config.specification == CUSTOM and spec is not None:
        return Specification(
            CUSTOM,
            cpus=rounded(spec.cpu),
            memory_mb=spec.memory,
            gpus=rounded(spec.gpu_p4 or 0),
            npus=spec.ascend_a310 or 0,
        )
    return SPECIFICATIONS[corrected(config.specification)]


def _version(
    service_id: str, index: int, config: ServiceConfig, model: ModelRow, timeout_unit_s: int
) -> VersionRow:
    specification = specification_of(config)
    extra = config.additional_properties or ModelAdditionalProperties()
    grace_s = extra.termination_grace_period_seconds
    sent = config.deploy_timeout_in_seconds
    timeout_s = limits.DEPLOY_TIMEOUT_DEFAULT_S if sent is None else sent * timeout_unit_s
    return VersionRow(
        service_id=service_id,
        version_id=f"v{index + 1}",
        position=index,
        model_id=config.model_id,
        model_name=model.name,
        model_version=model.version,
        weight=config.weight or 0,
        instances=config.instance_count,
        specification=specification.name,
        cpus=specification.cpus,
        memory_mib=specification.memory_mb,
        gpus=specification.gpus,
        npus=specification.npus,
        deploy_timeout_ms=timeout_s * 1000,
        grace_s=_or(grace_s, limits.TERMINATION_GRACE_DEFAULT_S),
        max_surge=_or(extra.max_surge, limits.MAX_SURGE_DEFAULT),
        max_unavailable=_or(extra.max_unavailable, limits.MAX_UNAVAILABLE_DEFAULT),
        envs=config.envs or {},
        artifact=model.artifact,
        apis=model.apis,
        health=model.health,
    )


def _or(value: NumberT | None, default: NumberT) -> NumberT:
    return default if value is None else value
