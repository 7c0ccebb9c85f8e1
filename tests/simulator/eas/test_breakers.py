"""Generated documents that break one rule are refused, or told, by exactly that rule.

`DRYDOCK_PROVE` is the number of documents for each rule.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.bench.breakers.eas import EAS_BREAKERS
from simulator.bench.cases import Case
from simulator.eas.rules import CATALOGUE
from simulator.rules.rule import Severity

CASES_PER_RULE = int(os.environ.get("DRYDOCK_PROVE", "5"))
QUICK = settings(
    max_examples=CASES_PER_RULE,
    deadline=None,
    database=None,
    # nothing is thrown away, and every health check but that on time is kept: a busy machine is
    # no fault of a strategy
    suppress_health_check=[HealthCheck.too_slow],
)


def test_every_rule_has_a_breaker() -> None:
    assert set(EAS_BREAKERS) == set(CATALOGUE.by_id)


@pytest.mark.parametrize("rule_id", EAS_BREAKERS)
def test_a_breaker_breaks_exactly_its_rule(rule_id: str) -> None:
    rule = CATALOGUE.by_id[rule_id]

    @QUICK
    @given(EAS_BREAKERS[rule_id])
    def run(case: Case) -> None:
        report = case.judge(CATALOGUE)
        if rule.severity is Severity.ERROR:
            assert {one.rule for one in report.violations} == {rule_id}
        else:
            assert report.violations == []
            assert {one.rule for one in report.warnings} == {rule_id}

    run()


@QUICK
@given(st.sampled_from(sorted(r.id for r in CATALOGUE.written if not r.reading)), st.data())
def test_without_the_rule_its_documents_are_accepted(rule_id: str, data: st.DataObject) -> None:
    case = data.draw(EAS_BREAKERS[rule_id])
    report = case.judge(CATALOGUE.without(rule_id))
    assert rule_id not in {one.rule for one in report.violations + report.warnings}
    assert report.violations == []
