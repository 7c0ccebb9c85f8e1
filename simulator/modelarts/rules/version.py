"""What the documents demand of one version. Source: Deploying Services, tables 5 and 6."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from simulator.facts import limits
from simulator.facts.specifications import CUSTOM, SPECIFICATIONS, Specification
from simulator.facts.statuses import ServiceKind
from simulator.modelarts.error_codes import FLAVOR_UNAVAILABLE
from simulator.modelarts.rules.common import (
    BOTH,
    REAL_TIME_2,
    a_service,
    has_pool,
    kind_of,
    table,
    written,
)
from simulator.rules import checks
from simulator.rules.environment import BAD_VARIABLE, LOOKS_SECRET, is_name, is_secret_name
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Findings,
    Proof,
    Rule,
    Scope,
    Severity,
    Source,
    at,
    here,
)
from simulator.rules.text import shown

MISPRINTED = "modelsarts.vm.ai1.a310"
CORRECTED = "modelarts.vm.ai1.a310"
SPECIFICATION_NAMES = (*SPECIFICATIONS, CUSTOM)
_KNOWN = {
    "both": (*SPECIFICATION_NAMES, MISPRINTED),
    "corrected": SPECIFICATION_NAMES,
    "as-printed": (*(name for name in SPECIFICATION_NAMES if name != CORRECTED), MISPRINTED),
}
"""The names that each reading takes."""
_BATCH_FIELDS = ("src_path", "src_type", "dest_path", "req_uri", "mapping_type", "mapping_rule")
_IDLE = {
    ServiceKind.REAL_TIME.value: frozenset({*_BATCH_FIELDS, "nodes"}),
    ServiceKind.BATCH.value: frozenset({"weight", "nodes"}),
    ServiceKind.EDGE.value: frozenset({"weight", *_BATCH_FIELDS}),
}
"""Fields of a version that mean nothing in a service of the kind."""
_TIMEOUT = {
    "seconds": (limits.DEPLOY_TIMEOUT_MIN_S, limits.DEPLOY_TIMEOUT_MAX_S),
    "minutes": (3, 120),
}


def rounded(number: float) -> float:
    """A number of CPUs or GPUs as the cloud takes it: the third decimal is rounded off, halves up.

    Source: Deploying Services, table 6.
    """
    if number == round(number, 2):
        return float(number)  # so is each that is too large for decimals
    exact = Decimal(repr(number))
    return float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


def corrected(specification: str) -> str:
    """The specification's name without the misprint of Deploying Services, table 5."""
    return CORRECTED if specification == MISPRINTED else specification


def own_specifications(scope: Scope) -> Mapping[str, Specification]:
    """Those that the settings add; none where only the document counts."""
    found: Mapping[str, Specification] = scope.facts.specifications if scope.facts else {}
    return found


def known_specification(name: str, scope: Scope) -> Specification | None:
    """A documented or an own specification; None for `custom` and what there is not."""
    return SPECIFICATIONS.get(corrected(name)) or own_specifications(scope).get(name)


def _instances(value: int, scope: Scope) -> Findings:
    highest = int(scope.readings["instance-count"])
    if value <= highest:
        return FINE
    return here(f"is at most {highest}; got {value}; more is granted by a service ticket")


def _specification(value: str, scope: Scope) -> Findings:
    known = _KNOWN[scope.readings["specification-name"]]
    own = own_specifications(scope)
    if value in known or value in own:
        return FINE
    told = [name for name in known if name != MISPRINTED or CORRECTED not in known]
    told += own
    return here(checks.not_among(value, told))


def _misprint(value: str, scope: Scope) -> Findings:
    if value != MISPRINTED or scope.readings["specification-name"] != "both":
        return FINE
    return here(f"is a misprint of {CORRECTED}; Drydock takes both")


def _public_npu(version: dict[str, Any], scope: Scope) -> Findings:
    known = known_specification(version["specification"], scope)
    if known is None or not known.npus or kind_of(scope) != ServiceKind.REAL_TIME:
        return FINE
    if has_pool(version, scope) is not False:
        return FINE
    text = f"the public pool has instances with CPUs and GPUs; {known.name} has an NPU"
    return at("specification", text=text)


def _custom_spec(version: dict[str, Any], scope: Scope) -> Findings:
    if version["specification"] != CUSTOM or "custom_spec" in version:
        return FINE
    return at("custom_spec", text="is mandatory with the specification custom")


def _custom_pool(version: dict[str, Any], scope: Scope) -> Findings:
    if version["specification"] != CUSTOM or has_pool(version, scope) is not False:
        return FINE
    if kind_of(scope) == ServiceKind.EDGE and scope.readings["custom-pool"] == "edge-exempt":
        return FINE
    text = (
        "custom is supported in a dedicated resource pool only; name one in cluster_id or pool_name"
    )
    return at("specification", text=text)


