"""Removing all that Drydock ever made for one data directory, while no server runs on it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path

from simulator.config import BackendChoice, Paths
from simulator.lockfile import LockFile


def remove_offline(paths: Paths) -> list[str]:
    """Remove leftover instances and the data directory's files; returns what was removed.

    Files that Drydock does not make, such as `drydock.toml`, stay; the directory itself goes when
    it is empty then.

    Raises:
        AlreadyRunning: a server has been started meanwhile.
        BackendError: instances may be left because the engine does not answer; no file was removed,
            so that the same command can be repeated.
    """
    if not paths.home.is_dir():
        return []
    lock = LockFile(paths.lock)
    lock.acquire()
    try:
        if paths.database.exists():
            asyncio.run(_remove_instances(paths))
        return remove_files(paths)
    finally:
        lock.release()


async def _remove_instances(paths: Paths) -> None:
    """Instances that outlive a server live in Docker; those of the process backend end with it."""
    from simulator.store.queries import Store  # noqa: PLC0415

    store = Store(paths.database)
    try:
        installation = store.installation_id()
        backend_name = store.remembered("backend")
    finally:
        store.close()
    if backend_name != BackendChoice.DOCKER:
        return
    from backends.docker import DockerBackend  # noqa: PLC0415

    backend = DockerBackend(installation)
    try:
        await backend.remove_everything()
    finally:
        await backend.close()


def remove_files(paths: Paths) -> list[str]:
    """Remove Drydock's own files; returns the names of those that were there."""
    own = [
        paths.admin_token,
        paths.signing_key,
        paths.models,
        paths.objects,
        paths.gateway,
        paths.instances,
        paths.run,
        paths.log,
        paths.log.with_name(paths.log.name + ".1"),
        paths.access_log,
        paths.access_log.with_name(paths.access_log.name + ".1"),
        *sorted(paths.home.glob(f"{paths.database.stem}.*")),
        paths.lock,
        paths.heartbeat,
        paths.log_channels,
    ]
    removed = [path.name for path in own if _remove(path)]
    with contextlib.suppress(OSError):  # somebody else's files are left
        paths.home.rmdir()
    return removed


def _remove(path: Path) -> bool:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return True
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
