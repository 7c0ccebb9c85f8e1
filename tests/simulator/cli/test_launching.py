"""A server that does not start is explained in its own words, and soon."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli import launching
from simulator.cli.failures import Failure
from simulator.config import Paths


def a_child(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let this run instead of the server."""
    command = [sys.executable, "-c", code]
    monkeypatch.setattr(launching, "_command", lambda home, flags: command)


def test_servers_own_words_are_the_failure(monkeypatch: pytest.MonkeyPatch, paths: Paths) -> None:
    words = "noise\\ndrydock: port 80 is in use\\n  choose another\\n"
    a_child(monkeypatch, f"import sys; sys.stderr.write('{words}'); sys.exit(1)")
    with pytest.raises(Failure, match="did not start: port 80 is in use") as caught:
        launching.ensure_started(paths)
    assert caught.value.hint == "choose another"


def test_words_of_an_earlier_run_are_not_taken(
    monkeypatch: pytest.MonkeyPatch, paths: Paths
) -> None:
    paths.log.write_text("drydock: an old story\n")
    a_child(monkeypatch, "raise SystemExit(7)")
    with pytest.raises(Failure, match="exit status 7") as caught:
        launching.ensure_started(paths)
    assert "old story" not in caught.value.evidence


def test_crash_shows_the_end_of_the_log(monkeypatch: pytest.MonkeyPatch, paths: Paths) -> None:
    a_child(monkeypatch, "raise ValueError('ouch')")
    with pytest.raises(Failure) as caught:
        launching.ensure_started(paths)
    assert "ValueError: ouch" in caught.value.evidence
    assert str(paths.log) in caught.value.hint


def test_server_that_never_becomes_ready_is_ended(
    monkeypatch: pytest.MonkeyPatch, paths: Paths
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remember(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        started.append(popen(*arguments, **options))  # type: ignore[call-overload]
        return started[0]

    a_child(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(launching, "START_LIMIT_S", 0.3)
    monkeypatch.setattr(subprocess, "Popen", remember)
    with pytest.raises(Failure, match="is not ready"):
        launching.ensure_started(paths)
    assert started[0].poll() is not None


def test_large_log_is_put_aside_before_a_start(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    assert launching._prepare_log(log) == 0
    log.write_bytes(b"x" * 10)
    assert launching._prepare_log(log) == 10
    log.write_bytes(b"x" * (launching.LOG_KEPT_BYTES + 1))
    assert launching._prepare_log(log) == 0
    assert not log.exists()
    assert (tmp_path / "server.log.1").exists()


def test_tied_process_ends_when_its_stdin_is_closed() -> None:
    code = (
        "import time; from simulator.cli.launching import end_with_stdin\n"
        "end_with_stdin(); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdin.close()
        assert process.wait(10) == -15


def test_folder_called_simulator_in_the_working_directory_is_not_taken_for_ours(
    tmp_path: Path,
) -> None:
    (tmp_path / "simulator").mkdir()
    (tmp_path / "simulator" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    command = launching._command(tmp_path / "home", [])
    serve = command.index("serve")
    done = subprocess.run(
        [*command[: serve + 1], "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
