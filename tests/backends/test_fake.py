from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from backends.base import (
    Backend,
    ImageArtifact,
    ImageInfo,
    InstancePhase,
    InstanceSpec,
    PackageArtifact,
)
from backends.conformance import NEIGHBOUR, BackendConformance, MakeSpec
from backends.errors import (
    ArtifactUnsupported,
    EngineUnavailable,
    ImageNotFound,
    StartFailed,
)
from backends.fake import Call, FakeBackend
from backends.fake_host import FakeHost

IMAGE = ImageInfo("shop/ranker:3", "sha256:1", 10, "amd64", "")


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def fake(host: FakeHost) -> FakeBackend:
    return FakeBackend(host=host)


@pytest.fixture
def neighbour(host: FakeHost) -> FakeBackend:
    return FakeBackend(NEIGHBOUR, host=host)


async def phases(fake: FakeBackend) -> dict[str, InstancePhase]:
    return {seen.instance_id: seen.phase for seen in await fake.observe()}


class FakeConformance(BackendConformance):
    async def kill(self, backend: Backend, instance_id: str) -> None:
        assert isinstance(backend, FakeBackend)
        backend.crash(instance_id, 137)

    async def say(self, backend: Backend, instance_id: str, lines: Sequence[str]) -> None:
        assert isinstance(backend, FakeBackend)
        backend.write_log(instance_id, *lines)

    async def unstartable(self, backend: Backend, make_spec: MakeSpec) -> InstanceSpec:
        assert isinstance(backend, FakeBackend)
        backend.fail_next("start", StartFailed("no port is free"))
        return make_spec()

    async def read_env(self, backend: Backend, instance_id: str, name: str) -> str | None:
        assert isinstance(backend, FakeBackend)
        return backend.spec(instance_id).envs.get(name)

    def check_instant(self, at_ms: int | None, earliest_ms: int) -> None:
        assert at_ms == 1_700_000_000_000  # the fake host's clock is its own


class TestFakeBackendConforms(FakeConformance):
    @pytest.fixture
    def backend(self, fake: FakeBackend) -> Backend:
        return fake


class TestSlowFakeBackendConforms(FakeConformance):
    @pytest.fixture
    def backend(self, host: FakeHost) -> Backend:
        return FakeBackend(host=host, start_steps=3)


class TestStart:
    async def test_instance_runs_after_the_scripted_number_of_looks(self, make_spec) -> None:
        fake = FakeBackend(start_steps=2)
        started = await fake.start(make_spec())
        assert (started.phase, started.address) == (InstancePhase.CREATED, None)
        looks = [(await phases(fake))["i-1"] for _ in range(4)]
        assert looks == [InstancePhase.CREATED] * 2 + [InstancePhase.RUNNING] * 2

    async def test_advance_alone_can_make_it_run(self, make_spec) -> None:
        fake = FakeBackend(start_steps=2, observe_steps=False)
        await fake.start(make_spec())
        for _ in range(5):
            assert await phases(fake) == {"i-1": InstancePhase.CREATED}
        fake.advance()
        assert await phases(fake) == {"i-1": InstancePhase.CREATED}
        fake.advance()
        assert await phases(fake) == {"i-1": InstancePhase.RUNNING}

    async def test_every_run_has_an_address_of_its_own(self, fake, make_spec) -> None:
        first = await fake.start(make_spec())
        assert first.address is not None
        assert first.address.host == "127.0.0.1"
        fake.crash("i-1")
        second = await fake.start(make_spec())
        assert second.address != first.address

    async def test_equal_scripts_give_equal_runs(self, make_spec) -> None:
        async def run() -> list[object]:
            fake = FakeBackend(start_steps=1)
            for instance_id in ("i-1", "i-2"):
                await fake.start(make_spec(instance_id))
            fake.crash("i-1", 3)
            await fake.start(make_spec("i-1"))
            return [await fake.observe() for _ in range(3)]

        assert await run() == await run()

    async def test_instance_of_another_installation_is_refused(self, fake, make_spec) -> None:
        with pytest.raises(StartFailed):
            await fake.start(make_spec(installation="elsewhere"))

    async def test_instances_outlive_a_dropped_backend(self, host, fake, make_spec) -> None:
        started = await fake.start(make_spec())
        await fake.close()
        assert await FakeBackend(host=host).observe() == [started]

    async def test_instances_end_with_a_backend_they_do_not_survive(self, host, make_spec) -> None:
        fake = FakeBackend(host=host, survives_server=False)
        assert not (await fake.info()).survives_server
        await fake.start(make_spec())
        await fake.close()
        assert await FakeBackend(host=host).observe() == []


