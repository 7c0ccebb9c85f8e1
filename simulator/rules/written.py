"""How the files of rules write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.rules.rule import Example, Rule


def written(
    rule_id: str,
    statement: str,
    where: str,
    changes: Mapping[str, Any],
    parts: Mapping[str, Any],
) -> Rule:
    """A rule from its parts.

    Args:
        changes: what makes the example of a sound document that breaks none.
        parts: the other parts of the rule, and of its example: `base` names the sound document,
            `facts` and `readings` are what else the example needs.
    """
    rest = dict(parts)
    example = Example(
        rest.pop("base"),
        changes,
        facts=rest.pop("facts", {}),
        readings=rest.pop("readings", {}),
    )
    return Rule(id=rule_id, statement=statement, at=where, example=example, **rest)
