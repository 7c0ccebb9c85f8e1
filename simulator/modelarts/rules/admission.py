"""What must exist and be ready for a request to be accepted."""

from __future__ import annotations

from typing import Any

from simulator.errors import QuotaExceeded
from simulator.facts.quotas import BATCH_SERVICES, REAL_TIME_SERVICES
from simulator.facts.statuses import ModelStatus, ServiceKind
from simulator.modelarts.error_codes import (
    FLAVOR_UNAVAILABLE,
    INSTALL_TYPE,
    INVALID_ARGUMENT,
    MODEL_MISSING,
    MODEL_NAME_TAKEN,
    MODEL_UNPUBLISHED,
    NAME_TAKEN,
    NO_INPUT_PARAMETERS,
    OBJECT_PATH_MISSING,
    SERVICE_LIMIT,
    WORKSPACE_MISSING,
)
from simulator.modelarts.rules.common import (
    BATCH_PAGE,
    BOTH,
    ERROR_CODES,
    REAL_TIME_2,
    a_service,
    admission_rule,
    kind_of,
    pool_of,
    table,
)
from simulator.modelarts.rules.facts import ModelFacts
from simulator.modelarts.rules.version import corrected
from simulator.rules.rule import (
    FINE,
    Findings,
    Proof,
    Rule,
    Scope,
    Severity,
    Source,
    at,
    here,
)
from simulator.rules.text import listed


def _model(version: dict[str, Any], scope: Scope) -> ModelFacts | None:
    model: ModelFacts | None = scope.facts.models.get(version.get("model_id", ""))
    return model


def _model_exists(model_id: str, scope: Scope) -> Findings:
    return FINE if model_id in scope.facts.models else here(f"model {model_id} does not exist")


def _model_published(model_id: str, scope: Scope) -> Findings:
    model = scope.facts.models.get(model_id)
    if model is None or model.status == ModelStatus.PUBLISHED:
        return FINE
    return here(f"model {model_id} is {model.status}; only published models can be deployed")


def _install_type(version: dict[str, Any], scope: Scope) -> Findings:
    model, kind = _model(version, scope), kind_of(scope)
    if model is None or kind in model.kinds:
        return FINE
    text = f"the model is for {listed(model.kinds)} services, and this is {a_service(kind)}"
    return at("model_id", text=text)


def _is_batch(scope: Scope) -> bool:
    return kind_of(scope) == ServiceKind.BATCH


def _model_has_input(version: dict[str, Any], scope: Scope) -> Findings:
    model = _model(version, scope)
    if model is None or not _is_batch(scope) or any(model.apis.values()):
        return FINE
    return at("model_id", text="the model declares no input; a batch service needs that")


def _api_exists(version: dict[str, Any], scope: Scope) -> Findings:
    model = _model(version, scope)
    if model is None or not _is_batch(scope) or version["req_uri"] in model.apis:
        return FINE
    text = f"is one of the model's APIs: {listed(model.apis) or 'it has none'}"
    return at("req_uri", text=f"{text}; got {version['req_uri']}")


def _single_file(version: dict[str, Any], scope: Scope) -> Findings:
    model = _model(version, scope)
    if model is None or version["mapping_type"] != "file" or not _is_batch(scope):
        return FINE
    parameters = model.apis.get(version.get("req_uri", ""))
    if not parameters or list(parameters.values()) == ["file"]:
        return FINE
    text = "file needs an API with one parameter, of type file; this one has " + listed(
        f"{name} ({type_})" for name, type_ in parameters.items()
    )
    return at("mapping_type", text=text)


def _is_websocket(scope: Scope) -> bool:
    """Whether the service is one; an update that does not say so leaves it as it is."""
    sent = scope.root.get("additional_properties") or {}
    before = scope.facts.request.get("additional_properties") or {}
    return bool(sent.get("websocket_upgrade", before.get("websocket_upgrade")))


