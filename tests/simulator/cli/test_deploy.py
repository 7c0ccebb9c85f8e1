"""deploy sends the user's own bytes, and follows the service to its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli.deploy import put_models_in
from simulator.cli.failures import UsageFailure
from simulator.cli.watching import progress_line
from tests.simulator.cli.conftest import (
    ADDRESS,
    MODEL_ID,
    PROJECT,
    SERVICE_ID,
    FakeServer,
    Run,
    a_detail,
)

DEPLOY = f"/v1/{PROJECT}/services"
DETAIL = f"/_drydock/services/{SERVICE_ID}"


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    file = tmp_path / "request.json"
    file.write_text('{"service_name" :"digits", "config":[{"model_id": "theirs"}]}')
    return file


def test_request_is_sent_byte_by_byte(
    run_on_fake: Run, fake: FakeServer, request_file: Path
) -> None:
    fake.answers("POST", DEPLOY, {"service_id": SERVICE_ID})
    result = run_on_fake("deploy", str(request_file))
    assert result.exit_code == 0, result.output
    assert fake.sent("POST", DEPLOY)[0].content == request_file.read_bytes()
    assert result.stdout.strip() == SERVICE_ID


def test_what_is_accepted_with_a_warning_is_told_beside_the_result(
    run_on_fake: Run, fake: FakeServer, request_file: Path
) -> None:
    warnings = [{"rule": "MA-ADM-023", "path": "/config/0", "message": "capped\x1b[2J: too small"}]
    fake.answers("POST", DEPLOY, {"service_id": SERVICE_ID, "warnings": warnings})
    result = run_on_fake("deploy", str(request_file))
    assert (result.exit_code, result.stdout.strip()) == (0, SERVICE_ID)
    assert "warning: capped" in result.stderr
    assert "\x1b" not in result.stderr
    as_json = run_on_fake("deploy", str(request_file), "--json")
    assert (json.loads(as_json.stdout)["warnings"], as_json.stderr) == (warnings, "")


def test_model_is_put_in_by_name(run_on_fake: Run, fake: FakeServer, request_file: Path) -> None:
    fake.answers("POST", DEPLOY, {"service_id": SERVICE_ID})
    run_on_fake("deploy", str(request_file), "--model", "mnist")
    sent = json.loads(fake.sent("POST", DEPLOY)[0].content)
    assert sent == {"service_name": "digits", "config": [{"model_id": MODEL_ID}]}


def test_request_from_stdin(run_on_fake: Run, fake: FakeServer) -> None:
    fake.answers("POST", DEPLOY, {"service_id": SERVICE_ID})
    result = run_on_fake("deploy", "-", stdin='{"a": 1}')
    assert result.exit_code == 0
    assert fake.sent("POST", DEPLOY)[0].content == b'{"a": 1}'


def test_watched_deployment_ends_with_the_address(
    run_on_fake: Run, fake: FakeServer, request_file: Path
) -> None:
    fake.answers("POST", DEPLOY, {"service_id": SERVICE_ID})
    fake.answers("GET", DETAIL, a_detail(status="deploying"), a_detail())
    result = run_on_fake("deploy", str(request_file), "--watch")
    assert result.exit_code == 0
    assert ADDRESS in result.stdout
    assert len(fake.sent("GET", DETAIL)) == 2


def test_failed_deployment_shows_reason_and_the_end_of_the_log(
    run_on_fake: Run, fake: FakeServer, request_file: Path
) -> None:
    failed = a_detail(
        status="failed", reason="InstanceExited", message="it died", evidence="no such file"
    )
    fake.answers("POST", DEPLOY, {"service_id": SERVICE_ID})
    fake.answers("GET", DETAIL, failed)
    result = run_on_fake("deploy", str(request_file), "--watch")
    assert result.exit_code == 1
    assert "digits has failed: InstanceExited: it died" in result.stderr
    assert "no such file" in result.stderr
    assert "drydock why digits" in result.stderr


def test_service_that_was_stopped_meanwhile_ends_the_watch(
    run_on_fake: Run, fake: FakeServer, request_file: Path
) -> None:
    fake.answers("POST", DEPLOY, {"service_id": SERVICE_ID})
    fake.answers("GET", DETAIL, a_detail(status="stopped"))
    fake.answers("GET", f"{DETAIL}/logs", b"")
    result = run_on_fake("deploy", str(request_file), "--watch")
    assert result.exit_code == 1
    assert "digits is stopped" in result.stderr


def test_unknown_model_of_a_copied_request_says_what_to_do(
    run_on_fake: Run, fake: FakeServer, request_file: Path
) -> None:
    body = {"error_code": "ModelArts.3507", "error_msg": "model theirs does not exist"}
    fake.answers("POST", DEPLOY, body, status=404)
    result = run_on_fake("deploy", str(request_file))
    assert result.exit_code == 1
    assert "model theirs does not exist (404 ModelArts.3507)" in result.stderr
    assert "--model NAME" in result.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a":', "line 1, column 6"),
        (b"[]", "not an object"),
        (b"\xff\xfe\x00", "is not JSON"),
    ],
    ids=["broken", "a list", "not text"],
)
def test_file_that_is_no_request_is_usage_and_nothing_is_sent(
    run_on_fake: Run, fake: FakeServer, tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "request.json"
    file.write_bytes(content)
    result = run_on_fake("deploy", str(file))
    assert result.exit_code == 2
    assert words in result.stderr.replace("\n", " ")
    assert not fake.requests


def test_file_that_does_not_exist_is_usage(run_on_fake: Run) -> None:
    result = run_on_fake("deploy", "/nowhere/request.json")
    assert result.exit_code == 2
    assert "cannot read /nowhere/request.json: No such file" in result.stderr


def test_models_replace_those_of_the_versions_in_order() -> None:
    body = json.dumps({"config": [{"model_id": "a"}, {"weight": 1}]}).encode()
    sent = json.loads(put_models_in(body, ["x", "y"]))
    assert sent == {"config": [{"model_id": "x"}, {"weight": 1, "model_id": "y"}]}


@pytest.mark.parametrize("body", [b"{}", b'{"config": 1}', b'{"config": [1]}', b'{"config": []}'])
def test_models_need_as_many_versions(body: bytes) -> None:
    with pytest.raises(UsageFailure):
        put_models_in(body, ["x"])


def test_progress_line_says_status_instances_time_and_last_event() -> None:
    detail = a_detail(
        status="deploying", instances_ready=0, last_event={"text": "instance 1 started"}
    )
    assert progress_line(detail, 1.234) == "deploying · 0/1 ready · 1.2 s · instance 1 started"
