"""The child process: log, end, and never outliving the server."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from simulator.gateway import process
from simulator.gateway.process import EnvoyLog, EnvoyProcess

SLEEP = ["/bin/sleep", "60"]
PARENT = """
import asyncio, pathlib, sys
from simulator.gateway.process import EnvoyProcess
async def main():
    log = pathlib.Path(sys.argv[1])
    child = await EnvoyProcess.start(["/bin/sleep", "60"], log, lifeline=sys.argv[2] == "pipe")
    print(child.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
WAYS = [
    pytest.param(
        "kernel", marks=pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
    ),
    "pipe",
]


def wait_until_running(pid: int, program: str) -> psutil.Process:
    """The process once the launcher has become `program`."""
    child = psutil.Process(pid)
    for _ in range(1000):
        if child.name() == program:
            return child
        psutil.wait_procs([child], timeout=0.01)
    raise AssertionError(f"{pid} is still {child.name()}")


@pytest.mark.parametrize("way", WAYS)
def test_child_ends_when_its_parent_is_killed(way: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log"), way]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = wait_until_running(int(parent.stdout.readline()), "sleep")
        parent.kill()
    _, alive = psutil.wait_procs([child], timeout=10)
    assert not alive


async def test_ending_by_itself_shows_the_exit_code(tmp_path: Path) -> None:
    for lifeline in (False, True):
        child = await EnvoyProcess.start(
            ["/bin/sh", "-c", "echo word >&2; exit 3"], tmp_path / "log", lifeline=lifeline
        )
        assert await child.wait() == 3
        assert child.exit_code == 3
    assert EnvoyLog(tmp_path / "log").tail() == ("word", "word")


async def test_child_that_ignores_the_request_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "TERMINATE_S", 0.2)
    log = EnvoyLog(tmp_path / "log")
    stubborn = "trap '' TERM; echo ready; while :; do /bin/sleep 60 & wait; done"
    child = await EnvoyProcess.start(["/bin/sh", "-c", stubborn], log.path)
    while log.tail() != ("ready",):
        await asyncio.sleep(0.01)
    await child.end()
    assert child.exit_code == -signal.SIGKILL


def test_stale_process_is_ended_once(tmp_path: Path) -> None:
    note = tmp_path / "pid.json"
    with subprocess.Popen(SLEEP) as child:
        process.write_process_file(note, child.pid)
        assert process.end_stale_process(note) == child.pid
    assert process.end_stale_process(note) is None


def test_other_process_with_the_same_id_is_left_alone(tmp_path: Path) -> None:
    note = tmp_path / "pid.json"
    with subprocess.Popen(SLEEP) as child:
        process.write_process_file(note, child.pid)
        created = str(psutil.Process(child.pid).create_time())
        note.write_text(note.read_text().replace(created, "1.5"))
        assert process.end_stale_process(note) is None
        assert child.poll() is None
        child.kill()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"pid": "x"}', "\x00"])
def test_damaged_note_names_no_process(tmp_path: Path, content: str) -> None:
    note = tmp_path / "pid.json"
    note.write_text(content)
    assert process.end_stale_process(note) is None
    assert process.living_owner(note) is None


def test_our_own_envoy_has_no_other_owner(tmp_path: Path) -> None:
    note = tmp_path / "pid.json"
    process.write_process_file(note, os.getpid())
    assert process.living_owner(note) is None


def test_log_is_cut_to_its_newest_part(tmp_path: Path) -> None:
    log = EnvoyLog(tmp_path / "log", max_bytes=1000)
    assert (log.size_bytes(), log.tail()) == (0, ())
    log.path.write_text("".join(f"line {number:04}\n" for number in range(200)))
    mark = log.size_bytes()
    log.trim()
    assert log.size_bytes() <= 250
    assert log.tail(1) == ("line 0199",)
    assert log.since(mark) == ""
    log.trim()
    assert log.tail(1) == ("line 0199",)
