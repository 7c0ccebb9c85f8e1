"""predict sends what the model's API declares, and shows the answer or the cloud's refusal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli.predict import pretty
from tests.simulator.cli.conftest import (
    MODEL_ID,
    PROJECT,
    SERVICE_ID,
    FakeServer,
    Run,
    a_service,
    a_state,
)

URL = f"/v1/infers/{SERVICE_ID}"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "seven.png"
    file.write_bytes(b"png bytes")
    return file


def test_image_goes_into_the_declared_form_field(
    run_on_fake: Run, fake: FakeServer, picture: Path
) -> None:
    fake.answers("POST", URL, {"predicted_label": "7"}, x_drydock_version="v2")
    result = run_on_fake("predict", "digits", "--image", str(picture))
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"predicted_label": "7"}
    assert "HTTP 200" in result.stderr
    assert "version v2" in result.stderr
    (request,) = fake.sent("POST", URL)
    assert request.headers["x-auth-token"] == "the-token"
    assert b'name="images"; filename="seven.png"' in request.content
    assert b"Content-Type: image/png" in request.content
    assert b"png bytes" in request.content


def test_json_is_sent_as_it_was_typed(run_on_fake: Run, fake: FakeServer) -> None:
    fake.answers("POST", URL, {"y": 1})
    result = run_on_fake("predict", "digits", "--json", '{"x" : 1}')
    assert result.exit_code == 0
    (request,) = fake.sent("POST", URL)
    assert request.content == b'{"x" : 1}'
    assert request.headers["content-type"] == "application/json"


def test_data_is_the_raw_body_of_the_named_api(
    run_on_fake: Run, fake: FakeServer, tmp_path: Path
) -> None:
    file = tmp_path / "row.json"
    file.write_bytes(b"[1]")
    fake.answers("POST", f"{URL}/rows", {})
    result = run_on_fake("predict", "digits", "--data", str(file), "--api", "/rows")
    assert result.exit_code == 0
    assert fake.sent("POST", f"{URL}/rows")[0].content == b"[1]"


def test_path_alone_is_a_get(run_on_fake: Run, fake: FakeServer) -> None:
    fake.answers("GET", f"{URL}/health", {"status": "ok"})
    result = run_on_fake("predict", "digits", "--path", "/health")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"status": "ok"}


def test_refusal_shows_the_clouds_code_and_fails(
    run_on_fake: Run, fake: FakeServer, picture: Path
) -> None:
    body = {"error_code": "ModelArts.4302", "error_msg": "The service is stopped."}
    fake.answers("POST", URL, body, status=500)
    result = run_on_fake("predict", "digits", "--image", str(picture))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "the service refused: The service is stopped. (500 ModelArts.4302)" in result.stderr


def test_json_before_the_command_gives_answer_status_and_latency_as_one_document(
    run_on_fake: Run, fake: FakeServer, picture: Path
) -> None:
    fake.answers("POST", URL, {"y": 1}, x_drydock_instance="s-1")
    result = run_on_fake("--json", "predict", "digits", "--image", str(picture))
    document = json.loads(result.stdout)
    assert (document["status"], document["body"], document["instance"]) == (200, {"y": 1}, "s-1")
    assert document["latency_ms"] > 0


def test_model_that_was_deleted_meanwhile_does_not_matter(
    run_on_fake: Run, fake: FakeServer
) -> None:
    fake.answers("GET", f"/v1/{PROJECT}/models/{MODEL_ID}", {}, status=404)
    fake.answers("POST", URL, {"y": 1})
    assert run_on_fake("predict", "digits", "--json", "{}").exit_code == 0


def test_two_bodies_exclude_each_other(run_on_fake: Run, picture: Path) -> None:
    result = run_on_fake("predict", "digits", "--json", "{}", "--image", str(picture))
    assert result.exit_code == 2


@pytest.mark.parametrize("command", [("predict", "digits"), ("stress", "digits")])
def test_a_websocket_service_is_no_place_for_requests_and_how_to_open_it_is_told(
    run_on_fake: Run, fake: FakeServer, command: tuple[str, ...]
) -> None:
    service = a_service(access_address="ws://127.0.0.1:1/v1/infers/digits")
    fake.answers("GET", "/_drydock/state", a_state([service]))
    result = run_on_fake(*command)
    assert result.exit_code == 1
    assert "digits speaks WebSocket, not HTTP" in result.output
    assert "open ws://127.0.0.1:1/v1/infers/digits with a WebSocket client" in result.output


def test_unknown_service_is_said_before_anything_is_sent(
    run_on_fake: Run, fake: FakeServer
) -> None:
    fake.answers("GET", "/_drydock/state", a_state(services=[]))
    result = run_on_fake("predict", "digits", "--json", "{}")
    assert result.exit_code == 1
    assert "there is no service digits" in result.stderr


def test_pretty_keeps_what_fits_one_line_on_one_line() -> None:
    value = {"label": "7", "scores": [["7", "0.998"], ["1", "0.001"]], "empty": []}
    assert pretty(value).splitlines() == [
        "{",
        '  "label": "7",',
        '  "scores": [',
        '    ["7", "0.998"],',
        '    ["1", "0.001"]',
        "  ],",
        '  "empty": []',
        "}",
    ]
    assert json.loads(pretty(value)) == value
