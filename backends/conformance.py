"""Tests that every backend must pass, for reuse: `class TestMine(BackendConformance)`.

The subclass, or a conftest beside it, supplies the fixtures

    backend     a `Backend` with no instances; afterwards everything of it is removed and closed
    neighbour   another one on the same engine, for the installation `NEIGHBOUR`
    make_spec   a `MakeSpec`

and overrides the hooks `kill`, `say`, `unstartable` and, where it can, `read_env`. Needs pytest and
pytest-asyncio in auto mode; nothing but tests imports this module. To see the values of a failed
assertion, call `pytest.register_assert_rewrite("backends.conformance")` in the conftest first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol, TypeVar, cast

import pytest

from backends.base import Backend, InstancePhase, InstanceSpec, Observation
from backends.errors import BackendError

NEIGHBOUR = "neighbour"
"""Installation id of the fixture `neighbour`."""

_POLL_S = 0.02

T = TypeVar("T")


class MakeSpec(Protocol):
    """Makes specs that differ in nothing but what is given."""

    def __call__(
        self,
        instance_id: str = "i-1",
        *,
        installation: str | None = None,
        envs: Mapping[str, str] | None = None,
    ) -> InstanceSpec:
        """A spec that can be started; `installation` is the backend's own unless given."""
        ...


