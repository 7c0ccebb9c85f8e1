from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.errors import AlreadyRunning
from simulator.lockfile import LockFile, owner_pid

HOLD = """
import sys
from pathlib import Path
from simulator.lockfile import LockFile
LockFile(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_the_owner_is_named_while_it_holds_the_lock(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "lock")
    assert owner_pid(tmp_path / "lock") is None
    lock.acquire()
    assert owner_pid(tmp_path / "lock") == os.getpid()
    lock.release()
    assert owner_pid(tmp_path / "lock") is None


def test_a_second_owner_is_refused_and_told_what_to_do(tmp_path: Path) -> None:
    first = LockFile(tmp_path / "lock")
    first.acquire()
    with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}") as caught:
        LockFile(tmp_path / "lock").acquire()
    assert "drydock down" in caught.value.hint
    assert owner_pid(tmp_path / "lock") == os.getpid()
    first.release()


def test_released_it_can_be_taken_again(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "lock")
    for _ in range(2):
        lock.acquire()
        lock.release()
    lock.release()  # once more is no error


def test_the_name_of_an_owner_that_is_gone_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("123456789012345678\n")
    assert owner_pid(tmp_path / "lock") is None
    lock = LockFile(tmp_path / "lock")
    lock.acquire()
    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
    lock.release()


def test_a_killed_owner_leaves_no_lock_behind(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        assert owner_pid(path) == owner.pid
        with pytest.raises(AlreadyRunning, match=f"process {owner.pid}"):
            LockFile(path).acquire()
        owner.kill()
        owner.wait()
    assert owner_pid(path) is None
    lock = LockFile(path)
    lock.acquire()
    lock.release()
