"""What the documents demand of dedicated pools, in the request and given what exists.

Source: Deploying Services, tables 3 and 5; Deploying as a Real-Time Service, table 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.facts.statuses import ServiceKind
from simulator.modelarts.error_codes import POOL_MISSING
from simulator.modelarts.rules.common import (
    API_DEFINITION,
    BATCH_PAGE,
    BOTH,
    ERROR_CODES,
    REAL_TIME_2,
    admission_rule,
    has_pool,
    kind_of,
    pool_of,
    pool_places,
    service_rule,
    table,
)
from simulator.modelarts.rules.facts import PoolFacts
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Finding,
    Findings,
    Path,
    Scope,
    Severity,
    Source,
    at,
)
from simulator.rules.text import shown

_MULTI_POOL = Source(REAL_TIME_2, "table 2, Multi-Pool Load Balancing")


def _pool_precedence(config: list[dict[str, Any]], scope: Scope) -> Findings:
    findings = []
    for name in ("cluster_id", "pool_name"):
        of_service = scope.root.get(name)
        if not of_service:
            continue
        for index, version in enumerate(config):
            own = version.get(name)
            if own and own != of_service:
                text = f"goes before the service's {name}, which is another: {of_service}"
                findings.append(((index, name), text))
    return findings


def _two_pool_kinds(request: dict[str, Any], scope: Scope) -> Findings:
    text = "has no effect beside pool_name"
    findings: list[Finding] = [
        (("config", index, "cluster_id"), text)
        for index, version in enumerate(request["config"])
        if version.get("cluster_id") and version.get("pool_name")
    ]
    if request.get("cluster_id") and request.get("pool_name"):
        findings.append((("cluster_id",), text))
    return findings


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


def _two_pools(request: dict[str, Any], scope: Scope) -> Findings:
    if not any("," in pool_of(version, request) for version in request["config"]):
        return FINE
    text = "multi-pool load balancing takes two different pools, joined by a comma"
    return [
        (path, f"{text}; got {shown(','.join(pools))}")
        for path, pools in pool_places(request)
        if len(pools) > 1 and not (len(pools) == 2 and all(pools) and pools[0] != pools[1])
    ]


def _multi_pool_instances(version: dict[str, Any], scope: Scope) -> Findings:
    if pool_of(version, scope.root).count(",") != 1:
        return FINE
    count = version["instance_count"]
    if count >= 2 and count % 2 == 0:
        return FINE
    text = f"is a multiple of 2, and at least 2, with multi-pool load balancing; got {count}"
    return at("instance_count", text=text)


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


RULES = (
    service_rule(
        20,
        "The dedicated pool of a version goes before that of the service.",
        "/config",
        {"/config/0/cluster_id": "another-pool"},
        base="dedicated-custom",
        source=table(3, "cluster_id"),
        severity=Severity.WARNING,
        check=_pool_precedence,
    ),
    service_rule(
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
    service_rule(
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
    service_rule(
        47,
        "Multi-pool load balancing takes two different dedicated pools.",
        "",
        {"/cluster_id": "pool-a,pool-b,pool-c", "/config/0/cluster_id": REMOVED},
        base="dedicated-custom",
        subjects=BOTH,
        source=_MULTI_POOL,
        when="config",
        check=_two_pools,
    ),
    service_rule(
        48,
        "With multi-pool load balancing, the number of instances is a multiple of 2.",
        "/config/*",
        {"/config/0/instance_count": 3},
        subjects=BOTH,
        base="multi-pool",
        source=_MULTI_POOL,
        when="instance_count",
        check=_multi_pool_instances,
    ),
    admission_rule(
        8,
        "The dedicated pool exists.",
        "",
        {"/config/0/cluster_id": "no-such-pool"},
        base="dedicated-custom",
        source=Source(ERROR_CODES, "ModelArts.3547"),
        answer=POOL_MISSING,
        subjects=BOTH,
        when="config",
        check=_pool_exists,
    ),
    admission_rule(
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
    admission_rule(
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
    admission_rule(
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
)
