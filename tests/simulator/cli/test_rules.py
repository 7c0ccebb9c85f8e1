"""rules: the list, one rule explained, readings, coverage; without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from simulator.catalogues import PROVIDERS, catalogue, statements
from simulator.cli.app import app

MODELARTS = catalogue("modelarts")


def rules(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["rules", *arguments])


def documents(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_all_rules_of_all_providers_are_listed() -> None:
    listed = [rule["id"] for rule in documents(rules("--json"))]
    assert listed == [rule.id for name in PROVIDERS for rule in catalogue(name).rules]


def test_a_rule_for_programs_has_its_source_level_proof_and_answer() -> None:
    (rule,) = [one for one in documents(rules("--json")) if one["id"] == "MA-SVC-014"]
    assert (rule["document"], rule["place"]) == ("Deploying Services", "table 5, weight")
    assert (rule["level"], rule["severity"], rule["proof"]) == ("request", "error", "documented")
    assert (rule["status"], rule["error_code"]) == (400, "ModelArts.0101")


@pytest.mark.parametrize("asked", ["MA-SVC-014", "ma-svc-014"])
def test_a_rule_is_explained_with_source_example_and_what_is_said(asked: str) -> None:
    result = rules(asked)
    assert result.exit_code == 0
    for words in (
        "The weights of a real-time service add up to 100.",
        "Deploying Services, table 5, weight",
        "/config/1/weight = 31",
        "these add up to 101 (70 + 31)",
    ):
        assert words in result.stdout


def test_a_rule_with_two_readings_shows_both() -> None:
    explained = documents(rules("--json", "MA-SVC-044"))
    assert explained["readings"]["default"] == "seconds"
    assert set(explained["readings"]["options"]) == {"seconds", "minutes"}
    assert "minutes" in rules("MA-SVC-044").stdout


@pytest.mark.parametrize("provider", PROVIDERS)
def test_rules_of_every_kind_can_be_explained(provider: str) -> None:
    for rule in catalogue(provider).rules[::20]:
        explained = documents(rules("--json", rule.id))
        assert explained["example"]["messages"], rule.id


def test_a_rule_that_there_is_not_is_a_failure_that_suggests_the_nearest() -> None:
    result = rules("MA-SVC-0144")
    assert result.exit_code == 1
    assert "did you mean MA-SVC-0" in result.stderr


def test_readings_are_listed_with_their_options_and_default() -> None:
    listed = documents(rules("--readings", "--json"))
    assert {one["name"] for one in listed} >= {r.name for r in MODELARTS.readings}
    assert all(one["default"] in one["options"] for one in listed)


def test_coverage_lists_every_statement_with_its_rules_or_why_there_are_none() -> None:
    listed = documents(rules("--coverage", "--json"))
    assert len(listed) == sum(len(statements(name)) for name in PROVIDERS)
    assert all(one["rules"] or one["why"] for one in listed)
    assert "deliberately none" in rules("--coverage").stderr


def test_an_unknown_provider_is_wrong_usage() -> None:
    assert rules("--provider", "aws").exit_code == 2
