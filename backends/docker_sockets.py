"""Unix sockets of containers, in folders that are mounted into them.

    <root>/<12 hex digits of the instance id>/s     where the model server listens
    <root>/check-<8 hex digits>/s                   of the check whether sockets carry at all

`root` can be entered by its owner alone. What lies in it can be entered by anyone who gets there,
which is the owner, and each container its own folder: its user is another one than ours, and where
the server is not root's no folder can be given to it. A socket only carries where the container
runs on this machine's kernel and sees this machine's files: on Linux, an engine on a Unix socket,
outside of any virtual machine. Whether it does is tried out once, with a container.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import platform
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from docker import APIClient
from docker.errors import APIError, NotFound

from backends.docker_client import EngineClient, EngineFacts, EngineRefused
from backends.docker_translate import (
    LABEL_PROBE,
    RUNTIME_USER,
    SOCKET_MOUNT,
    SOCKET_NAME,
    SocketUse,
    socket_mount,
)
from backends.errors import StartFailed

CHECK_LIMIT_S = 3.0
POLL_S = 0.01
_LISTEN = (
    "import os, socket; s = socket.socket(socket.AF_UNIX); s.settimeout(3); "
    f"s.bind('{SOCKET_MOUNT}/{SOCKET_NAME}'); os.chmod('{SOCKET_MOUNT}/{SOCKET_NAME}', 0o666); "
    "s.listen(); s.accept()[0].sendall(b'here')"
)

logger = logging.getLogger(__name__)


class SocketFolders:
    """The folders of one installation's instances.

    Args:
        root: directory for them, made when needed; no longer than sockets' paths allow.
        engine: asked whether its containers' sockets reach this host.
    """

    def __init__(self, root: Path, engine: EngineClient) -> None:
        self._root = root.absolute()
        self._engine = engine
        self._lock = asyncio.Lock()
        self._carries: bool | None = None
        self._made: set[str] = set()

    async def make(self, instance_id: str) -> SocketUse:
        """Make the folder unless it is there.

        What is in it stays: a server removes a socket on which nobody answers, and one on which
        another server's container answers is not to vanish.

        Raises:
            StartFailed: it cannot be made.
        """
        folder = self._folder(instance_id)
        self._made.add(folder.name)
        try:
            await asyncio.to_thread(_make, self._root, folder)
        except OSError as error:
            raise StartFailed(
                f"The folder {folder} for the instance's socket cannot be made: {error.strerror}.",
                hint=f"Look at what is wrong with {self._root}.",
            ) from error
        return SocketUse(str(folder))

    async def remove(self, instance_id: str) -> None:
        """Remove an instance's folder; absent is no error."""
        folder = self._folder(instance_id)
        await asyncio.to_thread(_remove, folder)
        self._made.discard(folder.name)

    async def keep_only(self, instance_ids: Iterable[str]) -> None:
        """Remove folders that belong to none of these instances, nor were made by this object."""
        kept = {self._folder(instance_id).name for instance_id in instance_ids} | self._made
        await asyncio.to_thread(_remove_others, self._root, kept)

    async def remove_all(self) -> None:
        await asyncio.to_thread(_remove, self._root)

    def _folder(self, instance_id: str) -> Path:
        return self._root / hashlib.sha256(instance_id.encode()).hexdigest()[:12]

    async def carry(self, image: str) -> bool:
        """Whether this host reaches sockets that containers make; tried once, then remembered.

        Args:
            image: id of an image with `python3`.

        Raises:
            EngineUnavailable: the engine does not answer.
        """
        async with self._lock:
            if self._carries is None:
                self._carries = await self._find_out(image)
            return self._carries

    async def _find_out(self, image: str) -> bool:
        if why := _cannot_carry(self._engine, await self._engine.facts()):
            logger.info("instances are reached over TCP: %s", why)
            return False
        folder = self._root / f"check-{secrets.token_hex(4)}"
        self._made.add(folder.name)
        try:
            await asyncio.to_thread(_make, self._root, folder)
            trouble = await self._engine.call(
                "checking whether sockets of containers can be reached",
                lambda client: _try_out(client, image, self._root, folder),
                wait_s=2 * CHECK_LIMIT_S,
            )
        except (EngineRefused, OSError) as error:
            trouble = str(error)
        finally:
            await asyncio.to_thread(_remove, folder)
            self._made.discard(folder.name)
        if trouble:
            logger.warning("sockets of containers do not carry, TCP is used: %s", trouble)
        return not trouble


def _cannot_carry(engine: EngineClient, facts: EngineFacts) -> str:
    """Why there is no use in trying; empty when there may be."""
    if sys.platform != "linux":
        return "this system's containers run in a virtual machine"
    if engine.endpoint.socket_path is None:
        return f"the engine is not on a Unix socket but at {engine.endpoint.url}"
    if facts.behind_wall:
        return "the engine's containers run in a virtual machine or a namespace of a user"
    if facts.kernel and facts.kernel != platform.release():
        return f"the engine runs on another kernel ({facts.kernel})"
    return ""


def _try_out(client: APIClient, image: str, root: Path, folder: Path) -> str:
    """Connect to a socket that a container makes in `folder`; what was wrong, empty for nothing.

    The engine removes the container when it ends, which it does by itself, so that a server that
    is killed meanwhile leaves none; one that it had only created goes with the next check.
    """
    for left in client.containers(all=True, filters={"label": f"{LABEL_PROBE}={root}"}):
        _remove_container(client, left["Id"])
    config = {
        "Image": image,
        "Entrypoint": ["python3", "-I", "-S", "-c", _LISTEN],
        "User": RUNTIME_USER,
        "Labels": {LABEL_PROBE: str(root)},
        "HostConfig": {
            "AutoRemove": True,
            "NetworkMode": "none",
            "CapDrop": ["ALL"],
            "ReadonlyRootfs": True,
            "Mounts": [socket_mount(str(folder))],
        },
    }
    container = client.create_container_from_config(config)["Id"]
    try:
        client.start(container)
        return _hear(client, container, folder / SOCKET_NAME)
    finally:
        _remove_container(client, container)


def _remove_container(client: APIClient, container: str) -> None:
    with contextlib.suppress(NotFound):
        try:
            client.remove_container(container, force=True, v=True)
        except APIError as error:
            if error.status_code != 409:  # else the engine is removing it
                raise


def _hear(client: APIClient, container: str, path: Path) -> str:
    """What is wrong with the container's socket; the container ends by itself after a while."""
    while not path.exists():
        try:
            running = client.inspect_container(container)["State"]["Running"]
        except NotFound:
            running = False
        if not running:
            return "no socket came from the container"
        time.sleep(POLL_S)
    deadline = time.monotonic() + CHECK_LIMIT_S
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(CHECK_LIMIT_S)
        while True:
            try:
                caller.connect(str(path))
                return "" if caller.recv(4) == b"here" else "somebody else is on the socket"
            except (ConnectionRefusedError, PermissionError) as error:
                # bound is not yet listening, nor open to everyone
                if time.monotonic() > deadline:
                    return f"the container's socket: {error.strerror}"
                time.sleep(POLL_S)
            except OSError as error:
                return f"the container's socket: {error}"


def _make(root: Path, folder: Path) -> None:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)  # whatever the umask: the container's user makes its socket here


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _remove_others(root: Path, kept: set[str]) -> None:
    with contextlib.suppress(FileNotFoundError):
        for entry in root.iterdir():
            if entry.name not in kept:
                _remove(entry)
