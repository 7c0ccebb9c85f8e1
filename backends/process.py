"""Instances as child processes: the backend for machines without a container engine.

Runs the built-in runtime (`python -m backends.runtime`) for model packages; container images cannot
run here. Instances end with the server: they hold a pipe on which they see it go, and what a killed
server left behind all the same is ended at the next start.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Sequence
from pathlib import Path
from typing import TypeVar

from backends import process_limits
from backends.base import (
    Artifact,
    BackendInfo,
    ImageArtifact,
    ImageInfo,
    InstanceSpec,
    LogLine,
    Observation,
    PackageArtifact,
    Ports,
    Progress,
)
from backends.errors import ArtifactUnsupported, BackendError, EngineUnavailable, StartFailed
from backends.hardware.model import EngineGpu, Handover
from backends.process_files import RunDirectory
from backends.process_instance import ProcessInstance, Pulse
from backends.process_table import MemoryMeter

RUNTIME_COMMAND = (sys.executable, "-m", "backends.runtime")
NO_GPU = "the process backend computes on the CPU only"

_CLOSE_GRACE_S = 2.0
_MEMORY_PERIOD_S = 0.5

T = TypeVar("T")


class ProcessBackend:
    """Implements `backends.base.Backend` with child processes. Belongs to one event loop."""

    def __init__(
        self,
        installation: str,
        run_dir: Path,
        *,
        command: Sequence[str] = RUNTIME_COMMAND,
        memory_period_s: float = _MEMORY_PERIOD_S,
    ) -> None:
        """
        Args:
            installation: id of the data directory; only its instances are ever touched.
            run_dir: directory of this installation for process files; made when needed.
            command: starts the model server; `--package`, `--uds` and `--threads` are added.
            memory_period_s: seconds between two looks at the instances' memory.
        """
        self._installation = installation
        self._directory = RunDirectory(installation, run_dir)
        self._command = tuple(command)
        self._memory_period_s = memory_period_s
        self._instances: dict[str, ProcessInstance] = {}
        self._recovery: asyncio.Task[list[str]] | None = None
        self._memory_watch: asyncio.Task[None] | None = None
        self._parent_pipe: tuple[int, int] | None = None
        self._changed: dict[str, None] = {}
        self._change = Pulse()
        self._closed = False

    @property
    def name(self) -> str:
        return "process"

    async def info(self) -> BackendInfo:
        enforced = "memory watched"
        if process_limits.HAS_RLIMITS:
            enforced += " and limited by RLIMIT_DATA"
        return BackendInfo(
            name=self.name,
            available=not self._closed,
            detail=f"child processes of this server, packages only, CPU by threads, {enforced}",
            survives_server=False,
            runs_images=False,
            gpu=EngineGpu(Handover.PROCESS, "processes see the GPUs of this host", NO_GPU),
        )

    async def prepare(self, artifact: Artifact, progress: Progress) -> None:
        await asyncio.to_thread(_check_artifact, artifact)

    async def start(self, spec: InstanceSpec) -> Observation:
        if spec.installation != self._installation:
            raise StartFailed(
                f"instance {spec.instance_id} belongs to installation {spec.installation}, "
                f"not to {self._installation}"
            )
        await self.prepare(spec.artifact, lambda _: None)
        await self._recover()
        while True:
            instance = self._instances.get(spec.instance_id)
            if instance is None:
                files = self._directory.files_for(spec.instance_id)
                instance = ProcessInstance(spec, files, self._on_exit)
                self._instances[spec.instance_id] = instance
            async with instance.lock:
                if self._instances.get(spec.instance_id) is instance:
                    return await self._start(instance, spec)

    async def _start(self, instance: ProcessInstance, spec: InstanceSpec) -> Observation:
        if instance.is_ending:
            await instance.wait_for_end()
        if instance.is_running:
            if instance.spec.spec_hash == spec.spec_hash:
                return instance.observation()
            await instance.end(0)
        instance.spec = spec
        launch = asyncio.create_task(self._launch(instance))
        try:
            await asyncio.shield(launch)
        except asyncio.CancelledError:
            await asyncio.gather(launch, return_exceptions=True)
            await self._discard(instance)
            raise
        except BackendError:
            await self._discard(instance)
            raise
        except (OSError, ValueError) as error:
            await self._discard(instance)
            raise StartFailed(
                f"instance {spec.instance_id} could not be started: {error}",
                hint="Look at free disk space, open files and processes, and start it again.",
            ) from error
        return instance.observation()

    async def _launch(self, instance: ProcessInstance) -> None:
        if self._closed:
            raise EngineUnavailable("the process backend has been closed")
        await asyncio.to_thread(self._directory.ensure_sockets)
        if self._parent_pipe is None:
            self._parent_pipe = os.pipe()
        await instance.launch(self._command, self._parent_pipe[0])
        if self._memory_watch is None or self._memory_watch.done():
            self._memory_watch = asyncio.create_task(self._watch_memory())

    async def observe(self) -> list[Observation]:
        await self._recover()
        return [instance.observation() for instance in self._instances.values()]

    async def stop(self, instance_id: str, grace_s: float) -> None:
        if (instance := self._instances.get(instance_id)) is None:
            return
        async with instance.lock:  # a start that is under way comes first
            pass
        await instance.end(grace_s)

    async def remove(self, instance_id: str) -> None:
        await self._recover()
        if (instance := self._instances.get(instance_id)) is None:
            return
        async with instance.lock:
            if self._instances.get(instance_id) is instance:
                await self._discard(instance)

    async def _discard(self, instance: ProcessInstance) -> None:
        await instance.discard()
        self._instances.pop(instance.spec.instance_id, None)

    async def logs(self, instance_id: str, tail: int) -> list[LogLine]:
        instance = self._instances.get(instance_id)
        return await _checked(instance.logs(tail)) if instance else []

    async def ports(self, instance_id: str) -> Ports | None:
        """None: the built-in model server listens on a Unix socket."""
        return None

    async def follow(self, instance_id: str, tail: int) -> AsyncIterator[LogLine]:
        if (instance := self._instances.get(instance_id)) is not None:
            async for line in instance.follow(tail):
                yield line

    async def changes(self) -> AsyncIterator[str]:
        while True:
            change = self._change.next()
            while self._changed:
                instance_id = next(iter(self._changed))
                del self._changed[instance_id]
                yield instance_id
            await change.wait()

    async def inspect_image(self, reference: str) -> ImageInfo:
        raise _no_images(reference)

    async def close(self) -> None:
        self._closed = True
        ending = [self._close(instance) for instance in self._instances.values()]
        failures = [
            result
            for result in await asyncio.gather(*ending, return_exceptions=True)
            if isinstance(result, BaseException)
        ]
        if self._memory_watch is not None:
            self._memory_watch.cancel()
            await asyncio.gather(self._memory_watch, return_exceptions=True)
        if self._parent_pipe is not None:
            for end in self._parent_pipe:
                os.close(end)
            self._parent_pipe = None
        if failures:
            raise failures[0]

    async def _close(self, instance: ProcessInstance) -> None:
        async with instance.lock:
            await instance.end(_CLOSE_GRACE_S)
        instance.let_followers_go()

    async def remove_everything(self) -> None:
        await self._recover()
        await asyncio.gather(*(self.remove(instance_id) for instance_id in self._instances))
        await asyncio.to_thread(self._directory.remove_everything)

    async def _recover(self) -> None:
        """Once, before anything else: end and remove what a killed server left behind."""
        if self._recovery is None:
            recover = asyncio.to_thread(self._directory.recover)
            self._recovery = asyncio.create_task(recover)
        try:
            await _checked(asyncio.shield(self._recovery))
        except BackendError:
            self._recovery = None
            raise

    def _on_exit(self, instance_id: str) -> None:
        self._changed[instance_id] = None
        self._change.beat()

    async def _watch_memory(self) -> None:
        """Kill the instances that use more memory than they may, until none runs."""
        meter = MemoryMeter()
        while running := {i.pid: i for i in self._instances.values() if i.is_running}:
            used = await asyncio.to_thread(meter.resident_bytes, running.keys())
            for pid, used_bytes in used.items():
                instance = running[pid]
                limit_bytes = process_limits.memory_limit_bytes(instance.spec.resources)
                if used_bytes > limit_bytes and instance.is_running and instance.pid == pid:
                    await instance.kill_for_memory(used_bytes)
            await asyncio.sleep(self._memory_period_s)


def _check_artifact(artifact: Artifact) -> None:
    if isinstance(artifact, ImageArtifact):
        raise _no_images(artifact.reference)
    assert isinstance(artifact, PackageArtifact)
    if not Path(artifact.path).is_dir():
        raise StartFailed(
            f"the model package {artifact.path} is not there",
            hint="Import the model again.",
        )


def _no_images(reference: str) -> ArtifactUnsupported:
    return ArtifactUnsupported(
        f"the process backend cannot run the image {reference}",
        hint="Image models need a Docker engine; start one, or import the model as a package.",
    )


async def _checked(call: Awaitable[T]) -> T:
    """Await file work; its failures become the backend's."""
    try:
        return await call
    except OSError as error:
        raise BackendError(
            f"the files of the process backend cannot be used: {error}",
            hint="Look at the free disk space and the permissions of the data directory.",
        ) from error
