"""From an accepted request to what is stored: pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar

from simulator.batch.job import FILE, JobSpec, kept_job
from simulator.batch.requests import UnusableApi, sender
from simulator.batch.results import ANY_ROW, FOLDER, MANIFEST_BYTES
from simulator.errors import InvalidRequest, NotSimulated, Violation
from simulator.facts import limits
from simulator.facts.specifications import CUSTOM, SPECIFICATIONS, Specification
from simulator.facts.statuses import ServiceKind, ServiceStatus
from simulator.gateway.state import Balancing
from simulator.lifecycle.objects import Goal, Job
from simulator.modelarts.config_json import apis_of
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

MANIFEST_FILE = "ManifestFile"
DOCUMENTED_ONLY: Mapping[str, Specification] = {}
"""No specifications beside the documented ones."""
"""src_type of a manifest. Source: Deploying Services, table 5."""
_SCHEDULE_UNIT_MS = {"MINUTES": 60_000, "HOURS": 3_600_000, "DAYS": 86_400_000}


def check_simulated(request: CreateService) -> None:
    """Raises `NotSimulated` for valid requests of kinds that Drydock does not run."""
    if request.infer_type == ServiceKind.EDGE:
        raise NotSimulated("edge services", are=True)
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
    readings: Mapping[str, str] | None = None,
    manifest_bytes: int = MANIFEST_BYTES,
    own: Mapping[str, Specification] = DOCUMENTED_ONLY,
) -> tuple[ServiceRow, list[VersionRow]]:
    """The rows of a new service.

    Args:
        body: the request as it is shown later.
        timeout_unit_s: seconds in one unit of deploy_timeout_in_seconds: 60 when it is read as
            minutes.
        readings: which are taken, by name; None for the defaults.
        manifest_bytes: size at which a batch service begins a further manifest of results.
        own: specifications beside the documented ones.

    Raises:
        InvalidRequest: a batch job that cannot be done: the model's API does not take its requests.
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
    if request.infer_type == ServiceKind.BATCH:
        row.job = asdict(Job())
        row.work = kept_job(
            job_spec(request.config[0], models, readings, manifest_bytes=manifest_bytes)
        )
    return row, version_rows(service_id, request.config, models, body, timeout_unit_s, own)


def version_rows(
    service_id: str,
    configs: Sequence[ServiceConfig],
    models: Mapping[str, ModelRow],
    body: Mapping[str, Any],
    timeout_unit_s: int,
    own: Mapping[str, Specification] = DOCUMENTED_ONLY,
) -> list[VersionRow]:
    """The rows of a configuration's versions, numbered from 1.

    Args:
        body: the request; the service's own pool holds where a version names none.
        own: specifications beside the documented ones.
    """
    rows = [
        _version(
            service_id,
            index,
            config,
            models[config.model_id],
            timeout_unit_s,
            specification_of(config, own),
        )
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


def job_spec(
    config: ServiceConfig,
    models: Mapping[str, ModelRow],
    readings: Mapping[str, str] | None,
    *,
    manifest_bytes: int = MANIFEST_BYTES,
) -> JobSpec:
    """What a batch service is to do.

    Raises:
        InvalidRequest: see `build_service`.
    """
    chosen = readings or {}
    model = models[config.model_id]
    apis = apis_of(model.document["config"])
    mapping_type = config.mapping_type or FILE
    try:
        if model.artifact.get("http2"):
            text = f"{model.name} speaks HTTP/2; a batch service sends requests of HTTP/1.1"
            raise UnusableApi(text)
        return JobSpec(
            source=config.src_path or "",
            destination=config.dest_path or "",
            mapping_type=mapping_type,
            sender=sender(apis, config.req_uri or "/", mapping_type),
            is_manifest=config.src_type == MANIFEST_FILE,
            mapping_rule=config.mapping_rule or {},
            result_folder=chosen.get("batch-result-folder", FOLDER),
            csv_result=chosen.get("batch-csv-result", ANY_ROW),
            manifest_bytes=manifest_bytes,
        )
    except UnusableApi as error:
        source = "Deploying Services, table 5, req_uri"
        violation = Violation("Batch", "/config/0/req_uri", str(error), source)
        raise InvalidRequest([violation]) from error


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
        collection = replace(found.collection, enabled=bool(request.x_drydock.data_collection))
        found = replace(
            found, requests_per_s=request.x_drydock.traffic_limit, collection=collection
        )
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


def specification_of(
    config: ServiceConfig, own: Mapping[str, Specification] = DOCUMENTED_ONLY
) -> Specification:
    """What one instance gets.

    Args:
        own: specifications beside the documented ones.

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
    documented = SPECIFICATIONS.get(corrected(config.specification))
    return documented or own[config.specification]


def _version(
    service_id: str,
    index: int,
    config: ServiceConfig,
    model: ModelRow,
    timeout_unit_s: int,
    specification: Specification,
) -> VersionRow:
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
