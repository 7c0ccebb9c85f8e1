"""Instances as containers of a Docker engine, through the docker SDK.

What an instance may do stands in `docker_translate.host_config`; how it is reached in
`docker_network`. The engine's list, filtered by our labels, is the only truth: nothing about an
instance is remembered here that could be wrong after a restart of either side.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import platformdirs

from backends.base import (
    Artifact,
    BackendInfo,
    ImageInfo,
    InstancePhase,
    InstanceSpec,
    LogLine,
    Observation,
    PackageArtifact,
    Ports,
    Progress,
)
from backends.docker_client import EngineClient, EngineRefused, describe_version, is_hang
from backends.docker_containers import OwnContainers
from backends.docker_endpoint import Endpoint, find_endpoint
from backends.docker_logs import Since, TimedLine, read_tail
from backends.docker_network import InstallationNetwork
from backends.docker_ports import ports_of
from backends.docker_pull import ensure_image, inspect_image
from backends.docker_sockets import SocketFolders
from backends.docker_start import InstanceStarter
from backends.docker_streams import Feed, follow_log, watch_changes
from backends.docker_translate import (
    LABEL_INSTANCE,
    LABEL_REACH,
    REACH_SOCKET,
    address_of,
    observation_of,
    phase_of,
    state_of,
    status_key,
)
from backends.errors import BackendError, EngineUnavailable
from backends.images import RuntimeImages

DEFAULT_BASE_IMAGE = "python:3.11-slim"
POLL_S = 0.25
RECONNECT_S = 1.0
INSPECT_AGAIN_S = 60.0
"""Before a container over which the engine hung is inspected again."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Run:
    """What an inspection told about one run of a container.

    Attributes:
        key: its `status_key` then; another key means another run.
        state: the `State` part of the inspection.
        good_until_s: when to inspect again, on the event loop's clock; None for never.
    """

    instance_id: str
    key: tuple[str, str]
    state: dict[str, Any]
    good_until_s: float | None = None


