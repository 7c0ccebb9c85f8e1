"""The containers that carry our installation's label: listed, looked at, stopped and removed.

Everything finds a container by its labels, never by its name, so that renaming one changes nothing
and one that only has a name like ours is never touched.
"""

from __future__ import annotations

import asyncio
from typing import Any

from docker import APIClient

from backends.base import InstancePhase
from backends.docker_client import EngineClient, EngineRefused
from backends.docker_translate import LABEL_INSTALLATION, LABEL_INSTANCE, phase_of

REMOVAL_LIMIT_S = 60.0
POLL_S = 0.25


class OwnContainers:
    """The containers of one installation."""

    def __init__(self, engine: EngineClient, installation: str) -> None:
        self._engine = engine
        self._installation = installation

    async def rows(self, instance_id: str | None = None) -> list[dict[str, Any]]:
        """The engine's list rows, of all or of one instance, running ones first."""
        labels = [f"{LABEL_INSTALLATION}={self._installation}"]
        if instance_id is not None:
            labels.append(f"{LABEL_INSTANCE}={instance_id}")
        rows: list[dict[str, Any]] = await self._engine.call(
            "listing containers",
            lambda client: client.containers(all=True, filters={"label": labels}),
            of_one=instance_id is not None,
        )
        return sorted(rows, key=lambda row: phase_of(row["State"]) is not InstancePhase.RUNNING)

    async def row(self, instance_id: str) -> dict[str, Any] | None:
        """The row of one instance, None when it does not exist."""
        return next(iter(await self.rows(instance_id)), None)

    async def inspect(self, container: str) -> dict[str, Any] | None:
        """The engine's inspection by id or name, None when there is no such container."""
        try:
            return await self._engine.call(
                "inspecting a container",
                lambda client: client.inspect_container(container),
                of_one=True,
            )
        except EngineRefused as error:
            if error.status == 404:
                return None
            raise

    async def stop(self, container: str, grace_s: int) -> None:
        """Stop signal, whole seconds of grace, SIGKILL. Ended or gone is no error."""
        try:
            await self._engine.call(
                "stopping a container",
                lambda client: _stop(client, container, grace_s),
                wait_s=grace_s,
            )
        except EngineRefused as error:
            if error.status not in (404, 409):
                raise
        # the call may return before the list tells of the end; an inspection waits for that
        await self.inspect(container)

    async def remove(self, container: str) -> None:
        """Kill and remove with its anonymous volumes; returns when it has gone, by whomever."""
        try:
            await self._engine.call(
                "removing a container",
                lambda client: client.remove_container(container, force=True, v=True),
                wait_s=REMOVAL_LIMIT_S,
            )
        except EngineRefused as error:
            if error.status == 404:
                return
            if error.status != 409:
                raise
            await self._until_gone(container, error)

    async def _until_gone(self, container: str, refusal: EngineRefused) -> None:
        """Somebody else's removal is in progress: wait for it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + REMOVAL_LIMIT_S
        while await self.inspect(container) is not None:
            if loop.time() > deadline:
                raise refusal
            await asyncio.sleep(POLL_S)


def _stop(client: APIClient, container: str, grace_s: int) -> None:
    client.timeout -= grace_s  # the SDK adds it again
    client.stop(container, timeout=grace_s)
