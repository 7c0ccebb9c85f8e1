"""Held transitions on the command line."""

from __future__ import annotations

import json

import pytest

from tests.simulator.cli.conftest import SERVICE_ID, FakeServer, Run

HOW = {"deploy": "manual", "stop": 30.0, "delete": "immediate", "publish": "immediate"}


@pytest.fixture(autouse=True)
def answers(fake: FakeServer) -> None:
    fake.answers("GET", "/_drydock/transitions", HOW)
    fake.answers("PUT", "/_drydock/transitions", HOW)


def test_all_are_shown(run_on_fake: Run) -> None:
    shown = [line.split() for line in run_on_fake("transitions").stdout.splitlines()]
    assert shown[1:3] == [["deploy", "manual"], ["stop", "30", "s"]]
    assert json.loads(run_on_fake("transitions", "--json").stdout) == HOW


@pytest.mark.parametrize(("how", "sent"), [("manual", "manual"), ("2min", 120.0)])
def test_set_asks_the_server(run_on_fake: Run, fake: FakeServer, how: str, sent: object) -> None:
    assert run_on_fake("transitions", "set", "deploy", how).exit_code == 0
    (request,) = fake.sent("PUT", "/_drydock/transitions")
    assert json.loads(request.content) == {"deploy": sent}


def test_set_refuses_what_is_no_time(run_on_fake: Run, fake: FakeServer) -> None:
    result = run_on_fake("transitions", "set", "deploy", "soon")
    assert result.exit_code == 2
    assert fake.sent("PUT", "/_drydock/transitions") == []


def test_release_finds_the_service_by_its_name(run_on_fake: Run, fake: FakeServer) -> None:
    path = f"/_drydock/services/{SERVICE_ID}/release"
    fake.answers("POST", path, {})
    result = run_on_fake("transitions", "release", "digits")
    assert (result.exit_code, result.stdout) == (0, "digits is released\n")
    assert len(fake.sent("POST", path)) == 1
