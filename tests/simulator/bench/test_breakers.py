"""Every rule can be broken alone, and what is told of it leads to the place.

`DRYDOCK_PROVE=300` draws so many cases of each rule; a failure prints the smallest case.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from simulator.bench.breakers import breakers
from simulator.bench.cases import Case
from simulator.bench.strategies import breaking, broken
from simulator.modelarts.rules import CATALOGUE
from simulator.rules.rule import Rule, Severity
from tests.architecture.imports import loaded_by
from tests.support.judged import EXAMPLES, check_place, collected, drawn, ids, report_of

RULES = sorted(CATALOGUE.by_id)


def test_every_rule_has_a_breaker_and_every_breaker_a_rule() -> None:
    assert sorted(breakers("modelarts")) == RULES
    assert len(breakers("modelarts")) == len(RULES)


@pytest.mark.parametrize("rule_id", RULES)
def test_its_cases_break_this_rule_and_no_other(rule_id: str) -> None:
    rule = CATALOGUE.by_id[rule_id]
    seen: set[str] = set()

    @drawn(EXAMPLES)
    @given(breaking(rule_id))
    def breaks(case: Case) -> None:
        seen.add(repr(case))
        _check(rule, case)

    breaks()
    assert len(seen) >= 2


def _check(rule: Rule, case: Case) -> None:
    report = report_of(case)
    expected = ({rule.id}, set()) if rule.severity is Severity.ERROR else (set(), {rule.id})
    assert (ids(report.violations), ids(report.warnings)) == expected
    for found in report.violations + report.warnings:
        check_place(case.document, found)
        assert found.source
    if case.facts is not None:
        alone = Case(case.subject, case.document, case.readings).judge(CATALOGUE)
        assert not alone.violations + alone.warnings, "the document is not sound by itself"


@pytest.mark.parametrize("rule", [r for r in CATALOGUE.rules if r.example], ids=lambda r: r.id)
def test_a_rules_own_example_breaks_it_and_no_other(rule: Rule) -> None:
    assert ids(CATALOGUE.broken_by_example(rule)) == {rule.id}


def test_every_rule_has_an_example() -> None:
    assert [rule.id for rule in CATALOGUE.rules if rule.example is None] == []


def test_every_reading_changes_what_a_breaker_draws() -> None:
    """Under each option of a reading on which rules depend, one of its rules is broken."""
    drawn_with: set[tuple[str, str]] = set()
    for rule in CATALOGUE.rules:
        if rule.reading:
            cases = collected(breaking(rule.id), 40)
            drawn_with |= {(rule.reading, CATALOGUE.read(c.readings)[rule.reading]) for c in cases}
    lenient = {
        ("edge", "accepted"),
        ("batch-pool", "any"),
        ("src-type", "optional"),
        ("smn-notification", "optional"),
    }
    asked = {rule.reading for rule in CATALOGUE.rules if rule.reading}
    every = {(r.name, option) for r in CATALOGUE.readings for option in r.options}
    missing = {pair for pair in every - drawn_with if pair[0] in asked}
    assert missing <= lenient, "the lenient option of a reading refuses nothing; all others do"


def test_cases_of_all_rules_come_out_of_one_strategy() -> None:
    seen: set[str] = set()

    @drawn(200)
    @given(broken())
    def collect(drawn_case: tuple[str, Case]) -> None:
        rule_id, case = drawn_case
        report = case.judge(CATALOGUE)
        assert ids(report.violations + report.warnings) == {rule_id}
        seen.add(rule_id)

    collect()
    assert len(seen) >= 20


def test_a_rule_that_is_switched_off_is_noticed() -> None:
    weakened = CATALOGUE.without("MA-SVC-014")

    @drawn(20)
    @given(breaking("MA-SVC-014"))
    def accepted(case: Case) -> None:
        assert case.judge(weakened).violations == []

    accepted()


def test_a_case_is_made_anew_each_time() -> None:
    """Who changes a drawn document changes no other."""
    kept: dict[str, list[str]] = {}

    @drawn(60)
    @given(breaking("MA-SVC-002"))
    def change(case: Case) -> None:
        kept.setdefault("seen", []).append(json.dumps(case.document))
        assert "changed" not in case.document
        case.document["changed"] = True

    change()
    assert len(kept["seen"]) >= 30


def test_an_unknown_rule_has_no_breaker() -> None:
    with pytest.raises(KeyError):
        breaking("MA-SVC-999")
    with pytest.raises(KeyError):
        breakers("another cloud")


def test_a_providers_breakers_are_loaded_when_asked_for() -> None:
    loaded = loaded_by("import simulator.bench.breakers")
    assert not [name for name in loaded if name.startswith("simulator.bench.breakers.")]
    assert not [name for name in loaded if name.startswith("simulator.modelarts")]
