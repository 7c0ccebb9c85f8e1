"""Finding the engine, and asking whether it answers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.docker_endpoint import Endpoint, engine_answers, find_endpoint


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a socket's may have 107 bytes."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def listening(path: Path) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    made.listen()
    return made


def test_docker_host_comes_first(folder: Path) -> None:
    with listening(folder / "docker.sock"):
        environ = {"DOCKER_HOST": "tcp://127.0.0.1:2375", "XDG_RUNTIME_DIR": str(folder)}
        found = find_endpoint(environ, folder)
    assert found == Endpoint("tcp://127.0.0.1:2375", "DOCKER_HOST")


def test_selected_context_is_followed(folder: Path) -> None:
    docker = folder / ".docker"
    meta = docker / "contexts" / "meta" / hashlib.sha256(b"desktop").hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Endpoints": {"docker": {"Host": "unix:///x.sock"}}}))
    (docker / "config.json").write_text(json.dumps({"currentContext": "desktop"}))
    assert find_endpoint({}, folder) == Endpoint("unix:///x.sock", "context desktop")
    assert find_endpoint({"DOCKER_CONTEXT": "default"}, folder) != Endpoint(
        "unix:///x.sock", "context desktop"
    )


@pytest.mark.parametrize("content", ["", "[]", '{"currentContext": 5}', '{"currentContext": "x"}'])
def test_unusable_context_is_passed_over(folder: Path, content: str) -> None:
    (folder / ".docker").mkdir()
    (folder / ".docker" / "config.json").write_text(content)
    assert find_endpoint({}, folder) == find_endpoint({}, folder / "nowhere")


def test_desktop_socket_of_the_user_is_found_where_there_is_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.stat

    def without_system_socket(self: Path, **kwargs: bool) -> object:
        if str(self).startswith("/var/run"):
            raise FileNotFoundError
        return real(self, **kwargs)

    monkeypatch.setattr(Path, "stat", without_system_socket)
    assert find_endpoint({}, folder) is None
    (folder / ".docker" / "run").mkdir(parents=True)
    (folder / ".docker" / "run" / "docker.sock").touch()
    assert find_endpoint({}, folder) is None, "a plain file is no socket"
    (folder / ".docker" / "run" / "docker.sock").unlink()
    with listening(folder / ".docker" / "run" / "docker.sock") as made:
        assert find_endpoint({}, folder) == Endpoint(f"unix://{made.getsockname()}", "socket")


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("unix:///var/run/docker.sock", True),
        ("tcp://127.0.0.1:2375", True),
        ("tcp://[::1]:2375", True),
        ("tcp://build-server:2376", False),
        ("tcp://127.0.0.1.example.com:2376", False),
        ("tcp://localhost.example.com:2376", False),
        ("ssh://me@far", False),
    ],
)
def test_engines_of_other_machines_are_told_apart(url: str, local: bool) -> None:
    assert Endpoint(url, "test").is_local is local


async def test_engine_of_another_machine_is_not_asked() -> None:
    probe = await engine_answers(endpoint=Endpoint("ssh://me@far", "DOCKER_HOST"))
    assert not probe.answers
    assert "ssh://me@far (DOCKER_HOST)" in probe.detail


async def test_dead_socket_does_not_answer(folder: Path) -> None:
    listening(folder / "docker.sock").close()
    probe = await engine_answers(endpoint=Endpoint(f"unix://{folder}/docker.sock", "socket"))
    assert not probe.answers
    assert "does not answer" in probe.detail


async def test_silent_engine_does_not_answer_within_the_time(folder: Path) -> None:
    with listening(folder / "docker.sock"):
        async with asyncio.timeout(5):
            probe = await engine_answers(0.2, Endpoint(f"unix://{folder}/docker.sock", "socket"))
    assert not probe.answers
    assert "in time" in probe.detail


def test_asking_without_a_socket_does_not_load_the_sdk() -> None:
    program = (
        "import asyncio, sys; from backends import docker_endpoint as e; "
        "e.find_endpoint = lambda *_: None; "
        "probe = asyncio.run(e.engine_answers()); "
        "assert not probe.answers and 'no Docker engine' in probe.detail, probe; "
        "assert 'docker' not in sys.modules and 'requests' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
