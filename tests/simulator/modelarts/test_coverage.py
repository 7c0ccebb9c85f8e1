"""Every statement of the ModelArts documents has a rule, or says why not."""

from __future__ import annotations

import pytest

from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.coverage import OWN, STATEMENTS
from simulator.modelarts.rules.readings import OF_RESULTS
from simulator.modelarts.schemas import DEPLOY
from simulator.rules.coverage import Statement

ROWS = {
    3: "workspace_id schedule cluster_id pool_name infer_type vpc_id service_name description "
    "security_group_id subnet_network_id config additional_properties",
    4: "duration time_unit type",
    5: "custom_spec envs specification weight deploy_timeout_in_seconds model_id src_path req_uri "
    "mapping_type cluster_id pool_name nodes mapping_rule src_type dest_path instance_count "
    "additional_properties",
    6: "gpu_p4 memory cpu ascend_a310",
    7: "log_volume max_surge max_unavailable termination_grace_period_seconds persistent_volumes",
    8: "host_path mount_path",
    9: "name mount_path",
    10: "smn_notification log_report_channels websocket_upgrade",
    11: "topic_urn events",
    12: "type configuration",
    13: "log_group_id log_stream_id",
}
"""The rows of the tables of Deploying Services, in their order."""
EVERY_ROW = [(table, name) for table, names in ROWS.items() for name in names.split()]
MANDATORY = {
    3: {"infer_type", "service_name", "config"},
    4: {"duration", "time_unit", "type"},
    5: {"specification", "model_id", "instance_count"},
    6: {"memory", "cpu"},
    8: {"host_path", "mount_path"},
    9: {"mount_path"},
    10: {"smn_notification"},
    11: {"topic_urn", "events"},
    12: {"type"},
    13: {"log_group_id", "log_stream_id"},
}


def named_by(statement: Statement) -> str:
    return f"{statement.document}, {statement.place}: {statement.statement}"


def of_row(table: int, name: str) -> list[Statement]:
    place = f"table {table}, {name}"
    return [one for one in STATEMENTS if one.document == DEPLOY and one.place == place]


def test_every_rule_that_a_statement_names_exists() -> None:
    unknown = {rule: named_by(one) for one in STATEMENTS for rule in one.rules}
    assert {r: s for r, s in unknown.items() if r not in CATALOGUE.by_id} == {}


def test_every_statement_has_rules_or_says_why_not() -> None:
    assert [named_by(one) for one in STATEMENTS if not one.rules and not one.why] == []


def test_every_rule_is_named_by_a_statement_or_is_drydocks_own() -> None:
    named = {rule for one in STATEMENTS for rule in one.rules}
    assert sorted(CATALOGUE.by_id.keys() - named - OWN.keys()) == []
    assert sorted(OWN.keys() & named) == []
    assert sorted(OWN.keys() - CATALOGUE.by_id.keys()) == []


def test_no_statement_stands_twice() -> None:
    seen = [named_by(one) for one in STATEMENTS]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(("table", "name"), EVERY_ROW)
def test_every_row_of_the_documents_tables_has_a_statement(table: int, name: str) -> None:
    assert of_row(table, name)


@pytest.mark.parametrize(("table", "name"), EVERY_ROW)
def test_the_rules_on_a_row_are_about_that_row(table: int, name: str) -> None:
    (row,) = [one for one in of_row(table, name) if one.statement.startswith(f"{name} is ")]
    assert row.statement.endswith("mandatory.") == (name in MANDATORY.get(table, ()))
    for rule in row.rules:
        assert str(CATALOGUE.by_id[rule].source) == f"{DEPLOY}, table {table}, {name}"


def test_a_reading_is_held_by_a_rule_that_a_statement_names() -> None:
    named = {rule for one in STATEMENTS for rule in one.rules}
    asked = {CATALOGUE.by_id[rule].reading for rule in named}
    assert {reading.name for reading in CATALOGUE.readings} - asked == set(OF_RESULTS)
