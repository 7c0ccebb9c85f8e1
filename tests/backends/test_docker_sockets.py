"""Where sockets of containers are not even tried, and their folders; without an engine."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backends.docker_client import EngineClient, EngineFacts
from backends.docker_endpoint import Endpoint
from backends.docker_sockets import SocketFolders

LOCAL = "unix:///var/run/docker.sock"
FACTS = EngineFacts(2, 1 << 30, "amd64", "Docker", behind_wall=False, kernel=platform.release())


class SilentEngine(EngineClient):
    """Tells its facts, and must be asked nothing else."""

    def __init__(self, url: str, facts: EngineFacts) -> None:
        super().__init__(Endpoint(url, "test"))
        self._facts = facts


@pytest.mark.parametrize(
    ("url", "facts"),
    [
        ("tcp://127.0.0.1:2375", FACTS),
        ("ssh://far", FACTS),
        (LOCAL, replace(FACTS, behind_wall=True)),
        (LOCAL, replace(FACTS, kernel="1.0-another")),
    ],
)
async def test_sockets_of_another_machine_are_not_tried(
    url: str, facts: EngineFacts, tmp_path: Path
) -> None:
    engine = SilentEngine(url, facts)
    assert not await SocketFolders(tmp_path / "i", engine).carry("sha256:1")
    assert not (tmp_path / "i").exists()
    engine.close()


async def test_systems_whose_containers_live_in_a_virtual_machine_are_not_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    engine = SilentEngine(LOCAL, FACTS)
    assert not await SocketFolders(tmp_path / "i", engine).carry("sha256:1")
    engine.close()


@pytest.fixture
def folders(tmp_path: Path) -> SocketFolders:
    return SocketFolders(tmp_path / "i", SilentEngine(LOCAL, FACTS))


async def test_folder_is_open_within_a_root_that_is_not(
    folders: SocketFolders, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        made = Path((await folders.make("i-1")).folder)
    finally:
        os.umask(before)
    assert made.stat().st_mode & 0o777 == 0o777
    assert (tmp_path / "i").stat().st_mode & 0o777 == 0o700


async def test_folder_of_an_id_is_always_the_same_and_short(folders: SocketFolders) -> None:
    first = await folders.make("../" + "x" * 500)
    assert await folders.make("../" + "x" * 500) == first
    assert len(Path(first.folder).name) == 12


async def test_making_it_again_leaves_what_is_in_it(folders: SocketFolders) -> None:
    folder = Path((await folders.make("i-1")).folder)
    (folder / "s").touch()
    await folders.make("i-1")
    assert (folder / "s").exists()


async def test_only_the_folders_of_others_that_have_gone_are_swept(
    folders: SocketFolders, tmp_path: Path
) -> None:
    before = SocketFolders(tmp_path / "i", SilentEngine(LOCAL, FACTS))
    lives = Path((await before.make("lives")).folder)
    dead = Path((await before.make("dead")).folder)
    begun = Path((await folders.make("just being made")).folder)
    await folders.keep_only(["lives"])
    assert (lives.exists(), dead.exists(), begun.exists()) == (True, False, True)


async def test_removing_is_no_error_where_nothing_is(folders: SocketFolders) -> None:
    await folders.keep_only([])
    await folders.remove("i-1")
    await folders.remove_all()
