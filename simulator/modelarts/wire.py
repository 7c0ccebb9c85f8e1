"""From domain results and errors to ModelArts' JSON, statuses and codes. HTTP exists only here.

Source: ModelArts API reference, "Querying Service Details", "Querying Services", "Error Codes".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.errors import (
    AccessRefused,
    BelongsElsewhere,
    InUse,
    InvalidRequest,
    NameTaken,
    NotFound,
    NotSimulated,
    QuotaExceeded,
    Refused,
    SourceUnusable,
    StatusForbids,
    UnknownOperation,
    Violation,
    with_hint,
)
from simulator.facts.quotas import APPS, PUBLIC_INSTANCES
from simulator.facts.statuses import ServiceKind, ServiceStatus
from simulator.gateway.state import Cause, LocalAnswer
from simulator.lifecycle.causes import SILENT
from simulator.lifecycle.objects import EventKind, InstanceState
from simulator.modelarts.error_codes import (
    APP_LIMIT,
    INSTANCE_LIMIT,
    INVALID_ARGUMENT,
    PARAMETER_ERROR,
)
from simulator.modelarts.rules import CATALOGUE
from simulator.routing import routing_of
from simulator.store.listing import ListedService, listed
from simulator.store.services import Stored
from simulator.store.tables import (
    EventRow,
    InstanceRow,
    ModelRow,
    ServiceRow,
    TaskRow,
    UpdateRow,
    VersionRow,
)

INFERENCE_PREFIX = "/v1/infers/"
SECRET_PATHS = "/v1/[^/]+/app-auth/apps/[^/]+/app-code/.*"
"""Paths with an AppCode in them."""
EVIDENCE_CHARS = 2000
_LOG_REASONS = {"InstanceExited", "OutOfMemory", "DeployTimeout", *SILENT}
"""Reasons whose evidence is the end of an instance's log."""


@dataclass(frozen=True)
class WireAnswer:
    """An error as the cloud sends it.

    Attributes:
        hint: what to do about it; the cloud's form has no field for it, so that it follows the
            message there.
    """

    status: int
    error_code: str
    error_msg: str
    violations: tuple[dict[str, str], ...] = ()
    hint: str = ""

    def body(self) -> dict[str, Any]:
        """The JSON body; `violations` is an extension, present only when there are some."""
        message = with_hint(self.error_msg, self.hint)
        body: dict[str, Any] = {"error_code": self.error_code, "error_msg": message}
        if self.violations:
            body["violations"] = list(self.violations)
        return body


_INSTANCE_QUOTA = "InstanceQuota"
_OUTSIDE_THE_CATALOGUE = {"BadJson": PARAMETER_ERROR, _INSTANCE_QUOTA: INSTANCE_LIMIT}
"""What is refused without a rule; anything else is an invalid argument."""

_RULE_BY_ERROR: dict[tuple[type[Refused], str], str] = {
    (StatusForbids, "service"): "MA-UPD-008",
    (NameTaken, "service"): "MA-ADM-013",
    (NameTaken, "model"): "MA-ADM-021",
    (QuotaExceeded, ""): "MA-ADM-014",
}
"""Rules that are guarded in the transaction that writes, and so come as errors of their own."""

_BY_TYPE: dict[type[Refused], tuple[int, str]] = {
    SourceUnusable: (400, "ModelArts.3017"),
    InUse: (500, "ModelArts.3009"),
    UnknownOperation: (404, "APIG.0101"),
    BelongsElsewhere: (403, "ModelArts.3936"),
    NotSimulated: (501, "Drydock.NotSimulated"),
}

_BY_KIND: dict[tuple[type[Refused], str], tuple[int, str]] = {
    (NotFound, "service"): (404, "ModelArts.3502"),
    (NotFound, "model"): (404, "ModelArts.3001"),
    (NotFound, "pool"): (404, "ModelArts.3547"),
    (NotFound, "fault"): (404, "Drydock.NotFound"),
    (NotFound, "version"): (404, "Drydock.NotFound"),
    (NameTaken, "pool"): (409, "Drydock.NameTaken"),
    (NotFound, "app"): (404, "ModelArts.3923"),
    (NotFound, "app code"): (404, "ModelArts.3923"),
    (NotFound, "service API"): (404, "ModelArts.3935"),
    (NameTaken, "app"): (409, "ModelArts.3929"),
    (NameTaken, "service API"): (409, "ModelArts.3929"),
    (InUse, "app"): (403, "ModelArts.0108"),
    (AccessRefused, "app"): (401, "APIG.0303"),
    (AccessRefused, "app key"): (400, "ModelArts.4905"),
    (AccessRefused, "grant"): (400, "ModelArts.4902"),
}


