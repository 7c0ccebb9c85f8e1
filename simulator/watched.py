"""A backend whose calls are watched: each has a limit of real time, and those that hang are told.

A backend has deadlines of its own (`backends.base`); this is what holds where it misses one. A call
that takes too long is shown (`hanging`) and goes on; one that reaches its limit is given up: it is
cancelled, and whoever made it is told `EngineUnavailable`, as of an engine that does not answer.
Work in a thread cannot be cancelled. So a call that changes something is waited for until it has
really ended: nothing is done twice to one instance at a time. One that only reads is let go of.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from backends.base import (
    Artifact,
    Backend,
    BackendInfo,
    ImageArtifact,
    ImageInfo,
    InstanceSpec,
    LogLine,
    Observation,
    Ports,
    Progress,
)
from backends.errors import EngineUnavailable
from simulator.clock import steady_s

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """Real seconds.

    Attributes:
        shown_s: a call that takes longer than it has to is shown as hanging from then on.
        silent_s: a preparation (pulling, building) takes as long as it takes; it is shown when
            nothing was heard of it for so long.
        info_s: what the backend is; asked for each `drydock status`.
        read_s: a log, an image's facts.
        list_s: the list of instances: without it nothing is known.
        act_s: starting, stopping (the grace comes on top) and removing an instance. The shortest
            deploy timeout is as long.
    """

    shown_s: float = 10.0
    silent_s: float = 60.0
    info_s: float = 2.0
    read_s: float = 10.0
    list_s: float = 30.0
    act_s: float = 180.0


LIMITS = Limits()


@dataclass(frozen=True)
class Hanging:
    """A call that has not come back for long.

    Attributes:
        call: the method, such as `start`.
        subject: the instance's id, the image, the package; empty for the list of instances.
        for_s: how long nothing was heard of it, real seconds.
    """

    call: str
    subject: str
    for_s: float


@dataclass(eq=False)
class _Call:
    """A call that is under way.

    Attributes:
        patience_s: it is hanging when nothing was heard of it for so long.
        heard_s: when something was heard last; the host's monotonic clock.
    """

    method: str
    subject: str
    patience_s: float
    heard_s: float


class WatchedBackend:
    """Implements `backends.base.Backend` with another backend. See the module.

    Attributes:
        inner: the backend that does it.
    """

    def __init__(self, inner: Backend, limits: Limits | None = None) -> None:
        self.inner = inner
        self._limits = limits or LIMITS
        self._calls: set[_Call] = set()
        self._let_go: set[asyncio.Task[Any]] = set()
        self._asking: asyncio.Task[BackendInfo] | None = None
        self._known = BackendInfo(inner.name, False, "it has not answered yet", False, False)

    def hanging(self) -> list[Hanging]:
        """The calls that have not come back for long, the longest first."""
        now = steady_s()
        found = [
            Hanging(call.method, call.subject, now - call.heard_s)
            for call in self._calls
            if now - call.heard_s > call.patience_s
        ]
        return sorted(found, key=lambda one: one.for_s, reverse=True)

    # -- the interface ----------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.inner.name

    async def info(self) -> BackendInfo:
        """What the backend is; as it was known last, and not available, when that takes long."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait([self._asking], timeout=self._limits.info_s)
        if done:
            return self._asking.result()
        words = f"it has not said for {self._limits.info_s:g} s what it is"
        return replace(self._known, available=False, detail=words)

    async def _ask(self) -> BackendInfo:
        with self._watching("info", "", self._limits.shown_s):
            self._known = await self.inner.info()
        return self._known

    async def prepare(self, artifact: Artifact, progress: Progress) -> None:
        subject = artifact.reference if isinstance(artifact, ImageArtifact) else artifact.path
        with self._watching("prepare", subject, self._limits.silent_s) as call:

            def heard(line: str) -> None:
                call.heard_s = steady_s()
                progress(line)

            await self.inner.prepare(artifact, heard)

    async def start(self, spec: InstanceSpec) -> Observation:
        return await self._act("start", spec.instance_id, self.inner.start(spec))

    async def observe(self) -> list[Observation]:
        return await self._read("observe", "", self.inner.observe(), self._limits.list_s)

    async def stop(self, instance_id: str, grace_s: float) -> None:
        work = self.inner.stop(instance_id, grace_s)
        await self._act("stop", instance_id, work, grace_s)

    async def remove(self, instance_id: str) -> None:
        await self._act("remove", instance_id, self.inner.remove(instance_id))

    async def logs(self, instance_id: str, tail: int) -> list[LogLine]:
        work = self.inner.logs(instance_id, tail)
        return await self._read("logs", instance_id, work, self._limits.read_s)

    async def ports(self, instance_id: str) -> Ports | None:
        work = self.inner.ports(instance_id)
        return await self._read("ports", instance_id, work, self._limits.read_s)

    def follow(self, instance_id: str, tail: int) -> AsyncIterator[LogLine]:
        return self.inner.follow(instance_id, tail)

    def changes(self) -> AsyncIterator[str]:
        return self.inner.changes()

    async def inspect_image(self, reference: str) -> ImageInfo:
        work = self.inner.inspect_image(reference)
        return await self._read("inspect_image", reference, work, self._limits.read_s)

    async def close(self) -> None:
        for task in (*self._let_go, *([self._asking] if self._asking else ())):
            task.cancel()
        await self.inner.close()

    async def remove_everything(self) -> None:
        await self._act("remove_everything", "", self.inner.remove_everything())

    # -- how it works -----------------------------------------------------------------------

    @contextlib.contextmanager
    def _watching(self, method: str, subject: str, patience_s: float) -> Iterator[_Call]:
        call = _Call(method, subject, patience_s, steady_s())
        self._calls.add(call)
        try:
            yield call
        finally:
            self._calls.discard(call)

    async def _act(
        self, method: str, subject: str, work: Coroutine[Any, Any, T], allowed_s: float = 0.0
    ) -> T:
        """Something that must not be done twice at a time: returns when it has really ended.

        Args:
            allowed_s: how long the work itself may take.
        """
        limit_s = allowed_s + self._limits.act_s
        with self._watching(method, subject, allowed_s + self._limits.shown_s):
            try:
                async with asyncio.timeout(limit_s) as limit:
                    return await work
            except TimeoutError:
                if not limit.expired():
                    raise
                raise given_up(method, subject, limit_s) from None

    async def _read(
        self, method: str, subject: str, work: Coroutine[Any, Any, T], limit_s: float
    ) -> T:
        """Something that does no harm: whoever asked goes on when the limit is reached."""
        task = asyncio.create_task(self._watched(method, subject, work))
        try:
            done, _ = await asyncio.wait([task], timeout=limit_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            return task.result()
        self._let_go.add(task)
        task.add_done_callback(self._forget)
        task.cancel()
        raise given_up(method, subject, limit_s)

    async def _watched(self, method: str, subject: str, work: Coroutine[Any, Any, T]) -> T:
        with self._watching(method, subject, self._limits.shown_s):
            return await work

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._let_go.discard(task)
        if not task.cancelled():
            task.exception()  # nobody waits for it any more


def given_up(method: str, subject: str, after_s: float) -> EngineUnavailable:
    """What is said of a call that was given up."""
    of = f" of {subject}" if subject else ""
    return EngineUnavailable(
        f"the call `{method}`{of} has not come back for {after_s:g} s",
        hint="look whether the engine hangs (`docker ps`); Drydock asks it again",
    )
