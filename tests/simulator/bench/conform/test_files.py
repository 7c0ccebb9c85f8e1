"""The replay file, JUnit XML, and the report for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from simulator.bench.conform import replay
from simulator.bench.conform.connection import Answer
from simulator.bench.conform.junit import junit
from simulator.bench.conform.options import Saved
from simulator.bench.conform.report import ConformReport, Counterexample, Result, RuleResult

SAVED = Saved("MA-SVC-014", "create-service", {"config": [{"weight": 1, "x": "\U0001f600\u2028"}]})
FOUND = Counterexample(
    method="POST",
    url="http://x.test/v1/p/services",
    body=json.dumps({"a": "it's\u0000"}).encode(),
    answer=Answer(200, {"content-type": "application/json"}, b'{"x": "\x1b[31m\x00]]>"}'),
    expected="400 ModelArts.0101, for MA-SVC-014 alone",
    complaints=("accepted with 200", "says \x1b[31m<&>\x00"),
    saved=SAVED,
)
REPORT = ConformReport(
    endpoint="http://x.test",
    seed=7,
    created=False,
    extension=True,
    requests=12,
    seconds=1.5,
    results=(
        RuleResult(id="MA-SVC-001", statement="One <b>.", source="Page, 1", result=Result.PASSED),
        RuleResult(
            id="MA-SVC-014",
            statement="Two & three.",
            source="Page, 2",
            result=Result.FAILED,
            sent=3,
            seconds=0.25,
            counterexample=FOUND,
        ),
        RuleResult(
            id="MA-ADM-014",
            statement="Four.",
            source="Page, 3",
            result=Result.NOT_SHOWN,
            note="it needs 20 services",
        ),
        RuleResult(id="no-token", statement="Five.", source="", result=Result.PASSED, mended=True),
    ),
)


class TestReplayFile:
    def test_comes_back_as_it_was_written(self, tmp_path: Path) -> None:
        file = tmp_path / "replay.json"
        replay.write(file, [SAVED])
        assert replay.read(file) == (SAVED,)
        assert [path.name for path in tmp_path.iterdir()] == ["replay.json"]

    def test_is_empty_when_it_is_not_there(self, tmp_path: Path) -> None:
        assert replay.read(tmp_path / "none.json") == ()

    def test_is_plain_json(self, tmp_path: Path) -> None:
        file = tmp_path / "replay.json"
        replay.write(file, [SAVED])
        assert json.loads(file.read_bytes()) == {
            "format": 1,
            "cases": [{"rule": SAVED.rule, "subject": SAVED.subject, "request": SAVED.document}],
        }

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "empty"),
            ("{", "JSON"),
            ("[]", "object"),
            ("{}", "format 1"),
            ('{"format": 2, "cases": []}', "format 1"),
            ('{"format": 1, "cases": {}}', "/cases"),
            ('{"format": 1, "cases": [5]}', "/cases/0"),
            ('{"format": 1, "cases": [{"rule": "a", "subject": "b"}]}', "/cases/0"),
        ],
    )
    def test_another_file_is_refused_with_the_place(
        self, tmp_path: Path, text: str, said: str
    ) -> None:
        file = tmp_path / "replay.json"
        file.write_text(text)
        with pytest.raises(replay.Unreadable, match=re.escape(said)):
            replay.read(file)


class TestJUnit:
    def test_has_one_test_case_for_each_rule(self) -> None:
        suite = ElementTree.fromstring(junit(REPORT)).find("testsuite")
        assert suite is not None
        counts = {name: suite.get(name) for name in ("tests", "failures", "skipped", "errors")}
        assert counts == {"tests": "4", "failures": "1", "skipped": "1", "errors": "0"}
        cases = suite.findall("testcase")
        assert [(case.get("classname"), case.get("name")) for case in cases] == [
            ("MA-SVC", "MA-SVC-001: One <b>."),
            ("MA-SVC", "MA-SVC-014: Two & three."),
            ("MA-ADM", "MA-ADM-014: Four."),
            ("protocol", "no-token: Five."),
        ]

    def test_tells_the_seed_the_counterexample_and_the_reasons(self) -> None:
        root = ElementTree.fromstring(junit(REPORT))
        assert root.find(".//property[@name='seed']").get("value") == "7"  # type: ignore[union-attr]
        assert root.find(".//skipped").get("message") == "it needs 20 services"  # type: ignore[union-attr]
        failure = root.find(".//failure")
        assert failure is not None
        assert "accepted with 200" in (failure.get("message") or "")
        for part in ("Page, 2", "400 ModelArts.0101", "curl -i -X POST", '"a"'):
            assert part in (failure.text or "")

    def test_holds_no_character_that_xml_has_not(self) -> None:
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", junit(REPORT))


def test_the_document_is_json_with_all_that_was_found() -> None:
    document = json.loads(json.dumps(REPORT.document()))
    counts = {name: document[name] for name in ("seed", "passed", "failed", "not_shown")}
    assert counts == {"seed": 7, "passed": 2, "failed": 1, "not_shown": 1}
    assert document["mode"] == "dry-run"
    rule = document["rules"][1]
    assert (rule["id"], rule["result"]) == ("MA-SVC-014", "failed")
    assert rule["counterexample"]["request"] == {"a": "it's\x00"}
    assert rule["counterexample"]["answer"]["status"] == 200


def test_groups_with_findings_come_first_and_in_each_what_failed() -> None:
    assert [(name, [one.id for one in found]) for name, found in REPORT.groups()] == [
        ("MA-SVC", ["MA-SVC-014", "MA-SVC-001"]),
        ("MA-ADM", ["MA-ADM-014"]),
        ("protocol", ["no-token"]),
    ]


def test_the_command_line_sends_the_same_again_without_the_token() -> None:
    assert FOUND.curl == (
        "curl -i -X POST http://x.test/v1/p/services "
        '-H "X-Auth-Token: $DRYDOCK_TOKEN" '
        "-H 'Content-Type: application/json' "
        """--data-binary '{"a": "it'"'"'s\\u0000"}'"""
    )