def _websocket_model(version: dict[str, Any], scope: Scope) -> Findings:
    if not _is_websocket(scope):
        return FINE
    model = _model(version, scope)
    if model is None or (model.type == "Image" and model.websocket):
        return FINE
    why = (
        f"is of type {model.type}"
        if model.type != "Image"
        else "declares no API with the protocol ws or wss"
    )
    return at("model_id", text=f"a WebSocket service needs an image model for it; this one {why}")


def _available(specification: str, scope: Scope) -> Findings:
    why = scope.facts.unavailable.get(corrected(specification))
    return here(f"{specification} is not available: {why}") if why else FINE


def _whole(specification: str, scope: Scope) -> Findings:
    less = scope.facts.capped.get(corrected(specification))
    return here(f"{specification} is {less}") if less else FINE


def _name_free(name: str, scope: Scope) -> Findings:
    return here(f"a service named {name} exists already") if name in scope.facts.names else FINE


def _model_version_free(request: dict[str, Any], scope: Scope) -> Findings:
    name, version = request.get("model_name"), request["model_version"]
    if (name, version) not in scope.facts.model_versions:
        return FINE
    return at("model_version", text=f"a model {name} of version {version} exists already")


def _paths_exist(version: dict[str, Any], scope: Scope) -> Findings:
    if not _is_batch(scope):
        return FINE
    return [
        ((name,), f"there is nothing at {version[name]}")
        for name in ("src_path", "dest_path")
        if version.get(name) in scope.facts.missing_paths
    ]


def _quota(kind: str, scope: Scope) -> Findings:
    if kind == ServiceKind.BATCH:
        return _room(BATCH_SERVICES, scope.facts.batch_services, scope)
    if kind != ServiceKind.REAL_TIME:
        return FINE
    versions = scope.root.get("config") or [{}]
    dedicated = all(pool_of(version, scope.root) for version in versions)
    if dedicated and scope.readings["quota-dedicated"] == "free":
        return FINE
    return _room(REAL_TIME_SERVICES, scope.facts.real_time_services, scope)


def _room(quota: str, used: int, scope: Scope) -> Findings:
    limit = scope.facts.quotas[quota]
    if used < limit:
        return FINE
    return here(str(QuotaExceeded(quota, limit, used, 1)))


def _workspace(workspace: str, scope: Scope) -> Findings:
    known = scope.facts.workspaces
    if known is None or workspace in known or workspace == "0":
        return FINE
    return here(f"workspace {workspace} does not exist; there are {listed(sorted({'0', *known}))}")


def _workspace_unlisted(workspace: str, scope: Scope) -> Findings:
    if scope.facts.workspaces is not None or workspace == "0":
        return FINE
    return here("is not checked: the settings list no workspaces")


def _version_rule(
    number: int, statement: str, where: str, changes: dict[str, Any], **more: Any
) -> Rule:
    """A rule on one version."""
    return admission_rule(
        number, statement, f"/config/*{where}", changes, **{"subjects": BOTH} | more
    )


_UNPUBLISHED = {"models": {"model": ModelFacts(status="publishing")}}
_MODEL = {"/config/0/model_id": "model"}


def _one_model(**attributes: Any) -> dict[str, Any]:
    return {"models": {"model": ModelFacts(**attributes)}}


