"""Whether an answer is right, and what is said of one that is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.bench.conform.connection import Answer
from simulator.bench.conform.judging import Expected, complaints
from simulator.errors import Violation
from simulator.rules.rule import ErrorCode
from tests.simulator.bench.conform.cloud import answered

WEIGHT = Violation("MA-SVC-013", "/config/0/weight", "config[0].weight: is 0 to 100", "a page")
POOL = Violation("MA-ADM-008", "/pool_name", "pool_name: does not exist", "a page")
INVALID = ErrorCode(400, "ModelArts.0101", "")
MISSING = ErrorCode(400, "ModelArts.3547", "")
DUE = Expected([WEIGHT], [INVALID])
VALID = Expected(may_be_missing=True)


def refusal(status: int = 400, **changes: Any) -> Answer:
    """The right answer, but for some changes; None takes a member away."""
    body = {
        "error_code": "ModelArts.0101",
        "error_msg": "config[0].weight: is 0 to 100",
        "violations": [{"rule": "MA-SVC-013"}],
    } | changes
    return answered(status, {name: value for name, value in body.items() if value is not None})


def without(name: str) -> Answer:
    """The right answer without a header."""
    right = refusal()
    return Answer(right.status, {k: v for k, v in right.headers.items() if k != name}, right.body)


def test_the_documented_refusal_is_right() -> None:
    assert complaints(refusal(), DUE, extension=True) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answered(200, {"service_id": "1"}), "accepted with 200; it must be refused"),
        (refusal(404), "the status is 404, not 400: it says MA-SVC-013"),
        (refusal(500), "the status is 500, not 400: it says MA-SVC-013"),
        (
            refusal(error_code="ModelArts.3507"),
            "error_code is ModelArts.3507, not ModelArts.0101: it says MA-SVC-013",
        ),
        (
            refusal(violations=[{"rule": "MA-SVC-014"}]),
            "names MA-SVC-014 as broken, not MA-SVC-013",
        ),
        (
            refusal(violations=[{"rule": "MA-SVC-013"}, {"rule": "MA-SVC-014"}]),
            "names MA-SVC-013, MA-SVC-014 as broken, not MA-SVC-013",
        ),
        (refusal(violations=None), "names no rule as broken, not MA-SVC-013"),
        (refusal(violations=["x", 5]), "names no rule as broken, not MA-SVC-013"),
        (refusal(error_msg=None), "error_msg is absent"),
        (refusal(error_msg=5), "error_msg is no text"),
        (without("content-type"), "the content type is absent, not application/json"),
        (without("x-request-id"), "the header X-Request-Id is absent"),
    ],
)
def test_each_mistake_is_told_and_nothing_else(answer: Answer, said: str) -> None:
    assert complaints(answer, DUE, extension=True) == [said]


def test_an_answer_that_is_no_json_is_told() -> None:
    answer = Answer(400, {"content-type": "text/html", "x-request-id": "1"}, b"<html>")
    assert complaints(answer, DUE, extension=False) == [
        "error_code is None, not ModelArts.0101",
        "the content type is text/html, not application/json",
        "the body is no JSON object of error_code and error_msg",
    ]


def test_the_same_rule_broken_twice_is_named_by_one_of_them() -> None:
    twice = refusal(violations=[{"rule": "MA-SVC-013"}, {"rule": "MA-SVC-013"}])
    assert complaints(twice, DUE, extension=True) == []


class TestAnEndpointThatDoesNotNameTheRules:
    def test_needs_status_code_and_the_field_in_the_message(self) -> None:
        told = refusal(violations=None, error_msg="The parameter Weight is invalid.")
        assert complaints(told, DUE, extension=False) == []

    def test_is_asked_for_the_field(self) -> None:
        vague = refusal(violations=None, error_msg="Invalid parameter.")
        assert complaints(vague, DUE, extension=False) == ["error_msg does not name weight"]

    def test_is_not_asked_for_a_field_where_the_place_is_the_whole_body(self) -> None:
        whole = Expected([Violation("MA-SVC-016", "", "the body: x", "a page")], [INVALID])
        vague = refusal(violations=None, error_msg="Invalid parameter.")
        assert complaints(vague, whole, extension=False) == []

    def test_may_look_at_what_exists_in_another_order(self) -> None:
        both = Expected([WEIGHT, POOL], [INVALID, MISSING])
        later = refusal(error_code="ModelArts.3547", violations=None, error_msg="no such pool_name")
        assert complaints(later, both, extension=False) == []
        assert complaints(later, both, extension=True) != []


def test_where_any_of_it_may_be_told_nothing_else_may() -> None:
    due = Expected([WEIGHT, POOL], [INVALID, MISSING], any_of=True)
    assert complaints(refusal(), due, extension=True) == []
    pool = refusal(error_code="ModelArts.3547", violations=[{"rule": "MA-ADM-008"}])
    assert complaints(pool, due, extension=True) == []
    for wrong in ([], [{"rule": "MA-SVC-013"}, {"rule": "MA-SVC-014"}]):
        assert complaints(refusal(violations=wrong), due, extension=True) != []


class TestAValidRequest:
    def test_is_accepted(self) -> None:
        assert complaints(answered(200, {"service_id": "1"}), VALID, extension=True) == []

    def test_is_not_refused(self) -> None:
        assert complaints(refusal(), VALID, extension=True) == [
            "a valid request was refused: it says MA-SVC-013"
        ]

    def test_may_be_one_that_is_not_simulated(self) -> None:
        body = {"error_code": "Drydock.NotSimulated", "error_msg": "batch services are not here"}
        assert complaints(answered(501, body), VALID, extension=True) == []

    def test_is_not_answered_with_a_501_that_does_not_say_what_is_missing(self) -> None:
        assert complaints(answered(501, {}), VALID, extension=True) != []


def test_what_an_endpoint_sends_is_never_trusted_to_have_a_form() -> None:
    for body in (b"", b"[1]", b"null", b"[" * 100_000, json.dumps({"violations": {}}).encode()):
        answer = Answer(400, {}, body)
        assert complaints(answer, DUE, extension=True)
        assert complaints(answer, VALID, extension=False)