def error_answer(error: Refused) -> WireAnswer:
    """How the cloud says it.

    Raises:
        TypeError: the error has no row in the tables (a test walks them all).
    """
    if isinstance(error, InvalidRequest):
        return _violated(error.violations)
    if isinstance(error, QuotaExceeded) and error.quota == PUBLIC_INSTANCES:
        source = f"Error Codes, {INSTANCE_LIMIT.code}"
        return _violated([Violation(_INSTANCE_QUOTA, "/config", str(error), source)])
    if isinstance(error, QuotaExceeded) and error.quota == APPS:
        return WireAnswer(APP_LIMIT.status, APP_LIMIT.code, str(error))
    kind = getattr(error, "kind", "")
    rule_id = _RULE_BY_ERROR.get((type(error), kind))
    if rule_id is not None:
        rule = CATALOGUE.by_id[rule_id]
        return _violated([Violation(rule.id, rule.at, str(error), str(rule.source))])
    row = _BY_KIND.get((type(error), kind)) or _BY_TYPE.get(type(error))
    if row is None:
        raise TypeError(f"no wire form for {type(error).__name__}")
    status, code = row
    return WireAnswer(status, code, str(error), hint=getattr(error, "hint", ""))


def _violated(violations: list[Violation]) -> WireAnswer:
    """The first in documented order makes the cloud's answer; all are listed."""
    first = violations[0]
    rule = CATALOGUE.by_id.get(first.rule)
    code = rule.answer if rule else _OUTSIDE_THE_CATALOGUE.get(first.rule, INVALID_ARGUMENT)
    listed = tuple(vars(violation) for violation in violations)
    return WireAnswer(code.status, code.code, first.told, listed)


def gateway_answers() -> dict[Cause, LocalAnswer]:
    """What the gateway says by itself. Source: reference of inference errors; docs/decisions.md
    says which of several documented readings was taken."""
    invalid = "Incorrect IAM authentication information: "
    return {
        Cause.TOKEN_MISSING: LocalAnswer(401, "APIG.0301", invalid + "X-Auth-Token is missing"),
        Cause.TOKEN_INVALID: LocalAnswer(401, "APIG.0301", invalid + "the token is invalid"),
        Cause.TOKEN_EXPIRED: LocalAnswer(401, "APIG.0301", invalid + "the token has expired"),
        Cause.PROJECT_FORBIDDEN: LocalAnswer(
            401, "ModelArts.4203", "The token's project may not use this service."
        ),
        Cause.BODY_TOO_LARGE: LocalAnswer(
            413, "ModelArts.4104", "The request body is larger than 12 MB."
        ),
        Cause.TRAFFIC_LIMIT: LocalAnswer(
            429, "ModelArts.4206", "Too many requests: the service's traffic limit is reached."
        ),
        Cause.TIMEOUT: LocalAnswer(
            504, "ModelArts.4503", "The service did not begin to answer in time."
        ),
        Cause.BACKEND_DOWN: LocalAnswer(
            503, "ModelArts.4302", "No instance of the service could be reached."
        ),
        Cause.OVERLOADED: LocalAnswer(
            503, "ModelArts.4302", "Too many requests are waiting: the service protects itself."
        ),
        Cause.NO_SUCH_API: LocalAnswer(
            404, "ModelArts.4204", "The model declares no API with this path and method."
        ),
        Cause.SERVICE_UNNAMED: LocalAnswer(400, "ModelArts.4201", "The path names no service."),
        Cause.SERVICE_MISSING: LocalAnswer(400, "ModelArts.4203", "The service does not exist."),
        Cause.SERVICE_STOPPED: LocalAnswer(500, "ModelArts.4302", "The service is stopped."),
        Cause.SERVICE_FAILED: LocalAnswer(500, "ModelArts.4302", "The service has failed."),
        Cause.SERVICE_DEPLOYING: LocalAnswer(
            400, "ModelArts.4203", "The service is still being deployed."
        ),
        Cause.HOST_NOT_ALLOWED: LocalAnswer(
            403, "Drydock.HostNotAllowed", "The Host header names another machine."
        ),
        Cause.CONTROL_UNAVAILABLE: LocalAnswer(
            503, "Drydock.ControlUnavailable", "The control server does not answer."
        ),
        Cause.BAD_REQUEST: LocalAnswer(
            400, "ModelArts.4200", "The request is malformed, or could be read in two ways."
        ),
        Cause.CODING_UNSUPPORTED: LocalAnswer(
            501, "ModelArts.4200", "The only transfer coding is chunked, said once."
        ),
        Cause.EXPECTATION_FAILED: LocalAnswer(
            417, "ModelArts.4200", "Expect may say 100-continue and nothing else."
        ),
        Cause.HEAD_TOO_LARGE: LocalAnswer(
            431, "APIG.0201", "The head of the request is larger than 32 KB or 100 fields."
        ),
        Cause.METHOD_REFUSED: LocalAnswer(405, "APIG.0101", "The method is not served."),
        Cause.REQUEST_TIMEOUT: LocalAnswer(
            408, "ModelArts.4205", "The request did not arrive in time."
        ),
        Cause.UPGRADE_REFUSED: LocalAnswer(
            403, "ModelArts.4200", "The service does not speak the protocol of Upgrade."
        ),
        Cause.VERSION_UNSUPPORTED: LocalAnswer(
            505, "ModelArts.4200", "The versions of HTTP that are spoken are 1.1 and 2."
        ),
    }


