"""The Docker engine that the tests use, if there is one, and what they make in it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

BASE_IMAGES = ("drydock-base:bookworm", "python:3.11-slim")
_IMAGES = Path(__file__).resolve().parents[2] / "fixtures" / "images"
ECHO_DIRECTORY = _IMAGES / "echo"
WEBSOCKET_DIRECTORY = _IMAGES / "websocket"


def leave_out(reason: str) -> NoReturn:
    """Skips, or fails where the machine is meant to have an engine."""
    if os.environ.get("DRYDOCK_REQUIRE_DOCKER") == "1":
        pytest.fail(f"DRYDOCK_REQUIRE_DOCKER=1, but {reason}", pytrace=False)
    pytest.skip(reason)


@dataclass
class Engine:
    """A client of the tests' own, to look behind the server's back.

    Attributes:
        client: a `docker.DockerClient`.
        base_image: an image with python3 that the engine already has.
    """

    client: Any
    base_image: str

    def containers(self, installation: str) -> dict[str, str]:
        """Full id and start instant of every container of a data directory, running or not."""
        label = f"drydock.installation={installation}"
        found = self.client.containers.list(all=True, ignore_removed=True, filters={"label": label})
        return {one.id: one.attrs["State"]["StartedAt"] for one in found}

    def networks(self, installation: str) -> list[str]:
        label = f"drydock.installation={installation}"
        return [one.name for one in self.client.networks.list(filters={"label": label})]

    def remove_all(self, installation: str) -> None:
        """What a server that did not end well left behind."""
        for container in self.containers(installation):
            self.client.containers.get(container).remove(force=True, v=True)
        for network in self.networks(installation):
            self.client.networks.get(network).remove()


def find_engine() -> Engine:
    """The engine, or a skip with the reason."""
    docker = pytest.importorskip("docker")
    try:
        client = docker.from_env(timeout=60)
        client.ping()
    except docker.errors.DockerException as error:
        leave_out(f"no Docker engine answers: {error}")
    wanted = os.environ.get("DRYDOCK_TEST_BASE_IMAGE")
    names = (wanted,) if wanted else BASE_IMAGES
    for name in names:
        with contextlib.suppress(docker.errors.ImageNotFound):
            client.images.get(name)
            return Engine(client, name)
    client.close()
    leave_out(f"the engine has no base image: {' or '.join(names)}")


def build_echo(engine: Engine, tag: str) -> None:
    """The example of a custom image."""
    build_image(engine, ECHO_DIRECTORY, tag)


def build_image(engine: Engine, directory: Path, tag: str) -> None:
    """An example image, built as the README says, without network."""
    engine.client.images.build(
        path=str(directory),
        tag=tag,
        buildargs={"BASE": engine.base_image},
        network_mode="none",
        rm=True,
        forcerm=True,
    )


class EngineSwitch:
    """A socket in front of the engine's that can be switched off, as if the engine had stopped.

    Attributes:
        path: where clients connect to (`DOCKER_HOST=unix://...`).
    """

    def __init__(self, path: Path, engine_socket: str = "/var/run/docker.sock") -> None:
        self.path = path
        self._engine_socket = engine_socket
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None

    def on(self) -> None:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(self.path))
        listening.listen(64)
        self._listening = listening
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def off(self) -> None:
        """Breaks all connections; new ones are refused."""
        if self._listening is not None:
            self.path.unlink()
            _close(self._listening)
            self._listening = None
        with self._lock:
            broken, self._open = self._open, set()
        for end in broken:
            _close(end)

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listening.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(self._engine_socket)
                with self._lock:
                    self._open |= {client, engine}
                for source, target in ((client, engine), (engine, client)):
                    threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
