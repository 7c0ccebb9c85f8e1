"""The requests that came, on the command line."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simulator.access_log import Entry, aside
from simulator.cli import access
from simulator.cli.access import Wanted, entries, read_statuses
from simulator.cli.failures import UsageFailure
from simulator.config import Paths
from tests.simulator.cli.conftest import SERVICE_ID, Run

OTHER = "2" * 36


def a_line(request_id: str, service: str = SERVICE_ID, **changes: Any) -> str:
    line = {
        "time": "2026-05-01T10:00:00.123Z",
        "request_id": request_id,
        "method": "POST",
        "path": "/x",
        "route": service,
        "version": f"{service}.v1",
        "instance": f"{service}-1",
        "status": 200,
        "reason": "via_upstream",
        "flags": "-",
        "duration_ms": 7,
        "request_bytes": 10,
        "response_bytes": 20,
    }
    return json.dumps(line | changes) + "\n"


@pytest.fixture
def log(paths: Paths) -> Path:
    """Three requests: the first is in the file that was put aside."""
    paths.access_log.write_text(
        a_line("b", OTHER, status=503, reason="no_healthy_upstream", instance=None)
        + a_line("c", status=404)
    )
    aside(paths.access_log).write_text(a_line("a"))
    return paths.access_log


def ids(output: str) -> list[str]:
    return [json.loads(line)["request_id"] for line in output.splitlines()]


@pytest.mark.usefixtures("log")
class TestChoice:
    def shown(self, run: Run, *options: str) -> list[str]:
        result = run("logs", "--access", "--json", *options)
        assert result.exit_code == 0, result.stderr
        return ids(result.stdout)

    def test_all_come_oldest_first_also_without_a_server(self, run: Run) -> None:
        assert self.shown(run) == ["a", "b", "c"]

    def test_of_one_service_by_name(self, run_on_fake: Run) -> None:
        assert self.shown(run_on_fake, "digits") == ["a", "c"]

    def test_of_one_service_by_id_also_when_it_is_gone(self, run: Run, run_on_fake: Run) -> None:
        assert self.shown(run, SERVICE_ID) == ["a", "c"]
        assert self.shown(run_on_fake, OTHER) == ["b"]

    def test_by_status(self, run: Run) -> None:
        assert self.shown(run, "--status", "5xx") == ["b"]
        assert self.shown(run, "--status", "404, 2XX") == ["a", "c"]

    def test_by_instance(self, run_on_fake: Run) -> None:
        assert self.shown(run_on_fake, "digits", "--instance", "1") == ["a", "c"]
        assert self.shown(run_on_fake, "--instance", f"{SERVICE_ID}-1") == ["a", "c"]

    def test_the_last_ones(self, run: Run) -> None:
        assert self.shown(run, "--tail", "1") == ["c"]
        assert self.shown(run, "--tail", "1", "--status", "200") == ["a"]

    def test_an_unknown_service_is_a_failure(self, run_on_fake: Run) -> None:
        result = run_on_fake("logs", "--access", "digit")
        assert result.exit_code == 1
        assert "did you mean digits" in result.stderr

    @pytest.mark.parametrize(
        "options",
        [
            ("--access", "--status", "6xx"),
            ("--access", "--status", "ok"),
            ("--access", "--instance", "1"),
            ("digits", "--status", "5xx"),
            (),
        ],
    )
    def test_wrong_usage_is_status_2(self, run_on_fake: Run, options: tuple[str, ...]) -> None:
        assert run_on_fake("logs", *options).exit_code == 2


class TestLine:
    @pytest.mark.usefixtures("log")
    def test_says_what_and_who_and_why(self, run_on_fake: Run) -> None:
        lines = run_on_fake("logs", "--access").stdout.splitlines()
        assert lines[0] == "10:00:00.123Z 200     7 ms  POST /x  digits/v1/1  10/20 B  a"
        assert lines[1].endswith(f"{OTHER}/v1  10/20 B  no_healthy_upstream  b")

    def test_outside_text_is_cleaned(self, run: Run, log: Path) -> None:
        log.write_text(a_line("a", path="/\x1b[2J[red]"))
        shown = run("logs", "--access").stdout
        assert "\x1b" not in shown
        assert "[red]" in shown

    def test_without_a_request_says_so(self, run: Run, paths: Paths) -> None:
        assert not paths.access_log.exists()
        result = run("logs", "--access")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "no such request came" in result.stderr


class TestFollowing:
    def follow(self, log: Path, monkeypatch: pytest.MonkeyPatch, *steps: Any) -> list[str]:
        """The ids that come while the steps are taken, one at each look."""
        left = iter(steps)

        def sleep(seconds: float) -> None:
            step = next(left, None)
            if step is None:
                raise KeyboardInterrupt
            step()

        monkeypatch.setattr(access, "time", SimpleNamespace(sleep=sleep))
        found: list[Entry] = []
        with pytest.raises(KeyboardInterrupt):
            found.extend(entries(log, Wanted(), tail=10, follow=True))
        return [one.request_id for one in found]

    def test_goes_on_with_what_comes(self, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = a_line("e")

        def append(text: str) -> Any:
            def step() -> None:
                with log.open("a") as file:
                    file.write(text)

            return step

        steps = [append(a_line("d")), append(whole[:20]), append(whole[20:])]
        assert self.follow(log, monkeypatch, *steps) == ["a", "b", "c", "d", "e"]

    def test_goes_on_in_the_file_that_takes_its_place(
        self, log: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def rotate() -> None:
            with log.open("a") as file:
                file.write(a_line("d"))
            log.rename(aside(log))
            log.write_text(a_line("e"))

        assert self.follow(log, monkeypatch, rotate) == ["a", "b", "c", "d", "e"]

    def test_waits_for_a_file(self, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
        log = paths.access_log
        steps = [lambda: None, lambda: log.write_text(a_line("a"))]
        assert self.follow(log, monkeypatch, *steps) == ["a"]


def test_statuses_are_codes_and_classes() -> None:
    assert read_statuses("") == ()
    assert read_statuses("5xx,404") == ("5xx", "404")
    with pytest.raises(UsageFailure, match="99999 is no status"):
        read_statuses("200,99999")


@pytest.mark.parametrize(
    ("status", "wanted"), list(itertools.product((200, 404, 503, 0), ("4xx", "503", "0")))
)
def test_a_class_has_its_codes_and_a_code_itself(status: int, wanted: str) -> None:
    line = json.loads(a_line("a", status=status))
    entry = Entry(**{k: v for k, v in line.items() if k != "route"}, service=SERVICE_ID)
    has = Wanted(statuses=(wanted,)).has(entry)
    assert has == ((status, wanted) in {(404, "4xx"), (503, "503"), (0, "0")})
