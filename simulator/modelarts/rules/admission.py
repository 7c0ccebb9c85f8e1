"""What must exist and be ready for a request to be accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
    POOL_MISSING,
    SECURITY_GROUP,
    SERVICE_LIMIT,
    WORKSPACE_MISSING,
)
from simulator.modelarts.rules.common import (
    BATCH_PAGE,
    BOTH,
    CREATE,
    REAL_TIME_2,
    a_service,
    kind_of,
    pool_of,
    pool_places,
    table,
    written,
)
from simulator.modelarts.rules.facts import InboundRule, ModelFacts, Networks, PoolFacts
from simulator.modelarts.rules.version import corrected
from simulator.rules.rule import (
    FINE,
    Findings,
    Level,
    Path,
    Proof,
    Rule,
    Scope,
    Severity,
    Source,
    at,
    here,
)
from simulator.rules.text import listed

SERVICE_PORT = 8080
EVERYWHERE = ("0.0.0.0/0", "::/0")
_ERROR_CODES = "Error Codes"


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


def _websocket_model(version: dict[str, Any], scope: Scope) -> Findings:
    if not (scope.root.get("additional_properties") or {}).get("websocket_upgrade"):
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


def _pool_exists(request: dict[str, Any], scope: Scope) -> Findings:
    return [
        (path, f"resource pool {pool} does not exist")
        for path, pool, known in _pools(scope)
        if known is None
    ]


def _pool_running(request: dict[str, Any], scope: Scope) -> Findings:
    return [
        (path, f"resource pool {pool} is {known.status}; it must be running")
        for path, pool, known in _pools(scope)
        if known is not None and known.status != "running"
    ]


def _pool_generation(request: dict[str, Any], scope: Scope) -> Findings:
    findings = []
    for path, pool, known in _pools(scope):
        wanted = "new" if path[-1] == "pool_name" else "old"
        if known is not None and known.generation != wanted:
            text = f"takes pools of the {wanted} kind; {pool} is of the {known.generation} kind"
            findings.append((path, text))
    return findings


def _pool_nodes(request: dict[str, Any], scope: Scope) -> Findings:
    findings = []
    for path, names in pool_places(scope.root):
        pools = [scope.facts.pools.get(name) for name in names]
        nodes = sorted({pool.node for pool in pools if pool is not None})
        if len(nodes) > 1:
            text = f"the pools must have the same nodes; these have {' and '.join(nodes)}"
            findings.append((path, text))
    return findings


def _pools(scope: Scope) -> Iterator[tuple[Path, str, PoolFacts | None]]:
    for path, names in pool_places(scope.root):
        for name in filter(None, names):
            yield path, name, scope.facts.pools.get(name)


def _available(specification: str, scope: Scope) -> Findings:
    why = scope.facts.unavailable.get(corrected(specification))
    return here(f"{specification} is not available: {why}") if why else FINE


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
        return _room("batch-services", scope.facts.batch_services, scope)
    if kind != ServiceKind.REAL_TIME:
        return FINE
    versions = scope.root.get("config") or [{}]
    dedicated = all(pool_of(version, scope.root) for version in versions)
    if dedicated and scope.readings["quota-dedicated"] == "free":
        return FINE
    return _room("real-time-services", scope.facts.real_time_services, scope)


def _room(quota: str, used: int, scope: Scope) -> Findings:
    limit = scope.facts.quotas[quota]
    if used < limit:
        return FINE
    return here(f"quota {quota}: {used} of {limit} used, 1 more asked for")


def _workspace(workspace: str, scope: Scope) -> Findings:
    known = scope.facts.workspaces
    if known is None or workspace in known or workspace == "0":
        return FINE
    return here(f"workspace {workspace} does not exist; there are {listed(sorted({'0', *known}))}")


def _workspace_unlisted(workspace: str, scope: Scope) -> Findings:
    if scope.facts.workspaces is not None or workspace == "0":
        return FINE
    return here("is not checked: the settings list no workspaces")


def _network(request: dict[str, Any], scope: Scope) -> Findings:
    networks = scope.facts.networks
    vpc, subnet = request["vpc_id"], request.get("subnet_network_id", "")
    if networks is None or not vpc:
        return FINE
    if vpc not in networks.subnets:
        return at("vpc_id", text=f"VPC {vpc} does not exist")
    if subnet not in networks.subnets[vpc]:
        return at("subnet_network_id", text=f"VPC {vpc} has no subnet {subnet}")
    return FINE


def _network_unlisted(request: dict[str, Any], scope: Scope) -> Findings:
    if scope.facts.networks is not None or not request["vpc_id"]:
        return FINE
    return at("vpc_id", text="is not checked: the settings list no networks")


def _security_group(request: dict[str, Any], scope: Scope) -> Findings:
    networks, group = scope.facts.networks, request.get("security_group_id", "")
    if networks is None or not request["vpc_id"] or group in networks.security_groups:
        return FINE
    return at("security_group_id", text=f"security group {group} does not exist")


def _port_open(request: dict[str, Any], scope: Scope) -> Findings:
    networks, group = scope.facts.networks, request.get("security_group_id", "")
    if networks is None or not request["vpc_id"] or group not in networks.security_groups:
        return FINE
    if any(_lets_in(rule) for rule in networks.security_groups[group]):
        return FINE
    text = f"security group {group} must let in TCP from 0.0.0.0/0 to port {SERVICE_PORT}"
    return at("security_group_id", text=text)


def _lets_in(rule: InboundRule) -> bool:
    return (
        rule.protocol.lower() in ("tcp", "any", "all")
        and rule.source in EVERYWHERE
        and rule.first_port <= SERVICE_PORT <= rule.last_port
    )


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on a deploy request, given what exists."""
    parts = {"subjects": (CREATE,), "level": Level.ADMISSION}
    return written(f"MA-ADM-{number:03d}", statement, where, changes, more, **parts)


