"""Every numeric limit is held on both sides: at it, one step inside, one step outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from simulator.bench.boundaries import Boundary, Limit, boundaries, refused
from simulator.modelarts.rules import CATALOGUE
from simulator.rules.rule import Severity
from tests.support.judged import check_place, ids, report_of

ALL = boundaries()
LIMITS = {id(boundary.limit): boundary.limit for boundary in ALL}.values()
LOWEST = ("minLength", "minimum", "minItems")
HIGHEST = ("maxLength", "maximum", "maxItems")


def test_each_value_at_a_limit_is_accepted_or_refused_as_stated(
    record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    judged: Counter[bool] = Counter()
    for boundary in ALL:
        _check(boundary)
        judged[boundary.accepted] += 1
    count = f"{len(ALL)} values at {len(LIMITS)} limits: {judged[True]} in, {judged[False]} out"
    record_property("boundaries", count)
    with capsys.disabled():
        print(f"\n{count}")
    assert judged[True] >= 300
    assert judged[False] >= 200


def _check(boundary: Boundary) -> None:
    rule = CATALOGUE.by_id[boundary.limit.rule]
    report = report_of(boundary.case)
    found = report.violations
    if rule.severity is Severity.WARNING:
        assert found == [], boundary.title
        found = [one for one in report.warnings if one.rule == rule.id]
    assert ids(found) == (set() if boundary.accepted else {rule.id}), boundary.title
    for one in found:
        check_place(boundary.case.document, one)


@pytest.mark.parametrize("rule_id", sorted({limit.rule for limit in LIMITS}))
def test_a_rule_with_a_limit_is_seen_from_both_sides(rule_id: str) -> None:
    sides = {boundary.accepted for boundary in ALL if boundary.limit.rule == rule_id}
    assert sides == {True, False}
    assert refused(rule_id)


def test_every_limit_that_a_rules_schema_states_is_held() -> None:
    """A new rule with a number in it needs its values here."""
    stated = 0
    for rule in CATALOGUE.rules:
        mine = [limit for limit in LIMITS if limit.rule == rule.id and _by_default(limit)]
        for subject in rule.subjects:
            of_subject = [limit for limit in mine if limit.subject == subject]
            for word in (*LOWEST, *HIGHEST, "exclusiveMinimum"):
                if word not in rule.schema:
                    continue
                stated += 1
                assert of_subject, f"{rule.id}: {subject}: there is no limit for {word}"
                number = rule.schema[word]
                if word in LOWEST:
                    assert number in {limit.low for limit in of_subject}, rule.id
                elif word in HIGHEST:
                    assert number in {limit.high for limit in of_subject}, rule.id
                else:
                    assert any(number in limit.also_refused for limit in of_subject), rule.id
    assert stated >= 50


def _by_default(limit: Limit) -> bool:
    return CATALOGUE.read(limit.readings) == CATALOGUE.defaults


@pytest.mark.parametrize(
    "name",
    [
        "deploy-timeout",
        "instance-count",
        "max-unavailable",
        "grace-period",
        "log-id-length",
        "quota-dedicated",
        "predict-timeout",
    ],
)
def test_a_limit_that_depends_on_a_reading_is_held_under_each_option(name: str) -> None:
    reading = next(reading for reading in CATALOGUE.readings if reading.name == name)
    held = {CATALOGUE.read(limit.readings)[name] for limit in LIMITS if name in limit.readings}
    assert held == set(reading.options)


def test_a_limit_makes_its_ends_one_step_inside_and_one_outside() -> None:
    limit = Limit(rule="R", subject="s", base="b", unit="", low=1, high=64)
    assert list(limit.numbers()) == [
        (1, True), (2, True), (63, True), (64, True), (0, False), (65, False),
    ]  # fmt: skip
    narrow = Limit(rule="R", subject="s", base="b", unit="", low=64, high=64)
    assert list(narrow.numbers()) == [(64, True), (63, False), (65, False)]
    parts = Limit(rule="R", subject="s", base="b", unit="", low=0.01, step=0.01)
    assert list(parts.numbers()) == [(0.01, True), (0.02, True), (0.0, False)]
