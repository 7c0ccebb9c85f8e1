"""check: files against the rules, without a server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from simulator.cli.app import app
from tests.support.requests import ACCEPTED, DOCUMENTED, changed, documented

ONE = documented("realtime")
BROKEN = changed(ONE, "/config/0/instance_count", 6)


@pytest.fixture
def check(tmp_path: Path) -> Any:
    def run(*arguments: object, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(
            app, ["check", *(str(argument) for argument in arguments)], input=stdin
        )

    return run


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(content: Any, name: str = "request.json") -> Path:
        path = tmp_path / name
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(text)
        return path

    return write


class TestExitStatus:
    def test_0_when_all_are_valid(self, check: Any) -> None:
        result = check(*(ACCEPTED / f"{name}.json" for name in DOCUMENTED))
        assert result.exit_code == 0, result.output
        assert f"{len(DOCUMENTED)} valid, 0 invalid" in result.output

    def test_1_when_one_is_not(self, check: Any, file: Any) -> None:
        result = check(file(ONE, "a.json"), file(BROKEN, "b.json"))
        assert result.exit_code == 1
        assert "1 valid, 1 invalid" in result.output

    def test_2_when_a_file_cannot_be_read_and_the_others_are_checked_all_the_same(
        self, check: Any, file: Any, tmp_path: Path
    ) -> None:
        result = check(tmp_path / "absent.json", file(BROKEN))
        assert result.exit_code == 2
        assert "cannot read" in result.stderr
        assert "MA-SVC-031" in result.stdout
        assert "0 valid, 1 invalid, 1 unreadable" in result.stdout

    @pytest.mark.parametrize("body", [b"{", b"[]", b"", b"\xff", b'{"a": NaN}', b'{"a":1,"a":2}'])
    def test_what_is_no_json_object_is_invalid(self, check: Any, file: Any, body: bytes) -> None:
        result = check(file(body))
        assert result.exit_code == 1
        assert "BadJson" in result.stdout


class TestWords:
    def test_a_violation_is_told_with_its_place_rule_and_source(
        self, check: Any, file: Any
    ) -> None:
        result = check(file(BROKEN))
        assert "config[0].instance_count: is at most 5; got 6" in result.stdout
        assert "at /config/0/instance_count [MA-SVC-031, Deploying Services, " in result.stdout

    def test_a_warning_does_not_make_a_file_invalid(self, check: Any, file: Any) -> None:
        result = check(file({**ONE, "descripton": "x"}))
        assert result.exit_code == 0
        assert "warning: descripton: " in result.stdout
        assert "did you mean description?" in result.stdout

    def test_strict_makes_unknown_fields_violations(self, check: Any, file: Any) -> None:
        assert check("--strict", file({**ONE, "descripton": "x"})).exit_code == 1

    def test_escape_sequences_in_a_file_never_reach_the_terminal(
        self, check: Any, file: Any
    ) -> None:
        result = check(file({**ONE, "service_name": "\x1b]0;title\x07", "a\x1b[2Jb": 1}))
        assert "\x1b" not in result.output


class TestJson:
    def documents(self, result: Result) -> list[dict[str, Any]]:
        return [json.loads(line) for line in result.stdout.splitlines()]

    def test_one_file_is_one_object_with_the_documented_keys(self, check: Any, file: Any) -> None:
        (document,) = self.documents(check("--json", file(BROKEN)))
        assert set(document) == {"valid", "violations"}
        assert document["valid"] is False
        (violation,) = document["violations"]
        assert set(violation) == {"rule", "path", "message", "source"}
        assert violation["path"] == "/config/0/instance_count"

    def test_a_valid_file_has_no_violations(self, check: Any, file: Any) -> None:
        assert self.documents(check("--json", file(ONE))) == [{"valid": True, "violations": []}]

    def test_several_files_are_named_and_warnings_are_listed(self, check: Any, file: Any) -> None:
        a, b = file(ONE, "a.json"), file({**ONE, "extra": 1}, "b.json")
        first, second = self.documents(check("--json", a, b))
        assert (first["file"], second["file"]) == (str(a), str(b))
        assert [warning["rule"] for warning in second["warnings"]] == ["MA-UNKNOWN"]

    def test_jsonl_gives_a_line_for_each_line(self, check: Any, file: Any) -> None:
        lines = b"\n".join([json.dumps(ONE).encode(), b"{", json.dumps(BROKEN).encode(), b""])
        path = file(lines, "many.jsonl")
        result = check("--json", "--jsonl", path)
        assert [one["valid"] for one in self.documents(result)] == [True, False, False]
        assert result.exit_code == 1

    def test_standard_input_is_read(self, check: Any) -> None:
        result = check("--json", "-", stdin=json.dumps(ONE).encode())
        assert self.documents(result) == [{"valid": True, "violations": []}]


class TestKinds:
    @pytest.mark.parametrize(
        ("content", "title"),
        [
            (ONE, "a deploy request"),
            ({}, "a deploy request"),
            ({"status": "stopped"}, "an update request"),
            (
                {
                    "model_name": "m",
                    "model_version": "0.0.1",
                    "model_type": "Image",
                    "source_location": "a/b:1",
                },
                "a model",
            ),
            ({"model_type": "Image"}, "a config.json"),
        ],
    )
    def test_documents_are_told_apart(
        self, check: Any, file: Any, content: Any, title: str
    ) -> None:
        assert f"{title}, " in check(file(content)).stdout

    @pytest.mark.parametrize(
        "content",
        [
            {"metadata": {"name": "web", "instance": 1, "rpc": {"keepalive": 5000}}},
            {"metadata.name": "web", "metadata.instance": 1, "metadata.rpc.keepalive": 5000},
        ],
    )
    def test_a_service_description_of_eas_may_have_nested_or_dotted_keys(
        self, check: Any, file: Any, content: dict[str, Any]
    ) -> None:
        container = {"image": "registry.cn-hangzhou.aliyuncs.com/team/web:1", "script": "serve"}
        sound = file({**content, "containers": [{**container, "port": 8000}]})
        assert check(sound).exit_code == 0, check(sound).output
        taken = check(file({**content, "containers": [{**container, "port": 8080}]}))
        assert taken.exit_code == 1
        assert "/containers/0/port [EAS-SVC-" in taken.stdout

    def test_the_kind_can_be_said(self, check: Any, file: Any) -> None:
        update = file({"config": ONE["config"]})
        assert check(update).exit_code == 1
        assert check("--as", "update-service", update).exit_code == 0

    def test_a_manifest_is_read_line_by_line(self, check: Any, file: Any) -> None:
        lines = b'{"source": "obs://bucket/a.jpg"}\n{"source": "obs://bucket/folder/"}\n'
        result = check(file(lines, "in.manifest"))
        assert result.exit_code == 1
        assert "/lines/1/source [MA-BAT-022, " in result.stdout

    def test_a_line_of_a_manifest_that_is_no_json_is_named(self, check: Any, file: Any) -> None:
        result = check(file(b'{"source": "obs://bucket/a.jpg"}\n\n{"source"\n', "in.manifest"))
        assert "line 2: the body is empty" in result.stdout
        assert "line 3: not valid JSON" in result.stdout


class TestReadings:
    MINUTES = changed(ONE, "/config/0/deploy_timeout_in_seconds", 20)

    def test_another_reading_can_be_chosen(self, check: Any, file: Any) -> None:
        assert check(file(self.MINUTES)).exit_code == 1
        assert check("--reading", "deploy-timeout=minutes", file(self.MINUTES)).exit_code == 0

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--reading", "deploy-timeout"], "write it as NAME=OPTION"),
            (["--reading", "no-such=x"], "there is no reading no-such"),
            (["--reading", "deploy-timeout=hours"], "cannot be hours"),
            (["--provider", "aws"], "there is no provider aws"),
            (["--as", "nothing"], "there is no kind nothing"),
        ],
    )
    def test_a_wrong_option_is_wrong_usage_that_says_what_there_is(
        self, check: Any, file: Any, arguments: list[str], words: str
    ) -> None:
        result = check(*arguments, file(ONE))
        assert result.exit_code == 2
        assert words in result.stderr


def test_it_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys; from simulator.cli.app import app\n"
        "try: app(['check', sys.argv[1]])\n"
        "except SystemExit: pass\n"
        "heavy = {'hypothesis', 'fastapi', 'sqlalchemy', 'httpx', 'textual'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ACCEPTED / "realtime.json")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
