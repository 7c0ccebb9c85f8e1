"""Where instances run, behind one interface.

A backend starts, observes and stops *instances*: running copies of one model version. It knows
nothing about services' statuses, quotas or clouds; it is told exactly what to run and reports
exactly what it sees. `backends.conformance` holds the tests that every backend must pass.

All times here are real time (seconds or epoch milliseconds of the host), never the platform clock:
a container runs in real time, however fast the simulated cloud's timers go.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from backends.hardware.model import NO_GPUS, EngineGpu

INSTANCE_PORT = 8080
"""Port a model image must listen on. Source: ModelArts custom image specification."""


class InstancePhase(StrEnum):
    """What the host sees of an instance. An instance that is not listed does not exist."""

    CREATED = "created"
    """Exists, was never started."""
    RUNNING = "running"
    """Its process runs. Says nothing about whether it answers: the engine's probes do."""
    EXITED = "exited"
    """Its process has ended; `exit_code` says how. Its log is still there until it is removed."""


@dataclass(frozen=True)
class Resources:
    """What one instance may use.

    Attributes:
        cpus: cores, a decimal above 0.
        memory_mib: memory in MiB, above 0; swap is not given on top.
        gpus: NVIDIA GPUs, a decimal; 0 for none.
        npus: Ascend chips (simulated everywhere); 0 for none.
    """

    cpus: float
    memory_mib: int
    gpus: float = 0.0
    npus: int = 0


@dataclass(frozen=True)
class PackageArtifact:
    """A model package in ModelArts layout, run by the built-in runtime.

    Attributes:
        path: directory that contains `model/config.json` and the model files. Read only.
    """

    path: str


@dataclass(frozen=True)
class ImageArtifact:
    """A container image of the user's.

    Attributes:
        reference: name or id as the engine knows it, e.g. `shop/ranker:3`.
        port: TCP port the image listens on.
    """

    reference: str
    port: int = INSTANCE_PORT


Artifact = PackageArtifact | ImageArtifact


