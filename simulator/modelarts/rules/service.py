"""What the documents demand of a service as a whole. Source: Deploying Services, table 3."""

from __future__ import annotations

import re
from typing import Any

from simulator.facts.statuses import ServiceKind
from simulator.modelarts.error_codes import (
    DUE_TIME_PAST,
    FREE_SERVICE,
    SAME_VERSION,
)
from simulator.modelarts.rules.common import (
    API_DEFINITION,
    BOTH,
    OTHER_KINDS,
    REAL_TIME_2,
    a_service,
    kind_of,
    service_rule,
    table,
)
from simulator.modelarts.rules.version import known_specification
from simulator.rules import checks
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Check,
    Findings,
    Proof,
    Scope,
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
    if len(config) <= 1 or kind not in OTHER_KINDS:
        return FINE
    return here(f"{a_service(kind)} has exactly one model; got {len(config)}")


def only_real_time(what: str) -> Check:
    """A check of a field that only real-time services have; false and empty count as absent."""

    def check(value: object, scope: Scope) -> Findings:
        kind = kind_of(scope)
        if kind not in OTHER_KINDS or not value:
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
        if (known := known_specification(version.get("specification", ""), scope)) and known.is_free
    ]


RULES = (
    service_rule(
        1,
        "infer_type is real-time, batch or edge.",
        "/infer_type",
        {"/infer_type": "realtime"},
        source=table(3, "infer_type"),
        check=_infer_type,
        schema={"enum": list(KINDS)},
        reading="edge",
    ),
    service_rule(
        2,
        "A service's name has 1 to 64 characters.",
        "/service_name",
        {"/service_name": "a" * 65},
        source=table(3, "service_name"),
        **checks.length(1, 64),
    ),
    service_rule(
        3,
        "A service's name has letters, Chinese characters, digits, - and _ only.",
        "/service_name",
        {"/service_name": "my service"},
        source=API_DEFINITION,
        **checks.spelt(NAME_CHARACTERS, "has letters, Chinese characters, digits, - and _ only"),
    ),
    service_rule(
        4,
        "A description has at most 100 characters.",
        "/description",
        {"/description": "x" * 101},
        source=table(3, "description"),
        subjects=(*BOTH, "create-model"),
        **checks.length(0, 100),
    ),
    service_rule(
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
    service_rule(
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
    service_rule(
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
    service_rule(
        8,
        "Only real-time services have a schedule.",
        "/schedule",
        {"/schedule": [{"type": "stop", "time_unit": "HOURS", "duration": 1}]},
        base="batch-file",
        source=table(3, "schedule"),
        subjects=BOTH,
        check=only_real_time("only real-time services have a schedule"),
    ),
    service_rule(
        9,
        "A schedule's type is stop.",
        "/schedule/*/type",
        {"/schedule/0/type": "start"},
        base="auto-stop",
        source=table(4, "type"),
        subjects=BOTH,
        **checks.one_of("stop"),
    ),
    service_rule(
        10,
        "A schedule's time unit is DAYS, HOURS or MINUTES.",
        "/schedule/*/time_unit",
        {"/schedule/0/time_unit": "SECONDS"},
        base="auto-stop",
        source=table(4, "time_unit"),
        subjects=BOTH,
        **checks.one_of("DAYS", "HOURS", "MINUTES"),
    ),
    service_rule(
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
    service_rule(
        12,
        "Each version of a real-time service has a weight.",
        "/config",
        {"/config/0/weight": REMOVED},
        source=table(5, "weight"),
        subjects=BOTH,
        check=_weights_given,
    ),
    service_rule(
        13,
        "A weight is 0 to 100.",
        "/config/*/weight",
        {"/config/0/weight": 101, "/config/1/weight": -1},
        base="two-versions",
        source=API_DEFINITION,
        subjects=BOTH,
        **checks.between(0, 100),
    ),
    service_rule(
        14,
        "The weights of a real-time service add up to 100.",
        "/config",
        {"/config/0/weight": 70, "/config/1/weight": 31},
        base="two-versions",
        source=table(5, "weight"),
        subjects=BOTH,
        check=_weights_sum,
    ),
    service_rule(
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
    service_rule(
        22,
        "load_balancer_policy is ROUND_ROBIN, LEAST_CONNECTIONS or SOURCE_IP.",
        "/load_balancer_policy",
        {"/load_balancer_policy": "RANDOM"},
        source=API_DEFINITION,
        subjects=BOTH,
        **checks.one_of("ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP"),
    ),
    service_rule(
        23,
        "Only real-time services have a load_balancer_policy.",
        "/load_balancer_policy",
        {"/load_balancer_policy": "ROUND_ROBIN"},
        base="batch-file",
        source=API_DEFINITION,
        subjects=BOTH,
        check=only_real_time("only real-time services balance load"),
    ),
    service_rule(
        24,
        "priority is 1 to 3.",
        "/priority",
        {"/priority": 4},
        source=API_DEFINITION,
        subjects=BOTH,
        **checks.between(1, 3),
    ),
    service_rule(
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
    service_rule(
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