@dataclass(frozen=True)
class Calls:
    """How often a service was called, and how often that failed (status 4xx or 5xx)."""

    total: int = 0
    failed: int = 0


def service_item(
    service: ListedService, calls: Calls, task: TaskRow | None = None
) -> dict[str, Any]:
    """A service as `GET /services` lists it.

    Args:
        task: the newest run of a batch service's job; None where there is none yet.
    """
    request = service.document["request"]
    item = {
        "service_id": service.service_id,
        "service_name": service.name,
        "description": request.get("description", ""),
        "tenant": service.document["tenant"],
        "project": service.project_id,
        "owner": service.document["owner"],
        "workspace_id": request.get("workspace_id", "0"),
        "infer_type": service.kind,
        "status": service.status,
        "progress": progress_percent(service),
        "publish_at": service.published_at,
        "transition_at": service.transition_at,
        "operation_time": service.updated_at or service.published_at,
        "invocation_times": calls.total,
        "failed_times": calls.failed,
        "is_shared": False,
        "shared_count": 0,
        "is_free": any(name.endswith(".free") for name in service.specifications),
        "is_opened_sample_collection": routing_of(service.routing).collection.enabled,
    }
    if request.get("additional_properties"):
        item["additional_properties"] = request["additional_properties"]
    if service.stop_after_ms is not None:
        item["schedule"] = request.get("schedule", [])
    if service.due_at is not None:
        item["due_time"] = service.due_at
    return item | _job_times(service, task)


def service_detail(
    stored: Stored, calls: Calls, endpoint: str, task: TaskRow | None = None
) -> dict[str, Any]:
    """A service as `GET /services/{service_id}` shows it.

    Args:
        endpoint: address of the gateway, such as `http://127.0.0.1:8780`.
        task: see `service_item`.
    """
    row, request = stored.row, stored.row.document["request"]
    counted = listed(stored)
    times = _job_times(counted, task)
    detail = service_item(counted, calls, task) | {
        "config": [_config_item(stored, version) | times for version in stored.versions],
    }
    address = access_address(stored, endpoint)
    if address:
        detail["access_address"] = address
    if row.status == ServiceStatus.FAILED:
        detail["error_msg"] = error_message(stored)
    if row.updated_at is not None:
        detail["update_time"] = row.updated_at
    for name in _SHOWN_AS_SENT:
        if request.get(name):
            detail[name] = request[name]
    return detail


_SHOWN_AS_SENT = (
    "vpc_id",
    "subnet_network_id",
    "security_group_id",
    "cluster_id",
    "pool_name",
    "load_balancer_policy",
    "priority",
)


def _job_times(service: ListedService, task: TaskRow | None) -> dict[str, int]:
    """When the job of a batch service began and ended, for those that have them. Source: Querying
    Service Details, start_time and finished_time."""
    if task is None:
        return {}
    times = {"start_time": task.began_at}
    if task.ended_at is not None:
        times["finished_time"] = task.ended_at
    elif service.status == ServiceStatus.FINISHED:
        times["finished_time"] = service.transition_at
    return times


def access_address(stored: Stored, endpoint: str) -> str:
    """The address that works: of a WebSocket service with the scheme ws, or wss over TLS. Empty for
    a batch service, which nobody calls."""
    return address_of(stored.row, endpoint)


def address_of(row: ServiceRow, endpoint: str) -> str:
    """As `access_address`, from the service alone."""
    if row.kind == ServiceKind.BATCH:
        return ""
    if routing_of(row.routing).websocket:
        endpoint = endpoint.replace("http", "ws", 1)
    return f"{endpoint}{INFERENCE_PREFIX}{row.service_id}"