class TestFaults:
    async def test_failure_strikes_once_and_only_its_method(self, fake, make_spec) -> None:
        fake.fail_next("start", StartFailed("no port is free"))
        assert await fake.observe() == []
        with pytest.raises(StartFailed, match="no port"):
            await fake.start(make_spec())
        assert await fake.observe() == []
        await fake.start(make_spec())

    async def test_failures_queue_up(self, fake, make_spec) -> None:
        fake.fail_next("start", StartFailed("first"))
        fake.fail_next("start", EngineUnavailable("second"))
        with pytest.raises(StartFailed, match="first"):
            await fake.start(make_spec())
        with pytest.raises(EngineUnavailable, match="second"):
            await fake.start(make_spec())
        await fake.start(make_spec())

    async def test_failure_after_the_effect_leaves_the_effect(self, fake, make_spec) -> None:
        lost = EngineUnavailable("the answer got lost")
        fake.fail_next("start", lost, after_effect=True)
        with pytest.raises(EngineUnavailable):
            await fake.start(make_spec())
        assert await phases(fake) == {"i-1": InstancePhase.RUNNING}
        fake.fail_next("remove", lost, after_effect=True)
        with pytest.raises(EngineUnavailable):
            await fake.remove("i-1")
        assert await phases(fake) == {}

    async def test_unavailable_engine_refuses_all_but_info(self, fake, make_spec) -> None:
        await fake.start(make_spec())
        fake.set_available(False, "socket gone")
        info = await fake.info()
        assert (info.available, info.detail) == (False, "socket gone")
        package = PackageArtifact("/p")
        for call in (
            fake.prepare(package, lambda _: None),
            fake.start(make_spec()),
            fake.observe(),
            fake.stop("i-1", 1),
            fake.remove("i-1"),
            fake.logs("i-1", 1),
            anext(fake.follow("i-1", 1)),
            fake.inspect_image("a"),
            fake.remove_everything(),
        ):
            with pytest.raises(EngineUnavailable, match="socket gone"):
                await call
        fake.set_available(True)
        assert await phases(fake) == {"i-1": InstancePhase.RUNNING}

    async def test_return_of_the_engine_asks_to_look_at_everything(self, fake) -> None:
        fake.set_available(False)
        hints = fake.changes()
        waiting = asyncio.create_task(anext(hints))
        await asyncio.sleep(0)
        fake.set_available(True)
        assert await waiting == ""

    async def test_hanging_call_waits_for_its_release(self, fake, make_spec) -> None:
        fake.hang("start")
        start = asyncio.create_task(fake.start(make_spec()))
        await asyncio.sleep(0)
        assert await fake.observe() == []
        assert not start.done()
        fake.release("start")
        await start
        assert await phases(fake) == {"i-1": InstancePhase.RUNNING}
        await fake.start(make_spec("i-2"))

    async def test_calls_on_one_instance_hang_while_others_go_on(self, fake, make_spec) -> None:
        fake.hang("start", "i1")
        hanging = asyncio.create_task(fake.start(make_spec("i1")))
        await fake.start(make_spec("i2"))
        fake.release("start")  # another hold than that of i1
        await asyncio.sleep(0)
        assert not hanging.done()
        fake.release("start", "i1")
        await hanging

    async def test_cancelled_hanging_call_has_no_effect(self, fake, make_spec) -> None:
        fake.hang("start")
        start = asyncio.create_task(fake.start(make_spec()))
        await asyncio.sleep(0)
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
        fake.release("start")
        assert await fake.observe() == []

    async def test_crash_is_observed_with_its_code(self, fake, make_spec) -> None:
        await fake.start(make_spec())
        fake.crash("i-1", 3)
        (seen,) = await fake.observe()
        assert (seen.phase, seen.exit_code, seen.oom_killed) == (InstancePhase.EXITED, 3, False)
        assert seen.address is None

    async def test_out_of_memory_is_observed_until_the_restart(self, fake, make_spec) -> None:
        await fake.start(make_spec())
        fake.kill_for_memory("i-1")
        (seen,) = await fake.observe()
        assert (seen.exit_code, seen.oom_killed) == (137, True)
        again = await fake.start(make_spec())
        assert (again.exit_code, again.oom_killed) == (None, False)

    async def test_vanished_instance_is_gone_and_hinted_at(self, fake, make_spec) -> None:
        await fake.start(make_spec())
        hints = fake.changes()
        assert await anext(hints) == "i-1"
        fake.vanish("i-1")
        assert await anext(hints) == "i-1"
        assert await fake.observe() == []

    async def test_script_for_an_unknown_instance_is_a_mistake(self, fake) -> None:
        with pytest.raises(KeyError, match="i-9"):
            fake.crash("i-9")