@dataclass(frozen=True)
class InstanceSpec:
    """Exactly what to run.

    Attributes:
        installation: id of the data directory that owns the instance.
        service_id: owner service.
        version_id: owner version within the service.
        instance_id: unique in the installation and never reused.
        artifact: what runs.
        envs: environment variables for the model, nothing else of the host's environment.
        resources: limits to enforce.
    """

    installation: str
    service_id: str
    version_id: str
    instance_id: str
    artifact: Artifact
    resources: Resources
    envs: Mapping[str, str] = field(default_factory=dict)

    @property
    def spec_hash(self) -> str:
        """SHA-256 (16 hex digits) of what runs, identities left out: equal specs, equal hash."""
        content = {
            "kind": type(self.artifact).__name__,
            "artifact": asdict(self.artifact),
            "envs": dict(self.envs),
            "resources": asdict(self.resources),
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Address:
    """Where an instance listens: a Unix socket (`path`) or a TCP address (`host` and `port`)."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        return f"unix:{self.path}" if self.path else f"{self.host}:{self.port}"

    @property
    def is_unix(self) -> bool:
        return bool(self.path)


@dataclass(frozen=True)
class Observation:
    """What a backend sees of one instance, now.

    Attributes:
        address: where it listens once it does; None while it is not running.
        exit_code: only when exited; negative for a signal is normalised to 128 + signal.
        oom_killed: the kernel killed it for exceeding its memory limit.
        ref: the engine's own name for it, shown to people: a container id (12 digits) or a pid.
        started_at_ms: real epoch milliseconds of the last start; None if never started.
        accelerator: what it computes on, in words for people: "CPU", "NVIDIA H200", ...
    """

    instance_id: str
    service_id: str
    version_id: str
    spec_hash: str
    phase: InstancePhase
    ref: str
    address: Address | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    started_at_ms: int | None = None
    accelerator: str = "CPU"


@dataclass(frozen=True)
class BackendInfo:
    """What a backend is, for `status` and the dashboard.

    Attributes:
        name: `docker`, `process`, ...
        available: whether it answers now.
        detail: one line for people, e.g. "Docker 20.10.24, API 1.41" or why it does not answer.
        survives_server: whether instances go on running when the server ends.
        runs_images: whether it can run `ImageArtifact`.
        cpus, memory_bytes: what its instances can have together; None for all that this host lets
            the server use.
        gpu: whether its instances can be given GPUs.
    """

    name: str
    available: bool
    detail: str
    survives_server: bool
    runs_images: bool
    cpus: float | None = None
    memory_bytes: int | None = None
    gpu: EngineGpu = NO_GPUS


@dataclass(frozen=True, order=True)
class ListeningPort:
    """A TCP port on which something in an instance takes connections, at one address."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Ports:
    """Where an instance listens, and where it should.

    Attributes:
        wanted: the port on which its model is called, at all addresses.
        listened: what is really listened on.
    """

    wanted: int
    listened: tuple[ListeningPort, ...]


@dataclass(frozen=True)
class ImageInfo:
    """A container image found in the engine.

    Attributes:
        digest: content id; later moves of the tag change nothing for who holds this.
        size_bytes: as the engine reports it.
        architecture: e.g. `amd64`, `arm64`.
        user: the image's USER, empty for root.
    """

    reference: str
    digest: str
    size_bytes: int
    architecture: str
    user: str


@dataclass(frozen=True)
class LogLine:
    """One line of an instance's output.

    Attributes:
        instance_id: who wrote it.
        text: without the line end; at most 64 KiB, not cleaned for a terminal.
        at_ms: real epoch milliseconds, None when the backend does not know.
    """

    instance_id: str
    text: str
    at_ms: int | None = None


Progress = Callable[[str], None]
"""Called with one line for people whenever long work moves on. May be called from any thread."""


@runtime_checkable
class Backend(Protocol):
    """Runs instances. No method blocks the event loop; every method may be repeated safely.

    All raise `backends.errors.BackendError` and nothing else for failures of the outside world;
    `EngineUnavailable` when the engine cannot be reached or does not answer in time.
    """

    @property
    def name(self) -> str:
        """`docker`, `process`, ...; the word a user writes in settings."""
        ...

    async def info(self) -> BackendInfo:
        """What this backend is and whether it answers. Never raises."""
        ...

    async def prepare(self, artifact: Artifact, progress: Progress) -> None:
        """Make everything that `start` needs present: pull the image, build the runtime image.

        Raises:
            ImageNotFound, ImageBuildFailed, ArtifactUnsupported, EngineUnavailable.
        """
        ...

    async def start(self, spec: InstanceSpec) -> Observation:
        """Create and start an instance, or adopt the one that already runs under this id.

        An instance of this id that has exited is started anew (a restart); one that runs with
        another spec hash is replaced. When starting fails, nothing of the instance is left.

        Raises:
            StartFailed, ImageNotFound, ArtifactUnsupported, NameConflict, EngineUnavailable.
        """
        ...

    async def observe(self) -> list[Observation]:
        """All instances of this installation, running or not; of no other installation."""
        ...

    async def stop(self, instance_id: str, grace_s: float) -> None:
        """End the process: SIGTERM, `grace_s` seconds of real time, then SIGKILL. Keeps its log.

        An instance that has ended or does not exist is no error.
        """
        ...

    async def remove(self, instance_id: str) -> None:
        """Kill the instance if it runs and remove all of it, log included. Absent is no error."""
        ...

    async def logs(self, instance_id: str, tail: int) -> list[LogLine]:
        """The last `tail` lines of its output, oldest first; empty for an unknown instance."""
        ...

    async def ports(self, instance_id: str) -> Ports | None:
        """Where it listens; None where that cannot be told: it does not run, or is not reached over
        TCP."""
        ...

    def follow(self, instance_id: str, tail: int) -> AsyncIterator[LogLine]:
        """The last `tail` lines and then each new one, across restarts, until it is removed."""
        ...

    def changes(self) -> AsyncIterator[str]:
        """Yields an instance id (or "" for "look at everything") when something may have changed.

        Only a hint to look sooner: the engine relists from time to time anyway. Ends never; breaks
        of the underlying stream are repaired inside and yield "".
        """
        ...

    async def inspect_image(self, reference: str) -> ImageInfo:
        """Facts about an image in the engine.

        Raises:
            ImageNotFound, ArtifactUnsupported, EngineUnavailable.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. Instances that survive the server (`survives_server`) run on;
        the others are ended."""
        ...

    async def remove_everything(self) -> None:
        """Remove every instance, network and file of this installation, and nothing else."""
        ...
