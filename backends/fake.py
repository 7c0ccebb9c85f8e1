"""A scripted backend without I/O, for tests of everything that uses a backend.

It keeps the promises of `backends.base.Backend` (`backends.conformance` proves it) and does what a
test tells it to: fail or hang calls, let instances crash, run out of memory, vanish or turn sick,
be unavailable. Nothing in it depends on time or chance, so equal scripts give equal runs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from backends.base import (
    Artifact,
    BackendInfo,
    ImageArtifact,
    ImageInfo,
    InstancePhase,
    InstanceSpec,
    LogLine,
    Observation,
    Ports,
    Progress,
)
from backends.errors import (
    ArtifactUnsupported,
    BackendError,
    EngineUnavailable,
    ImageNotFound,
    StartFailed,
)
from backends.fake_host import EXIT_AFTER_SIGKILL, EXIT_AFTER_SIGTERM, FakeHost, FakeInstance

ROOMY_CPUS = 4096.0
ROOMY_BYTES = 1 << 52
"""What its instances can have: everything, whatever machine the tests run on."""


@dataclass(frozen=True)
class Call:
    """One call of a backend method.

    Attributes:
        method: `start`, `observe`, ...
        subject: the instance's id, the image's reference, the package's path, or "".
    """

    method: str
    subject: str = ""


@dataclass(frozen=True)
class _Failure:
    error: BackendError
    after_effect: bool


class FakeBackend:
    """Implements `backends.base.Backend` in memory, and the methods that script it.

    Attributes:
        calls: every call of the interface so far, in order, failed ones included.
        prepared: the artifacts that were prepared, in order.
    """

    def __init__(
        self,
        installation: str = "test",
        *,
        host: FakeHost | None = None,
        start_steps: int = 0,
        observe_steps: bool = True,
        survives_server: bool = True,
        runs_images: bool = True,
    ) -> None:
        """
        Args:
            host: the engine; one of its own by default.
            start_steps: how many steps an instance stays CREATED before it runs; 0 to run at
                once. `observe` makes a step after it has looked; `advance` makes steps.
            observe_steps: False to leave all steps to `advance`.
            survives_server: whether instances go on when this backend is closed.
            runs_images: False to refuse `ImageArtifact`.
        """
        self.calls: list[Call] = []
        self.prepared: list[Artifact] = []
        self.start_steps = start_steps
        self._observe_steps = observe_steps
        self._installation = installation
        self._host = host or FakeHost()
        self._survives_server = survives_server
        self._runs_images = runs_images
        self._unavailable = ""
        self._failures: dict[str, deque[_Failure]] = {}
        self._gates: dict[tuple[str, str | None], asyncio.Event] = {}
        self._changed: dict[str, None] = {}
        self._wake = asyncio.Event()

    # The script: what a test makes happen.

    def fail_next(self, method: str, error: BackendError, *, after_effect: bool = False) -> None:
        """Let the next call of `method` raise; repeated, the ones after it too.

        Args:
            after_effect: do the work first, as when only the engine's answer is lost.
        """
        self._failures.setdefault(method, deque()).append(_Failure(error, after_effect))

    def hang(self, method: str, subject: str | None = None) -> None:
        """Let calls of `method`, on `subject` if given, wait until they are released."""
        self._gates.setdefault((method, subject), asyncio.Event())

    def release(self, method: str, subject: str | None = None) -> None:
        """Let the calls go on that `hang` with the same arguments holds, and later ones through."""
        if gate := self._gates.pop((method, subject), None):
            gate.set()

    def set_available(self, available: bool, detail: str = "the fake engine is down") -> None:
        """Switch the engine off or on. Instances run on meanwhile."""
        self._unavailable = "" if available else detail
        if available:
            self._notify("")

    def advance(self, steps: int = 1) -> None:
        """Bring the instances that are starting nearer to running."""
        for instance in self._own():
            if instance.phase is InstancePhase.CREATED:
                self._step(instance, steps)

    def crash(self, instance_id: str, exit_code: int = 1) -> None:
        """End the instance's process from inside."""
        self._exit(self._instance(instance_id), exit_code)

    def kill_for_memory(self, instance_id: str) -> None:
        """End the instance as the kernel does when it exceeds its memory limit."""
        self._exit(self._instance(instance_id), EXIT_AFTER_SIGKILL, oom_killed=True)

    def vanish(self, instance_id: str) -> None:
        """Remove the instance as someone else would, behind the server's back."""
        self._drop(instance_id)

    def write_log(self, instance_id: str, *lines: str) -> None:
        """Let the instance write lines."""
        instance = self._instance(instance_id)
        at_ms = self._host.now_ms()
        instance.lines += [LogLine(instance_id, line, at_ms) for line in lines]
        self._wake_all()

    def set_health(self, instance_id: str, healthy: bool | None) -> None:
        """What `healthy` says while the instance runs; None for "as it is", which is well."""
        self._instance(instance_id).healthy = healthy

    def set_ports(self, instance_id: str, ports: Ports) -> None:
        """Say where an instance listens."""
        self._instance(instance_id).ports = ports

    def healthy(self, instance_id: str) -> bool | None:
        """What a prober would find: None for an unknown instance, False unless it runs."""
        instance = self._find(instance_id)
        if instance is None:
            return None
        return instance.phase is InstancePhase.RUNNING and instance.healthy is not False

    def add_image(self, image: ImageInfo) -> None:
        """Make an image known to `inspect_image`."""
        self._host.images[image.reference] = image

    def count(self, method: str, subject: str | None = None) -> int:
        """How many calls of `method` there were, on `subject` if given."""
        return sum(call.method == method and subject in (None, call.subject) for call in self.calls)

    def spec(self, instance_id: str) -> InstanceSpec:
        """What the instance was last started with."""
        return self._instance(instance_id).spec

    # The interface.

    @property
    def name(self) -> str:
        return "fake"

    async def info(self) -> BackendInfo:
        self.calls.append(Call("info"))
        return BackendInfo(
            name=self.name,
            available=not self._unavailable,
            detail=self._unavailable or "scripted, runs nothing",
            survives_server=self._survives_server,
            runs_images=self._runs_images,
            cpus=ROOMY_CPUS,
            memory_bytes=ROOMY_BYTES,
        )

    async def prepare(self, artifact: Artifact, progress: Progress) -> None:
        failure = await self._enter("prepare", _subject(artifact))
        self._check(artifact)
        progress(f"prepared {_subject(artifact)}")
        self.prepared.append(artifact)
        _leave(failure)

    async def start(self, spec: InstanceSpec) -> Observation:
        failure = await self._enter("start", spec.instance_id)
        self._check(spec.artifact)
        if spec.installation != self._installation:
            raise StartFailed(f"{spec.instance_id} belongs to installation {spec.installation}")
        instance = self._find(spec.instance_id)
        if instance is None or instance.spec.spec_hash != spec.spec_hash:
            self._begin(instance := self._host.create(spec))
        elif instance.phase is InstancePhase.EXITED:
            self._begin(instance)
        _leave(failure)
        return instance.observation

    async def observe(self) -> list[Observation]:
        failure = await self._enter("observe")
        _leave(failure)
        seen = [instance.observation for instance in self._own()]
        if self._observe_steps:
            self.advance()
        return seen

    async def stop(self, instance_id: str, grace_s: float) -> None:
        failure = await self._enter("stop", instance_id)
        if instance := self._find(instance_id):
            self._exit(instance, EXIT_AFTER_SIGTERM if grace_s > 0 else EXIT_AFTER_SIGKILL)
        _leave(failure)

    async def remove(self, instance_id: str) -> None:
        failure = await self._enter("remove", instance_id)
        self._drop(instance_id)
        _leave(failure)

    async def logs(self, instance_id: str, tail: int) -> list[LogLine]:
        failure = await self._enter("logs", instance_id)
        _leave(failure)
        instance = self._find(instance_id)
        return instance.lines[-tail:] if instance and tail > 0 else []

    async def ports(self, instance_id: str) -> Ports | None:
        failure = await self._enter("ports", instance_id)
        _leave(failure)
        instance = self._find(instance_id)
        return instance.ports if instance else None

    async def follow(self, instance_id: str, tail: int) -> AsyncIterator[LogLine]:
        failure = await self._enter("follow", instance_id)
        _leave(failure)
        if (instance := self._find(instance_id)) is None:
            return
        position = max(0, len(instance.lines) - max(0, tail))
        while True:
            wake = self._wake
            while position < len(instance.lines):
                position += 1
                yield instance.lines[position - 1]
            if self._find(instance_id) is not instance:
                return
            await wake.wait()

    async def changes(self) -> AsyncIterator[str]:
        self.calls.append(Call("changes"))
        while True:
            wake = self._wake
            while self._changed:
                instance_id = next(iter(self._changed))
                del self._changed[instance_id]
                yield instance_id
            await wake.wait()

    async def inspect_image(self, reference: str) -> ImageInfo:
        failure = await self._enter("inspect_image", reference)
        _leave(failure)
        self._check(ImageArtifact(reference))
        if (image := self._host.images.get(reference)) is None:
            raise ImageNotFound(f"there is no image {reference}", hint="Add it with add_image.")
        return image

    async def close(self) -> None:
        self.calls.append(Call("close"))
        if not self._survives_server:
            for instance in self._own():
                self._drop(instance.spec.instance_id)

    async def remove_everything(self) -> None:
        failure = await self._enter("remove_everything")
        for instance in self._own():
            self._drop(instance.spec.instance_id)
        _leave(failure)

    # How it works.

    async def _enter(self, method: str, subject: str = "") -> _Failure | None:
        """Record the call, then hang or raise as scripted; a failure for later is returned."""
        self.calls.append(Call(method, subject))
        while gate := self._gates.get((method, None)) or self._gates.get((method, subject)):
            await gate.wait()
        if self._unavailable:
            raise EngineUnavailable(self._unavailable, hint="Call set_available(True).")
        failures = self._failures.get(method)
        failure = failures.popleft() if failures else None
        if failure and not failure.after_effect:
            raise failure.error
        return failure

    def _check(self, artifact: Artifact) -> None:
        if isinstance(artifact, ImageArtifact) and not self._runs_images:
            raise ArtifactUnsupported(
                f"this fake backend cannot run the image {artifact.reference}",
                hint="Make it with runs_images=True.",
            )

    def _own(self) -> list[FakeInstance]:
        return self._host.of(self._installation)

    def _find(self, instance_id: str) -> FakeInstance | None:
        return self._host.find(self._installation, instance_id)

    def _instance(self, instance_id: str) -> FakeInstance:
        if (instance := self._find(instance_id)) is None:
            raise KeyError(f"the fake backend has no instance {instance_id}")
        return instance

    def _begin(self, instance: FakeInstance) -> None:
        instance.begin(self.start_steps)
        self._step(instance, 0)

    def _step(self, instance: FakeInstance, steps: int) -> None:
        instance.steps_to_run -= steps
        if instance.steps_to_run <= 0:
            instance.run(self._host.next_port(), self._host.now_ms())
            self._notify(instance.spec.instance_id)

    def _exit(self, instance: FakeInstance, exit_code: int, oom_killed: bool = False) -> None:
        if instance.phase is not InstancePhase.EXITED:
            instance.exit(exit_code, oom_killed)
            self._notify(instance.spec.instance_id)

    def _drop(self, instance_id: str) -> None:
        if self._host.remove(self._installation, instance_id):
            self._notify(instance_id)

    def _notify(self, instance_id: str) -> None:
        self._changed[instance_id] = None
        self._wake_all()

    def _wake_all(self) -> None:
        event, self._wake = self._wake, asyncio.Event()
        event.set()


def _subject(artifact: Artifact) -> str:
    return artifact.reference if isinstance(artifact, ImageArtifact) else artifact.path


def _leave(failure: _Failure | None) -> None:
    if failure is not None:
        raise failure.error