class BackendConformance:
    """One test for each promise of `backends.base.Backend`.

    Attributes:
        timeout_s: real seconds that one change of state may take on this engine.
    """

    timeout_s = 15.0

    # Hooks

    async def kill(self, backend: Backend, instance_id: str) -> None:
        """Kill the running instance's process from outside, without the backend."""
        raise NotImplementedError

    async def say(self, backend: Backend, instance_id: str, lines: Sequence[str]) -> None:
        """Let the running instance write these lines to its output."""
        raise NotImplementedError

    async def unstartable(self, backend: Backend, make_spec: MakeSpec) -> InstanceSpec:
        """A spec whose start fails, or arrange that the next start of the returned one fails."""
        raise NotImplementedError

    async def read_env(self, backend: Backend, instance_id: str, name: str) -> str | None:
        """The variable as the running instance sees it; None if it is not set."""
        pytest.skip("this backend has no way to look into an instance's environment")

    # Facts about the backend

    async def test_is_a_backend(self, backend: Backend) -> None:
        assert isinstance(backend, Backend)
        assert backend.name

    async def test_info_tells_name_and_availability(self, backend: Backend) -> None:
        info = await backend.info()
        assert info.name == backend.name
        assert info.available
        assert info.detail
        assert "\n" not in info.detail

    async def test_info_does_not_raise_after_close(self, backend: Backend) -> None:
        await backend.close()
        assert (await backend.info()).name == backend.name

    # Start

    async def test_nothing_is_observed_before_the_first_start(self, backend: Backend) -> None:
        assert await backend.observe() == []

    async def test_started_instance_runs_and_has_an_address(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        spec, earliest_ms = make_spec(), _now_ms()
        await backend.prepare(spec.artifact, lambda _: None)
        started = await backend.start(spec)
        assert started.instance_id == spec.instance_id
        seen = await self.running(backend, spec.instance_id)
        assert (seen.service_id, seen.version_id) == (spec.service_id, spec.version_id)
        assert seen.spec_hash == spec.spec_hash
        assert seen.ref
        assert seen.accelerator
        assert seen.exit_code is None
        assert not seen.oom_killed
        assert seen.address is not None
        assert seen.address.path or (seen.address.host and seen.address.port > 0)
        self.check_instant(seen.started_at_ms, earliest_ms)

    def check_instant(self, at_ms: int | None, earliest_ms: int) -> None:
        """Check an instant of the engine; for an engine with a clock of its own, override."""
        assert at_ms is not None
        assert earliest_ms - 1000 <= at_ms <= _now_ms() + 1000

    async def test_second_start_adopts_the_running_instance(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        first = await self.start(backend, make_spec())
        again = await backend.start(make_spec())
        assert again.ref == first.ref
        assert again.started_at_ms == first.started_at_ms
        assert await self.ids(backend) == ["i-1"]

    async def test_concurrent_starts_of_one_id_make_one_instance(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        spec = make_spec()
        started = await asyncio.gather(*(backend.start(spec) for _ in range(4)))
        assert len({observation.ref for observation in started}) == 1
        assert await self.ids(backend) == ["i-1"]
        await self.running(backend, "i-1")

    async def test_start_with_another_spec_replaces_the_running_instance(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        await self.start(backend, make_spec())
        other = make_spec(envs={"CHANGED": "1"})
        await self.start(backend, other)
        assert [seen.spec_hash for seen in await backend.observe()] == [other.spec_hash]

    async def test_two_instances_are_distinct(self, backend: Backend, make_spec: MakeSpec) -> None:
        one = await self.start(backend, make_spec("i-1"))
        two = await self.start(backend, make_spec("i-2"))
        assert one.ref != two.ref
        assert one.address != two.address
        await backend.stop("i-1", grace_s=5)
        await self.exited(backend, "i-1")
        assert (await self.running(backend, "i-2")).ref == two.ref

    async def test_instance_gets_its_variables(self, backend: Backend, make_spec: MakeSpec) -> None:
        value = "a b=c 'd' \"e\" é"
        await self.start(backend, make_spec(envs={"GREETING": value}))
        assert await self.read_env(backend, "i-1", "GREETING") == value

    async def test_failed_start_raises_and_leaves_nothing(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        spec = await self.unstartable(backend, make_spec)
        with pytest.raises(BackendError) as caught:
            await backend.start(spec)
        assert caught.value.message
        assert await backend.observe() == []
        assert await backend.logs(spec.instance_id, 10) == []

    # Stop, remove, restart

    async def test_stopped_instance_has_exited_and_keeps_its_log(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        await self.start(backend, make_spec())
        await self.say(backend, "i-1", ["last words"])
        await self.logged(backend, "i-1", "last words")
        await backend.stop("i-1", grace_s=5)
        seen = await self.exited(backend, "i-1")
        assert seen.exit_code is not None
        assert seen.exit_code >= 0
        assert seen.address is None
        assert not seen.oom_killed
        await self.logged(backend, "i-1", "last words")

    async def test_stop_without_grace_ends_it(self, backend: Backend, make_spec: MakeSpec) -> None:
        await self.start(backend, make_spec())
        await backend.stop("i-1", grace_s=0)
        await self.exited(backend, "i-1")

    async def test_stop_may_be_repeated(self, backend: Backend, make_spec: MakeSpec) -> None:
        await self.start(backend, make_spec())
        await backend.stop("i-1", grace_s=5)
        code = (await self.exited(backend, "i-1")).exit_code
        await backend.stop("i-1", grace_s=5)
        assert (await self.exited(backend, "i-1")).exit_code == code

    async def test_unknown_instance_is_no_error(self, backend: Backend) -> None:
        await backend.stop("i-unknown", grace_s=1)
        await backend.remove("i-unknown")
        assert await backend.logs("i-unknown", 10) == []
        assert [line async for line in backend.follow("i-unknown", 10)] == []

    async def test_removed_running_instance_is_gone(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        await self.start(backend, make_spec())
        await backend.remove("i-1")
        assert await backend.observe() == []
        assert await backend.logs("i-1", 10) == []
        await backend.remove("i-1")

    async def test_removed_exited_instance_is_gone(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        await self.start(backend, make_spec())
        await backend.stop("i-1", grace_s=5)
        await backend.remove("i-1")
        assert await backend.observe() == []

    async def test_exited_instance_is_restarted_under_its_id(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        first = await self.start(backend, make_spec())
        await self.kill(backend, "i-1")
        await self.exited(backend, "i-1")
        second = await self.start(backend, make_spec())
        assert second.exit_code is None
        assert second.address is not None
        assert first.started_at_ms is not None
        assert second.started_at_ms is not None
        assert second.started_at_ms > first.started_at_ms
        assert await self.ids(backend) == ["i-1"]

    async def test_killed_instance_is_observed_as_exited_with_137(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        await self.start(backend, make_spec())
        await self.kill(backend, "i-1")
        seen = await self.exited(backend, "i-1")
        assert seen.exit_code == 137
        assert seen.address is None

    async def test_end_of_an_instance_wakes_changes(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        await self.start(backend, make_spec())
        seen_exit = asyncio.create_task(self._exit_hinted(backend, "i-1"))
        await asyncio.sleep(0)  # the consumer waits before the instance ends
        await self.kill(backend, "i-1")
        await asyncio.wait_for(seen_exit, self.timeout_s)

    async def _exit_hinted(self, backend: Backend, instance_id: str) -> None:
        """Return when a hint leads to the sight of an exited instance."""
        async with closing(backend.changes()) as hints:
            async for hint in hints:
                seen = {o.instance_id: o.phase for o in await backend.observe()}
                if hint in ("", instance_id) and seen[instance_id] is InstancePhase.EXITED:
                    return

    # Logs

    async def test_logs_are_the_last_lines_oldest_first(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        await self.start(backend, make_spec())
        lines = [f"line {n}" for n in range(20)]
        await self.say(backend, "i-1", lines)
        await self.logged(backend, "i-1", "line 19")
        tail = await backend.logs("i-1", 5)
        assert [line.text for line in tail] == lines[-5:]
        assert {line.instance_id for line in tail} == {"i-1"}
        assert await backend.logs("i-1", 0) == []
        assert set(lines) <= {line.text for line in await backend.logs("i-1", 1000)}

    async def test_follow_gives_the_tail_then_new_lines_then_ends(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        await self.start(backend, make_spec())
        await self.say(backend, "i-1", ["old 1", "old 2", "old 3"])
        await self.logged(backend, "i-1", "old 3")
        async with closing(backend.follow("i-1", 2)) as lines:
            assert (await self.within(anext(lines))).text == "old 2"
            assert (await self.within(anext(lines))).text == "old 3"
            await self.say(backend, "i-1", ["new"])
            assert (await self.within(anext(lines))).text == "new"
            await backend.remove("i-1")
            with pytest.raises(StopAsyncIteration):
                await self.within(_last(lines))

    # Ownership

    async def test_neighbours_do_not_see_each_other(
        self, backend: Backend, neighbour: Backend, make_spec: MakeSpec
    ) -> None:
        mine = await self.start(backend, make_spec())
        theirs = await self.start(neighbour, make_spec(installation=NEIGHBOUR))
        assert [seen.ref for seen in await backend.observe()] == [mine.ref]
        assert [seen.ref for seen in await neighbour.observe()] == [theirs.ref]
        assert mine.ref != theirs.ref

    async def test_remove_everything_leaves_the_neighbour_alone(
        self, backend: Backend, neighbour: Backend, make_spec: MakeSpec
    ) -> None:
        await self.start(backend, make_spec("i-1"))
        await self.start(backend, make_spec("i-2"))
        await backend.stop("i-2", grace_s=5)
        theirs = await self.start(neighbour, make_spec(installation=NEIGHBOUR))
        await backend.remove_everything()
        assert await backend.observe() == []
        assert (await self.running(neighbour, "i-1")).ref == theirs.ref
        await backend.remove_everything()

    async def test_backend_is_usable_after_remove_everything(
        self, backend: Backend, make_spec: MakeSpec
    ) -> None:
        await self.start(backend, make_spec())
        await backend.remove_everything()
        await self.start(backend, make_spec())

    async def test_close_may_be_repeated(self, backend: Backend, make_spec: MakeSpec) -> None:
        await self.start(backend, make_spec())
        await backend.close()
        await backend.close()

    # What the tests are written with

    async def start(self, backend: Backend, spec: InstanceSpec) -> Observation:
        """Start it and wait until it runs."""
        await backend.prepare(spec.artifact, lambda _: None)
        await backend.start(spec)
        return await self.running(backend, spec.instance_id)

    async def running(self, backend: Backend, instance_id: str) -> Observation:
        return await self.in_phase(backend, instance_id, InstancePhase.RUNNING)

    async def exited(self, backend: Backend, instance_id: str) -> Observation:
        return await self.in_phase(backend, instance_id, InstancePhase.EXITED)

    async def in_phase(
        self, backend: Backend, instance_id: str, phase: InstancePhase
    ) -> Observation:
        """Wait for the phase."""

        async def look() -> Observation | None:
            seen = {o.instance_id: o for o in await backend.observe()}.get(instance_id)
            return seen if seen and seen.phase is phase else None

        return await self.eventually(look, f"{instance_id} is {phase}")

    async def logged(self, backend: Backend, instance_id: str, text: str) -> None:
        """Wait until it has written this line."""

        async def look() -> bool:
            return text in [line.text for line in await backend.logs(instance_id, 100)]

        await self.eventually(look, f"{instance_id} has written {text!r}")

    async def ids(self, backend: Backend) -> list[str]:
        return sorted(seen.instance_id for seen in await backend.observe())

    async def eventually(self, look: Callable[[], Awaitable[T | None]], claim: str) -> T:
        """Repeat until the answer is true."""
        deadline = time.monotonic() + self.timeout_s
        while not (answer := await look()):
            assert time.monotonic() < deadline, f"not within {self.timeout_s} s: {claim}"
            await asyncio.sleep(_POLL_S)
        return answer

    async def within(self, call: Awaitable[T]) -> T:
        return await asyncio.wait_for(call, self.timeout_s)


def closing(stream: AsyncIterator[T]) -> aclosing[AsyncGenerator[T, None]]:
    """Close the stream at the end of the block; backends' streams are async generators."""
    return aclosing(cast("AsyncGenerator[T, None]", stream))


async def _last(stream: AsyncIterator[Any]) -> None:
    """Read to the end, then raise StopAsyncIteration as the stream does."""
    async for _ in stream:
        pass
    await anext(stream)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