def _custom_spec_idle(version: dict[str, Any], scope: Scope) -> Findings:
    if version.get("specification", CUSTOM) == CUSTOM:
        return FINE
    text = f"has no effect with the specification {version['specification']}"
    return at("custom_spec", text=text)


def _one_accelerator(spec: dict[str, Any], scope: Scope) -> Findings:
    if spec["gpu_p4"] > 0 and spec.get("ascend_a310", 0) > 0:
        text = (
            f"only one of gpu_p4 and ascend_a310 may be above 0; "
            f"got {spec['gpu_p4']:g} and {spec['ascend_a310']}"
        )
        return at("ascend_a310", text=text)
    return FINE


def _third_decimal(value: float, scope: Scope) -> Findings:
    if value == round(value, 2):
        return FINE
    return here(f"is rounded to {rounded(value):g}; got {shown(value)}")


def _deploy_timeout(value: int, scope: Scope) -> Findings:
    reading = scope.readings["deploy-timeout"]
    low, high = _TIMEOUT[reading]
    if low <= value <= high:
        return FINE
    if reading == "minutes":
        return here(f"is 3 to 120, in minutes by the reading deploy-timeout=minutes; got {value}")
    text = f"is {low} to {high} seconds (3 to 120 minutes); got {value}"
    if 3 <= value <= 120:
        text += (
            f"; if you mean {value} minutes, send {value * 60}, or choose the other reading, "
            "deploy-timeout=minutes"
        )
    elif 3 <= value < low:
        text += "; the other reading, 3 to 120 minutes, does not have it either"
    return here(text)


def _envs(envs: dict[str, str], scope: Scope) -> Findings:
    if all(map(is_name, envs)) and "\x00" not in "".join(envs.values()):
        return FINE
    return [
        ((name,), f"{BAD_VARIABLE}; got {shown(name)}")
        for name, value in envs.items()
        if "\x00" in value or not is_name(name)
    ]


def _secret_envs(envs: dict[str, str], scope: Scope) -> Findings:
    if not any(map(is_secret_name, envs)):
        return FINE
    return [
        ((name,), LOOKS_SECRET) for name, value in envs.items() if value and is_secret_name(name)
    ]


def _edge_nodes(config: list[dict[str, Any]], scope: Scope) -> Findings:
    if kind_of(scope) != ServiceKind.EDGE:
        return FINE
    return [
        ((index, "nodes"), "is mandatory for edge services: at least one node")
        for index, version in enumerate(config)
        if not version.get("nodes")
    ]


