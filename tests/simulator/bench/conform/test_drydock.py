"""The suite against Drydock itself, and against copies of it with one mistake."""

from __future__ import annotations

import time
from typing import Any

import pytest

from simulator.bench.conform import ConformReport, Options, Target, connect, run
from simulator.bench.drydock import Drydock, running
from simulator.modelarts.rules import CATALOGUE
from simulator.rules import checks
from simulator.rules.catalogue import Catalogue
from simulator.rules.rule import Level
from tests.support.faulty import Judging, deaf_to, judging, with_check

WITHIN_S = 60
SAMPLE = tuple(rule.id for rule in CATALOGUE.rules if rule.level is Level.REQUEST)[::12]


def conform(drydock: Drydock, **options: Any) -> ConformReport:
    with connect(drydock.endpoint) as sender:
        target = Target(sender, drydock.project_id, drydock.token)
        return run(target, Options(**{"seed": 11, "examples": 2, **options}))


def failed(report: ConformReport) -> list[str]:
    return [one.id for one in report.failed]


@pytest.fixture(scope="module")
def judged() -> Any:
    with judging() as server:
        yield server


def test_drydock_passes_every_rule_that_can_be_shown_and_keeps_nothing() -> None:
    with running() as drydock:
        model = drydock.add_model("flowers")
        drydock.add_model("weeds", status="failed")
        report = conform(drydock, create=True, model=model, examples=1)
        drydock.settle()
        assert drydock.services() == []
        models = drydock.client().get("/models").json()["total_count"]
    assert failed(report) == []
    assert (report.stopped, report.left, models) == ("", (), 2)
    assert not [one for one in report.not_shown if "was found" in one.note]
    assert len(report.passed) > 230


def test_a_dry_run_passes_and_creates_nothing() -> None:
    with running() as drydock:
        drydock.add_model("flowers")
        report = conform(drydock, examples=1)
        assert failed(report) == []
        assert drydock.services() == []
        newest = drydock.client().get("/models").json()["total_count"]
    assert newest == 1
    assert len(report.passed) > 210


def test_a_switched_off_rule_is_found_among_all_and_no_other(judged: Judging) -> None:
    judged.by(CATALOGUE.without("MA-SVC-014"))
    began = time.monotonic()
    report = conform(judged.drydock, examples=1)
    assert failed(report) == ["MA-SVC-014"]
    assert time.monotonic() - began < WITHIN_S
    found = report.failed[0].counterexample
    assert found is not None
    assert "MA-SVC-014" in found.expected


def off_by_one(rule_id: str, **check: Any) -> Catalogue:
    return with_check(CATALOGUE, rule_id, check["check"])


@pytest.mark.parametrize(
    ("rule_id", "catalogue"),
    [
        pytest.param(rule_id, deaf_to(CATALOGUE, rule_id), id=f"{rule_id} is off")
        for rule_id in (
            "MA-SVC-001",  # one of some words
            "MA-SVC-003",  # spelling
            "MA-SVC-047",  # two fields of one version
            "MA-BAT-010",  # another code
            "MA-MOD-005",  # the whole body, and what comes next has the same code
            "MA-TYPE-0503",  # a type
            "MA-MUST-0506",  # a mandatory field
            "MA-ADM-001",  # what exists
        )
    ]
    + [
        pytest.param("MA-SVC-002", off_by_one("MA-SVC-002", **checks.length(1, 65)), id="65"),
        pytest.param("MA-SVC-044", off_by_one("MA-SVC-044", **checks.between(179, 7200)), id="179"),
    ],
)
def test_a_mistake_of_each_kind_is_found_and_named(
    judged: Judging, rule_id: str, catalogue: Catalogue
) -> None:
    judged.by(catalogue)
    wanted = frozenset({*SAMPLE, rule_id, "sound-requests"})
    assert failed(conform(judged.drydock, rules=wanted)) == [rule_id]
    assert judged.drydock.services() == []


def test_a_limit_that_is_too_strict_is_found_by_a_sound_request(judged: Judging) -> None:
    judged.by(off_by_one("MA-SVC-002", **checks.length(1, 63)))
    report = conform(judged.drydock, rules=frozenset({"sound-requests"}))
    (found,) = report.failed
    assert found.counterexample is not None
    assert "MA-SVC-002" in " ".join(found.counterexample.complaints)


def test_a_request_that_slips_through_is_deleted_at_once(judged: Judging) -> None:
    model = judged.drydock.add_model("flowers")
    judged.by(deaf_to(CATALOGUE, "MA-ADM-008"))
    report = conform(judged.drydock, model=model, rules=frozenset({"MA-ADM-008"}))
    assert failed(report) == ["MA-ADM-008"]
    found = report.failed[0].counterexample
    assert found is not None
    assert found.complaints == ("accepted with 200; it must be refused",)
    judged.drydock.settle()
    assert (judged.drydock.services(), report.left) == ([], ())


def test_an_internal_error_of_drydock_has_a_request_id(
    judged: Judging, caplog: pytest.LogCaptureFixture
) -> None:
    judged.by(deaf_to(CATALOGUE, "MA-ADM-001"))  # then the code that follows stumbles
    report = conform(judged.drydock, rules=frozenset({"MA-ADM-001"}))
    found = report.failed[0].counterexample
    assert found is not None
    assert found.answer is not None
    assert found.answer.status == 500
    request_id = found.answer.headers["x-request-id"]
    assert any(request_id in record.getMessage() for record in caplog.records)
