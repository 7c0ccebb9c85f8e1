"""The other commands: what they print and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli.environment import client_variables
from simulator.cli.failures import UsageFailure
from simulator.cli.models import import_request
from tests.simulator.cli.conftest import (
    ENDPOINT,
    MODEL_ID,
    SERVICE_ID,
    FakeServer,
    Run,
    a_detail,
    a_model,
    a_service,
    a_state,
)

COMMANDS = [
    ["status"],
    ["reset", "--yes"],
    ["services", "list"],
    ["services", "show", "x"],
    ["services", "stop", "x"],
    ["services", "scale", "x", "2"],
    ["services", "weights", "x", "v1=100"],
    ["services", "update", "x", "-"],
    ["models", "list"],
    ["models", "delete", "x"],
    ["logs", "x"],
    ["env"],
    ["quota"],
    ["quota", "set", "real-time-services", "30"],
    ["quota", "reset", "real-time-services"],
    ["usage"],
    ["predict", "x", "--json", "{}"],
    ["deploy", "-"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_a_server_every_command_says_so_and_ends_with_3(
    run: Run, command: list[str]
) -> None:
    result = run(*command, stdin="{}")
    assert result.exit_code == 3
    said = result.stdout + result.stderr
    assert "no Drydock server is running" in said.replace("\n", " ")
    assert "drydock up" in said


def test_status_as_json_says_that_nothing_runs(run: Run) -> None:
    result = run("status", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["running"] is False


def test_down_without_a_server_is_no_failure(run: Run) -> None:
    result = run("down")
    assert result.exit_code == 0
    assert "no server is running" in result.stdout


def test_down_cannot_keep_and_remove_at_once(run: Run) -> None:
    assert run("down", "--keep-running", "--remove").exit_code == 2


def test_help_is_printed_where_no_terminal_is(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    assert "Usage: drydock" in result.stdout.replace("root", "drydock")


def test_unknown_command_is_usage(run: Run) -> None:
    assert run("frobnicate").exit_code == 2


def test_setting_that_is_not_allowed_is_named(run: Run) -> None:
    result = run("up", "--port", "99999")
    assert result.exit_code == 1
    assert "port" in result.stderr
    assert "99999" in result.stderr


def test_unexpected_error_is_no_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, fake: FakeServer
) -> None:
    from simulator.cli.session import Session

    def broken(_: Session) -> None:
        raise ZeroDivisionError("ouch")

    monkeypatch.setattr(Session, "server", broken)
    result = run("status")
    assert result.exit_code == 1
    assert "unexpected ZeroDivisionError: ouch" in result.stderr
    assert "Traceback" not in result.stderr


def test_help_loads_no_heavy_library() -> None:
    heavy = ["textual", "docker", "fastapi", "sqlmodel", "httpx", "pydantic", "onnxruntime", "PIL"]
    code = (
        "import sys; from simulator.cli.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_status_shows_the_server_and_its_services(run_on_fake: Run) -> None:
    result = run_on_fake("status")
    assert result.exit_code == 0
    for words in (ENDPOINT, "process: child processes", "1 of 20: 1 running", "digits"):
        assert words in result.stdout


def test_status_as_json_is_the_servers_own_answer(run_on_fake: Run) -> None:
    assert json.loads(run_on_fake("status", "--json").stdout) == {"running": True, **a_state()}


def test_json_before_the_command_counts_too(run_on_fake: Run) -> None:
    assert json.loads(run_on_fake("--json", "services", "list").stdout) == [a_service()]


def test_services_list_has_a_row_each(run_on_fake: Run) -> None:
    heading, row = run_on_fake("services", "list").stdout.splitlines()
    assert heading.split()[:3] == ["NAME", "STATUS", "READY"]
    assert row.split() == ["digits", "running", "1/1", "7", "3", "ms", "-", "60", "s", SERVICE_ID]


def test_services_show_tells_why_an_instance_is_not_ready(
    run_on_fake: Run, fake: FakeServer
) -> None:
    instance = {
        "instance_id": f"{SERVICE_ID}-3",
        "version_id": "v1",
        "state": "backoff",
        "ref": "pid 7",
        "accelerator": "CPU",
        "restarts": 2,
        "reason": "InstanceExited",
        "message": "ended with exit code 1",
    }
    detail = a_detail(instances=[instance], evidence="no such file")
    fake.answers("GET", f"/_drydock/services/{SERVICE_ID}", detail)
    result = run_on_fake("services", "show", "digits")
    assert "ended with exit code 1" in result.stdout
    assert "no such file" in result.stderr


@pytest.mark.parametrize("asked", ["start", "stop"])
def test_services_start_and_stop_ask_the_server(
    run_on_fake: Run, fake: FakeServer, asked: str
) -> None:
    path = f"/_drydock/services/{SERVICE_ID}/{asked}"
    fake.answers("POST", path, {})
    assert run_on_fake("services", asked, "digits").exit_code == 0
    assert len(fake.sent("POST", path)) == 1


def test_services_delete_asks_the_server(run_on_fake: Run, fake: FakeServer) -> None:
    fake.answers("DELETE", f"/_drydock/services/{SERVICE_ID}", {})
    result = run_on_fake("services", "delete", "digits", "--json")
    assert json.loads(result.stdout) == {"service_id": SERVICE_ID, "asked": "delete"}


def test_refusal_of_the_server_is_shown_with_its_code(run_on_fake: Run, fake: FakeServer) -> None:
    body = {"code": "InUse", "message": "model m is used by digits", "hint": "delete it first"}
    fake.answers("DELETE", f"/_drydock/models/{MODEL_ID}", body, status=500)
    result = run_on_fake("models", "delete", "mnist")
    assert result.exit_code == 1
    assert "model m is used by digits (500 InUse)" in result.stderr
    assert "delete it first" in result.stderr


def test_refusal_as_json_goes_to_stderr(run_on_fake: Run, fake: FakeServer) -> None:
    fake.answers("DELETE", f"/_drydock/models/{MODEL_ID}", {"code": "InUse"}, status=500)
    result = run_on_fake("models", "delete", "mnist", "--json")
    assert result.stdout == ""
    assert json.loads(result.stderr)["error"]["code"] == "500 InUse"


def test_import_waits_until_the_model_is_published(
    run_on_fake: Run, fake: FakeServer, tmp_path: Path
) -> None:
    imported = {"model_id": MODEL_ID, "name": "mnist", "version": "0.0.1"}
    fake.answers("POST", "/_drydock/models/import", imported)
    publishing = a_state(models=[a_model(status="publishing")])
    fake.answers("GET", "/_drydock/state", publishing, publishing, a_state())
    result = run_on_fake("models", "import", str(tmp_path))
    assert result.exit_code == 0
    assert "mnist:0.0.1 is published" in result.stdout
    sent = json.loads(fake.sent("POST", "/_drydock/models/import")[0].content)
    assert sent == {"path": str(tmp_path)}


def test_import_that_fails_while_it_is_published_says_why(
    run_on_fake: Run, fake: FakeServer, tmp_path: Path
) -> None:
    imported = {"model_id": MODEL_ID, "name": "mnist", "version": "0.0.1"}
    fake.answers("POST", "/_drydock/models/import", imported)
    failed = a_model(status="failed", message="the disk is full")
    fake.answers("GET", "/_drydock/state", a_state(models=[failed]))
    result = run_on_fake("models", "import", str(tmp_path))
    assert result.exit_code == 1
    assert "mnist:0.0.1 could not be published: the disk is full" in result.stderr


def test_import_takes_what_is_no_path_for_an_image(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"apis": []}')
    wanted = import_request("shop/ranker:3", name="r", version="1.0.0", config=config)
    assert wanted == {
        "image": "shop/ranker:3",
        "name": "r",
        "version": "1.0.0",
        "config": {"apis": []},
    }


@pytest.mark.parametrize("source", ["./nowhere", "/nowhere", "~/nowhere", "{folder}/nowhere"])
def test_import_of_a_path_that_does_not_exist_is_usage(source: str, tmp_path: Path) -> None:
    with pytest.raises(UsageFailure, match="does not exist"):
        import_request(source.format(folder=tmp_path), name=None, version=None, config=None)


def test_logs_are_cleaned_and_say_which_instance(run_on_fake: Run, fake: FakeServer) -> None:
    line = {"instance_id": f"{SERVICE_ID}-2", "text": "\x1b[2J[red]hi", "at_ms": None}
    path = f"/_drydock/services/{SERVICE_ID}/logs"
    fake.answers("GET", path, json.dumps(line).encode() + b"\n")
    result = run_on_fake("logs", "digits", "--tail", "5", "--instance", "2")
    assert result.stdout == "2 | [red]hi\n"
    query = dict(fake.sent("GET", path)[0].url.params)
    assert query == {"tail": "5", "follow": "0", "instance": f"{SERVICE_ID}-2"}


def test_env_survives_a_shell(run_on_fake: Run) -> None:
    exports = run_on_fake("env", "--shell", "sh").stdout
    done = subprocess.run(
        ["sh", "-c", f'{exports}\nprintf %s "$OS_PASSWORD"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "it's secret"


def test_env_speaks_fish(run_on_fake: Run) -> None:
    lines = run_on_fake("env", "--shell", "fish").stdout.splitlines()
    assert r"set -gx OS_PASSWORD 'it\'s secret';" in lines


def test_env_as_json_and_as_shell_name_the_same_variables(run_on_fake: Run) -> None:
    as_json = json.loads(run_on_fake("env", "--json").stdout)
    lines = run_on_fake("env", "--shell", "sh").stdout.splitlines()
    assert [line.split("=")[0] for line in lines] == [f"export {name}" for name in as_json]


def test_env_points_other_peoples_clients_at_the_server(fake: FakeServer) -> None:
    from tests.simulator.cli.conftest import PROJECT

    found = client_variables(json.loads(fake._answers["GET", "/_drydock/env"][0].content))
    assert found["OS_AUTH_URL"] == f"{ENDPOINT}/v3"
    assert found["OS_MODELARTSV1_ENDPOINT_OVERRIDE"] == f"{ENDPOINT}/v1/{PROJECT}"
    assert (found["HUAWEICLOUD_SDK_AK"], found["HUAWEICLOUD_SDK_SK"]) == ("AK", "SK")
    assert found["DRYDOCK_TOKEN"] == "the-token"


def test_reset_says_what_is_gone(run_on_fake: Run, fake: FakeServer) -> None:
    fake.answers("POST", "/_drydock/reset", {"services": 1, "models": 2})
    result = run_on_fake("reset", "--yes")
    assert "deleted 1 services and 2 models" in result.stdout


def test_reset_without_an_answer_changes_nothing(run_on_fake: Run, fake: FakeServer) -> None:
    assert run_on_fake("reset").exit_code == 2
    assert not fake.sent("POST", "/_drydock/reset")
