"""The engine while a call of the backend hangs, the backend is away, or the store cannot be
written: what is not concerned goes on, and what is goes on by itself when the trouble is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backends.base import InstanceSpec, Observation
from backends.errors import EngineUnavailable
from backends.fake import FakeBackend
from simulator import ending, engine, performer, watched
from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.requests import delete, stop
from simulator.watched import Limits
from tests.support.engine_rig import Rig, engine_rig
from tests.support.unwritable import disk_full, unwritable

SHORT = Limits(shown_s=0.02, info_s=0.02, read_s=0.05, list_s=0.05, act_s=0.05)
SHOWN_SOON = Limits(shown_s=0.02)


@pytest.fixture
def limits() -> Limits:
    return SHOWN_SOON


@pytest.fixture
async def rig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: Limits
) -> AsyncIterator[Rig]:
    for module, name in (
        (engine, "RELIST_S"),
        (engine, "BLIND_RELIST_S"),
        (engine, "RETRY_FIRST_S"),
        (performer, "RETRY_FIRST_S"),
    ):
        monkeypatch.setattr(module, name, 0.02)
    monkeypatch.setattr(watched, "LIMITS", limits)
    async with engine_rig(tmp_path) as made:
        yield made


async def shown(rig: Rig, call: str, subject: str) -> None:
    """Wait until a call is told to hang."""

    def is_shown() -> bool:
        return (call, subject) in [(one.call, one.subject) for one in rig.watched.hanging()]

    async with asyncio.timeout(10):
        while not is_shown():
            await asyncio.sleep(0.005)


def endpoints(rig: Rig) -> list[str]:
    """Where the gateway sends the service's traffic."""
    route = rig.route()
    return [one.instance_id for one in route.versions[0].endpoints] if route else []


