"""Batch jobs on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.config import Paths
from simulator.objectpaths import parse_object_path
from simulator.objects import ObjectStore
from tests.simulator.cli.conftest import PROJECT, SERVICE_ID, FakeServer, Run, a_detail, a_state
from tests.support.requests import ACCEPTED

Json = dict[str, Any]
SERVICES = f"/v1/{PROJECT}/services"
SHOWN = f"/_drydock/services/{SERVICE_ID}"
REQUEST = str(ACCEPTED / "batch-file.json")
RESULTS = "obs://out/here/infer-result"


def a_job(**changes: Any) -> Json:
    return {
        "run": 1,
        "task_id": "t1",
        "mapping_type": "csv",
        "source": "obs://in/data/",
        "results": "obs://out/here/",
        "manifests": ["obs://out/here/infer-result-t1.manifest"],
        "total": 3,
        "done": 3,
        "succeeded": 2,
        "failed": 1,
        "rows": 7,
        "rate_per_s": None,
        "left_s": None,
        "began_at_ms": 1_000,
        "ended_at_ms": 3_500,
    } | changes


def a_batch(status: str = "finished", **changes: Any) -> Json:
    return a_detail(kind="batch", status=status, access_address="", job=a_job(**changes))


class TestRun:
    @pytest.fixture(autouse=True)
    def deployed(self, fake: FakeServer) -> None:
        fake.answers("POST", SERVICES, {"service_id": SERVICE_ID, "resource_ids": []})

    def follow(self, fake: FakeServer, *details: Json) -> None:
        fake.answers("GET", SHOWN, *details)

    def test_it_is_followed_to_its_end_and_summed_up(
        self, run_on_fake: Run, fake: FakeServer
    ) -> None:
        under_way = a_batch("running", done=1, rate_per_s=40.0, left_s=3.0)
        self.follow(fake, a_batch("deploying"), under_way, a_batch())
        result = run_on_fake("batch", "run", REQUEST, "--watch")
        assert result.exit_code == 0
        first, *fields = result.stdout.splitlines()
        assert first == "3 inputs: 2 succeeded, 1 failed, 7 rows; in 2.5 s"
        assert any("obs://out/here/infer-result-t1.manifest" in line for line in fields)
        assert "drydock batch results digits --failed" in result.stderr
        (sent,) = fake.sent("POST", SERVICES)
        assert json.loads(sent.content) == json.loads(Path(REQUEST).read_text())

    def test_as_json_it_is_the_service_in_full(self, run_on_fake: Run, fake: FakeServer) -> None:
        self.follow(fake, a_batch())
        result = run_on_fake("batch", "run", REQUEST, "--watch", "--json")
        assert json.loads(result.stdout) == a_batch()

    def test_a_job_that_failed_says_why_and_exits_with_1(
        self, run_on_fake: Run, fake: FakeServer
    ) -> None:
        why = {"reason": "JobFailed", "message": "there are no inputs in obs://in/"}
        self.follow(fake, a_batch("running"), a_batch("failed") | why)
        result = run_on_fake("batch", "run", REQUEST, "--watch")
        assert result.exit_code == 1
        assert "there are no inputs in obs://in/" in result.stderr

    def test_one_that_is_stopped_meanwhile_is_not_done(
        self, run_on_fake: Run, fake: FakeServer
    ) -> None:
        self.follow(fake, a_batch("running"), a_batch("stopped"))
        assert run_on_fake("batch", "run", REQUEST, "--watch").exit_code == 1

    def test_unwatched_it_says_the_id_and_ends(self, run_on_fake: Run) -> None:
        result = run_on_fake("batch", "run", REQUEST)
        assert (result.exit_code, result.stdout) == (0, f"{SERVICE_ID}\n")

    def test_a_request_of_another_kind_is_not_sent(
        self, run_on_fake: Run, fake: FakeServer
    ) -> None:
        result = run_on_fake("batch", "run", str(ACCEPTED / "realtime.json"))
        assert result.exit_code == 2
        assert fake.sent("POST", SERVICES) == []


def test_the_list_shows_batch_services_only(run_on_fake: Run, fake: FakeServer) -> None:
    under_way = a_batch("running", done=1, rate_per_s=41.5, left_s=300.0)
    fake.answers("GET", "/_drydock/state", a_state([a_detail(name="other"), under_way]))
    (_, row) = run_on_fake("batch", "list").stdout.splitlines()
    assert row.split()[:8] == ["digits", "running", "1", "3", "1", "41.5/s", "5", "min"]
    (found,) = json.loads(run_on_fake("batch", "list", "--json").stdout)
    assert found["job"] == under_way["job"]


class TestResults:
    LINES: tuple[Json, ...] = (
        {
            "source": "obs://in/data/a.csv",
            "result": "SUCCESSFUL",
            "inference-loc": f"{RESULTS}/a.csv_result.txt",
        },
        {"source": "obs://in/data/b.csv", "result": "FAILED", "error_message": "it is too large"},
    )
    ROWS: tuple[Json, ...] = ({"y": 1}, {"row": 2, "error": {"message": "row 2 is short"}})

    @pytest.fixture(autouse=True)
    def written(self, fake: FakeServer, paths: Paths) -> None:
        fake.answers("GET", "/_drydock/state", a_state([a_batch()]))
        store = ObjectStore(paths.objects)
        store.create("out")
        for name, lines in (
            ("infer-result-t1.manifest", self.LINES),
            ("infer-result/a.csv_result.txt", self.ROWS),
        ):
            with store.writer(parse_object_path(f"obs://out/here/{name}")) as writer:
                writer.write("".join(json.dumps(line) + "\n" for line in lines).encode())
        store.close()

    def test_each_input_is_a_row_of_a_table(self, run_on_fake: Run) -> None:
        _, first, second = run_on_fake("batch", "results", "digits").stdout.splitlines()
        assert first.split() == list(self.LINES[0].values())
        assert second.split(maxsplit=2) == list(self.LINES[1].values())

    def test_those_that_failed_are_inputs_and_rows(self, run_on_fake: Run) -> None:
        shown = run_on_fake("batch", "results", "digits", "--failed").stdout
        assert "obs://in/data/a.csv, row 2" in shown
        assert "row 2 is short" in shown
        assert "it is too large" in shown
        assert "SUCCESSFUL" not in shown

    def test_as_json_it_is_a_line_an_input(self, run_on_fake: Run) -> None:
        shown = run_on_fake("batch", "results", "digits", "--json").stdout
        assert [json.loads(line) for line in shown.splitlines()] == list(self.LINES)
        shown = run_on_fake("batch", "results", "digits", "--failed", "--json").stdout
        assert [json.loads(line) for line in shown.splitlines()] == [
            {"source": "obs://in/data/a.csv", **self.ROWS[1]},
            self.LINES[1],
        ]

    def test_a_manifest_that_is_not_there_yet_has_no_lines(
        self, run_on_fake: Run, fake: FakeServer
    ) -> None:
        manifests = ["obs://out/here/infer-result-t2.manifest"]
        service = a_batch("running", manifests=manifests)
        fake.answers("GET", "/_drydock/state", a_state([service]))
        result = run_on_fake("batch", "results", "digits")
        assert result.exit_code == 0
        assert "3 inputs are done" in result.stderr

    def test_a_service_without_a_job_has_none(self, run_on_fake: Run, fake: FakeServer) -> None:
        fake.answers("GET", "/_drydock/state", a_state())
        result = run_on_fake("batch", "results", "digits")
        assert result.exit_code == 1
        assert "no batch service" in result.stderr
