"""What each service serves now, in the terminal."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from simulator.cli import top
from tests.simulator.cli.conftest import SERVICE_ID, FakeServer, Json, Run

PATH = "/_drydock/traffic"


def figures(**changes: Any) -> Json:
    return {
        "requests_total": 1_234_567,
        "errors_total": 12,
        "requests_per_s": 1234.5,
        "errors_per_s": 0.25,
        "in_flight": 3,
        "p50_ms": 3.05,
        "p90_ms": 12.05,
        "p99_ms": 1205.0,
        "max_ms": 1300.0,
        "request_bytes": 1,
        "response_bytes": 2,
        "codes": {"200": 1_234_555, "503": 12},
    } | changes


def an_instance(**changes: Any) -> Json:
    return {
        "instance_id": f"{SERVICE_ID}-7",
        "state": "ready",
        "requests_total": 99,
        "errors_total": 1,
        "requests_per_s": 1.5,
        "in_flight": 2,
    } | changes


def a_version(**changes: Any) -> Json:
    return {
        "version_id": "v1",
        "model_name": "mnist",
        "model_version": "0.0.1",
        "weight": 30,
        "wanted_share": 0.3,
        "measured_share": 0.284,
        "instances": [an_instance()],
        **figures(),
    } | changes


def a_service(**changes: Any) -> Json:
    return {
        "service_id": SERVICE_ID,
        "name": "digits",
        "status": "running",
        "requests_last_minute": 700,
        "versions": [a_version()],
        **figures(),
    } | changes


@pytest.fixture(autouse=True)
def answers(fake: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.answers("GET", PATH, {"services": [a_service()]})
    monkeypatch.setattr(top, "time", SimpleNamespace(sleep=lambda seconds: None))


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def drawn(services: list[Json], width: int) -> list[str]:
    console = Console(width=width, force_terminal=True, no_color=True, color_system=None)
    with console.capture() as captured:
        console.print(top.frame(services, width))
    return captured.get().splitlines()


class TestFrame:
    def test_has_a_row_for_the_service_its_versions_and_their_instances(
        self, run_on_fake: Run
    ) -> None:
        result = run_on_fake("top", "--once")
        assert result.exit_code == 0
        latencies = ["3.05", "12.1", "1,205"]
        assert rows(result.stdout) == [
            list(top.COLUMNS),
            ["digits", "1234", "0.2", "3", *latencies, "1,234,567", "12"],
            [
                *("v1", "mnist:0.0.1", "1234", "0.2", "3", *latencies),
                *("28%", "of", "30%", "1,234,567", "12"),
            ],
            ["instance", "7", "ready", "1.5", "2", "99", "1"],
        ]

    def test_looks_twice_since_rates_are_between_two_looks(
        self, run_on_fake: Run, fake: FakeServer
    ) -> None:
        run_on_fake("top", "--once")
        assert len(fake.sent("GET", PATH)) == 2

    def test_of_nothing_served_has_no_latency_and_no_measured_split(
        self, run_on_fake: Run, fake: FakeServer
    ) -> None:
        none = dict.fromkeys(("p50_ms", "p90_ms", "p99_ms"))
        version = a_version(measured_share=None, instances=[], **none)
        fake.answers("GET", PATH, {"services": [a_service(versions=[version])]})
        assert rows(run_on_fake("top", "--once").stdout)[2][5:11] == [
            "-",
            "-",
            "-",
            "-",
            "of",
            "30%",
        ]

    def test_without_services_says_so(self, run_on_fake: Run, fake: FakeServer) -> None:
        fake.answers("GET", PATH, {"services": []})
        assert run_on_fake("top", "--once").stdout == "no service is deployed\n"

    def test_says_a_status_other_than_running(self, run_on_fake: Run, fake: FakeServer) -> None:
        fake.answers("GET", PATH, {"services": [a_service(status="deploying")]})
        assert "digits (deploying)" in run_on_fake("top", "--once").stdout

    def test_outside_text_is_cleaned(self, run_on_fake: Run, fake: FakeServer) -> None:
        fake.answers("GET", PATH, {"services": [a_service(name="\x1b[2J[red]x")]})
        result = run_on_fake("top", "--once")
        assert "[red]x" in result.stdout
        assert "\x1b" not in result.stdout

    @pytest.mark.parametrize("width", [80, 100, 200])
    def test_fits_the_terminal_and_cuts_names_only(self, width: int) -> None:
        lines = drawn([a_service(name="n" * 150)], width)
        assert len(lines) == 4
        assert all(len(line) <= width for line in lines)
        assert "…" in lines[1]
        assert "1,205" in lines[1]
        assert "28% of 30%" in lines[2]
        assert ("REQUESTS" in lines[0]) == (width >= top.NARROW)


class TestChoice:
    def test_one_service_by_its_name(self, run_on_fake: Run, fake: FakeServer) -> None:
        other = a_service(name="other", service_id="2" * 36)
        fake.answers("GET", PATH, {"services": [a_service(), other]})
        shown = run_on_fake("top", "other", "--once").stdout
        assert "other" in shown
        assert "digits" not in shown

    def test_one_that_there_is_not_is_a_failure(self, run_on_fake: Run) -> None:
        result = run_on_fake("top", "digit", "--once")
        assert result.exit_code == 1
        assert "did you mean digits" in result.stderr

    def test_as_json_is_what_the_server_answers(self, run_on_fake: Run) -> None:
        result = run_on_fake("top", "--json")
        assert json.loads(result.stdout) == {"services": [a_service()]}

    def test_without_a_server_is_status_3(self, run: Run) -> None:
        assert run("top", "--once").exit_code == 3


class TestLive:
    @pytest.fixture
    def on_a_terminal(self, run_on_fake: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "80")
        return run_on_fake

    def interrupt_after(self, looks: int, monkeypatch: pytest.MonkeyPatch) -> None:
        left = iter(range(looks))

        def sleep(seconds: float) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt

        monkeypatch.setattr(top, "time", SimpleNamespace(sleep=sleep))

    def test_looks_again_and_again_until_ctrl_c(
        self, on_a_terminal: Run, fake: FakeServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.interrupt_after(2, monkeypatch)
        result = on_a_terminal("top")
        assert result.exit_code == 0
        assert len(fake.sent("GET", PATH)) == 3

    def test_without_colour_where_that_is_not_wanted(
        self, on_a_terminal: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        self.interrupt_after(0, monkeypatch)
        shown = on_a_terminal("top").stdout
        assert "digits" in shown
        assert "\x1b[3" not in shown  # how every colour begins