class TestACallThatHangs:
    @pytest.mark.parametrize("method", ["prepare", "start"])
    async def test_holds_up_its_own_service_only(self, rig: Rig, method: str) -> None:
        subject = {"prepare": "/models/m1", "start": "stuck-1"}[method]
        rig.backend.hang(method, subject)
        rig.deploy("stuck")
        await rig.until(lambda: rig.backend.count(method, subject) == 1)
        rig.deploy("other", artifact={"kind": "package", "path": "/models/m2"})
        await rig.until_status(S.RUNNING, "other")
        assert rig.status("stuck") is S.DEPLOYING
        rig.backend.release(method, subject)
        await rig.until_status(S.RUNNING, "stuck")

    async def test_is_shown_and_no_more_when_it_has_come_back(self, rig: Rig) -> None:
        rig.backend.hang("start", "svc-1")
        rig.deploy()
        await shown(rig, "start", "svc-1")
        rig.backend.release("start", "svc-1")
        await rig.until_status(S.RUNNING)
        assert rig.watched.hanging() == []
        assert rig.backend.count("start") == 1

    @pytest.mark.parametrize("method", ["stop", "remove"])
    async def test_of_an_end_leaves_other_services_alone(self, rig: Rig, method: str) -> None:
        rig.backend.hang(method, "svc-1")
        await rig.running()
        rig.ask(stop)
        await rig.until(lambda: rig.backend.count(method, "svc-1") == 1)
        rig.deploy("other")
        await rig.until_status(S.RUNNING, "other")
        rig.ask(delete, "other")
        await rig.until_status(None, "other")
        assert rig.status() is S.STOPPING
        rig.backend.release(method, "svc-1")
        await rig.until_status(S.STOPPED)

    async def test_logs_of_many_services_do_not_keep_another_from_being_looked_after(
        self, rig: Rig
    ) -> None:
        names = [f"s{number}" for number in range(19)]  # more than are looked after at a time
        for name in names:
            rig.deploy(name)
        await rig.until(lambda: all(rig.status(name) is S.RUNNING for name in names))
        rig.backend.hang("logs")
        for name in names:
            rig.backend.crash(f"{name}-1")
        await rig.until(lambda: rig.backend.count("logs") == len(names))
        rig.deploy("other")
        await rig.until_status(S.RUNNING, "other")
        rig.backend.release("logs")
        await rig.until(lambda: rig.texts().count("the service recovered") == len(names))

    async def test_of_an_orphans_removal_does_not_end_the_looking(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.hang("remove", "gone-1")
        await FakeBackend("test", host=rig.host).start(rig.a_spec("gone-1"))
        await rig.until(lambda: rig.backend.count("remove", "gone-1") == 1)
        rig.host.remove("test", "svc-1")  # of which no change tells
        await rig.until(lambda: "the service recovered" in rig.texts())
        assert rig.backend.count("remove", "gone-1") == 1
        rig.backend.release("remove", "gone-1")
        await rig.until(lambda: rig.instances() == ["svc-1"])

    async def test_of_a_preparation_does_not_hold_up_the_delete(self, rig: Rig) -> None:
        rig.backend.hang("prepare")
        rig.deploy()
        await rig.until(lambda: rig.backend.count("prepare") == 1)
        rig.ask(delete)
        await rig.until_status(None)
        assert rig.backend.count("start") == 0

    async def test_does_not_hold_up_the_end_of_the_server(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ending, "LIMIT_S", 0.05)
        monkeypatch.setattr(performer, "CLOSE_LIMIT_S", 0.05)
        await rig.running()
        rig.backend.hang("start", "stuck-1")
        rig.backend.hang("stop", "svc-1")
        rig.deploy("stuck")
        await rig.until(lambda: rig.backend.count("start", "stuck-1") == 1)
        async with asyncio.timeout(10):
            await rig.engine.close(keep_running=False)
        assert rig.backend.count("stop", "svc-1") == 1


class TestACallThatIsGivenUp:
    @pytest.fixture
    def limits(self) -> Limits:
        return SHORT

    async def test_is_made_again_but_never_twice_at_a_time(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at_once: list[int] = []
        starting = 0
        inner = rig.backend.start

        async def start(spec: InstanceSpec) -> Observation:
            nonlocal starting
            starting += 1
            at_once.append(starting)
            try:
                return await inner(spec)
            finally:
                starting -= 1

        monkeypatch.setattr(rig.backend, "start", start)
        rig.backend.hang("start")
        rig.deploy()
        await rig.until(lambda: len(at_once) >= 3)
        rig.backend.release("start")
        await rig.until_status(S.RUNNING)
        assert set(at_once) == {1}
        assert rig.instances() == ["svc-1"]
        stored = rig.stored()
        assert stored is not None
        assert stored.service.instances[0].deaths == 0  # it says nothing about the instance

    @pytest.mark.parametrize("method", ["stop", "remove"])
    async def test_of_an_end_is_made_again(
        self, rig: Rig, method: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(performer, "LEAST_STOP_S", 0.01)
        await rig.running(grace_s=0)
        rig.backend.hang(method)
        rig.ask(delete)
        await rig.until(lambda: rig.backend.count(method, "svc-1") >= 2)
        rig.backend.release(method)
        await rig.until_status(None)
        assert rig.instances() == []

    async def test_of_a_log_leaves_the_reason_in_its_place(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.hang("logs")
        rig.backend.crash("svc-1")
        await rig.until(lambda: "the service recovered" in rig.texts())
        died = next(told.event for told in rig.told if told.event.reason == "InstanceExited")
        assert died.evidence.startswith("(its log could not be read: the call `logs` of svc-1")

    async def test_of_the_list_means_that_the_engine_is_away(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.hang("observe")
        await rig.until(lambda: not rig.engine.sightings.known)
        assert isinstance(rig.engine.sightings.error, EngineUnavailable)
        assert "the call `observe` has not come back" in rig.engine.sightings.error.message
        assert rig.engine.sightings.away_since_ms is not None
        rig.engine.wake("svc")
        rig.backend.crash("svc-1")
        assert rig.status() is S.RUNNING  # nothing is concluded from not seeing
        rig.backend.release("observe")
        await rig.until(lambda: "the service recovered" in rig.texts())
        assert rig.engine.sightings.error is None
        assert rig.engine.sightings.away_since_ms is None


class TestAStoreThatCannotBeWritten:
    async def test_what_runs_goes_on_and_what_broke_is_mended_when_it_can_again(
        self, rig: Rig
    ) -> None:
        await rig.running(instances=2)
        with unwritable(rig.store):
            rig.backend.crash("svc-2")
            await rig.until(lambda: endpoints(rig) == ["svc-1"])
            await rig.until(lambda: rig.store.trouble is not None)
            assert rig.status() is S.RUNNING
        await rig.until(lambda: "the service recovered" in rig.texts())
        assert rig.instances() == ["svc-1", "svc-2"]

    async def test_what_waits_for_its_next_try_is_tried_at_once_when_told(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await rig.engine.close(keep_running=True)
        monkeypatch.setattr(engine, "RETRY_FIRST_S", 3600)
        monkeypatch.setattr(engine, "RELIST_S", 3600)
        await rig.restart(keep_running=True)
        rig.deploy()
        with unwritable(rig.store):
            await rig.until(lambda: rig.store.trouble is not None)
        while rig.status() is not S.RUNNING:
            rig.engine.hurry()
            await asyncio.sleep(0.01)

    async def test_what_was_prepared_is_used_although_it_could_not_be_told(self, rig: Rig) -> None:
        rig.store.failures["add_event"] = [disk_full()]
        await rig.running()
        assert "prepared /models/m1" not in rig.texts()
        assert rig.backend.count("prepare") == 1

    async def test_a_sight_that_nobody_could_be_told_of_is_told_later(self, rig: Rig) -> None:
        rig.backend.set_available(False)
        await rig.until(lambda: not rig.engine.sightings.known)
        rig.deploy()
        await rig.until(lambda: bool(rig.published))
        rig.store.failures["service_ids"] = [disk_full(), disk_full()]
        rig.backend.set_available(True)
        await rig.until_status(S.RUNNING)
        assert rig.store.failures["service_ids"] == []

    async def test_the_server_ends_all_the_same(self, rig: Rig) -> None:
        await rig.running()
        with unwritable(rig.store):
            await rig.engine.close(keep_running=False)
        assert rig.instances() == []


class TestChanges:
    async def test_are_followed_again_after_they_broke(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await rig.engine.close(keep_running=True)
        broken = 0
        inner = FakeBackend.changes

        async def changes(self: FakeBackend) -> AsyncIterator[str]:
            nonlocal broken
            if broken < 2:
                broken += 1
                raise EngineUnavailable("the stream broke")
            async for one in inner(self):
                yield one

        monkeypatch.setattr(FakeBackend, "changes", changes)
        monkeypatch.setattr(engine, "RELIST_S", 3600)
        await rig.restart(keep_running=True)
        await rig.until(lambda: broken == 2)
        rig.deploy()
        await rig.until_status(S.RUNNING)
        rig.backend.crash("svc-1")
        await rig.until(lambda: "the service recovered" in rig.texts())