class DockerBackend:
    """A `backends.base.Backend` on a Docker engine, for one installation.

    Args:
        installation: id of the data directory; goes on every label.
        base_image: image with Python that the runtime image is built from.
        endpoint: the engine; found as the docker command does when None.
        cache_dir: for fetched wheels; the user's cache folder when None.
        timeout_s: deadline of a quick call to the engine, in seconds.
        sockets_dir: for the sockets of packages' model servers, at most 85 bytes long; None to
            reach these, too, over TCP.

    Raises:
        EngineUnavailable: there is no trace of an engine on this machine.
    """

    def __init__(
        self,
        installation: str,
        *,
        base_image: str = DEFAULT_BASE_IMAGE,
        endpoint: Endpoint | None = None,
        cache_dir: Path | None = None,
        timeout_s: float = 15.0,
        sockets_dir: Path | None = None,
    ) -> None:
        endpoint = endpoint or find_endpoint()
        if endpoint is None:
            raise EngineUnavailable(
                "There is no Docker engine on this machine: no socket and no DOCKER_HOST.",
                hint="Install and start Docker, or use the backend `process`.",
            )
        self._installation = installation
        self._engine = EngineClient(endpoint, timeout_s)
        self._network = InstallationNetwork(self._engine, installation)
        cache_dir = cache_dir or platformdirs.user_cache_path("drydock")
        self._runtime = RuntimeImages(self._engine, base_image, cache_dir)
        self._containers = OwnContainers(self._engine, installation)
        self._sockets = SocketFolders(sockets_dir, self._engine) if sockets_dir else None
        self._starter = InstanceStarter(
            self._engine, self._containers, self._network, self._runtime, self._sockets
        )
        self._swept = False
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._runs: dict[str, _Run] = {}
        self._feeds: set[Feed[Any]] = set()
        self._closed = False

    @property
    def name(self) -> str:
        return "docker"

    async def info(self) -> BackendInfo:
        """What this backend is and whether the engine answers now. Never raises."""
        try:
            version = await self._engine.call("asking its version", lambda client: client.version())
            facts = await self._engine.facts()
        except BackendError as error:
            return BackendInfo("docker", False, error.message, True, True)
        return BackendInfo(
            "docker",
            True,
            describe_version(version),
            survives_server=True,
            runs_images=True,
            cpus=facts.cpus,
            memory_bytes=facts.memory_bytes or None,
            gpu=facts.gpu,
        )

    async def prepare(self, artifact: Artifact, progress: Progress) -> None:
        """Pull the image of an image artifact; build the runtime image for a package."""
        if isinstance(artifact, PackageArtifact):
            image = await self._runtime.ensure(progress)
            if self._sockets is not None:
                await self._sockets.carry(image.digest)
        else:
            await ensure_image(self._engine, artifact.reference, progress)

    async def inspect_image(self, reference: str) -> ImageInfo:
        """Facts about an image in the engine."""
        return await inspect_image(self._engine, reference)

    async def start(self, spec: InstanceSpec) -> Observation:
        """Create and start a container, adopt the running one, or restart the exited one.

        A container of this id with another spec hash, or off its network, is replaced.
        """
        lock = self._locks.setdefault(spec.instance_id, asyncio.Lock())
        async with lock:
            self._forget_runs(spec.instance_id)
            return await self._starter.start(spec)

    async def observe(self) -> list[Observation]:
        """One list call, and one inspection for each container whose run is not known yet."""
        rows = await self._containers.rows()
        await self._sweep_once(rows)
        present = {row["Id"] for row in rows}
        self._runs = {key: run for key, run in self._runs.items() if key in present}
        seen = await asyncio.gather(*(self._observe_row(row) for row in rows))
        return [observation for observation in seen if observation is not None]

    async def _sweep_once(self, rows: list[dict[str, Any]]) -> None:
        """Remove what containers left behind that have gone while no server ran."""
        if self._sockets is not None and not self._swept:
            self._swept = True
            await self._sockets.keep_only(row["Labels"].get(LABEL_INSTANCE, "") for row in rows)

    async def _observe_row(self, row: dict[str, Any]) -> Observation | None:
        state: dict[str, Any] = {}
        if phase_of(row["State"]) is not InstancePhase.CREATED:
            run = self._runs.get(row["Id"])
            if run is None or run.key != status_key(row) or self._is_outdated(run):
                run = await self._inspected(row)
                if run is None:
                    return None
                self._runs[row["Id"]] = run
            state = run.state
        return observation_of(row, state, address_of(row, self._network.name))

    async def _inspected(self, row: dict[str, Any]) -> _Run | None:
        """One run, inspected; None when the container has gone. Where the engine hangs over this
        container, what its list says must do for a while: the others are not to wait for it."""
        instance_id = row["Labels"].get(LABEL_INSTANCE, "")
        try:
            inspection = await self._containers.inspect(row["Id"])
        except EngineUnavailable as error:
            if not is_hang(error):
                raise
            logger.warning("instance %s: %s", instance_id, error.message)
            good_until_s = asyncio.get_running_loop().time() + INSPECT_AGAIN_S
            return _Run(instance_id, status_key(row), state_of(row), good_until_s)
        if inspection is None:
            return None
        return _Run(instance_id, status_key(row), inspection["State"])

    @staticmethod
    def _is_outdated(run: _Run) -> bool:
        now_s = asyncio.get_running_loop().time()
        return run.good_until_s is not None and now_s >= run.good_until_s

    def _forget_runs(self, instance_id: str) -> None:
        """Something happened to this instance ("" for any): look at its container anew."""
        self._runs = {
            key: run
            for key, run in self._runs.items()
            if instance_id and run.instance_id != instance_id
        }

    async def stop(self, instance_id: str, grace_s: float) -> None:
        """The image's stop signal (SIGTERM unless it names another), `grace_s` seconds, SIGKILL.

        The engine counts whole seconds; a fraction is rounded up.
        """
        for row in await self._containers.rows(instance_id):
            if phase_of(row["State"]) is InstancePhase.RUNNING:
                await self._containers.stop(row["Id"], max(0, math.ceil(grace_s)))

    async def remove(self, instance_id: str) -> None:
        """Kill and remove the container with its anonymous volumes and its socket's folder."""
        for row in await self._containers.rows(instance_id):
            await self._containers.remove(row["Id"])
        if self._sockets is not None:
            await self._sockets.remove(instance_id)

    async def logs(self, instance_id: str, tail: int) -> list[LogLine]:
        """The last `tail` lines of stdout and stderr, as the engine received them."""
        row = await self._containers.row(instance_id)
        lines = await self._tail(row["Id"], tail) if row else []
        return [line.to_log_line(instance_id) for line in lines]

    async def ports(self, instance_id: str) -> Ports | None:
        """Where the container listens; None for one without a network."""
        row = await self._containers.row(instance_id)
        if row is None or (row.get("Labels") or {}).get(LABEL_REACH) == REACH_SOCKET:
            return None
        return await ports_of(self._engine, await self._containers.inspect(row["Id"]))

    async def _tail(self, container: str, tail: int) -> list[TimedLine]:
        try:
            return await self._engine.call(
                "reading a log", lambda client: read_tail(client, container, tail), of_one=True
            )
        except EngineRefused as error:
            if error.status in (404, 409):  # gone, or going
                return []
            raise

    async def follow(self, instance_id: str, tail: int) -> AsyncIterator[LogLine]:
        """The tail, then each new line, through restarts of the container or the engine.

        A reader slower than the instance loses the oldest waiting lines and is told how many.
        """
        row = await self._containers.row(instance_id)
        if row is None:
            return
        since = Since()
        lines = await self._tail(row["Id"], max(tail, 1))
        fresh = [line for line in lines if since.is_new(line)]
        for line in fresh if tail > 0 else ():
            yield line.to_log_line(instance_id)
        while row is not None:
            feed = follow_log(self._engine.endpoint, row["Id"], instance_id, since)
            self._feeds.add(feed)
            try:
                while batch := await feed.take():
                    if dropped := feed.take_dropped():
                        yield LogLine(instance_id, f"[{dropped} lines left out: read too slowly]")
                    for log_line in batch:
                        yield log_line
            finally:
                await self._let_go(feed)
            if isinstance(feed.error, EngineRefused) and feed.error.status not in (404, 409):
                raise feed.error
            row = await self._row_when_running(instance_id)

    async def _row_when_running(self, instance_id: str) -> dict[str, Any] | None:
        """The instance's row once it runs and the engine answers; None when it has gone."""
        while True:
            try:
                row = await self._containers.row(instance_id)
            except EngineUnavailable:
                if self._closed:
                    raise
                await asyncio.sleep(RECONNECT_S)
                continue
            if row is None:
                return None
            # also keeps a stream that breaks again and again from being read in a tight loop
            await asyncio.sleep(POLL_S)
            if phase_of(row["State"]) is InstancePhase.RUNNING:
                return row

    async def changes(self) -> AsyncIterator[str]:
        """Instance ids from the engine's events; "" once connected and after each break."""
        feed = watch_changes(self._engine.endpoint, self._installation)
        self._feeds.add(feed)
        try:
            while batch := await feed.take():
                for instance_id in batch:
                    self._forget_runs(instance_id)
                    yield instance_id
        finally:
            await self._let_go(feed)

    async def _let_go(self, feed: Feed[Any]) -> None:
        self._feeds.discard(feed)
        await feed.aclose()

    async def close(self) -> None:
        """End streams and threads; containers run on."""
        self._closed = True
        for feed in list(self._feeds):
            await feed.aclose()
        self._engine.close()

    async def remove_everything(self) -> None:
        """Remove every container and network with this installation's label. Images stay: other
        installations share them."""
        rows = await self._containers.rows()
        await asyncio.gather(*(self._containers.remove(row["Id"]) for row in rows))
        await self._network.remove()
        if self._sockets is not None:
            await self._sockets.remove_all()
