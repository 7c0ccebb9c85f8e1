"""drydock conform: its options, what it prints, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import Result

from simulator.bench.conform.connection import Answer
from simulator.bench.drydock import Drydock, running
from simulator.cli import conform as command
from simulator.modelarts.rules import CATALOGUE
from tests.simulator.cli.conftest import Run
from tests.support.faulty import Judging, deaf_to, judging

SOME = ["--rule", "MA-SVC-014", "--rule", "MA-MOD-001", "--examples", "3", "--seed", "5"]


@pytest.fixture(scope="module")
def drydock() -> Iterator[Drydock]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def judged() -> Iterator[Judging]:
    with judging() as server:
        server.by(deaf_to(CATALOGUE, "MA-SVC-014"))
        yield server


def conform(run: Run, server: Drydock, *more: str, token: str | None = None) -> Result:
    given = ["--token", server.token if token is None else token]
    return run("conform", server.endpoint, *given, *more)


def unused_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as address:
        return f"http://127.0.0.1:{address.getsockname()[1]}"


def test_tells_of_each_rule_and_ends_with_totals_and_seed(run: Run, drydock: Drydock) -> None:
    result = conform(run, drydock, *SOME)
    assert result.exit_code == 0, result.output
    assert "MA-SVC-014  ✓ passed" in result.stdout or "MA-SVC-014  ok passed" in result.stdout
    last = result.stdout.strip().splitlines()[-1]
    assert "2 passed, 0 failed, 0 not shown" in last
    assert last.endswith("seed 5")


def test_shows_a_finding_whole_and_ends_with_1(run: Run, judged: Judging) -> None:
    result = conform(run, judged.drydock, *SOME)
    assert result.exit_code == 1
    shown = result.stdout
    for part in (
        "MA-SVC-014: The weights of a real-time service add up to 100.",
        "Deploying Services, table 5, weight",
        "expected  400 ModelArts.0101, for MA-SVC-014 alone",
        "answered  404 ModelArts.3507",
        '"weight": ',
        "curl -i -X POST",
        "1 passed, 1 failed",
    ):
        assert part in shown
    assert shown.index("MA-SVC") < shown.index("MA-MOD")
    assert judged.drydock.token not in result.output


def test_writes_one_document_and_files(run: Run, judged: Judging, tmp_path: Path) -> None:
    replay, junit = tmp_path / "replay.json", tmp_path / "junit.xml"
    files = ["--replay", str(replay), "--junit", str(junit)]
    result = conform(run, judged.drydock, *SOME, *files, "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["failed"], document["seed"], document["mode"]) == (1, 5, "dry-run")
    assert [case["rule"] for case in json.loads(replay.read_text())["cases"]] == ["MA-SVC-014"]
    assert len(ElementTree.fromstring(junit.read_text()).findall(".//testcase")) == 2


def test_a_mended_rule_shows(run: Run, judged: Judging, drydock: Drydock, tmp_path: Path) -> None:
    replay = tmp_path / "replay.json"
    assert conform(run, judged.drydock, *SOME, "--replay", str(replay)).exit_code == 1
    again = conform(run, drydock, *SOME, "--replay", str(replay))
    assert again.exit_code == 0
    assert "mended: MA-SVC-014" in again.stdout
    assert json.loads(replay.read_text())["cases"] == []


def test_asks_for_a_token_with_a_password(run: Run, drydock: Drydock) -> None:
    who = ["--user", drydock.user_name, "--password", drydock.password]
    where = ["--domain", drydock.domain_name, "--project", drydock.project_name]
    assert run("conform", drydock.endpoint, *who, *where, *SOME).exit_code == 0
    wrong = run("conform", drydock.endpoint, *who[:3], "wrong", *where, *SOME)
    assert wrong.exit_code == 2
    assert "no token is given" in wrong.output


def test_creates_and_deletes_when_told_to(run: Run, drydock: Drydock) -> None:
    more = ["--create", "--model", drydock.add_model("flowers"), "--rule", "valid-requests"]
    result = conform(run, drydock, *more, "--examples", "2", "--rule", "MA-UPD-008")
    assert result.exit_code == 0, result.output
    assert "2 passed" in result.stdout
    drydock.settle()
    assert drydock.services() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["http://10.9.8.7"], "--yes"),
        (["http://127.0.0.1.example.com", "--token", "t"], "not on this machine"),
        (["--create"], "--model ID"),
        (["http://127.0.0.1:1"], "who asks"),
        (["http://127.0.0.1:1", "--user", "me"], "needs --password"),
        (["ftp://127.0.0.1", "--token", "t"], "no address"),
        (["http://127.0.0.1:1", "--token", "t", "--rule", "MA-SVC-14"], "did you mean MA-SVC-014?"),
        (["http://127.0.0.1:1", "--token", "t", "--reading", "edge"], "NAME=OPTION"),
        (["http://127.0.0.1:1", "--token", "t", "--reading", "edge=x"], "one of"),
        (["--examples", "0"], "--examples"),
        (["--junit", "nowhere/x.xml"], "no such folder"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_do(run: Run, options: list[str], said: str) -> None:
    result = run("conform", *options)
    assert result.exit_code == 2
    assert said in result.output


def test_a_file_that_is_no_replay_file_is_2(run: Run, drydock: Drydock, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("[]")
    result = conform(run, drydock, "--replay", str(file))
    assert result.exit_code == 2
    assert str(file) in result.output


def test_a_token_that_is_not_let_in_is_2(run: Run, drydock: Drydock) -> None:
    result = conform(run, drydock, token="stale")
    assert result.exit_code == 2
    assert "what project the token is for" in result.output


def test_nothing_there_is_3(run: Run) -> None:
    result = run("conform", unused_address(), "--token", "t")
    assert result.exit_code == 3
    assert "nothing answers at http://127.0.0.1" in result.output


def test_without_an_address_the_local_server_is_meant(run: Run) -> None:
    result = run("conform")
    assert result.exit_code == 3
    assert "drydock up" in result.output


@pytest.mark.parametrize(
    ("rate", "yes", "expected"),
    [(None, False, 0.0), (50.0, False, 50.0), (0.0, True, 0.0)],
)
def test_this_machine_is_not_slowed_down_unless_wanted(
    rate: float | None, yes: bool, expected: float
) -> None:
    assert command._rate("http://127.0.0.1:8780", rate, yes) == expected


@pytest.mark.parametrize(("rate", "expected"), [(None, 10.0), (3.0, 3.0), (0.0, 0.0)])
def test_an_endpoint_elsewhere_gets_ten_a_second(rate: float | None, expected: float) -> None:
    assert command._rate("https://cloud.example.com", rate, True) == expected


def test_what_an_endpoint_says_cannot_steer_the_terminal(run: Run, judged: Judging) -> None:
    from simulator.bench.conform import connection

    real = connection.Connection.send

    def evil(self: Any, *request: Any) -> Answer:
        answer = real(self, *request)
        if answer.status < 400:
            return answer
        body = json.dumps({"error_code": "\x1b[2J", "error_msg": "\x1b]0;x\x07\u202e"})
        return Answer(answer.status, answer.headers, body.encode())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection.Connection, "send", evil)
        result = conform(run, judged.drydock, *SOME)
    assert result.exit_code == 1
    assert not set("\x1b\x07\u202e") & set(result.output)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_deletes_what_was_made(drydock: Drydock, number: int) -> None:
    model = drydock.add_model(f"flowers-{int(number)}")
    options = ["--create", "--model", model, "--rule", "valid-requests", "--rule", "MA-UPD-001"]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "simulator.cli",
            "conform",
            drydock.endpoint,
            *options,
            "--examples",
            "100000",
        ],
        env=os.environ | {"DRYDOCK_CONFORM_TOKEN": drydock.token},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        while not drydock.services():
            assert process.poll() is None, process.stdout.read()  # type: ignore[union-attr]
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130, output
    drydock.settle()
    assert drydock.services() == []