class TestHealth:
    async def test_instance_is_well_as_long_as_it_runs(self, make_spec) -> None:
        fake = FakeBackend(start_steps=1)
        assert fake.healthy("i-1") is None
        await fake.start(make_spec())
        assert fake.healthy("i-1") is False
        fake.advance()
        assert fake.healthy("i-1") is True
        fake.crash("i-1")
        assert fake.healthy("i-1") is False

    async def test_sick_instance_runs_on(self, fake, make_spec) -> None:
        await fake.start(make_spec())
        fake.set_health("i-1", False)
        assert fake.healthy("i-1") is False
        assert await phases(fake) == {"i-1": InstancePhase.RUNNING}
        fake.set_health("i-1", None)
        assert fake.healthy("i-1") is True


class TestImages:
    async def test_known_image_is_described(self, fake) -> None:
        fake.add_image(IMAGE)
        assert await fake.inspect_image("shop/ranker:3") == IMAGE
        with pytest.raises(ImageNotFound):
            await fake.inspect_image("shop/ranker:4")

    async def test_backend_without_images_refuses_them(self, make_spec) -> None:
        fake = FakeBackend(runs_images=False)
        image = ImageArtifact("shop/ranker:3")
        with pytest.raises(ArtifactUnsupported):
            await fake.prepare(image, lambda _: None)
        with pytest.raises(ArtifactUnsupported):
            await fake.start(replace(make_spec(), artifact=image))
        with pytest.raises(ArtifactUnsupported):
            await fake.inspect_image("shop/ranker:3")
        assert await fake.observe() == []

    async def test_preparation_reports_and_is_recorded(self, fake) -> None:
        said: list[str] = []
        await fake.prepare(PackageArtifact("/p"), said.append)
        assert fake.prepared == [PackageArtifact("/p")]
        assert said == ["prepared /p"]


async def test_every_call_is_recorded_also_the_failed(fake, make_spec) -> None:
    fake.fail_next("start", StartFailed("no"))
    with pytest.raises(StartFailed):
        await fake.start(make_spec())
    await fake.start(make_spec())
    await fake.stop("i-1", 1)
    assert fake.calls == [Call("start", "i-1"), Call("start", "i-1"), Call("stop", "i-1")]
    assert (fake.count("start"), fake.count("start", "i-2")) == (2, 0)
