"""What `drydock status` says of a server in trouble."""

from __future__ import annotations

import time
from typing import Any

from tests.simulator.cli.conftest import FakeServer, Run, a_state

Json = dict[str, Any]


def state_with(part: str, **changes: Any) -> Json:
    state = a_state()
    return state | {part: state[part] | changes}


def ago_ms(seconds: int) -> int:
    return round((time.time() - seconds) * 1000)


def said(run: Run, fake: FakeServer, state: Json) -> str:
    fake.answers("GET", "/_drydock/state", state)
    result = run("status")
    assert result.exit_code == 0
    return " ".join(result.stdout.split())


def test_a_server_without_trouble_has_a_store_that_is_ok(
    run_on_fake: Run, fake: FakeServer
) -> None:
    text = said(run_on_fake, fake, a_state())
    assert "store ok" in text
    assert "not available" not in text
    assert "has not come back" not in text


def test_an_engine_that_is_away_is_told_with_the_reason_and_since_when(
    run_on_fake: Run, fake: FakeServer
) -> None:
    away = state_with(
        "backend", available=False, detail="the engine is gone", away_since_ms=ago_ms(600)
    )
    text = said(run_on_fake, fake, away)
    assert "backend process: the engine is gone - not available for 10 min" in text


def test_one_that_only_does_not_say_what_it_is_is_told_without(
    run_on_fake: Run, fake: FakeServer
) -> None:
    text = said(run_on_fake, fake, state_with("backend", available=False, detail="silent"))
    assert "process: silent - not available now" in text


def test_calls_that_hang_are_told_with_their_instance_and_how_long(
    run_on_fake: Run, fake: FakeServer
) -> None:
    hanging = [
        {"call": "start", "subject": "svc-1", "for_s": 125.0},
        {"call": "observe", "subject": "", "for_s": 11.4},
    ]
    text = said(run_on_fake, fake, state_with("backend", hanging=hanging))
    assert "the call `start` of svc-1 has not come back for 2 min" in text
    assert "the call `observe` has not come back for 11 s" in text


def test_a_store_that_cannot_be_written_is_told_with_what_to_do(
    run_on_fake: Run, fake: FakeServer
) -> None:
    trouble = {
        "writable": False,
        "cause": "full",
        "error": "the disk of the data directory is full",
        "hint": "make room",
        "since_ms": ago_ms(600),
    }
    text = said(run_on_fake, fake, state_with("store", **trouble))
    words = "the disk of the data directory is full (make room)"
    assert f"store cannot be written for 10 min: {words}" in text
