"""What the documents demand of machines and GPUs. Source: the JSON page, metadata and cloud."""

from __future__ import annotations

from typing import Any

from simulator.eas.rules.common import (
    count_or_share,
    has_machines,
    is_public,
    page,
    type_of,
    written,
)
from simulator.eas.vocabulary import OVERVIEW
from simulator.rules import checks
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

_MACHINE_PREFIXES = ("ecs.", "ml.")
_NETWORK = ("vpc_id", "vswitch_id", "security_group_id")


def _slice_beside_gpus(metadata: dict[str, Any], scope: Scope) -> Findings:
    if not metadata["gpu_memory"] or metadata.get("gpu", 0) < 2:
        return FINE
    text = f"is the slice of one GPU, and needs gpu 0; gpu is {metadata['gpu']}"
    return at("gpu_memory", text=text)


def _ignored_slice(metadata: dict[str, Any], scope: Scope) -> Findings:
    if metadata["gpu"] != 1:
        return FINE
    return [
        ((name,), "is ignored with gpu 1; a slice of a GPU needs gpu 0")
        for name in ("gpu_memory", "gpu_core_percentage")
        if metadata.get(name)
    ]


def _cores_need_memory(metadata: dict[str, Any], scope: Scope) -> Findings:
    if metadata.get("gpu") == 1 or "gpu_memory" in metadata:
        return FINE
    return at("gpu_memory", text="is mandatory with gpu_core_percentage")


def _machine_type(value: str, scope: Scope) -> Findings:
    if not value or value.startswith(_MACHINE_PREFIXES):
        return FINE
    return here(f"is a machine type such as ecs.c7a.large; got {shown(value)}")


def _two_choices(computing: dict[str, Any], scope: Scope) -> Findings:
    if not computing["instance_type"] or not computing.get("instances"):
        return FINE
    return at("instance_type", text="instances is given too; which of the two counts is not stated")


def _one_kind(choice: dict[str, Any], scope: Scope) -> Findings:
    given = [name for name in ("type", "dedicated_resource") if choice.get(name)]
    if len(given) == 1:
        return FINE
    return here(f"has type or dedicated_resource; got {' and '.join(given) or 'neither'}")


def _spot_of_dedicated(choice: dict[str, Any], scope: Scope) -> Findings:
    if not choice.get("dedicated_resource") or choice.get("type"):
        return FINE
    return at("spot_price_limit", text="has no effect on a dedicated resource group")


def _no_spot(computing: dict[str, Any], scope: Scope) -> Findings:
    if not computing["disable_spot_protection_period"]:
        return FINE
    if any("spot_price_limit" in choice for choice in computing.get("instances", ())):
        return FINE
    text = "has no effect: no machine has a spot_price_limit"
    return at("disable_spot_protection_period", text=text)


def _some_size(metadata: dict[str, Any], scope: Scope) -> Findings:
    if has_machines(scope.root) or not is_public(scope) or type_of(scope) != "Standard":
        return FINE
    if "cpu" in metadata and "memory" in metadata:
        return FINE
    lacking = next(name for name in ("cpu", "memory") if name not in metadata)
    text = "in the public group, cpu and memory are given, or a machine type under cloud.computing"
    return at(lacking, text=text)


def _whole_network(networking: dict[str, Any], scope: Scope) -> Findings:
    if not any(networking.get(name) for name in _NETWORK):
        return FINE
    return [
        ((name,), "is needed to connect the instances to a network, with the other two")
        for name in _NETWORK
        if not networking.get(name)
    ]


def _gpu(number: int, statement: str, changes: dict[str, Any], field: str, **more: Any) -> Rule:
    """A rule on the GPUs of an instance."""
    changed = {f"/metadata/{name}": value for name, value in changes.items()}
    parts = {"source": page("metadata.gpu_memory"), "base": "gpu-slice", "when": field}
    return written(number, statement, "/metadata", changed, more, **parts)


