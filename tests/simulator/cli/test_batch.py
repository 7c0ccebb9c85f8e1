"""batch map and batch manifest: without a server, one line of JSON a row or line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.cli.conftest import Run

ROOT = Path(__file__).parents[3]
IRIS = ROOT / "fixtures" / "packages" / "iris"
ROWS = "5.1,3.5,1.4,0.2\n4.9,3.0,1.4,0.2\n4.7,3.2,1.3,0.2\n1,2,3,4\n"
RULE = {
    "type": "object",
    "properties": {"x": {"type": "number", "index": 1}, "y": {"type": "string", "index": -1}},
}


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(name: str, content: Any) -> str:
        path = tmp_path / name
        body = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(body.encode() if isinstance(body, str) else body)
        return str(path)

    return write


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


class TestMapWithARule:
    def test_prints_a_line_a_row(self, run: Run, file: Any) -> None:
        csv = file("rows.csv", b"\xef\xbb\xbfa,1.5\r\n\r\nb,c\r\nd\r\n")
        result = run("batch", "map", "--rule", file("rule.json", RULE), "--csv", csv, "--json")
        assert result.exit_code == 0, result.output
        first, second, third = lines(result.stdout)
        assert first == {"row": 1, "request": {"x": 1.5}}
        assert second == {
            "row": 2,
            "error": {
                "message": 'row 2, column 1 (x): "c" is no number',
                "line": 3,
                "column": 1,
                "parameter": "x",
            },
        }
        assert (third["row"], third["error"]["column"]) == (3, 1)

    def test_prints_all_rows_unless_told_otherwise(self, run: Run, file: Any) -> None:
        arguments = ["--rule", file("rule.json", RULE), "--csv", file("rows.csv", "a,1\n" * 500)]
        assert len(lines(run("batch", "map", *arguments, "--json").stdout)) == 500
        assert len(lines(run("batch", "map", *arguments, "--json", "--rows", "7").stdout)) == 7

    def test_of_a_file_without_rows_prints_nothing(self, run: Run, file: Any) -> None:
        arguments = ["--rule", file("rule.json", RULE), "--csv", file("rows.csv", "\n")]
        result = run("batch", "map", *arguments, "--json")
        assert (result.exit_code, result.stdout) == (0, "")

    def test_reads_the_rows_from_stdin(self, run: Run, file: Any) -> None:
        rule = file("rule.json", RULE)
        result = run("batch", "map", "--rule", rule, "--csv", "-", "--json", stdin="a,1\n")
        assert lines(result.stdout) == [{"row": 1, "request": {"x": 1}}]

    @pytest.mark.parametrize(
        ("rule", "says"),
        [
            (
                {"type": "object", "properties": {"x": {"type": "file"}}},
                "/properties/x: is of type",
            ),
            ({}, "the rule: has no type"),
            ("{", "not valid JSON"),
            ("[]", "must be a JSON object"),
            ('{"type": "object", "type": "array"}', "stands twice"),
        ],
    )
    @pytest.mark.parametrize("form", [[], ["--json"]])
    def test_that_is_bad_itself_ends_with_1(
        self, run: Run, file: Any, rule: Any, says: str, form: list[str]
    ) -> None:
        arguments = ["--rule", file("rule.json", rule), "--csv", file("rows.csv", ROWS), *form]
        result = run("batch", "map", *arguments)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert says in result.stderr

    def test_without_a_file_shows_the_rule(self, run: Run, file: Any) -> None:
        rule = file("rule.json", RULE)
        assert json.loads(run("batch", "map", "--rule", rule, "--json").stdout) == RULE
        assert '"index": -1' in run("batch", "map", "--rule", rule).stdout


class TestMapOfAConfig:
    @pytest.mark.parametrize("config", [IRIS, IRIS / "model", IRIS / "model" / "config.json"])
    def test_shows_the_rule_and_the_first_requests(self, run: Run, file: Any, config: Path) -> None:
        result = run("batch", "map", str(config), "--csv", file("rows.csv", ROWS))
        assert result.exit_code == 0, result.output
        assert '"sepal_length": {"type": "number", "index": 0}' in result.stdout
        shown = [line for line in result.stdout.splitlines() if line.startswith("row ")]
        assert len(shown) == 3
        assert shown[0] == (
            'row 1: {"data": {"req_data": [{"sepal_length": 5.1, "sepal_width": 3.5, '
            '"petal_length": 1.4, "petal_width": 0.2}]}}'
        )

    def test_as_json_is_a_rule_that_can_be_kept_and_followed(self, run: Run, file: Any) -> None:
        rule = run("batch", "map", str(IRIS), "--json").stdout
        csv = file("rows.csv", ROWS)
        by_rule = run("batch", "map", "--rule", file("r.json", rule), "--csv", csv, "--json")
        by_config = run("batch", "map", str(IRIS), "--csv", csv, "--json")
        assert by_rule.stdout == by_config.stdout
        assert len(lines(by_rule.stdout)) == 4

    def test_says_that_a_job_would_fail_the_file(self, run: Run, file: Any) -> None:
        result = run("batch", "map", str(IRIS), "--csv", file("rows.txt", ROWS))
        assert result.exit_code == 0
        assert "a batch service fails this file: ends in .csv" in result.stderr

    @pytest.mark.parametrize(
        ("config", "arguments", "says"),
        [
            (ROOT / "fixtures" / "packages" / "mnist", [], "mapping_type is file then"),
            (IRIS, ["--api", "/x"], "req_uri is one of the model's APIs: /; got /x"),
        ],
    )
    def test_of_which_none_can_be_made_ends_with_1(
        self, run: Run, config: Path, arguments: list[str], says: str
    ) -> None:
        result = run("batch", "map", str(config), *arguments)
        assert result.exit_code == 1
        assert says in result.stderr

    def test_that_is_none_ends_with_1(self, run: Run, file: Any) -> None:
        result = run("batch", "map", file("config.json", {"model_type": 5}))
        assert result.exit_code == 1
        assert "is no valid config.json" in result.stderr

    def test_without_a_declared_request_ends_with_1(self, run: Run, file: Any) -> None:
        config = file("config.json", {"model_type": "Image", "apis": [{"url": "/"}]})
        result = run("batch", "map", config)
        assert result.exit_code == 1
        assert "declares no request" in result.stderr


class TestUsage:
    @pytest.mark.parametrize("arguments", [[], [str(IRIS), "--rule", "rule.json"]])
    def test_a_config_or_a_rule(self, run: Run, arguments: list[str]) -> None:
        result = run("batch", "map", *arguments)
        assert result.exit_code == 2
        assert "give either a CONFIG or --rule FILE" in result.stderr

    def test_a_file_that_cannot_be_read(self, run: Run, file: Any, tmp_path: Path) -> None:
        absent, rule = str(tmp_path / "absent.manifest"), file("rule.json", RULE)
        assert run("batch", "map", "--rule", absent).exit_code == 2
        assert run("batch", "map", "--rule", rule, "--csv", absent).exit_code == 2
        result = run("batch", "manifest", absent)
        assert result.exit_code == 2
        assert "cannot read" in result.stderr


class TestManifest:
    TEXT = (
        '{"source": "obs://test/data/1.jpg"}\n'
        '{"source": "obs://test/data/"}\n'
        "{\n"
        '{"source": "https://infers.obs.xxx.com:443/a/b.csv?Signature=secret"}\n'
    )

    def test_prints_a_line_a_line(self, run: Run, file: Any) -> None:
        result = run("batch", "manifest", file("test.manifest", self.TEXT), "--json")
        assert result.exit_code == 0, result.output
        first, second, third, fourth = lines(result.stdout)
        assert first == {
            "line": 1,
            "source": "obs://test/data/1.jpg",
            "scheme": "obs",
            "bucket": "test",
            "object": "data/1.jpg",
        }
        assert second.keys() == third.keys() == {"line", "error"}
        assert second["error"]["rule"] == "MA-BAT-022"
        assert third["error"]["message"].startswith("line 3: not valid JSON")
        assert (fourth["line"], fourth["scheme"], fourth["object"]) == (4, "https", "a/b.csv")

    def test_in_words_says_how_many_lines_there_are_and_shows_no_signature(
        self, run: Run, file: Any
    ) -> None:
        result = run("batch", "manifest", file("test.manifest", self.TEXT))
        assert result.exit_code == 0
        assert "line 1: obs://test/data/1.jpg" in result.stdout
        assert "line 2: source: must name a file, not a folder" in result.stdout
        assert "4 lines, 2 without an input" in result.stderr
        assert "secret" not in result.output

    def test_called_otherwise_ends_with_1(self, run: Run, file: Any) -> None:
        result = run("batch", "manifest", file("test.json", self.TEXT), "--json")
        assert result.exit_code == 1
        assert result.stdout == ""
        error = json.loads(result.stderr)["error"]
        assert error["code"] == "MA-BAT-020"
        assert error["message"] == 'the name of a manifest ends in .manifest; got "test.json"'

    def test_from_stdin(self, run: Run) -> None:
        result = run("batch", "manifest", "-", "--json", stdin=self.TEXT)
        assert [line["line"] for line in lines(result.stdout)] == [1, 2, 3, 4]
