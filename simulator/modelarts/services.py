"""From an accepted request to what is stored: pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from simulator.errors import NotSimulated
from simulator.facts import limits
from simulator.facts.specifications import CUSTOM, SPECIFICATIONS, Specification
from simulator.facts.statuses import ServiceKind, ServiceStatus
from simulator.gateway.state import Balancing
from simulator.lifecycle.objects import Goal
from simulator.modelarts.rules.common import pool_of
from simulator.modelarts.rules.version import corrected, rounded
from simulator.modelarts.schemas import (
    CreateService,
    ModelAdditionalProperties,
    Schedule,
    ServiceAdditionalProperties,
    ServiceConfig,
    UpdateService,
)
from simulator.routing import Routing, kept_routing
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
        workspace_id=request.workspace_id,
        next_version=len(request.config) + 1,
        stop_after_ms=stop_after_ms(request.schedule),
        subscriptions=subscriptions(request.additional_properties),
        log_channels=log_channels(request.additional_properties),
        document=document,
        routing=kept_routing(routing(request)),
    )
    return row, version_rows(service_id, request.config, models, body, timeout_unit_s)


def version_rows(
    service_id: str,
    configs: Sequence[ServiceConfig],
    models: Mapping[str, ModelRow],
    body: Mapping[str, Any],
    timeout_unit_s: int,
) -> list[VersionRow]:
    """The rows of a configuration's versions, numbered from 1.

    Args:
        body: the request; the service's own pool holds where a version names none.
    """
    rows = [
        _version(service_id, index, config, models[config.model_id], timeout_unit_s)
        for index, config in enumerate(configs)
    ]
    for row, config in zip(rows, configs, strict=True):
        row.pools = _pools(config, body)
    return rows


def _pools(config: ServiceConfig, body: Mapping[str, Any]) -> list[str]:
    named = {"pool_name": config.pool_name, "cluster_id": config.cluster_id}
    return [part.strip() for part in pool_of(named, dict(body)).split(",") if part.strip()]


_TOLD_STATUSES = {
    1: ServiceStatus.FAILED,
    3: ServiceStatus.RUNNING,
    7: ServiceStatus.CONCERNING,
    11: ServiceStatus.PENDING,
}
"""Number of an event to the status that it means. Source: Deploying Services, table 11."""


_BALANCING = {
    "ROUND_ROBIN": Balancing.ROUND_ROBIN,
    "LEAST_CONNECTIONS": Balancing.LEAST_CONNECTIONS,
    "SOURCE_IP": Balancing.SOURCE_ADDRESS,
}
"""Source: Deploying Services (load_balancer_policy)."""


def routing(request: CreateService | UpdateService, before: Routing | None = None) -> Routing:
    """How requests reach the service; what is not sent is as before."""
    found = before or Routing()
    if request.load_balancer_policy is not None:
        found = replace(found, balancing=_BALANCING[request.load_balancer_policy])
    extra = request.additional_properties
    if extra is not None and extra.websocket_upgrade is not None:
        found = replace(found, websocket=extra.websocket_upgrade)
    if isinstance(request, CreateService) and request.x_drydock is not None:
        found = replace(found, requests_per_s=request.x_drydock.traffic_limit)
    return found


def subscriptions(extra: ServiceAdditionalProperties | None) -> list[dict[str, Any]]:
    """Who is told when the service comes to which statuses."""
    notifications = (extra.smn_notification if extra else None) or {}
    return [
        {"topic": one.topic_urn, "statuses": [_TOLD_STATUSES[event].value for event in one.events]}
        for one in notifications.values()
    ]


def log_channels(extra: ServiceAdditionalProperties | None) -> list[dict[str, Any]]:
    """Where the output of instances goes."""
    found = [channel.configuration for channel in (extra and extra.log_report_channels) or ()]
    return [{"group": one.log_group_id, "stream": one.log_stream_id} for one in found if one]


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