def error_message(stored: Stored) -> str:
    """Why a service failed, with the end of the instance's own log."""
    message = f"{stored.row.reason}: {stored.row.message}"
    evidence = stored.row.evidence[-EVIDENCE_CHARS:]
    if not evidence:
        return message
    title = "The instance's log ends with" if stored.row.reason in _LOG_REASONS else "Evidence"
    return f"{message}\n{title}:\n{evidence}"


def progress_percent(service: ListedService) -> int:
    """How much of a deployment is done, 0 to 100; 100 once it is deployed. Of a batch service too:
    no document says that it tells of the job."""
    if service.status != ServiceStatus.DEPLOYING:
        return 100
    wanted = service.instances_wanted
    return 100 * service.instances_ready // wanted if wanted else 0


def _config_item(stored: Stored, version: VersionRow) -> dict[str, Any]:
    sent: dict[str, Any] = stored.row.document["request"]["config"][version.position]
    mine = [i for i in stored.instances if i.version_id == version.version_id]
    return sent | {
        "model_id": version.model_id,
        "model_name": version.model_name,
        "model_version": version.model_version,
        "specification": version.specification,
        "weight": version.weight,
        "instance_count": version.instances,
        "envs": version.envs,
        "status": _config_status(version, mine),
        "scaling": False,
        "support_debug": False,
        "source_type": "",
    }


def _config_status(version: VersionRow, instances: list[InstanceRow]) -> str:
    """ready, concerning or notReady. Source: API reference, 2021 edition, and newer examples."""
    ready = sum(i.state == InstanceState.READY for i in instances)
    if ready >= version.instances:
        return "ready"
    return "concerning" if ready else "notReady"


def event_item(row: EventRow) -> dict[str, Any]:
    """An event as `GET /services/{service_id}/events` lists it."""
    return {
        "event_type": "abnormal" if row.kind == EventKind.ABNORMAL else "normal",
        "event_info": row.text,
        "occur_time": row.at,
    }


_RESULTS = {"running": "RUNNING", "done": "SUCCESS"}


def update_item(row: UpdateRow, models: Mapping[str, ModelRow]) -> dict[str, Any]:
    """An update as `GET /services/{service_id}/logs` lists it. Source: Querying Update Logs.

    Args:
        models: by id; one that is deleted has no name any more.
    """
    request = row.document["request"]
    item = {
        "update_time": row.at,
        "result": _RESULTS.get(row.result, "FAIL"),
        "config": [_named(version, models) for version in request["config"]],
        "extend_config": [],
    }
    if request.get("cluster_id"):
        item["cluster_id"] = request["cluster_id"]
    if row.message:
        item["error_msg"] = row.message
    return item


def _named(version: dict[str, Any], models: Mapping[str, ModelRow]) -> dict[str, Any]:
    model = models.get(version["model_id"])
    if model is None:
        return version
    return version | {"model_name": model.name, "model_version": model.version}


def model_item(row: ModelRow) -> dict[str, Any]:
    """A model as `GET /models` lists it."""
    document = row.document
    return {
        "model_id": row.model_id,
        "model_name": row.name,
        "model_version": row.version,
        "model_type": row.type,
        "model_status": row.status,
        "model_size": row.size_bytes,
        "model_source": "custom",
        "source_type": "",
        "description": document.get("description", ""),
        "owner": document["owner"],
        "project": row.project_id,
        "tenant": document["tenant"],
        "workspace_id": document.get("workspace_id", "0"),
        "install_type": document.get("install_type") or ["real-time", "batch"],
        "create_at": row.created_at,
        "specification": {},
        "tunable": False,
        "market_flag": False,
        "publishable_flag": False,
    }


def model_detail(row: ModelRow) -> dict[str, Any]:
    """A model as `GET /models/{model_id}` shows it. `apis` and `config` are JSON strings there.

    Source: Querying AI Application Details.
    """
    document = row.document
    config = document.get("config", {})
    return model_item(row) | {
        "runtime": document.get("runtime") or config.get("runtime", ""),
        "source_location": row.source,
        "source_copy": "true",
        "model_algorithm": document.get("model_algorithm") or config.get("model_algorithm", ""),
        "model_metrics": json.dumps(config.get("metrics", {})),
        "apis": json.dumps(config.get("apis", [])),
        "config": json.dumps(config),
        "health": config.get("health", {}),
        "input_params": [],
        "output_params": [],
        "dependencies": config.get("dependencies", []),
        "image_address": row.source if row.type == "Image" else "",
        "error_msg": row.message,
    }
