"""Which rules are shown, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.bench.conform.plan import _IN_THE_WORLD, _NEEDS, planned
from simulator.bench.conform.service import plain_request
from simulator.bench.conform.world import World
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.facts import ModelFacts
from simulator.rules.rule import Level, Severity

API = {"create-service", "update-service", "create-model"}


def world(**changes: Any) -> World:
    return World(CATALOGUE, CATALOGUE.defaults, extension=True, **changes)


FULL = world(
    model="m",
    models={"m": ModelFacts(), "n": ModelFacts(status="failed")},
    names=frozenset({"taken"}),
    sold_out=frozenset({"modelarts.vm.gpu.p4"}),
    service="s",
    request=plain_request("taken", "m"),
    status="running",
)


def test_every_rule_on_requests_is_shown_where_there_is_a_service_to_change() -> None:
    due = {
        rule.id
        for rule in CATALOGUE.rules
        if rule.level is Level.REQUEST
        and rule.severity is Severity.ERROR
        and set(rule.subjects) & API
        and not (rule.example and rule.example.readings)
    }
    shown = {rule.id for rule in CATALOGUE.rules if planned(FULL, rule).cases is not None}
    assert due - shown == set()
    assert len(shown) > 200


def test_every_rule_that_is_not_shown_has_a_reason() -> None:
    for one in (world(), FULL):
        for rule in CATALOGUE.rules:
            plan = planned(one, rule)
            assert bool(plan.reason) == (plan.cases is None), rule.id


def test_each_reason_and_each_way_is_of_a_rule_on_what_exists() -> None:
    assert _NEEDS.keys() & _IN_THE_WORLD.keys() == set()
    late = {
        rule.id
        for rule in CATALOGUE.rules
        if rule.level in (Level.ADMISSION, Level.UPDATE) and rule.severity is Severity.ERROR
    }
    assert _NEEDS.keys() | _IN_THE_WORLD.keys() == late


@pytest.mark.parametrize(
    ("rule_id", "words"),
    [
        ("MA-CFG-001", "config.json"),
        ("MA-RUN-001", "later"),
        ("MA-UPD-001", "--create"),
        ("MA-UPD-002", "not refused"),
        ("MA-ADM-008", "--model"),
        ("MA-ADM-014", "as many services"),
        ("MA-BAT-008", "src-type"),
    ],
)
def test_the_reason_says_what_is_missing(rule_id: str, words: str) -> None:
    assert words in planned(world(), CATALOGUE.by_id[rule_id]).reason


def test_a_websocket_service_of_a_model_that_speaks_it_breaks_no_rule() -> None:
    rule = CATALOGUE.by_id["MA-ADM-007"]
    assert planned(FULL, rule).cases is not None
    speaks = replace(FULL, models={"m": ModelFacts(type="Image", websocket=True)})
    assert "does not speak WebSocket" in planned(speaks, rule).reason
    assert "--model" in planned(world(), rule).reason


def test_a_rule_of_another_reading_is_shown_where_the_endpoint_takes_it() -> None:
    other = World(CATALOGUE, CATALOGUE.read({"src-type": "mandatory"}), extension=True)
    assert planned(other, CATALOGUE.by_id["MA-BAT-008"]).cases is not None