def _version_rule(
    number: int, statement: str, where: str, changes: dict[str, Any], **more: Any
) -> Rule:
    """A rule on one version."""
    return _rule(number, statement, f"/config/*{where}", changes, **{"subjects": BOTH} | more)


_IN_NETWORK = {"/vpc_id": "vpc-1", "/subnet_network_id": "net-1", "/security_group_id": "sg-1"}
_NETWORKS = {
    "networks": Networks(
        subnets={"vpc-1": frozenset({"net-1"})},
        security_groups={
            "sg-1": (InboundRule(),),
            "sg-closed": (InboundRule(first_port=22, last_port=22),),
        },
    )
}
_UNPUBLISHED = {"models": {"model": ModelFacts(status="publishing")}}
_MULTI_POOL = Source(REAL_TIME_2, "table 2, Multi-Pool Load Balancing")
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
        source=Source(_ERROR_CODES, "ModelArts.3589"),
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
        source=Source(_ERROR_CODES, "ModelArts.3514"),
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
    _rule(
        8,
        "The dedicated pool exists.",
        "",
        {"/config/0/cluster_id": "no-such-pool"},
        base="dedicated-custom",
        source=Source(_ERROR_CODES, "ModelArts.3547"),
        answer=POOL_MISSING,
        subjects=BOTH,
        when="config",
        check=_pool_exists,
    ),
    _rule(
        9,
        "The dedicated pool is running.",
        "",
        {"/config/0/cluster_id": "pool"},
        base="dedicated-custom",
        facts={"pools": {"pool": PoolFacts(status="abnormal")}},
        source=table(3, "cluster_id"),
        subjects=BOTH,
        when="config",
        check=_pool_running,
    ),
    _rule(
        10,
        "cluster_id takes pools of the old kind, pool_name those of the new kind.",
        "",
        {"/config/0/cluster_id": "pool"},
        base="dedicated-custom",
        facts={"pools": {"pool": PoolFacts(generation="new")}},
        source=table(3, "pool_name"),
        subjects=BOTH,
        when="config",
        check=_pool_generation,
    ),
    _rule(
        11,
        "With multi-pool load balancing, the nodes of both pools are of one specification.",
        "",
        {"/cluster_id": "a,b"},
        base="multi-pool",
        facts={"pools": {"a": PoolFacts(), "b": PoolFacts(node="modelarts.vm.gpu.p4")}},
        source=_MULTI_POOL,
        subjects=BOTH,
        when="config",
        check=_pool_nodes,
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
    _rule(
        13,
        "No other service of the project has the name.",
        "/service_name",
        {},
        facts={"names": frozenset({"mnist"})},
        source=Source(_ERROR_CODES, "ModelArts.3503"),
        answer=NAME_TAKEN,
        check=_name_free,
    ),
    _rule(
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
    _rule(
        15,
        "The workspace exists.",
        "/workspace_id",
        {"/workspace_id": "ws-2"},
        facts={"workspaces": frozenset({"ws-1"})},
        source=Source(_ERROR_CODES, "ModelArts.0102"),
        answer=WORKSPACE_MISSING,
        check=_workspace,
    ),
    _rule(
        16,
        "Where the settings list no workspaces, a workspace is not checked.",
        "/workspace_id",
        {"/workspace_id": "ws-1"},
        source=Source("Drydock", "settings"),
        severity=Severity.WARNING,
        proof=Proof.INFERRED,
        check=_workspace_unlisted,
    ),
    _rule(
        17,
        "The VPC exists and has the subnet.",
        "",
        {**_IN_NETWORK, "/subnet_network_id": "net-9"},
        facts=_NETWORKS,
        source=table(3, "vpc_id"),
        when="vpc_id",
        check=_network,
    ),
    _rule(
        18,
        "Where the settings list no networks, a network is not checked.",
        "",
        _IN_NETWORK,
        source=Source("Drydock", "settings"),
        severity=Severity.WARNING,
        proof=Proof.INFERRED,
        when="vpc_id",
        check=_network_unlisted,
    ),
    _rule(
        19,
        "The security group exists.",
        "",
        {**_IN_NETWORK, "/security_group_id": "sg-9"},
        facts=_NETWORKS,
        source=table(3, "security_group_id"),
        when="vpc_id",
        check=_security_group,
    ),
    _rule(
        20,
        "The security group lets in TCP from 0.0.0.0/0 to port 8080.",
        "",
        {**_IN_NETWORK, "/security_group_id": "sg-closed"},
        facts=_NETWORKS,
        source=table(3, "security_group_id"),
        answer=SECURITY_GROUP,
        when="vpc_id",
        check=_port_open,
    ),
    _rule(
        21,
        "No other model of the project has the name and the version.",
        "",
        {},
        base="model",
        facts={"model_versions": frozenset({("mnist", "0.0.1")})},
        source=Source(_ERROR_CODES, "ModelArts.3002"),
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
        source=Source(_ERROR_CODES, "ModelArts.3551"),
        answer=OBJECT_PATH_MISSING,
        check=_paths_exist,
    ),
)
