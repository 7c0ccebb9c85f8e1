"""What the documents demand of a service as a whole. Source: Deploying Services, table 3."""

from __future__ import annotations

import re
from typing import Any

from simulator.facts.specifications import SPECIFICATIONS
from simulator.facts.statuses import ServiceKind
from simulator.modelarts.error_codes import (
    DUE_TIME_PAST,
    FREE_SERVICE,
    SAME_VERSION,
)
from simulator.modelarts.rules.common import (
    API_DEFINITION,
    BATCH_PAGE,
    BOTH,
    CREATE,
    REAL_TIME_2,
    a_service,
    has_pool,
    kind_of,
    pool_of,
    table,
    written,
)
from simulator.rules import checks
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Check,
    Findings,
    Path,
    Proof,
    Rule,
    Scope,
    Severity,
    Source,
    at,
    here,
)

KINDS = tuple(kind.value for kind in ServiceKind)
NAME_CHARACTERS = r"[A-Za-z0-9_\-\u3400-\u4dbf\u4e00-\u9fff]*"
DESCRIPTION_FORBIDDEN = {"deploy-page": "!<>+&\"'", "api-definition": "!<>=&\"'"}
_FORBIDDEN = {
    reading: re.compile(f"[{re.escape(characters)}]")
    for reading, characters in DESCRIPTION_FORBIDDEN.items()
}
_OTHER_KINDS = (ServiceKind.BATCH, ServiceKind.EDGE)
NETWORK = ("vpc_id", "subnet_network_id", "security_group_id")


def _infer_type(value: str, scope: Scope) -> Findings:
    known = KINDS if scope.readings["edge"] == "accepted" else KINDS[:2]
    return FINE if value in known else here(checks.not_among(value, known))


def _description(value: str, scope: Scope) -> Findings:
    reading = scope.readings["description-characters"]
    if not _FORBIDDEN[reading].search(value):
        return FINE
    return here(checks.holds_forbidden(value, DESCRIPTION_FORBIDDEN[reading]))


def _at_least_one_version(config: list[Any], scope: Scope) -> Findings:
    return FINE if config else here("needs at least one model")


def _one_version(config: list[Any], scope: Scope) -> Findings:
    kind = kind_of(scope)
    if len(config) <= 1 or kind not in _OTHER_KINDS:
        return FINE
    return here(f"{a_service(kind)} has exactly one model; got {len(config)}")


def only_real_time(what: str) -> Check:
    """A check of a field that only real-time services have; false and empty count as absent."""

    def check(value: object, scope: Scope) -> Findings:
        kind = kind_of(scope)
        if kind not in _OTHER_KINDS or not value:
            return FINE
        return here(f"{what}; this is {a_service(kind)}")

    return check


def _priority_kind(priority: int, scope: Scope) -> Findings:
    if kind_of(scope) != ServiceKind.EDGE:
        return FINE
    return here("only real-time and batch services have a priority; this is an edge service")


def _weights_given(config: list[dict[str, Any]], scope: Scope) -> Findings:
    if kind_of(scope) != ServiceKind.REAL_TIME:
        return FINE
    return [
        ((index, "weight"), "is mandatory for a real-time service")
        for index, version in enumerate(config)
        if "weight" not in version
    ]


def _weights_sum(config: list[dict[str, Any]], scope: Scope) -> Findings:
    if kind_of(scope) != ServiceKind.REAL_TIME:
        return FINE
    weights = [version["weight"] for version in config if "weight" in version]
    if len(weights) != len(config) or not weights or sum(weights) == 100:
        return FINE
    shown = f" ({' + '.join(str(weight) for weight in weights)})" if len(weights) > 1 else ""
    text = (
        "the weights of a real-time service must add up to 100; "
        f"these add up to {sum(weights)}{shown}"
    )
    return at(len(config) - 1, "weight", text=text)


def _same_version(config: list[dict[str, Any]], scope: Scope) -> Findings:
    if len(config) < 2:
        return FINE
    first: dict[str, int] = {}
    findings = []
    for index, version in enumerate(config):
        model_id = version.get("model_id")
        if model_id in first:
            text = (
                f"the versions of a service must differ; this is that of config[{first[model_id]}]"
            )
            findings.append(((index, "model_id"), text))
        elif model_id is not None:
            first[model_id] = index
    return findings


def _free_alone(config: list[dict[str, Any]], scope: Scope) -> Findings:
    if len(config) < 2:
        return FINE
    return [
        (
            (index, "specification"),
            f"the free specification {version['specification']} does not support several versions; "
            f"this service has {len(config)}",
        )
        for index, version in enumerate(config)
        if (known := SPECIFICATIONS.get(version.get("specification", ""))) and known.is_free
    ]


def _needs(name: str) -> Check:
    def check(request: dict[str, Any], scope: Scope) -> Findings:
        if not request["vpc_id"] or request.get(name):
            return FINE
        return at(name, text="is mandatory when vpc_id is given")

    return check


def _network_beside_pool(request: dict[str, Any], scope: Scope) -> Findings:
    versions = request.get("config") or []
    if not request["vpc_id"] or not any(pool_of(version, request) for version in versions):
        return FINE
    return at("vpc_id", text="has no effect: the dedicated pool brings its own network")


