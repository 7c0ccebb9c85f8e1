"""What the rules of several files need: titles of documents, the names of subjects, questions."""

from __future__ import annotations

from typing import Any

from simulator.facts.statuses import ServiceKind
from simulator.modelarts.error_codes import INVALID_ARGUMENT
from simulator.modelarts.schemas import DEPLOY, UPDATE
from simulator.rules import written as rules
from simulator.rules.rule import Level, Path, Rule, Scope, Source

CREATE, CHANGE = "create-service", "update-service"
BOTH = (CREATE, CHANGE)
OTHER_KINDS = (ServiceKind.BATCH, ServiceKind.EDGE)
"""Kinds of services that are not real-time."""

REAL_TIME_1 = "Deploying a Model as a Real-Time Service"
REAL_TIME_2 = "Deploying as a Real-Time Service"
BATCH_PAGE = "Deploying as a Batch Service"
ERROR_CODES = "Error Codes"
API_DEFINITION = Source(DEPLOY, "API definition of newer editions")
UPDATE_PAGE = Source(UPDATE, "request body")


def table(number: int, row: str = "") -> Source:
    """A table of Deploying Services."""
    return Source(DEPLOY, f"table {number}, {row}" if row else f"table {number}")


def kind_of(scope: Scope) -> str:
    """The service's infer_type: the request's; for an update that of the service that is changed,
    and where that is not known, the kind whose fields the versions have."""
    kind: str | None = scope.root.get("infer_type")
    if kind is not None:
        return kind
    if scope.facts is not None:
        return str(scope.facts.kind)
    return scope.once(_kind_of_versions)


def _kind_of_versions(scope: Scope) -> str:
    versions = scope.root.get("config", ())
    weighed = any("weight" in version for version in versions)
    for version in versions:
        if "mapping_type" in version or "src_path" in version:
            return ServiceKind.BATCH.value
        if version.get("nodes") or ("nodes" in version and not weighed):
            return ServiceKind.EDGE.value  # no nodes beside weights are a field not used
    return ServiceKind.REAL_TIME.value


def a_service(kind: str) -> str:
    """`a batch service`, `an edge service`."""
    return f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind} service"


def pool_of(version: dict[str, Any], root: dict[str, Any]) -> str:
    """The dedicated pool that a version runs in; empty for the public one. Two pools, joined by a
    comma, mean multi-pool load balancing.

    The version's own setting goes before the service's, the new kind of pool before the old.
    Source: Deploying Services, tables 3 and 5.
    """
    return (
        version.get("pool_name")
        or version.get("cluster_id")
        or root.get("pool_name")
        or root.get("cluster_id")
        or ""
    )


def pool_places(root: dict[str, Any]) -> list[tuple[Path, list[str]]]:
    """Every place that names the dedicated pools of a version, each once, with the pools."""
    found: dict[Path, list[str]] = {}
    for index, version in enumerate(root.get("config", ())):
        for holder, path in ((version, ("config", index)), (root, ())):
            name = next((n for n in ("pool_name", "cluster_id") if holder.get(n)), None)
            if name is not None:
                found[*path, name] = _named(holder[name])
                break
    return list(found.items())


def _named(pools: str) -> list[str]:
    return [part.strip() for part in pools.split(",")]


def has_pool(version: dict[str, Any], scope: Scope) -> bool | None:
    """Whether a version runs in a dedicated pool; None when an update does not tell and the service
    that it changes is not known."""
    if pool_of(version, scope.root):
        return True
    if "infer_type" in scope.root:
        return False
    if scope.facts is None:
        return None
    return bool(scope.facts.pool)


def written(
    rule_id: str,
    statement: str,
    where: str,
    changes: dict[str, Any],
    more: dict[str, Any],
    **defaults: Any,
) -> Rule:
    """A rule from its parts; `more` goes before `defaults`.

    Args:
        changes: what makes the example of a sound document that breaks none; `base` in `more` names
            that document, `facts` and `readings` what else the example needs.
    """
    parts = {"answer": INVALID_ARGUMENT, "base": "real-time", **defaults, **more}
    return rules.written(rule_id, statement, where, changes, parts)


def service_rule(
    number: int, statement: str, where: str, changes: dict[str, Any], **more: Any
) -> Rule:
    """A rule on a deploy request, on other requests too if it says so."""
    return written(f"MA-SVC-{number:03d}", statement, where, changes, more, subjects=(CREATE,))


def admission_rule(
    number: int, statement: str, where: str, changes: dict[str, Any], **more: Any
) -> Rule:
    """A rule on a deploy request, given what exists."""
    parts = {"subjects": (CREATE,), "level": Level.ADMISSION}
    return written(f"MA-ADM-{number:03d}", statement, where, changes, more, **parts)
