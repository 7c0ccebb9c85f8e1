"""Which Docker engine this machine has, and whether it answers.

Cheap to import and to ask: the docker SDK is loaded only once a place to connect to was found.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Endpoint:
    """Where an engine listens.

    Attributes:
        url: as the SDK takes it: `unix:///var/run/docker.sock` or `tcp://127.0.0.1:2375`.
        source: how it was found, for people.
    """

    url: str
    source: str

    @property
    def socket_path(self) -> str | None:
        """Path of the Unix socket, None for another kind of endpoint."""
        return self.url.removeprefix("unix://") if self.url.startswith("unix://") else None

    @property
    def is_local(self) -> bool:
        """Whether this machine's 127.0.0.1 and files can be the engine's: no far machine."""
        if self.socket_path is not None:
            return True
        parts = urlsplit(self.url)
        return parts.scheme == "tcp" and parts.hostname in LOOPBACK_HOSTS


@dataclass(frozen=True)
class EngineProbe:
    """Answer of `engine_answers`.

    Attributes:
        answers: whether an engine can be used.
        detail: "Docker 20.10.24, API 1.41, Linux" or, in words, why there is none.
    """

    answers: bool
    detail: str


def find_endpoint(
    environ: Mapping[str, str] | None = None, home: Path | None = None
) -> Endpoint | None:
    """The engine a `docker` command of this user would talk to; None when there is no trace of one.

    In this order: DOCKER_HOST; the current context of the docker command (DOCKER_CONTEXT or
    `~/.docker/config.json`); the system's socket; the sockets of a rootless engine and of Docker
    Desktop. A file that is no socket is passed over.
    """
    environ = os.environ if environ is None else environ
    home = home or Path.home()
    if host := environ.get("DOCKER_HOST"):
        return Endpoint(host, "DOCKER_HOST")
    if found := _from_context(environ, home / ".docker"):
        return found
    candidates = [Path("/var/run/docker.sock")]
    if runtime_dir := environ.get("XDG_RUNTIME_DIR"):
        candidates.append(Path(runtime_dir, "docker.sock"))
    candidates += [home / ".docker/run/docker.sock", home / ".docker/desktop/docker.sock"]
    for path in candidates:
        if _is_socket(path):
            return Endpoint(f"unix://{path}", "socket")
    return None


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False


def _from_context(environ: Mapping[str, str], docker_dir: Path) -> Endpoint | None:
    """The endpoint of the selected context, as the docker command stores it.

    Contexts are kept in `contexts/meta/<SHA-256 of the name>/meta.json`.
    """
    name = environ.get("DOCKER_CONTEXT") or _read_json(docker_dir / "config.json").get(
        "currentContext"
    )
    if not isinstance(name, str) or name in ("", "default"):
        return None
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = _read_json(docker_dir / "contexts" / "meta" / digest / "meta.json")
    try:
        host = meta["Endpoints"]["docker"]["Host"]
    except (KeyError, TypeError):
        return None
    return Endpoint(host, f"context {name}") if isinstance(host, str) and host else None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


async def engine_answers(timeout_s: float = 2.0, endpoint: Endpoint | None = None) -> EngineProbe:
    """Whether a usable engine answers within `timeout_s` seconds. Never raises."""
    endpoint = endpoint or find_endpoint()
    if endpoint is None:
        return EngineProbe(False, "no Docker engine: no socket found and DOCKER_HOST is not set")
    if not endpoint.is_local:
        return EngineProbe(
            False, f"the engine at {endpoint.url} ({endpoint.source}) is on another machine"
        )
    try:
        async with asyncio.timeout(timeout_s + 0.5):
            detail = await asyncio.to_thread(_ask_version, endpoint, timeout_s)
    except TimeoutError:
        return EngineProbe(False, f"no answer from {endpoint.url} within {timeout_s:g} s")
    except Exception as error:
        from backends.docker_client import translate  # noqa: PLC0415

        return EngineProbe(False, translate(error, f"asking {endpoint.url}").message)
    return EngineProbe(True, detail)


def _ask_version(endpoint: Endpoint, timeout_s: float) -> str:
    from backends.docker_client import connect, describe_version  # noqa: PLC0415

    client = connect(endpoint, timeout_s)
    try:
        return describe_version(client.version())
    finally:
        client.close()
