"""What must be so in the region for a service to be accepted."""

from __future__ import annotations

from typing import Any

from simulator.eas.rules.common import USE_IMAGE, page, written
from simulator.rules.rule import FINE, Findings, Level, Rule, Scope, at, here


def _free_name(root: dict[str, Any], scope: Scope) -> Findings:
    path = ("metadata", "name") if root.get("metadata", {}).get("name") else ("name",)
    name = root["metadata"]["name"] if len(path) == 2 else root.get("name")
    if name not in scope.facts.names:
        return FINE
    return at(*path, text=f"is unique in the region; there is a service {name} already")


def _no_cpfs_dataset(value: str, scope: Scope) -> Findings:
    if scope.facts.datasets.get(value) != "CPFS":
        return FINE
    return here("is a dataset on CPFS, which cannot be mounted from NAS")


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    return written(number, statement, where, changes, more, level=Level.ADMISSION)


RULES = (
    _rule(
        260,
        "A service's name is unique in its region.",
        "",
        {"/metadata/name": "taken"},
        facts={"names": frozenset({"taken"})},
        source=page("metadata.name"),
        check=_free_name,
    ),
    _rule(
        261,
        "A dataset on CPFS is not mounted from NAS.",
        "/storage/*/dataset/id",
        {"/storage/2/dataset/id": "d-cpfs"},
        base="full",
        facts={"datasets": {"d-cpfs": "CPFS"}},
        source=USE_IMAGE,
        check=_no_cpfs_dataset,
    ),
)
