"""The quotas on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.simulator.cli.conftest import FakeServer, Json, Run

NAME = "real-time-services"


def a_quota(name: str = NAME, **changes: object) -> Json:
    quota = {"name": name, "size": 20, "used": 3, "default": 20}
    return quota | {"statement": "Services that count.", "source": "A page"} | changes


@pytest.fixture(autouse=True)
def answers(fake: FakeServer) -> None:
    quotas = [a_quota(), a_quota("public-instances", size=7, used=9, default=100)]
    fake.answers("GET", "/_drydock/quotas", {"user_name": "drydock", "quotas": quotas})
    fake.answers("PUT", f"/_drydock/quotas/{NAME}", a_quota(size=30))
    fake.answers("DELETE", f"/_drydock/quotas/{NAME}", a_quota())


def test_all_are_shown_with_use_size_default_and_meaning(run_on_fake: Run) -> None:
    result = run_on_fake("quota")
    assert result.exit_code == 0
    heading, *rows = [line.split() for line in result.stdout.splitlines()]
    assert heading == ["NAME", "USED", "SIZE", "DEFAULT", "MEANING"]
    assert rows == [
        [NAME, "3", "20", "20", "Services", "that", "count."],
        ["public-instances", "9", "7", "100", "Services", "that", "count."],
    ]


@pytest.mark.parametrize("command", [("quota", "--json"), ("--json", "quota")])
def test_as_json_they_are_the_servers_own(run_on_fake: Run, command: tuple[str, ...]) -> None:
    found = json.loads(run_on_fake(*command).stdout)
    assert [one["name"] for one in found] == [NAME, "public-instances"]
    assert found[0] == a_quota()


def test_set_asks_the_server_and_says_what_holds(run_on_fake: Run, fake: FakeServer) -> None:
    result = run_on_fake("quota", "set", NAME, "30")
    assert (result.exit_code, result.stdout) == (0, f"{NAME} is 30 now; 3 used\n")
    (sent,) = fake.sent("PUT", f"/_drydock/quotas/{NAME}")
    assert json.loads(sent.content) == {"size": 30}


def test_reset_asks_the_server_and_says_what_holds(run_on_fake: Run, fake: FakeServer) -> None:
    result = run_on_fake("quota", "reset", NAME)
    assert (result.exit_code, result.stdout) == (0, f"{NAME} is 20 now; 3 used\n")
    assert len(fake.sent("DELETE", f"/_drydock/quotas/{NAME}")) == 1


@pytest.mark.parametrize(
    "command",
    [
        ("quota", "set", NAME, "30", "--json"),
        ("quota", "--json", "set", NAME, "30"),
        ("--json", "quota", "set", NAME, "30"),
    ],
)
def test_set_as_json_is_the_quota(run_on_fake: Run, command: tuple[str, ...]) -> None:
    assert json.loads(run_on_fake(*command).stdout) == a_quota(size=30)


def test_a_refusal_is_told_with_the_known_names(run_on_fake: Run, fake: FakeServer) -> None:
    body = {"code": "InvalidRequest", "message": "there is no quota x; there are a, b", "hint": ""}
    fake.answers("PUT", "/_drydock/quotas/x", body, status=400)
    result = run_on_fake("quota", "set", "x", "1")
    assert result.exit_code == 1
    assert "there is no quota x; there are a, b (400 InvalidRequest)" in result.stderr


@pytest.mark.parametrize("size", ["many", "1.5", ""])
def test_a_size_that_is_no_number_is_usage(run_on_fake: Run, fake: FakeServer, size: str) -> None:
    assert run_on_fake("quota", "set", NAME, size).exit_code == 2
    assert fake.requests == []


def test_the_data_directory_can_stand_before_the_subcommand(run: Run, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    result = run("quota", "--home", str(elsewhere), "set", NAME, "30")
    assert result.exit_code == 3
    assert str(elsewhere) in result.stderr.replace("\n", "")
