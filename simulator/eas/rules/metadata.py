"""What the documents demand of metadata, besides the name, GPUs and rpc. Source: the JSON page,
metadata."""

from __future__ import annotations

import re
from typing import Any

from simulator.eas.rules.common import count_or_share, is_public, metadata_of, page, written
from simulator.eas.vocabulary import (
    CUDA_VERSIONS,
    OVERVIEW,
    QUALITIES,
    REGIONS,
    SERVICE_TYPES,
    SPREAD_POLICIES,
)
from simulator.rules import checks
from simulator.rules.rule import FINE, Findings, Proof, Rule, Scope, Severity, Source, at, here
from simulator.rules.text import did_you_mean, listed, shown

_SIZE = re.compile(r"[1-9][0-9]*(?:[KMGT]i?)?")

SMALL_MEMORY_MB = 64
"""Below that no model server runs; gigabytes are meant."""


def _region(value: str, scope: Scope) -> Findings:
    if not value or value in REGIONS:
        return FINE
    return here(checks.not_among(value, REGIONS))


def _workspace(value: Any, scope: Scope) -> Findings:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return FINE
    return here(f"is a text or a number; got {shown(value)}")


def _small_memory(value: int, scope: Scope) -> Findings:
    if not 0 < value < SMALL_MEMORY_MB:
        return FINE
    return here(f"is in MB: {value} MB is little; for {value} GB write {value * 1000}")


def _resource_group(value: str, scope: Scope) -> Findings:
    if not value or value.startswith("eas-r-"):
        return FINE
    return here(f"the id of a dedicated resource group begins with eas-r-; got {shown(value)}")


def _known_type(value: str, scope: Scope) -> Findings:
    if not value or value in SERVICE_TYPES:
        return FINE
    hint = did_you_mean(value, SERVICE_TYPES)
    return here(f"the documents have {listed(SERVICE_TYPES)}; got {shown(value)}{hint}")


def _known_workload(value: str, scope: Scope) -> Findings:
    if value in ("", "elasticjob"):
        return FINE
    return here(f"the documents have elasticjob only; got {shown(value)}")


def _disk(value: Any, scope: Scope) -> Findings:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return FINE
    if isinstance(value, str) and _SIZE.fullmatch(value):
        return FINE
    return here(f"is a size such as 30Gi; got {shown(value)}")


def _nothing_moves(strategy: dict[str, Any], scope: Scope) -> Findings:
    if strategy["max_unavailable"] != 0 or strategy.get("max_surge") not in (0, "0%"):
        return FINE
    text = "with max_surge 0 too, an update cannot replace any instance"
    return at("max_unavailable", text=text)


def _burstable(metadata: dict[str, Any], scope: Scope) -> Findings:
    if not metadata["resource_burstable"] or not is_public(scope):
        return FINE
    return at("resource_burstable", text="has no effect: the service runs in the public group")


def _one_gateway(value: str, scope: Scope) -> Findings:
    newer = scope.root.get("networking", {}).get("gateway")
    if not value or not newer or value == newer:
        return FINE
    return here(f"is the older place of networking.gateway, which is another: {newer}")


def gateway_id(value: str, scope: Scope) -> Findings:
    """A check of a dedicated gateway's id."""
    if not value or value.startswith("gw-"):
        return FINE
    return here(f"the id of a dedicated gateway begins with gw-; got {shown(value)}")


def _idle_rebalancing(metadata: dict[str, Any], scope: Scope) -> Findings:
    if not metadata["resource_rebalancing"] or metadata.get("resource_burstable"):
        return FINE
    if not is_public(scope):
        return FINE
    return at("resource_rebalancing", text="has no effect: the service runs in the public group")


def _group_beside_release(metadata: dict[str, Any], scope: Scope) -> Findings:
    if not metadata["release"] or not metadata_of(scope).get("group"):
        return FINE
    return at("release", text="is the older form of blue-green deployment; group is the newer one")


def _rule(number: int, statement: str, field: str, value: Any, **more: Any) -> Rule:
    """A rule on a field of metadata, broken by a value of it."""
    place = f"/metadata/{field}"
    source = page(f"metadata.{field.replace('/', '.')}")
    return written(number, statement, place, {place: value}, more, source=source)


def _whole(number: int, statement: str, field: str, changes: Any, **more: Any) -> Rule:
    """A rule on metadata, asked where a field is present."""
    changed = {f"/metadata/{name}": value for name, value in changes.items()}
    parts = {"source": page(f"metadata.{field}"), "when": field}
    return written(number, statement, "/metadata", changed, more, **parts)


