"""Why a service does not run, on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.cli.conftest import SERVICE_ID, FakeServer, Run

PATH = f"/_drydock/services/{SERVICE_ID}/why"
FAILED: dict[str, Any] = {
    "service_id": SERVICE_ID,
    "name": "digits",
    "status": "failed",
    "cause": "LoopbackOnly",
    "summary": "not deployed within 240 s: it listens on port 8080 at 127.0.0.1 alone",
    "known": {
        "meaning": "It listens at 127.0.0.1.",
        "fix": "Let it listen on 0.0.0.0.",
        "source": "Specifications for Custom Images",
    },
    "evidence": [{"title": "the end of its log", "text": "serving \x1b[31mred"}],
    "cloud": {"status": "failed", "error_msg": "x", "waited_s": 1200.0, "here_s": 240.2},
    "timeline": [
        {"at_ms": 1_700_000_000_000, "kind": "abnormal", "text": "the deployment failed",
         "reason": "LoopbackOnly", "evidence": ""}
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def answers(fake: FakeServer) -> None:
    fake.answers("GET", PATH, FAILED)


def test_cause_fix_cloud_and_evidence_are_said(run_on_fake: Run) -> None:
    done = run_on_fake("why", "digits")
    for words in (
        "LoopbackOnly: It listens at 127.0.0.1.",
        "Let it listen on 0.0.0.0.",
        "failed after 1,200 s; here after 240.2 s",
        "the deployment failed",
    ):
        assert words in done.stdout
    assert "serving" in done.stderr
    assert "\x1b[31m" not in done.stderr


def test_of_a_service_that_runs_little_is_said(run_on_fake: Run, fake: FakeServer) -> None:
    well = {"status": "running", "cause": "", "summary": "it runs; nothing is wrong"}
    nothing: dict[str, Any] = {"known": None, "cloud": None, "timeline": [], "evidence": []}
    fake.answers("GET", PATH, FAILED | well | nothing)
    shown = run_on_fake("why", "digits").stdout
    assert "it runs; nothing is wrong" in shown
    assert "cause" not in shown


def test_programs_get_it_whole(run_on_fake: Run) -> None:
    assert json.loads(run_on_fake("--json", "why", "digits").stdout) == FAILED
