"""What is said of each rule's example, and of each value just outside a limit: unchanged, unless on
purpose. `DRYDOCK_WRITE_GOLDEN=1` writes the files anew."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from simulator.bench.boundaries import boundaries
from simulator.catalogues import PROVIDERS, catalogue
from simulator.rules.catalogue import Catalogue
from simulator.rules.judge import Report

GOLDEN = Path(__file__).parent / "golden"


def told(report: Report) -> list[list[str]]:
    """Rule, place and message of everything that a report says."""
    return [[one.rule, one.path, one.message] for one in [*report.violations, *report.warnings]]


def of_examples(rules: Catalogue) -> dict[str, Any]:
    """Of each rule: what it answers and depends on, its example, and what is said of that."""
    return {
        rule.id: {
            "subjects": list(rule.subjects),
            "source": str(rule.source),
            "kind": [rule.level.value, rule.severity.value, rule.proof.value],
            "answer": [rule.answer.status, rule.answer.code],
            "asked": [rule.at, rule.when, list(rule.reads)],
            "reading": rule.reading,
            "schema": dict(rule.schema),
            "example": repr(rule.example and rule.example.changes),
            "said": [[one.rule, one.path, one.message] for one in rules.broken_by_example(rule)],
        }
        for rule in rules.rules
    }


def of_sound_documents(rules: Catalogue) -> dict[str, Any]:
    """Of each sound document, as every subject that it is an example of: what is understood."""
    return {
        f"{subject.name} {name}": rules.judge(subject.name, rules.documents[name]).clean
        for subject in rules.subjects
        for name in subject.examples
    }


def of_limits(rules: Catalogue) -> list[Any]:
    """Of each value next to a limit: what is said, nothing where it is accepted."""
    return [[one.limit.rule, one.number, told(one.case.judge(rules))] for one in boundaries()]


def assert_golden(name: str, found: Any) -> None:
    path = GOLDEN / f"{name}.json"
    if os.environ.get("DRYDOCK_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    expected = json.loads(path.read_text())
    found = json.loads(json.dumps(found))
    if isinstance(found, dict):
        changed = {key for key in {*found, *expected} if found.get(key) != expected.get(key)}
        assert {key: found.get(key) for key in changed} == {
            key: expected.get(key) for key in changed
        }
    else:
        assert found == expected


@pytest.mark.parametrize("provider", PROVIDERS)
def test_of_each_rules_example_the_same_is_said_as_before(provider: str) -> None:
    assert_golden(f"{provider}-examples", of_examples(catalogue(provider)))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_sound_document_is_understood_as_before(provider: str) -> None:
    assert_golden(f"{provider}-sound", of_sound_documents(catalogue(provider)))


def test_of_each_value_next_to_a_limit_the_same_is_said_as_before() -> None:
    assert_golden("modelarts-limits", of_limits(catalogue("modelarts")))
