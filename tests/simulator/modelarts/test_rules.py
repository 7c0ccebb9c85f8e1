"""Each rule from both sides: what it refuses, and what lies just beside that and is accepted."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from simulator.errors import InvalidRequest
from simulator.facts.specifications import SPECIFICATIONS
from simulator.modelarts import rules
from simulator.modelarts.rules import (
    check_create_model,
    check_create_service,
    check_description,
)
from simulator.modelarts.schemas import CreateModel, CreateService
from simulator.modelarts.shape import read_shape
from tests.support.requests import DOCUMENTED, changed, documented, violations

ONE = documented("realtime")
TWO = documented("realtime-two-versions")
BATCH = documented("batch-file")
EDGE = documented("edge")
MODEL = {
    "model_name": "mnist",
    "model_version": "0.0.1",
    "model_type": "TensorFlow",
    "source_location": "/bucket/mnist/",
}


def refused(body: dict[str, Any]) -> list[tuple[str, str]]:
    return violations(lambda: check_create_service(read_shape(CreateService, body, "")))


def model_refused(body: dict[str, Any]) -> list[tuple[str, str]]:
    return violations(lambda: check_create_model(read_shape(CreateModel, body, "")))


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_documents_own_examples_are_accepted(name: str) -> None:
    assert refused(documented(name)) == []


def test_there_are_seven_documented_examples() -> None:
    assert len(DOCUMENTED) == 7


def two_of(body: dict[str, Any]) -> dict[str, Any]:
    """The request with its only version twice, of different models."""
    (version,) = body["config"]
    return changed(body, "/config", [version, {**version, "model_id": "another"}])


def timeout(seconds: int) -> dict[str, Any]:
    return changed(ONE, "/config/0/deploy_timeout_in_seconds", seconds)


def grace(seconds: int) -> dict[str, Any]:
    extra = {"termination_grace_period_seconds": seconds}
    return changed(ONE, "/config/0/additional_properties", extra)


def envs(name: str, value: str = "v") -> dict[str, Any]:
    return changed(ONE, "/config/0/envs", {name: value})


GRACE = "/config/0/additional_properties/termination_grace_period_seconds"
TIMEOUT = "/config/0/deploy_timeout_in_seconds"
SERVICE_RULES = [
    ("MA-SVC-001", "/infer_type", changed(ONE, "/infer_type", "realtime")),
    ("MA-SVC-001", "/infer_type", changed(ONE, "/infer_type", "Real-Time")),
    ("MA-SVC-001", "/infer_type", changed(ONE, "/infer_type", "")),
    ("MA-SVC-002", "/service_name", changed(ONE, "/service_name", "")),
    ("MA-SVC-002", "/service_name", changed(ONE, "/service_name", "a" * 65)),
    ("MA-SVC-002", "/service_name", changed(ONE, "/service_name", "a b")),
    ("MA-SVC-002", "/service_name", changed(ONE, "/service_name", "a.b")),
    ("MA-SVC-002", "/service_name", changed(ONE, "/service_name", "mnist\n")),
    ("MA-SVC-003", "/description", changed(ONE, "/description", "x" * 101)),
    *[("MA-SVC-004", "/description", changed(ONE, "/description", c)) for c in "!<>=&\"'"],
    ("MA-SVC-005", "/config", changed(ONE, "/config", [])),
    ("MA-SVC-006", "/config", two_of(BATCH)),
    ("MA-SVC-006", "/config", two_of(EDGE)),
    ("MA-SVC-010", "/config/0/weight", changed(ONE, "/config/0/weight", ...)),
    ("MA-SVC-012", "/config/0/weight", changed(ONE, "/config/0/weight", 99)),
    ("MA-SVC-012", "/config/1/weight", changed(TWO, "/config/1/weight", 31)),
    ("MA-SVC-012", "/config/1/weight", changed(TWO, "/config/1/weight", "29")),
    ("MA-SVC-013", "/config/1/model_id", changed(TWO, "/config/1/model_id", "xxxmodel-idxxx")),
    ("MA-SVC-014", "/config/0/instance_count", changed(ONE, "/config/0/instance_count", 0)),
    ("MA-SVC-014", "/config/0/instance_count", changed(ONE, "/config/0/instance_count", -1)),
    ("MA-SVC-014", "/config/0/instance_count", changed(ONE, "/config/0/instance_count", 6)),
    ("MA-SVC-015", "/config/0/specification", changed(ONE, "/config/0/specification", "big")),
    ("MA-SVC-015", "/config/1/specification", changed(TWO, "/config/1/specification", "")),
    ("MA-SVC-016", "/config/0/custom_spec", changed(EDGE, "/config/0/custom_spec", ...)),
    ("MA-SVC-017", TIMEOUT, timeout(179)),
    ("MA-SVC-017", TIMEOUT, timeout(7201)),
    ("MA-SVC-019", GRACE, grace(29)),
    ("MA-SVC-019", GRACE, grace(301)),
    ("MA-SVC-019", GRACE, grace(-1)),
    ("MA-SVC-020", "/config/0/envs/", envs("")),
    ("MA-SVC-020", "/config/0/envs/A=B", envs("A=B")),
    ("MA-SVC-020", "/config/0/envs/1A", envs("1A")),
    ("MA-SVC-020", "/config/0/envs/A", envs("A", "x\x00y")),
    ("MA-SVC-018", "/security_group_id", {**ONE, "vpc_id": "v", "subnet_network_id": "s"}),
    ("MA-SVC-018", "/subnet_network_id", {**ONE, "vpc_id": "v", "security_group_id": "s"}),
]  # fmt: skip
"""Rule, place, and a request that breaks that rule and no other."""

ACCEPTED_BESIDE = [
    grace(30),
    grace(300),
    envs("model_name", ""),
    envs("_A.b-1", "any text: = \n é"),
    changed(ONE, "/service_name", "a"),
    changed(ONE, "/service_name", "a" * 64),
    changed(ONE, "/service_name", "A-z_09"),
    changed(ONE, "/service_name", "服务"),
    changed(ONE, "/description", "x" * 100),
    changed(ONE, "/description", "a (new) model, 50%; version #2?"),
    changed(ONE, "/config/0/weight", "100"),
    changed(TWO, "/config/0/weight", 0) | {"config": [
        {**TWO["config"][0], "weight": 0}, {**TWO["config"][1], "weight": 100},
    ]},
    changed(ONE, "/config/0/instance_count", 1),
    changed(ONE, "/config/0/instance_count", 5),
    timeout(180),
    timeout(7200),
    {**ONE, "vpc_id": "v", "subnet_network_id": "s", "security_group_id": "g"},
    {**ONE, "subnet_network_id": "s"},
    {**ONE, "vpc_id": ""},
    {**ONE, "a_field_of_tomorrow": {"kept": True}},
    *[changed(ONE, "/config/0/specification", name) for name in SPECIFICATIONS],
]  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "body"), SERVICE_RULES)
def test_a_request_that_breaks_one_rule_is_refused_with_it_and_its_place(
    rule: str, path: str, body: dict[str, Any]
) -> None:
    assert refused(body) == [(rule, path)]


@pytest.mark.parametrize("body", ACCEPTED_BESIDE)
def test_what_lies_just_beside_is_accepted(body: dict[str, Any]) -> None:
    assert refused(body) == []


@pytest.mark.parametrize("weight", [-1, 101, "-1", "101"])
def test_a_weight_outside_of_0_to_100_breaks_its_own_rule_and_the_sums(weight: object) -> None:
    assert refused(changed(ONE, "/config/0/weight", weight)) == [
        ("MA-SVC-011", "/config/0/weight"),
        ("MA-SVC-012", "/config/0/weight"),
    ]


def test_weights_mean_nothing_to_other_kinds_of_services() -> None:
    assert refused(changed(BATCH, "/config/0/weight", 7)) == []


def test_everything_that_is_wrong_is_told_at_once() -> None:
    body = changed(changed(TWO, "/service_name", "no good"), "/config/1/instance_count", 9)
    body = changed(body, "/config/0/specification", "big")
    assert set(refused(body)) == {
        ("MA-SVC-002", "/service_name"),
        ("MA-SVC-015", "/config/0/specification"),
        ("MA-SVC-014", "/config/1/instance_count"),
    }


def test_each_violation_says_what_was_received_what_is_allowed_and_who_says_so() -> None:
    body = changed(ONE, "/config/0/instance_count", 6)
    with pytest.raises(InvalidRequest) as caught:
        check_create_service(read_shape(CreateService, body, ""))
    (violation,) = caught.value.violations
    assert violation.message == "config[0].instance_count: is 1 to 5; got 6"
    assert violation.source == "Deploying Services, table 5"


def test_minutes_sent_as_seconds_are_recognised() -> None:
    with pytest.raises(InvalidRequest, match="if you mean minutes, send 1200"):
        check_create_service(read_shape(CreateService, timeout(20), ""))


def test_weights_that_do_not_add_up_are_shown_as_a_sum() -> None:
    with pytest.raises(InvalidRequest, match=re.escape("add up to 101 (70 + 31)")):
        check_create_service(read_shape(CreateService, changed(TWO, "/config/1/weight", "31"), ""))


def test_long_names_are_not_repeated_in_full() -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_create_service(read_shape(CreateService, {**ONE, "service_name": "x" * 9999}, ""))
    assert len(str(caught.value)) < 200


MODEL_RULES = [
    ("MA-MOD-001", "/model_name", {**MODEL, "model_name": "no good"}),
    ("MA-MOD-001", "/model_name", {**MODEL, "model_name": "a" * 65}),
    ("MA-MOD-001", "/model_name", {**MODEL, "model_name": ""}),
    *[
        ("MA-MOD-002", "/model_version", {**MODEL, "model_version": version})
        for version in ("1.0", "1.0.0.0", "01.0.0", "100.0.0", "1.0.x", "", "1.0.0\n", "-1.0.0")
    ],
    ("MA-MOD-003", "/model_type", {**MODEL, "model_type": "tensorflow"}),
    ("MA-MOD-004", "/source_location", {k: v for k, v in MODEL.items() if k != "source_location"}),
    ("MA-MOD-004", "/source_location", {**MODEL, "source_location": ""}),
    ("MA-SVC-003", "/description", {**MODEL, "description": "x" * 101}),
    ("MA-SVC-004", "/description", {**MODEL, "description": "a<b"}),
]
MODEL_ACCEPTED_BESIDE = [
    MODEL,
    {**MODEL, "model_name": "a" * 64},
    {**MODEL, "model_version": "0.0.0"},
    {**MODEL, "model_version": "99.99.99"},
    {**MODEL, "model_type": "Template", "source_location": None},
    {**MODEL, "source_copy": True},
    {**MODEL, "source_copy": "true"},
]


@pytest.mark.parametrize(("rule", "path", "body"), MODEL_RULES)
def test_a_model_that_breaks_one_rule_is_refused_with_it(
    rule: str, path: str, body: dict[str, Any]
) -> None:
    assert model_refused(body) == [(rule, path)]


@pytest.mark.parametrize("body", MODEL_ACCEPTED_BESIDE)
def test_a_model_just_beside_is_accepted(body: dict[str, Any]) -> None:
    assert model_refused(body) == []


def test_an_updated_description_follows_the_same_rules() -> None:
    check_description("fine")
    assert violations(lambda: check_description("<" + "x" * 100)) == [
        ("MA-SVC-003", "/description"),
        ("MA-SVC-004", "/description"),
    ]


def test_every_rule_is_tested_here() -> None:
    stated = set(re.findall(r'"(MA-[A-Z]+-\d{3})"', inspect.getsource(rules)))
    tested = {rule for rule, _, _ in [*SERVICE_RULES, *MODEL_RULES]} | {"MA-SVC-011"}
    assert tested == stated


def test_checking_is_deterministic_and_leaves_the_request_alone() -> None:
    body = changed(TWO, "/config/1/model_id", "xxxmodel-idxxx")
    before = repr(body)
    assert refused(body) == refused(body)
    assert repr(body) == before