_INFERRED = {"proof": Proof.INFERRED}
_WARNING = {"severity": Severity.WARNING}
_INFERRED_WARNING = _INFERRED | _WARNING

RULES = (
    _rule(
        50,
        "The number of instances is not negative.",
        "instance",
        -1,
        **_INFERRED,
        **checks.between(0),
    ),
    _rule(
        51,
        "A service runs in one of the regions that have EAS.",
        "region",
        "eu-west-9",
        source=Source(OVERVIEW, "Supported regions"),
        check=_region,
        schema={"enum": ["", *REGIONS]},
    ),
    _rule(
        52,
        "workspace_id is a text or a number.",
        "workspace_id",
        ["1"],
        check=_workspace,
        schema={"type": ["string", "integer"]},
    ),
    _rule(53, "cpu is above 0.", "cpu", 0, **_INFERRED, **checks.above(0)),
    _rule(54, "memory is at least 1 MB.", "memory", 0, **_INFERRED, **checks.between(1)),
    _rule(
        55,
        "memory is in MB.",
        "memory",
        16,
        check=_small_memory,
        **_INFERRED_WARNING,
    ),
    _rule(56, "qos is BestEffort or empty.", "qos", "Guaranteed", **checks.one_of(*QUALITIES)),
    _rule(
        57,
        "A dedicated resource group's id begins with eas-r-.",
        "resource",
        "my-group",
        base="dedicated",
        check=_resource_group,
        **_WARNING,
    ),
    _rule(
        58,
        "A service's type is one of those that the documents have.",
        "type",
        "async",
        base="image",
        check=_known_type,
        **_WARNING,
    ),
    _rule(
        59,
        "cuda is a version that can be mounted.",
        "cuda",
        "12.1",
        **checks.one_of(*CUDA_VERSIONS),
    ),
    _rule(60, "rdma is 0 or 1.", "rdma", 2, **checks.between(0, 1)),
    _rule(
        61,
        "workload_type is elasticjob.",
        "workload_type",
        "batch",
        check=_known_workload,
        **_WARNING,
    ),
    _rule(62, "disk is a size such as 30Gi.", "disk", "30 gigabytes", check=_disk),
    _rule(63, "shm_size is at least 1 GB.", "shm_size", 0, **_INFERRED, **checks.between(1)),
    _rule(
        64,
        "A termination's grace period is not negative.",
        "eas/termination_grace_period",
        -1,
        **_INFERRED,
        **checks.between(0),
    ),
    _rule(
        65,
        "Instances are spread over hosts or zones, or as by default.",
        "scheduling/spread/policy",
        "rack",
        **checks.one_of(*SPREAD_POLICIES),
    ),
    _rule(
        66,
        "max_surge is a count or a share.",
        "rolling_strategy/max_surge",
        "two",
        check=count_or_share(0),
    ),
    _rule(
        67,
        "max_unavailable is not negative.",
        "rolling_strategy/max_unavailable",
        -1,
        **_INFERRED,
        **checks.between(0),
    ),
    written(
        68,
        "max_surge and max_unavailable are not both 0.",
        "/metadata/rolling_strategy",
        {"/metadata/rolling_strategy": {"max_surge": 0, "max_unavailable": 0}},
        {},
        source=page("metadata.rolling_strategy"),
        when="max_unavailable",
        check=_nothing_moves,
        **_INFERRED_WARNING,
    ),
    _whole(
        69,
        "Public resources help out dedicated ones only.",
        "resource_burstable",
        {"resource_burstable": True},
        reads=("resource", "quota_id"),
        check=_burstable,
        **_INFERRED_WARNING,
    ),
    _whole(
        70,
        "Instances are moved back to dedicated resources only.",
        "resource_rebalancing",
        {"resource_rebalancing": True},
        reads=("resource", "quota_id"),
        check=_idle_rebalancing,
        **_INFERRED_WARNING,
    ),
    _rule(
        71,
        "A dedicated gateway's id begins with gw-.",
        "gateway",
        "my-gateway",
        check=gateway_id,
        **_WARNING,
    ),
    _rule(
        72,
        "A service has one dedicated gateway.",
        "gateway",
        "gw-another",
        base="full",
        check=_one_gateway,
        **_INFERRED_WARNING,
    ),
    _whole(
        73,
        "release and group are two forms of blue-green deployment.",
        "release",
        {"release": True, "group": "blue_green"},
        check=_group_beside_release,
        **_INFERRED_WARNING,
    ),
)
