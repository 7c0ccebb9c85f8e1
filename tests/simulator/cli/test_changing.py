"""services scale, weights and update: what is sent, and what is said of what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.naming import find_version
from tests.simulator.cli.conftest import (
    MODEL_ID,
    PROJECT,
    SERVICE_ID,
    FakeServer,
    Json,
    Run,
    a_detail,
    a_service,
    a_state,
)

CLOUD = f"/v1/{PROJECT}/services/{SERVICE_ID}"
DETAIL = f"/_drydock/services/{SERVICE_ID}"
OTHER_ID = "33333333-3333-4333-8333-333333333333"


def a_version(version_id: str = "v1", **changes: Any) -> Json:
    (version,) = a_service()["versions"]
    return {**version, "version_id": version_id, **changes}


BLUE = a_version()
GREEN = a_version("v4", model_id=OTHER_ID, model_name="letters", model_version="1.2.3")
SCALE = ("services", "scale", "digits", "3")
WEIGHTS = ("services", "weights", "digits", "v1=70", "letters=30")


@pytest.fixture
def answers(fake: FakeServer) -> FakeServer:
    """A service with one version, whose changes are accepted and take a moment."""
    fake.answers("GET", f"{CLOUD}/logs", {"logs": []})
    fake.answers("PATCH", CLOUD, {"update_time": 1, "resource_ids": []})
    fake.answers("PUT", CLOUD, {})
    fake.answers("GET", DETAIL, a_detail(status="deploying"), a_detail())
    return fake


@pytest.fixture
def two_versions(answers: FakeServer) -> FakeServer:
    service = a_service(versions=[BLUE, GREEN])
    answers.answers("GET", "/_drydock/state", a_state([service]))
    return answers


def patch_of(fake: FakeServer) -> Any:
    (sent,) = fake.sent("PATCH", CLOUD)
    return json.loads(sent.content)


# --- what is sent ------------------------------------------------------------------------------


def test_scale_changes_the_number_of_instances(run_on_fake: Run, answers: FakeServer) -> None:
    result = run_on_fake(*SCALE)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"digits is being updated ({SERVICE_ID})\n"
    change = {"op": "replace", "path": "/config/0/instance_count", "value": 3}
    assert patch_of(answers) == [change]


@pytest.mark.parametrize("version", ["v4", "letters", "letters:1.2.3", OTHER_ID])
def test_scale_takes_a_version_by_its_id_or_its_model(
    run_on_fake: Run, two_versions: FakeServer, version: str
) -> None:
    assert run_on_fake(*SCALE, "--version", version).exit_code == 0
    assert [one["path"] for one in patch_of(two_versions)] == ["/config/1/instance_count"]


def test_scale_of_several_versions_asks_which(run_on_fake: Run, two_versions: FakeServer) -> None:
    result = run_on_fake(*SCALE)
    assert result.exit_code == 2
    assert "the service has 2 versions" in result.stderr
    assert "--version: v1 (mnist:0.0.1), v4 (letters:1.2.3)" in result.stderr
    assert two_versions.sent("PATCH", CLOUD) == []


def test_weights_are_changed_in_one_request(run_on_fake: Run, two_versions: FakeServer) -> None:
    assert run_on_fake(*WEIGHTS).exit_code == 0
    assert patch_of(two_versions) == [
        {"op": "replace", "path": "/config/0/weight", "value": 70},
        {"op": "replace", "path": "/config/1/weight", "value": 30},
    ]


@pytest.mark.parametrize("share", ["v1", "=70", "v1=", "v1=7.5", "v1=-1", "v1=²", "v1=many"])
def test_weights_of_another_form_are_usage(
    run_on_fake: Run, two_versions: FakeServer, share: str
) -> None:
    result = run_on_fake("services", "weights", "digits", share)
    assert result.exit_code == 2
    assert "VERSION=WEIGHT" in result.stderr
    assert two_versions.requests == []


def test_weights_of_one_version_twice_are_usage(run_on_fake: Run, two_versions: FakeServer) -> None:
    result = run_on_fake("services", "weights", "digits", "v4=70", "letters=30")
    assert result.exit_code == 2
    assert "named twice" in result.stderr
    assert two_versions.sent("PATCH", CLOUD) == []


def test_update_sends_the_file_byte_by_byte(
    run_on_fake: Run, answers: FakeServer, tmp_path: Path
) -> None:
    file = tmp_path / "update.json"
    file.write_text('{"description" :"two"}')
    assert run_on_fake("services", "update", "digits", str(file)).exit_code == 0
    (sent,) = answers.sent("PUT", CLOUD)
    assert sent.content == file.read_bytes()


def test_update_puts_a_model_in_by_name(run_on_fake: Run, answers: FakeServer) -> None:
    body = '{"config": [{"model_id": "theirs"}]}'
    run_on_fake("services", "update", "digits", "-", "--model", "mnist", stdin=body)
    (sent,) = answers.sent("PUT", CLOUD)
    assert json.loads(sent.content) == {"config": [{"model_id": MODEL_ID}]}


def test_update_of_a_file_that_is_no_request_is_usage(
    run_on_fake: Run, answers: FakeServer
) -> None:
    assert run_on_fake("services", "update", "digits", "-", stdin='{"a":').exit_code == 2
    assert answers.requests == []


# --- what is said ------------------------------------------------------------------------------


def test_followed_change_ends_with_the_running_service(
    run_on_fake: Run, answers: FakeServer
) -> None:
    result = run_on_fake(*SCALE, "--watch")
    assert result.exit_code == 0
    assert result.stdout.startswith("digits is running after ")
    assert result.stdout.endswith("(1 of 1 instances ready)\n")


def test_change_of_a_stopped_service_waits_for_its_start(
    run_on_fake: Run, answers: FakeServer
) -> None:
    answers.answers("GET", DETAIL, a_detail(status="stopped"))
    result = run_on_fake(*SCALE, "--watch")
    assert result.exit_code == 0
    assert "digits is changed; it is stopped" in result.stdout


@pytest.mark.parametrize("after", ["running", "concerning"])
def test_followed_update_that_was_rolled_back_is_a_failure(
    run_on_fake: Run, answers: FakeServer, after: str
) -> None:
    why = "the update failed: not deployed within 1200 s"
    entry = {"update_time": 2, "result": "FAIL", "error_msg": why}
    answers.answers("GET", f"{CLOUD}/logs", {"logs": []}, {"logs": [entry]})
    answers.answers("GET", DETAIL, a_detail(status="deploying"), a_detail(status=after))
    answers.answers("GET", f"{DETAIL}/logs", b"")
    result = run_on_fake(*SCALE, "--watch")
    assert result.exit_code == 1
    assert f"digits: {why}" in result.stderr
    assert "is concerning" not in result.stderr


def test_followed_update_that_was_done_is_none(run_on_fake: Run, answers: FakeServer) -> None:
    entry = {"update_time": 2, "result": "SUCCESS"}
    answers.answers("GET", f"{CLOUD}/logs", {"logs": []}, {"logs": [entry]})
    assert run_on_fake(*SCALE, "--watch").exit_code == 0


def test_failure_of_an_update_of_before_is_not_this_ones(
    run_on_fake: Run, answers: FakeServer
) -> None:
    failed = {"update_time": 2, "result": "FAIL", "error_msg": "long ago"}
    answers.answers("GET", f"{CLOUD}/logs", {"logs": [failed]})
    assert run_on_fake(*SCALE, "--watch").exit_code == 0


def test_followed_deployment_that_fails_says_why(run_on_fake: Run, answers: FakeServer) -> None:
    failed = a_detail(status="failed", reason="Exited", message="it died", evidence="no such file")
    answers.answers("GET", DETAIL, a_detail(status="deploying"), failed)
    result = run_on_fake(*SCALE, "--watch")
    assert result.exit_code == 1
    assert "digits has failed: Exited: it died" in result.stderr
    assert "no such file" in result.stderr


def test_refusal_is_told_in_the_clouds_words(run_on_fake: Run, answers: FakeServer) -> None:
    refusal = {"error_code": "ModelArts.3519", "error_msg": "the service is being deployed"}
    answers.answers("PATCH", CLOUD, refusal, status=400)
    result = run_on_fake(*SCALE)
    assert result.exit_code == 1
    assert "the service is being deployed (400 ModelArts.3519)" in result.stderr


@pytest.mark.parametrize(
    ("command", "asked"), [(SCALE, "scale"), (WEIGHTS, "weights")], ids=["scale", "weights"]
)
def test_as_json_it_is_what_was_asked(
    run_on_fake: Run, two_versions: FakeServer, command: tuple[str, ...], asked: str
) -> None:
    more = ("--version", "v1") if asked == "scale" else ()
    result = run_on_fake(*command, *more, "--json")
    assert json.loads(result.stdout) == {"service_id": SERVICE_ID, "asked": asked}


def test_followed_as_json_it_is_the_service(run_on_fake: Run, answers: FakeServer) -> None:
    result = run_on_fake("--json", *SCALE, "--watch")
    assert json.loads(result.stdout) == a_detail()


# --- which version -----------------------------------------------------------------------------


def test_the_only_version_needs_no_name() -> None:
    assert find_version([BLUE], None) == 0
    with pytest.raises(UsageFailure, match="has 2 versions"):
        find_version([BLUE, GREEN], None)


def test_a_version_is_found_by_its_own_id_before_any_model() -> None:
    named_like_the_other = a_version("v2", model_name="v1")
    assert find_version([named_like_the_other, BLUE], "v1") == 1


def test_two_versions_of_a_model_are_told_apart_by_their_ids_only() -> None:
    twins = [a_version("v1"), a_version("v2")]
    with pytest.raises(Failure, match="2 versions could be meant by mnist") as several:
        find_version(twins, "mnist")
    assert several.value.hint == "say which: v1 (mnist:0.0.1), v2 (mnist:0.0.1)"
    assert find_version(twins, "v2") == 1


def test_an_unknown_version_is_told_with_those_there_are() -> None:
    with pytest.raises(Failure, match="no version v9") as unknown:
        find_version([BLUE], "v9")
    assert unknown.value.hint == "it has v1 (mnist:0.0.1)"
