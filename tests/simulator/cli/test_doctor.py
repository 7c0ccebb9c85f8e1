"""`drydock doctor` on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.doctor import host
from simulator.doctor.findings import Finding, Verdict
from tests.simulator.cli.conftest import Run

FOUND = [
    Finding("port", Verdict.OK, "127.0.0.1:8780 is free"),
    Finding("open files", Verdict.WARNING, "256 for each program", "raise it"),
]
BAD = Finding("gateway", Verdict.FAILURE, "Envoy cannot be run: no", "install it")


def seen(monkeypatch: pytest.MonkeyPatch, findings: list[Finding]) -> None:
    async def examine(settings: Any, *, is_served: bool) -> list[Finding]:
        return findings

    monkeypatch.setattr(host, "examine", examine)


def test_findings_are_a_table_and_fixes_follow(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch, FOUND)
    done = run("doctor")
    assert done.exit_code == 0
    assert "127.0.0.1:8780 is free" in done.stdout
    assert "open files: raise it" in done.stderr


def test_a_failure_is_the_exit_status(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch, [*FOUND, BAD])
    done = run("doctor")
    assert done.exit_code == 1
    assert "this host has a problem: gateway" in done.stderr


def test_programs_get_the_findings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch, FOUND)
    found = json.loads(run("--json", "doctor").stdout)
    assert found[1] == {
        "check": "open files",
        "verdict": "warning",
        "text": "256 for each program",
        "fix": "raise it",
    }
