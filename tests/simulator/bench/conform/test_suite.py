"""Whole runs, against a cloud without a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from simulator.bench.conform import Interrupted, Options, Target, run
from simulator.bench.conform.connection import Answer, NothingThere
from simulator.bench.conform.options import Progress, Saved
from simulator.bench.conform.report import ConformReport, Result
from simulator.bench.conform.suite import rounds
from simulator.bench.conform.world import NotAllowed
from simulator.modelarts.rules import CATALOGUE
from simulator.rules import checks
from tests.simulator.bench.conform.cloud import PROJECT, TOKEN, Cloud, answered, ok
from tests.support.faulty import deaf_to, with_check

SOME = frozenset(
    {
        "MA-SVC-002",
        "MA-SVC-014",
        "MA-SVC-030",
        "MA-MOD-001",
        "MA-TYPE-0307",
        "MA-MUST-0503",
        "MA-ADM-001",
        "sound-requests",
        "malformed-json",
        "no-token",
        "unknown-service",
    }
)
"""Of each kind one."""


def conform(cloud: Cloud, token: str = TOKEN, **options: Any) -> ConformReport:
    wanted: dict[str, Any] = {"seed": 3, "examples": 4, "rules": SOME, "time_s": 60} | options
    interrupted = wanted.pop("stop", lambda: False)
    target = Target(cloud, PROJECT, token, interrupted=interrupted, sleep=lambda _: None)
    return run(target, Options(**wanted))


def failed(report: ConformReport) -> list[str]:
    return [one.id for one in report.failed]


def test_an_endpoint_that_follows_the_rules_passes_and_nothing_is_created() -> None:
    cloud = Cloud()
    report = conform(cloud)
    assert {one.id for one in report.passed} == SOME
    assert (failed(report), cloud.created, report.stopped) == ([], 0, "")
    assert report.extension


def test_an_endpoint_that_does_not_name_the_rules_passes_too() -> None:
    report = conform(Cloud(names_rules=False), rules=frozenset(), examples=1)
    assert failed(report) == []
    assert not report.extension
    assert len(report.passed) > 200


@pytest.mark.parametrize("rule_id", ["MA-SVC-014", "MA-MOD-001", "MA-TYPE-0307", "MA-MUST-0503"])
@pytest.mark.parametrize("names_rules", [True, False])
def test_a_rule_that_is_switched_off_is_found_and_no_other(rule_id: str, names_rules: bool) -> None:
    cloud = Cloud(deaf_to(CATALOGUE, rule_id), names_rules=names_rules)
    assert failed(conform(cloud)) == [rule_id]


def test_an_accepted_request_is_a_finding_and_its_service_is_deleted() -> None:
    cloud = Cloud(deaf_to(CATALOGUE, "MA-ADM-001"))
    report = conform(cloud, rules=frozenset({"MA-ADM-001"}))
    assert failed(report) == ["MA-ADM-001"]
    assert cloud.created > 1
    assert (cloud.services, report.left) == ({}, ())
    found = report.failed[0].counterexample
    assert found is not None
    assert found.complaints == ("accepted with 200; it must be refused",)


def test_a_counterexample_is_small_and_whole() -> None:
    report = conform(Cloud(deaf_to(CATALOGUE, "MA-SVC-014")), rules=frozenset({"MA-SVC-014"}))
    found = report.failed[0].counterexample
    assert found is not None
    assert len(found.request["config"]) <= 2
    assert "schedule" not in found.request
    assert found.expected == "400 ModelArts.0101, for MA-SVC-014 alone"
    assert found.answered == "404 ModelArts.3507"
    assert TOKEN not in found.curl
    assert f"{Cloud.base}/v1/{PROJECT}/services" in found.curl


@pytest.mark.parametrize(
    ("rule_id", "wrong", "finder"),
    [
        ("MA-SVC-002", checks.length(1, 65), "MA-SVC-002"),
        ("MA-SVC-002", checks.length(1, 63), "sound-requests"),
        ("MA-SVC-030", checks.between(0), "MA-SVC-030"),
        ("MA-SVC-030", checks.between(2), "sound-requests"),
    ],
)
def test_a_limit_that_is_off_by_one_is_found(
    rule_id: str, wrong: Mapping[str, Any], finder: str
) -> None:
    report = conform(Cloud(with_check(CATALOGUE, rule_id, wrong["check"])))
    assert finder in failed(report)
    found = next(one.counterexample for one in report.failed if one.id == finder)
    assert found is not None
    if finder == "sound-requests":
        assert rule_id in " ".join(found.complaints)


def test_the_same_seed_sends_the_same_requests() -> None:
    first, second, other = Cloud(), Cloud(), Cloud()
    assert conform(first).requests == conform(second).requests
    conform(other, seed=4)
    assert first.bodies == second.bodies
    assert first.bodies != other.bodies


def test_a_rules_requests_do_not_depend_on_the_other_rules() -> None:
    alone, among = Cloud(), Cloud()
    conform(alone, rules=frozenset({"MA-SVC-014"}))
    conform(among)
    assert alone.bodies
    assert [body for body in alone.bodies if body in among.bodies] == alone.bodies


def test_sound_requests_are_not_blamed_for_the_rule_that_they_rest_on() -> None:
    report = conform(Cloud(deaf_to(CATALOGUE, "MA-ADM-001")))
    assert failed(report) == ["MA-ADM-001"]
    (sound,) = report.not_shown
    assert (sound.id, "MA-ADM-001" in sound.note) == ("sound-requests", True)


def test_only_a_token_that_is_let_in_is_used() -> None:
    with pytest.raises(NotAllowed, match="the token is invalid"):
        conform(Cloud(), token="another")


def test_a_model_that_is_not_there_cannot_be_used() -> None:
    with pytest.raises(NotAllowed, match="no model nobody"):
        conform(Cloud(), model="nobody")


class TestCreating:
    WANTED = SOME | {"valid-requests", "MA-UPD-001", "MA-UPD-003", "MA-UPD-008", "MA-ADM-013"}

    def test_valid_requests_are_accepted_and_all_is_deleted(self) -> None:
        cloud = Cloud()
        report = conform(cloud, create=True, model="the-model", rules=self.WANTED)
        assert {one.id for one in report.passed} == self.WANTED
        assert cloud.created > 2
        assert (cloud.services, report.left) == ({}, ())

    def test_a_valid_request_that_is_refused_is_a_finding(self) -> None:
        strict = with_check(CATALOGUE, "MA-SVC-030", checks.between(2)["check"])
        report = conform(Cloud(strict), create=True, model="the-model", rules=self.WANTED)
        assert "valid-requests" in failed(report)

    def test_without_a_service_rules_on_changes_are_not_shown_and_say_why(self) -> None:
        def spoil(method: str, path: str, answer: Answer) -> Answer:
            if (method, path) == ("POST", "/services") and answer.status == 200:
                return answered(507, {"error_code": "X", "error_msg": "the disk is full"})
            return answer

        cloud = Cloud(spoil=spoil)
        report = conform(cloud, create=True, model="the-model", rules=frozenset({"MA-UPD-001"}))
        (rule,) = report.not_shown
        assert "the disk is full" in rule.note

    @pytest.mark.parametrize("after", [5, 12, 40, 100])
    def test_an_interruption_deletes_all_that_was_made(self, after: int) -> None:
        cloud = Cloud()
        with pytest.raises(Interrupted):
            conform(
                cloud,
                create=True,
                model="the-model",
                rules=frozenset({"valid-requests", "MA-UPD-003", "MA-TYPE-2001", "MA-SVC-014"}),
                examples=40,
                stop=lambda: len(cloud.asked) >= after,
            )
        assert cloud.services == {}


class TestEndings:
    def test_when_the_time_is_over_nothing_is_begun(self) -> None:
        report = conform(Cloud(), time_s=0)
        assert "time is over" in report.stopped
        assert {one.result for one in report.results} == {Result.NOT_SHOWN}

    def test_the_first_finding_can_end_it(self) -> None:
        cloud = Cloud(deaf_to(CATALOGUE, "MA-SVC-002", "MA-SVC-014"))
        report = conform(cloud, fail_fast=True)
        assert failed(report) == ["MA-SVC-002"]
        assert "first finding" in report.stopped

    def test_an_endpoint_that_goes_away_ends_it_and_what_was_found_is_told(self) -> None:
        cloud = Cloud(deaf_to(CATALOGUE, "MA-SVC-002"))
        left = [250]

        def spoil(method: str, path: str, answer: Answer) -> Answer:
            left[0] -= 1
            if left[0] < 0:
                raise NothingThere("nothing answers")
            return answer

        cloud._spoil = spoil
        report = conform(cloud, examples=200)
        assert report.lost
        assert report.stopped == "nothing answers"
        assert failed(report) == ["MA-SVC-002"]

    def test_nobody_there_from_the_start_is_an_error(self) -> None:
        def gone(*_: object) -> Answer:
            raise NothingThere("nothing answers")

        with pytest.raises(NothingThere):
            conform(Cloud(spoil=gone))


def test_every_rule_has_its_turn_before_any_has_a_second() -> None:
    turns: list[tuple[int, str]] = []

    def note(progress: Progress) -> None:
        turns.append((progress.round, progress.rule))

    conform(Cloud(), examples=7, progress=note)
    assert [number for number, _ in turns] == sorted(number for number, _ in turns)
    drawing = SOME - {"malformed-json", "no-token", "unknown-service"}
    assert all({rule for n, rule in turns if n == number} == drawing for number in (1, 2, 3))


@pytest.mark.parametrize("examples", [1, 2, 3, 7, 20, 1000])
def test_rounds_have_as_many_examples_as_were_asked_for(examples: int) -> None:
    sizes = rounds(examples)
    assert sum(sizes) == examples
    assert sizes[0] <= 2


class TestReplay:
    def test_what_failed_comes_first_and_shows_as_mended(self) -> None:
        broken = conform(Cloud(deaf_to(CATALOGUE, "MA-SVC-014")))
        (saved,) = broken.to_replay
        assert saved.rule == "MA-SVC-014"
        cloud = Cloud()
        mended = conform(cloud, replay=(saved,), rules=frozenset({"MA-SVC-014"}))
        assert [one.id for one in mended.mended] == ["MA-SVC-014"]
        assert mended.to_replay == ()

    def test_what_still_fails_is_a_finding_without_drawing(self) -> None:
        cloud = Cloud(deaf_to(CATALOGUE, "MA-SVC-014"))
        (saved,) = conform(cloud).to_replay
        cloud.asked.clear()
        again = conform(cloud, replay=(saved,), rules=frozenset({"MA-SVC-014"}))
        assert again.to_replay == (saved,)
        assert again.failed[0].sent == 1

    def test_what_cannot_be_sent_now_is_kept(self) -> None:
        changes = Saved("MA-UPD-001", "update-service", {"status": "paused"})
        unknown = Saved("MA-XXX-001", "create-service", {})
        sound = Saved("MA-SVC-014", "create-service", {})
        report = conform(Cloud(), replay=(changes, unknown, sound))
        assert report.kept == (changes, unknown, sound)
        assert report.to_replay == report.kept
        assert report.mended == ()


class TestProtocol:
    @pytest.mark.parametrize(
        ("check", "spoilt"),
        [
            ("malformed-json", answered(500, {"error_code": "x", "error_msg": "y"})),
            ("malformed-json", ok({})),
            ("no-token", answered(403, {"error_code": "x", "error_msg": "y"})),
            ("unknown-service", answered(404, {"error_code": "APIG.0101", "error_msg": "y"})),
        ],
    )
    def test_a_wrong_answer_is_found(self, check: str, spoilt: Answer) -> None:
        def spoil(method: str, path: str, answer: Answer) -> Answer:
            code = answer.object.get("error_code")
            kinds = {
                "malformed-json": code == "ModelArts.0104",
                "no-token": answer.status == 401,
                "unknown-service": code == "ModelArts.3502",
            }
            return spoilt if kinds[check] else answer

        assert failed(conform(Cloud(spoil=spoil))) == [check]

    def test_a_body_that_is_accepted_though_it_is_malformed_leaves_nothing(self) -> None:
        def spoil(method: str, path: str, answer: Answer) -> Answer:
            return (
                ok({"service_id": "made"}) if path == "/services" and method == "POST" else answer
            )

        report = conform(Cloud(spoil=spoil), rules=frozenset({"malformed-json"}))
        assert failed(report) == ["malformed-json"]
        assert report.left == ()