def _gpu_field(number: int, statement: str, field: str, value: Any, **more: Any) -> Rule:
    place = f"/metadata/{field}"
    parts = {"source": page(f"metadata.{field}"), "base": "gpu-slice", "proof": Proof.INFERRED}
    return written(number, statement, place, {place: value}, more, **parts)


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on cloud.computing."""
    changed = {f"/cloud/computing{place}": value for place, value in changes.items()}
    parts = {"source": page("cloud.computing"), "base": "spot"}
    return written(number, statement, f"/cloud/computing{where}", changed, more, **parts)


_INFERRED = {"proof": Proof.INFERRED}
_INFERRED_WARNING = {"severity": Severity.WARNING, "proof": Proof.INFERRED}

RULES = (
    _gpu_field(180, "gpu is not negative.", "gpu", -1, **checks.between(0)),
    _gpu_field(181, "gpu_memory is at least 1 GB.", "gpu_memory", 0, **checks.between(1)),
    _gpu_field(
        182,
        "gpu_core_percentage is 1 to 100.",
        "gpu_core_percentage",
        101,
        **checks.between(1, 100),
    ),
    _gpu(
        183,
        "The slice of a GPU needs gpu 0.",
        {"gpu": 2},
        "gpu_memory",
        check=_slice_beside_gpus,
    ),
    _gpu(
        184,
        "With gpu 1, gpu_memory and gpu_core_percentage are ignored.",
        {"gpu": 1},
        "gpu",
        severity=Severity.WARNING,
        check=_ignored_slice,
    ),
    _gpu(
        185,
        "gpu_core_percentage needs gpu_memory.",
        {"gpu_memory": REMOVED},
        "gpu_core_percentage",
        reads=("gpu_memory",),
        check=_cores_need_memory,
    ),
    _rule(
        190,
        "A machine type begins with ecs. or ml.",
        "/instance_type",
        {"/instance_type": "c7a.large"},
        base="full",
        check=_machine_type,
        **_INFERRED_WARNING,
    ),
    _rule(
        191,
        "Each machine type of a list begins with ecs. or ml.",
        "/instances/*/type",
        {"/instances/0/type": "c7a.large"},
        check=_machine_type,
        **_INFERRED_WARNING,
    ),
    _rule(
        192,
        "One machine type is given, or a list.",
        "",
        {"/instance_type": "ecs.c7a.large"},
        when="instance_type",
        check=_two_choices,
        **_INFERRED_WARNING,
    ),
    _rule(
        193,
        "Each choice of machines has a type or a dedicated resource group.",
        "/instances/*",
        {"/instances/0/dedicated_resource": "eas-r-1"},
        source=page("cloud.computing.instances"),
        reads=("type", "dedicated_resource"),
        check=_one_kind,
    ),
    _rule(
        194,
        "A spot machine's highest price is above 0.",
        "/instances/*/spot_price_limit",
        {"/instances/0/spot_price_limit": 0},
        **_INFERRED,
        **checks.above(0),
    ),
    _rule(
        195,
        "capacity is a count or a share.",
        "/instances/*/capacity",
        {"/instances/0/capacity": "some"},
        source=page("cloud.computing.instances"),
        check=count_or_share(0),
    ),
    _rule(
        196,
        "Only machines have a spot price.",
        "/instances/*",
        {"/instances/1": {"dedicated_resource": "eas-r-1", "spot_price_limit": 1}},
        when="spot_price_limit",
        reads=("type",),
        check=_spot_of_dedicated,
        **_INFERRED_WARNING,
    ),
    _rule(
        197,
        "Only spot machines have a protected first hour.",
        "",
        {"/instances": [{"type": "ecs.c7a.large"}]},
        when="disable_spot_protection_period",
        reads=("instances",),
        check=_no_spot,
        **_INFERRED_WARNING,
    ),
    written(
        198,
        "In the public group, a service has cpu and memory, or a machine type.",
        "/metadata",
        {"/metadata/cpu": REMOVED},
        {},
        source=page("cloud.computing"),
        reads=("cpu", "memory", "resource", "quota_id", "type"),
        check=_some_size,
        **_INFERRED_WARNING,
    ),
    written(
        199,
        "Network, switch and security group connect the instances together.",
        "/cloud/networking",
        {"/cloud/networking/vswitch_id": REMOVED},
        {"base": "full"},
        source=Source(OVERVIEW, "Terms, High-speed direct connection"),
        reads=_NETWORK,
        check=_whole_network,
        **_INFERRED_WARNING,
    ),
)
