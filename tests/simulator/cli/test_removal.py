"""`down --remove` takes all that is Drydock's, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.cli.removal import remove_files, remove_offline
from simulator.config import Paths
from simulator.errors import AlreadyRunning
from simulator.lockfile import LockFile
from simulator.store.queries import Store
from tests.simulator.cli.conftest import Run


@pytest.fixture
def used(paths: Paths) -> Paths:
    """A data directory that a server of the process backend has used."""
    store = Store(paths.database)
    store.installation_id()
    store.remember("backend", "process")
    store.close()
    paths.log.write_text("log")
    paths.database.with_suffix(".0001.backup").write_text("backup")
    (paths.models / "m1").mkdir()
    (paths.models / "m1" / "file").write_text("x")
    return paths


def test_nothing_is_left(used: Paths) -> None:
    remove_offline(used)
    assert not used.home.exists()


def test_files_of_the_user_stay(used: Paths) -> None:
    (used.home / "drydock.toml").write_text("port = 8888\n")
    (used.home / "notes").mkdir()
    remove_offline(used)
    assert sorted(path.name for path in used.home.iterdir()) == ["drydock.toml", "notes"]


def test_target_of_a_link_stays(used: Paths, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    used.objects.rmdir()
    used.objects.symlink_to(outside)
    remove_offline(used)
    assert (outside / "precious").exists()
    assert not used.home.exists()


def test_running_server_is_not_robbed(used: Paths) -> None:
    lock = LockFile(used.lock)
    lock.acquire()
    try:
        with pytest.raises(AlreadyRunning):
            remove_offline(used)
    finally:
        lock.release()
    assert used.database.exists()


def test_directory_that_does_not_exist_is_no_failure(tmp_path: Path) -> None:
    assert remove_offline(Paths(tmp_path / "nowhere")) == []
    assert not (tmp_path / "nowhere").exists()


def test_removed_names_are_told(used: Paths) -> None:
    assert {"state.db", "state.0001.backup", "models", "server.log"} <= set(remove_files(used))


def test_command_removes_without_a_server(run: Run, used: Paths) -> None:
    result = run("down", "--remove", "--yes")
    assert result.exit_code == 0, result.stderr
    assert not used.home.exists()


def test_command_removes_nothing_without_a_yes(run: Run, used: Paths) -> None:
    assert run("down", "--remove").exit_code == 2
    assert used.database.exists()