RULES = (
    _version_rule(
        1,
        "The model exists.",
        "/model_id",
        {"/config/0/model_id": "no-such-model"},
        source=table(5, "model_id"),
        answer=MODEL_MISSING,
        check=_model_exists,
    ),
    _version_rule(
        2,
        "The model is published (the console's Normal).",
        "/model_id",
        _MODEL,
        facts=_UNPUBLISHED,
        source=Source(REAL_TIME_2, "prerequisites"),
        answer=MODEL_UNPUBLISHED,
        check=_model_published,
    ),
    _version_rule(
        3,
        "The model's install types have the kind of the service.",
        "",
        _MODEL,
        facts=_one_model(kinds=("batch",)),
        source=Source(ERROR_CODES, "ModelArts.3589"),
        answer=INSTALL_TYPE,
        when="model_id",
        check=_install_type,
    ),
    _version_rule(
        4,
        "A batch service's model declares its input.",
        "",
        _MODEL,
        base="batch-file",
        facts=_one_model(apis={"/": {}}),
        source=Source(ERROR_CODES, "ModelArts.3514"),
        answer=NO_INPUT_PARAMETERS,
        when="model_id",
        check=_model_has_input,
    ),
    _version_rule(
        5,
        "req_uri is one of the model's APIs.",
        "",
        {"/config/0/req_uri": "/classify"},
        base="batch-file",
        source=table(5, "req_uri"),
        answer=INVALID_ARGUMENT,
        when="req_uri",
        check=_api_exists,
    ),
    _version_rule(
        6,
        "With the mapping type file, the API has one parameter, of type file.",
        "",
        _MODEL,
        base="batch-file",
        facts=_one_model(apis={"/": {"images": "file", "threshold": "number"}}),
        source=table(5, "mapping_type"),
        when="mapping_type",
        check=_single_file,
    ),
    _version_rule(
        7,
        "A WebSocket service's model comes from an image that speaks WebSocket.",
        "",
        _MODEL,
        base="websocket",
        facts=_one_model(),
        source=Source(REAL_TIME_2, "table 2, WebSocket"),
        when="model_id",
        check=_websocket_model,
    ),
    _version_rule(
        12,
        "The specification is available here.",
        "/specification",
        {"/config/0/specification": "modelarts.vm.gpu.p4"},
        facts={"unavailable": {"modelarts.vm.gpu.p4": "there is no GPU"}},
        source=Source(REAL_TIME_2, "table 2, Specifications"),
        answer=FLAVOR_UNAVAILABLE,
        check=_available,
    ),
    _version_rule(
        23,
        "An instance gets all that its specification has.",
        "/specification",
        {"/config/0/specification": "modelarts.vm.cpu.2u"},
        facts={"capped": {"modelarts.vm.cpu.2u": "capped: this host has 1 vCPU"}},
        source=Source("Drydock", "settings"),
        severity=Severity.WARNING,
        proof=Proof.INFERRED,
        check=_whole,
    ),
    admission_rule(
        13,
        "No other service of the project has the name.",
        "/service_name",
        {},
        facts={"names": frozenset({"mnist"})},
        source=Source(ERROR_CODES, "ModelArts.3503"),
        answer=NAME_TAKEN,
        check=_name_free,
    ),
    admission_rule(
        14,
        "A user has at most 20 real-time services in the public pool, and 1,000 batch services.",
        "/infer_type",
        {},
        facts={"real_time_services": 20},
        source=Source(f"{REAL_TIME_2}; {BATCH_PAGE}", "constraints, quota calculation; context"),
        answer=SERVICE_LIMIT,
        check=_quota,
        reading="quota-dedicated",
    ),
    admission_rule(
        15,
        "The workspace exists.",
        "/workspace_id",
        {"/workspace_id": "ws-2"},
        facts={"workspaces": frozenset({"ws-1"})},
        source=Source(ERROR_CODES, "ModelArts.0102"),
        answer=WORKSPACE_MISSING,
        check=_workspace,
    ),
    admission_rule(
        16,
        "Where the settings list no workspaces, a workspace is not checked.",
        "/workspace_id",
        {"/workspace_id": "ws-1"},
        source=Source("Drydock", "settings"),
        severity=Severity.WARNING,
        proof=Proof.INFERRED,
        check=_workspace_unlisted,
    ),
    admission_rule(
        21,
        "No other model of the project has the name and the version.",
        "",
        {},
        base="model",
        facts={"model_versions": frozenset({("mnist", "0.0.1")})},
        source=Source(ERROR_CODES, "ModelArts.3002"),
        answer=MODEL_NAME_TAKEN,
        subjects=("create-model",),
        when="model_version",
        check=_model_version_free,
    ),
    _version_rule(
        22,
        "The input and output paths of a batch service exist.",
        "",
        {},
        base="batch-file",
        facts={"missing_paths": frozenset({"https://infers-data.obs.xxxxx.com/output/"})},
        source=Source(ERROR_CODES, "ModelArts.3551"),
        answer=OBJECT_PATH_MISSING,
        check=_paths_exist,
    ),
)
