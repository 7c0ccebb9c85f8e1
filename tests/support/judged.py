"""What every judgement must hold to, for tests of strategies and breakers."""

from __future__ import annotations

import copy
import json
import os
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.bench.cases import Case
from simulator.errors import Violation
from simulator.modelarts.rules import CATALOGUE
from simulator.rules.judge import Report
from simulator.rules.text import readable_path

EXAMPLES = int(os.environ.get("DRYDOCK_PROVE", "5"))
"""Drawn cases of each rule; `make prove` sets more."""


def drawn(examples: int) -> settings:
    """Settings of a property: the same cases in every run, health checks on."""
    return settings(max_examples=examples, derandomize=True, database=None, deadline=None)


def collected(strategy: st.SearchStrategy[Any], count: int, least: int = 10**9) -> list[Any]:
    """The first drawn values, the same in every run.

    Args:
        least: how many there are at least, where there are fewer than `count` altogether.
    """
    found: list[Any] = []

    @drawn(count)
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    assert len(found) >= min(count // 2, least)
    return found


def ids(found: list[Violation]) -> set[str]:
    return {one.rule for one in found}


def told(report: Report) -> list[tuple[str, str, str]]:
    """Everything that a report says, in its order."""
    return [(one.rule, one.path, one.message) for one in report.violations + report.warnings]


def report_of(case: Case) -> Report:
    """The judgement of a case; fails when it differs from one time to the next, changes the
    document, or depends on the order of keys."""
    before = copy.deepcopy(case.document)
    report = case.judge(CATALOGUE)
    assert case.document == before, "the document was changed"
    assert told(case.judge(CATALOGUE)) == told(report), "judged anew, it is something else"
    turned = Case(case.subject, shuffled(case.document), case.readings, case.facts)
    assert told(turned.judge(CATALOGUE)) == told(report), "it depends on the order of keys"
    return report


def shuffled(document: dict[str, Any]) -> dict[str, Any]:
    """The same document with keys in another order, the same for the same document."""
    chance = random.Random(json.dumps(document, sort_keys=True))
    result = _shuffled(document, chance)
    assert isinstance(result, dict)
    return result


def _shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: _shuffled(value[key], chance) for key in keys}
    if isinstance(value, list):
        return [_shuffled(item, chance) for item in value]
    return value


def check_place(document: dict[str, Any], found: Violation) -> None:
    """A finding points at something that is there, or at an absent field of something that is,
    and its message begins with the name of that place."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in found.path.split("/")[1:]]
    path: list[str | int] = []
    holder: Any = document
    for number, part in enumerate(parts):
        assert isinstance(holder, dict | list), f"{found.path} leads through a {type(holder)}"
        key = int(part) if isinstance(holder, list) else part
        path.append(key)
        if number < len(parts) - 1:
            holder = holder[key]
        elif isinstance(holder, list):
            assert key in range(len(holder)), f"{found.path} points behind the end"
    assert found.message.startswith(f"{readable_path(path)}: "), found.message