def _network_kind(request: dict[str, Any], scope: Scope) -> Findings:
    kind = kind_of(scope)
    if not request["vpc_id"] or kind not in _OTHER_KINDS:
        return FINE
    return at("vpc_id", text=f"has no effect in {a_service(kind)}")


def _pool_precedence(config: list[dict[str, Any]], scope: Scope) -> Findings:
    findings = []
    for name in ("cluster_id", "pool_name"):
        of_service = scope.root.get(name)
        for index, version in enumerate(config):
            own = version.get(name)
            if own and of_service and own != of_service:
                text = f"goes before the service's {name}, which is another: {of_service}"
                findings.append(((index, name), text))
    return findings


def _two_pool_kinds(request: dict[str, Any], scope: Scope) -> Findings:
    holders: list[tuple[Path, dict[str, Any]]] = [((), request)]
    holders += [(("config", index), version) for index, version in enumerate(request["config"])]
    return [
        ((*path, "cluster_id"), "has no effect beside pool_name")
        for path, holder in holders
        if holder.get("cluster_id") and holder.get("pool_name")
    ]


def _batch_pool(request: dict[str, Any], scope: Scope) -> Findings:
    if scope.readings["batch-pool"] == "any" or kind_of(scope) != ServiceKind.BATCH:
        return FINE
    for index, version in enumerate(request["config"]):
        if has_pool(version, scope):
            text = "a batch service runs in a public pool only, not in a dedicated one"
            name = next((n for n in ("pool_name", "cluster_id") if version.get(n)), "")
            if name:
                return at("config", index, name, text=text)
            return at("pool_name" if request.get("pool_name") else "cluster_id", text=text)
    return FINE


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on the whole service; on a deploy request unless it says otherwise."""
    return written(f"MA-SVC-{number:03d}", statement, where, changes, more, subjects=(CREATE,))


_NETWORK_EXAMPLE = {"/vpc_id": "vpc-1", "/subnet_network_id": "net-1", "/security_group_id": "sg-1"}

RULES = (
    _rule(
        1,
        "infer_type is real-time, batch or edge.",
        "/infer_type",
        {"/infer_type": "realtime"},
        source=table(3, "infer_type"),
        check=_infer_type,
        schema={"enum": list(KINDS)},
        reading="edge",
    ),
    _rule(
        2,
        "A service's name has 1 to 64 characters.",
        "/service_name",
        {"/service_name": "a" * 65},
        source=table(3, "service_name"),
        **checks.length(1, 64),
    ),
    _rule(
        3,
        "A service's name has letters, Chinese characters, digits, - and _ only.",
        "/service_name",
        {"/service_name": "my service"},
        source=API_DEFINITION,
        **checks.spelt(NAME_CHARACTERS, "has letters, Chinese characters, digits, - and _ only"),
    ),
    _rule(
        4,
        "A description has at most 100 characters.",
        "/description",
        {"/description": "x" * 101},
        source=table(3, "description"),
        subjects=(*BOTH, "create-model"),
        **checks.length(0, 100),
    ),
    _rule(
        5,
        "A description has none of ! < > + & \" '.",
        "/description",
        {"/description": "fast & small"},
        source=table(3, "description"),
        subjects=(*BOTH, "create-model"),
        check=_description,
        schema={"pattern": "^[^!<>+&\"']*$"},
        reading="description-characters",
    ),
    _rule(
        6,
        "A service has at least one model.",
        "/config",
        {"/config": []},
        source=table(3, "config"),
        subjects=BOTH,
        check=_at_least_one_version,
        schema={"minItems": 1},
        proof=Proof.INFERRED,
    ),
    _rule(
        7,
        "A batch or edge service has one model only.",
        "/config",
        {
            "/config/1": {
                "model_id": "another",
                "specification": "modelarts.vm.cpu.2u",
                "instance_count": 1,
                "src_path": "/bucket/in/",
                "dest_path": "/bucket/out/",
                "req_uri": "/",
                "mapping_type": "file",
            }
        },
        base="batch-file",
        source=table(3, "config"),
        subjects=BOTH,
        check=_one_version,
    ),
    _rule(
        8,
        "Only real-time services have a schedule.",
        "/schedule",
        {"/schedule": [{"type": "stop", "time_unit": "HOURS", "duration": 1}]},
        base="batch-file",
        source=table(3, "schedule"),
        subjects=BOTH,
        check=only_real_time("only real-time services have a schedule"),
    ),
    _rule(
        9,
        "A schedule's type is stop.",
        "/schedule/*/type",
        {"/schedule/0/type": "start"},
        base="auto-stop",
        source=table(4, "type"),
        subjects=BOTH,
        **checks.one_of("stop"),
    ),
    _rule(
        10,
        "A schedule's time unit is DAYS, HOURS or MINUTES.",
        "/schedule/*/time_unit",
        {"/schedule/0/time_unit": "SECONDS"},
        base="auto-stop",
        source=table(4, "time_unit"),
        subjects=BOTH,
        **checks.one_of("DAYS", "HOURS", "MINUTES"),
    ),
    _rule(
        11,
        "A schedule's duration is at least 1: the service stops in the future.",
        "/schedule/*/duration",
        {"/schedule/0/duration": 0},
        base="auto-stop",
        source=Source("Error Codes", "ModelArts.3562"),
        subjects=BOTH,
        answer=DUE_TIME_PAST,
        proof=Proof.INFERRED,
        **checks.between(1),
    ),
    _rule(
        12,
        "Each version of a real-time service has a weight.",
        "/config",
        {"/config/0/weight": REMOVED},
        source=table(5, "weight"),
        subjects=BOTH,
        check=_weights_given,
    ),
    _rule(
        13,
        "A weight is 0 to 100.",
        "/config/*/weight",
        {"/config/0/weight": 101, "/config/1/weight": -1},
        base="two-versions",
        source=API_DEFINITION,
        subjects=BOTH,
        **checks.between(0, 100),
    ),
    _rule(
        14,
        "The weights of a real-time service add up to 100.",
        "/config",
        {"/config/0/weight": 70, "/config/1/weight": 31},
        base="two-versions",
        source=table(5, "weight"),
        subjects=BOTH,
        check=_weights_sum,
    ),
    _rule(
        15,
        "A model version stands in a service once.",
        "/config",
        {"/config/1/model_id": "xxxmodel-idxxx"},
        base="two-versions",
        source=table(3, "config"),
        subjects=BOTH,
        answer=SAME_VERSION,
        check=_same_version,
    ),
    _rule(
        16,
        "With vpc_id, subnet_network_id is mandatory.",
        "",
        {**_NETWORK_EXAMPLE, "/subnet_network_id": ""},
        source=table(3, "subnet_network_id"),
        when="vpc_id",
        check=_needs("subnet_network_id"),
    ),
    _rule(
        17,
        "With vpc_id, security_group_id is mandatory.",
        "",
        {**_NETWORK_EXAMPLE, "/security_group_id": ""},
        source=table(3, "security_group_id"),
        when="vpc_id",
        check=_needs("security_group_id"),
    ),
    _rule(
        18,
        "In a dedicated pool, vpc_id has no effect.",
        "",
        _NETWORK_EXAMPLE,
        base="dedicated-custom",
        source=table(3, "vpc_id"),
        severity=Severity.WARNING,
        when="vpc_id",
        check=_network_beside_pool,
    ),
    _rule(
        19,
        "Only the instances of a real-time service are put into a network by vpc_id.",
        "",
        {**_NETWORK_EXAMPLE, "/cluster_id": REMOVED},
        base="batch-file",
        source=table(3, "vpc_id"),
        severity=Severity.WARNING,
        when="vpc_id",
        check=_network_kind,
    ),
    _rule(
        20,
        "The dedicated pool of a version goes before that of the service.",
        "/config",
        {"/config/0/cluster_id": "another-pool"},
        base="dedicated-custom",
        source=table(3, "cluster_id"),
        severity=Severity.WARNING,
        check=_pool_precedence,
    ),
    _rule(
        21,
        "pool_name goes before cluster_id.",
        "",
        {"/pool_name": "pool-1", "/config/0/cluster_id": REMOVED},
        base="dedicated-custom",
        source=API_DEFINITION,
        severity=Severity.WARNING,
        when="config",
        check=_two_pool_kinds,
    ),
    _rule(
        22,
        "load_balancer_policy is ROUND_ROBIN, LEAST_CONNECTIONS or SOURCE_IP.",
        "/load_balancer_policy",
        {"/load_balancer_policy": "RANDOM"},
        source=API_DEFINITION,
        subjects=BOTH,
        **checks.one_of("ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP"),
    ),
    _rule(
        23,
        "Only real-time services have a load_balancer_policy.",
        "/load_balancer_policy",
        {"/load_balancer_policy": "ROUND_ROBIN"},
        base="batch-file",
        source=API_DEFINITION,
        subjects=BOTH,
        check=only_real_time("only real-time services balance load"),
    ),
    _rule(
        24,
        "priority is 1 to 3.",
        "/priority",
        {"/priority": 4},
        source=API_DEFINITION,
        subjects=BOTH,
        **checks.between(1, 3),
    ),
    _rule(
        25,
        "Free specifications do not support the gray launch of several versions.",
        "/config",
        {"/config/1/specification": "modelarts.vm.cpu.free"},
        base="two-versions",
        source=Source(REAL_TIME_2, "table 2, Add AI Application Version and Configuration"),
        subjects=BOTH,
        answer=FREE_SERVICE,
        check=_free_alone,
    ),
    _rule(
        26,
        "A batch service runs in a public pool only.",
        "",
        {},
        base="batch-file",
        readings={"batch-pool": "public-only"},
        source=Source(BATCH_PAGE, "context"),
        when="config",
        check=_batch_pool,
        reading="batch-pool",
    ),
    _rule(
        27,
        "Only real-time and batch services have a priority.",
        "/priority",
        {"/priority": 1},
        base="edge",
        source=API_DEFINITION,
        subjects=BOTH,
        check=_priority_kind,
    ),
)
