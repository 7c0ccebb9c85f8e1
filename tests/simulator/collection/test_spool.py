"""The spool: private, in memory where there is some, and found again by the next server."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from simulator.collection.spool import Spool


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    (tmp_path / "memory").mkdir()
    return tmp_path / "memory"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def test_it_is_in_memory_and_private(run: Path, memory: Path) -> None:
    spool = Spool(run, memory)
    assert spool.files() == []
    spool.open()
    (folder,) = memory.iterdir()
    assert spool.path.resolve() == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_without_a_file_system_in_memory_it_is_beside_the_sockets(run: Path) -> None:
    spool = Spool(run, run / "absent")
    spool.open()
    assert spool.path.is_dir()
    assert not spool.path.is_symlink()


def test_without_room_in_memory_it_is_there_too(
    run: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(**_: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("simulator.collection.spool.tempfile.mkdtemp", no_room)
    spool = Spool(run, memory)
    spool.open()
    assert spool.path.is_dir()
    assert stat.S_IMODE(spool.path.stat().st_mode) == 0o700
    assert list(memory.iterdir()) == []


def test_the_next_server_finds_what_is_in_it(run: Path, memory: Path) -> None:
    first = Spool(run, memory)
    first.open()
    (first.path / "x_1").write_text("1")
    first.remove()
    second = Spool(run, memory)
    second.open()
    assert [one.name for one in second.files()] == ["x_1"]
    assert len(list(memory.iterdir())) == 1


def test_a_folder_that_others_can_write_to_is_not_read_and_not_used(
    run: Path, memory: Path
) -> None:
    others = memory / "drydock-others"
    others.mkdir()
    others.chmod(0o777)
    (others / "x_1").write_text("1")
    spool = Spool(run, memory)
    spool.path.symlink_to(others)
    assert spool.files() == []
    spool.open()
    assert spool.path.resolve() != others
    assert spool.files() == []


def test_an_empty_one_is_removed(run: Path, memory: Path) -> None:
    spool = Spool(run, memory)
    spool.open()
    spool.remove()
    assert list(memory.iterdir()) == []
    assert list(run.iterdir()) == []
    spool.remove()


def test_one_that_has_gone_or_that_others_can_enter_is_made_anew(run: Path, memory: Path) -> None:
    spool = Spool(run, memory)
    spool.open()
    spool.path.resolve().rmdir()
    spool.open()
    spool.path.resolve().chmod(0o755)
    spool.open()
    assert stat.S_IMODE(spool.path.stat().st_mode) == 0o700
