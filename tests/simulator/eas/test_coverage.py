"""Every statement of the overview has a rule, or says why not."""

from __future__ import annotations

from simulator.eas.rules import CATALOGUE
from simulator.eas.rules.coverage import STATEMENTS
from simulator.eas.vocabulary import OVERVIEW


def test_every_rule_that_a_statement_names_exists() -> None:
    named = {rule for one in STATEMENTS for rule in one.rules}
    assert named <= set(CATALOGUE.by_id)


def test_every_statement_has_rules_or_says_why_not() -> None:
    assert [one.statement for one in STATEMENTS if not one.rules and not one.why] == []


def test_every_statement_is_of_the_overview_and_stands_once() -> None:
    assert {one.document for one in STATEMENTS} == {OVERVIEW}
    seen = [(one.place, one.statement) for one in STATEMENTS]
    assert len(seen) == len(set(seen))


def test_every_rule_that_cites_the_overview_is_named_by_a_statement() -> None:
    named = {rule for one in STATEMENTS for rule in one.rules}
    cited = {rule.id for rule in CATALOGUE.written if rule.source.document.startswith(OVERVIEW)}
    assert cited - named == set()
