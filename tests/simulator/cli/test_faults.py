"""Injected faults on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.cli.conftest import SERVICE_ID, FakeServer, Run, a_detail, a_state

PATH = "/_drydock/faults"
FAULT: dict[str, Any] = {
    "fault_id": "5f0c9a1e",
    "kind": "latency",
    "service_id": SERVICE_ID,
    "version_id": "v1",
    "parameters": {"ms": 300, "share": 10.0},
    "text": "300 ms latency for 10% of the requests",
    "since_ms": 1_000,
    "until_ms": None,
    "ended_at_ms": None,
}
OTHER = FAULT | {"fault_id": "00000001", "service_id": None, "version_id": "", "until_ms": 2_000}


@pytest.fixture(autouse=True)
def answers(fake: FakeServer) -> None:
    fake.answers("GET", PATH, {"faults": [FAULT, OTHER]})
    fake.answers("POST", PATH, FAULT)
    for one in (FAULT, OTHER):
        fake.answers("DELETE", f"{PATH}/{one['fault_id']}", {})


def sent(fake: FakeServer) -> Any:
    (request,) = fake.sent("POST", PATH)
    return json.loads(request.content)


def test_all_are_listed_with_their_targets(run_on_fake: Run, fake: FakeServer) -> None:
    lines = run_on_fake("faults").stdout.splitlines()
    assert "digits v1" in lines[1]
    assert "300 ms latency for 10% of the requests" in lines[1]
    assert lines[1].rstrip().endswith("it is removed")
    assert "every service" in lines[2]
    assert json.loads(run_on_fake("faults", "--json").stdout) == [FAULT, OTHER]
    run_on_fake("faults", "--ended")
    assert [str(r.url.query, "ascii") for r in fake.sent("GET", PATH)] == [
        "ended=false",
        "ended=false",
        "ended=true",
    ]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (
            ["latency", "digits", "--ms", "300", "--share", "10%", "--for", "5min"],
            {"kind": "latency", "ms": 300, "share": 10.0, "for_s": 300.0},
        ),
        (
            ["abort", "digits", "--status", "503", "--share", "0.5"],
            {"kind": "abort", "status": 503, "share": 0.5},
        ),
        (
            ["slow", "digits", "--kbps", "64", "--version", "mnist"],
            {"kind": "slow", "kbps": 64, "version_id": "v1"},
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_add_asks_the_server(
    run_on_fake: Run, fake: FakeServer, arguments: list[str], wanted: dict[str, Any]
) -> None:
    result = run_on_fake("faults", "add", *arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "fault 5f0c9a1e: 300 ms latency for 10% of the requests, until it is removed\n"
    )
    assert sent(fake) == wanted | {"service_id": SERVICE_ID}


def test_everything_names_no_service(run_on_fake: Run, fake: FakeServer) -> None:
    assert run_on_fake("faults", "add", "slow", "--everything", "--kbps", "1").exit_code == 0
    assert sent(fake) == {"kind": "slow", "kbps": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["oom", "digits"], "'oom' is not one of 'latency', 'abort', 'slow'"),
        (["slow", "--kbps", "1"], "say whom it happens to"),
        (["slow", "digits", "--everything", "--kbps", "1"], "say whom it happens to"),
        (["slow", "--everything", "--version", "v1"], "--version is of a service"),
        (["abort", "digits", "--status", "500", "--share", "many"], "many is no share"),
        (["abort", "digits", "--status", "500", "--for", "soon"], "soon is no duration"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_asked(
    run_on_fake: Run, fake: FakeServer, arguments: list[str], words: str
) -> None:
    result = run_on_fake("faults", "add", *arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
    assert fake.sent("POST", PATH) == []


def test_remove_takes_one_or_all(run_on_fake: Run, fake: FakeServer) -> None:
    one = run_on_fake("faults", "remove", "5f0c9a1e")
    assert (one.exit_code, one.stdout) == (0, "fault 5f0c9a1e is removed\n")
    assert run_on_fake("faults", "remove", "--all").stdout == "2 faults are removed\n"
    assert len(fake.sent("DELETE", f"{PATH}/5f0c9a1e")) == 2
    assert len(fake.sent("DELETE", f"{PATH}/00000001")) == 1


def test_remove_all_passes_over_what_has_ended_meanwhile(
    run_on_fake: Run, fake: FakeServer
) -> None:
    fake.answers("DELETE", f"{PATH}/5f0c9a1e", {"code": "NotFound"}, status=404)
    assert run_on_fake("faults", "remove", "--all").stdout == "1 faults are removed\n"
    assert run_on_fake("faults", "remove", "5f0c9a1e").exit_code == 1


@pytest.mark.parametrize("arguments", [[], ["5f0c9a1e", "--all"]])
def test_remove_wants_to_know_which(
    run_on_fake: Run, fake: FakeServer, arguments: list[str]
) -> None:
    assert run_on_fake("faults", "remove", *arguments).exit_code == 2
    assert not [one for one in fake.requests if one.method == "DELETE"]


def test_a_service_shows_its_faults(run_on_fake: Run, fake: FakeServer) -> None:
    detail = f"/_drydock/services/{SERVICE_ID}"
    fake.answers("GET", detail, a_detail(faults=[FAULT]))
    shown = " ".join(run_on_fake("services", "show", "digits").stdout.split())
    assert "fault version v1: 300 ms latency for 10% of the requests (5f0c9a1e)" in shown
    fake.answers("GET", detail, a_detail())
    assert "fault" not in run_on_fake("services", "show", "digits").stdout


@pytest.mark.parametrize("active", [0, 2])
def test_status_says_how_many_are_active(run_on_fake: Run, fake: FakeServer, active: int) -> None:
    fake.answers("GET", "/_drydock/state", a_state() | {"faults": {"active": active}})
    shown = " ".join(run_on_fake("status").stdout.split())
    assert ("faults 2 injected, `drydock faults` lists them" in shown) is bool(active)
    assert ("faults" in shown) is bool(active)
