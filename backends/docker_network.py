"""The installation's own network, and how this host reaches containers on it.

One user-defined bridge per installation, its containers kept apart from each other (`icc` off).
On Linux with a local engine the host has a route to every container's address, which is both the
fastest way and needs no port of the host. Elsewhere a port is published on 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

from docker import APIClient

from backends.docker_client import EngineClient, EngineRefused
from backends.docker_translate import (
    LABEL_INSTALLATION,
    LABEL_SCHEMA,
    SCHEMA,
    NetworkUse,
    hint_for,
    network_name,
)
from backends.errors import NameConflict, StartFailed


class InstallationNetwork:
    """Finds, makes and removes the network of one installation."""

    def __init__(self, engine: EngineClient, installation: str) -> None:
        self.name = network_name(installation)
        self._engine = engine
        self._installation = installation
        self._lock = asyncio.Lock()

    async def ensure(self) -> NetworkUse:
        """Make the network unless it is there. Asked before each start: a user may remove it.

        Raises:
            NameConflict: a network of this name is not ours.
            StartFailed: the engine refused to make it.
        """
        async with self._lock:
            row = await self._find()
            if row is None:
                await self._make()
                row = await self._find()
        if row is None:
            raise StartFailed(
                f"The network {self.name} was removed while an instance started.",
                hint="Something outside Drydock removes networks: start the instance again.",
            )
        return NetworkUse(str(row["Id"]), await self._needs_publishing(row))

    async def _make(self) -> None:
        try:
            await self._engine.call("creating the network", self._create)
        except EngineRefused as error:
            if error.status == 409:  # another process was faster
                return
            hint = hint_for(error.evidence, "")
            raise StartFailed(error.message, hint=hint, evidence=error.evidence) from error

    def _create(self, client: APIClient) -> None:
        client.create_network(
            self.name,
            driver="bridge",
            check_duplicate=True,
            labels={LABEL_INSTALLATION: self._installation, LABEL_SCHEMA: SCHEMA},
            options={"com.docker.network.bridge.enable_icc": "false"},
        )

    async def _find(self) -> dict[str, Any] | None:
        rows: list[dict[str, Any]] = await self._engine.call(
            "listing networks", lambda client: client.networks(names=[self.name])
        )
        # the engine's filter also finds names that contain this one
        same_name = [row for row in rows if row["Name"] == self.name]
        ours = [
            row
            for row in same_name
            if (row.get("Labels") or {}).get(LABEL_INSTALLATION) == self._installation
        ]
        if ours:
            return await self._keep_oldest(ours)
        if same_name:
            raise NameConflict(
                f"A network named {self.name} exists and is not Drydock's; it was left alone.",
                hint=f"Rename or remove it: `docker network rm {self.name}`.",
            )
        return None

    async def _keep_oldest(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """One of our networks; two servers may have made one each at the same time, and the engine
        then starts nothing because the name is ambiguous."""
        oldest, *others = sorted(rows, key=lambda row: (row.get("Created", ""), row["Id"]))
        for row in others:
            await self._remove(row["Id"])
        return oldest

    async def _needs_publishing(self, row: dict[str, Any]) -> bool:
        """False where the host routes to containers: Linux, an engine on a Unix socket, neither
        Docker Desktop nor rootless, and the network's gateway is an address of this very host
        (it is not when Drydock itself runs in a container with the engine's socket mounted).
        """
        if sys.platform != "linux" or self._engine.endpoint.socket_path is None:
            return True
        if (await self._engine.facts()).behind_wall:
            return True
        configs = (row.get("IPAM") or {}).get("Config") or []
        return not any(_is_own_address(config.get("Gateway", "")) for config in configs)

    async def remove(self) -> None:
        """Remove the network; absent is no error."""
        rows = await self._engine.call(
            "listing networks",
            lambda client: client.networks(
                filters={"label": [f"{LABEL_INSTALLATION}={self._installation}"]}
            ),
        )
        for row in rows:
            await self._remove(row["Id"])

    async def _remove(self, network_id: str) -> None:
        try:
            await self._engine.call(
                "removing the network", lambda client: client.remove_network(network_id)
            )
        except EngineRefused as error:
            if error.status != 404:
                raise


def _is_own_address(host: str) -> bool:
    """Whether an interface of this host has this address: only then can a socket be bound to it."""
    if not host:
        return False
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True