def _other_kinds_fields(version: dict[str, Any], scope: Scope) -> Findings:
    kind = kind_of(scope)
    idle = _IDLE.get(kind)
    if idle is None or idle.isdisjoint(version):
        return FINE
    return [
        ((name,), f"has no effect in {a_service(kind)}")
        for name in sorted(idle)
        if version.get(name)
    ]


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on each version, of a deploy request and of an update; at `/config`, on all."""
    place = where if where == "/config" else f"/config/*{where}"
    parts = {"source": table(5), "subjects": BOTH}
    return written(f"MA-SVC-{number:03d}", statement, place, changes, more, **parts)


def _custom(number: int, statement: str, field: str, value: Any, **more: Any) -> Rule:
    """A rule on a field of custom_spec."""
    return _rule(
        number,
        statement,
        f"/custom_spec/{field}",
        {f"/config/0/custom_spec/{field}": value},
        **{"base": "dedicated-custom", "source": table(6, field)} | more,
    )


RULES = (
    _rule(
        30,
        "A version has at least 1 instance.",
        "/instance_count",
        {"/config/0/instance_count": 0},
        source=table(5, "instance_count"),
        proof=Proof.INFERRED,
        **checks.between(1),
    ),
    _rule(
        31,
        "A version has at most 5 instances.",
        "/instance_count",
        {"/config/0/instance_count": 6},
        source=table(5, "instance_count"),
        check=_instances,
        schema={"maximum": limits.INSTANCES_PER_MODEL},
        reading="instance-count",
    ),
    _rule(
        32,
        "A specification is one of those that can be queried.",
        "/specification",
        {"/config/0/specification": "modelarts.vm.cpu.2"},
        source=table(5, "specification"),
        check=_specification,
        schema={"enum": [*SPECIFICATION_NAMES, MISPRINTED]},
        reading="specification-name",
    ),
    _rule(
        33,
        "modelsarts.vm.ai1.a310 is a misprint of modelarts.vm.ai1.a310.",
        "/specification",
        {"/config/0/specification": MISPRINTED, "/cluster_id": "pool-a"},
        source=table(5, "specification"),
        severity=Severity.WARNING,
        check=_misprint,
        reading="specification-name",
    ),
    _rule(
        34,
        "With the specification custom, custom_spec is mandatory.",
        "",
        {"/config/0/custom_spec": REMOVED},
        base="dedicated-custom",
        source=table(5, "specification"),
        when="specification",
        check=_custom_spec,
    ),
    _rule(
        35,
        "The specification custom is for dedicated resource pools only.",
        "",
        {"/cluster_id": REMOVED, "/config/0/cluster_id": REMOVED},
        base="dedicated-custom",
        source=table(5, "specification"),
        answer=FLAVOR_UNAVAILABLE,
        when="specification",
        check=_custom_pool,
        reading="custom-pool",
    ),
    _rule(
        36,
        "custom_spec has no effect with another specification than custom.",
        "",
        {"/config/0/specification": "modelarts.vm.cpu.2u"},
        base="dedicated-custom",
        source=table(5, "specification"),
        severity=Severity.WARNING,
        proof=Proof.INFERRED,
        when="custom_spec",
        check=_custom_spec_idle,
    ),
    _custom(37, "cpu is at least 0.01.", "cpu", 0.009, **checks.between(0.01)),
    _custom(38, "memory is at least 1 MB.", "memory", 0, proof=Proof.INFERRED, **checks.between(1)),
    _custom(39, "gpu_p4 is at least 0.", "gpu_p4", -0.01, **checks.between(0)),
    _custom(
        40,
        "ascend_a310 is at least 0.",
        "ascend_a310",
        -1,
        proof=Proof.INFERRED,
        **checks.between(0),
    ),
    _rule(
        41,
        "gpu_p4 and ascend_a310 exclude each other; 0 counts as absent.",
        "/custom_spec",
        {"/config/0/custom_spec/gpu_p4": 0.5, "/config/0/custom_spec/ascend_a310": 1},
        base="dedicated-custom",
        source=table(6, "ascend_a310"),
        when="gpu_p4",
        check=_one_accelerator,
    ),
    _custom(
        42,
        "The third decimal of cpu is rounded off.",
        "cpu",
        1.505,
        severity=Severity.WARNING,
        check=_third_decimal,
    ),
    _custom(
        43,
        "The third decimal of gpu_p4 is rounded off.",
        "gpu_p4",
        0.333,
        severity=Severity.WARNING,
        check=_third_decimal,
    ),
    _rule(
        44,
        "deploy_timeout_in_seconds is 180 to 7,200 seconds (3 to 120 minutes).",
        "/deploy_timeout_in_seconds",
        {"/config/0/deploy_timeout_in_seconds": 20},
        source=Source(
            f"{table(5, 'deploy_timeout_in_seconds')}; {REAL_TIME_2}", "table 2, Timeout"
        ),
        check=_deploy_timeout,
        schema={"minimum": limits.DEPLOY_TIMEOUT_MIN_S, "maximum": limits.DEPLOY_TIMEOUT_MAX_S},
        reading="deploy-timeout",
    ),
    _rule(
        45,
        "An environment variable has a name that a process can be given, and no NUL in its value.",
        "/envs",
        {"/config/0/envs": {"1st": "x"}},
        source=Source("POSIX.1", "environment variables"),
        proof=Proof.INFERRED,
        check=_envs,
    ),
    _rule(
        46,
        "Environment variables are no place for secrets.",
        "/envs",
        {"/config/0/envs": {"DB_PASSWORD": "hunter2"}},
        source=Source(REAL_TIME_2, "table 2, Environment Variable"),
        severity=Severity.WARNING,
        check=_secret_envs,
    ),
    _rule(
        49,
        "An edge service names the nodes that it runs on.",
        "/config",
        {"/config/0/nodes": []},
        base="edge",
        source=table(5, "nodes"),
        check=_edge_nodes,
    ),
    _rule(
        50,
        "Fields of other kinds of services have no effect.",
        "",
        {"/config/0/src_path": "/bucket/in/"},
        source=table(5),
        severity=Severity.WARNING,
        proof=Proof.INFERRED,
        check=_other_kinds_fields,
    ),
    _rule(
        51,
        "In the public pool, a real-time service's instances are of the CPU or GPU type.",
        "",
        {"/config/0/specification": CORRECTED},
        source=Source(REAL_TIME_2, "table 2, Resource Pool"),
        severity=Severity.WARNING,
        when="specification",
        check=_public_npu,
    ),
)
