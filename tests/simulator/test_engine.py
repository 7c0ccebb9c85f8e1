"""The imperative shell, with a fake backend whose instances answer real probes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backends.errors import EngineUnavailable, ImageNotFound, StartFailed
from backends.fake import FakeBackend
from simulator import engine, performer
from simulator.facts.statuses import ServiceStatus as S
from simulator.gateway.state import Availability
from simulator.heartbeat import Heartbeat
from simulator.lifecycle.objects import InstanceState
from simulator.lifecycle.requests import delete, start, stop
from tests.support.builders import CREATED, a_service_row, a_version_row
from tests.support.engine_rig import HEALTH, Rig, engine_rig


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    for module, name in (
        (engine, "RELIST_S"),
        (engine, "BLIND_RELIST_S"),
        (engine, "RETRY_FIRST_S"),
        (performer, "RETRY_FIRST_S"),
    ):
        monkeypatch.setattr(module, name, 0.02)
    async with engine_rig(tmp_path) as made:
        yield made


class TestDeploying:
    async def test_a_service_is_deployed_and_runs(self, rig: Rig) -> None:
        await rig.running()
        assert rig.instances() == ["svc-1"]
        route = rig.route()
        assert route is not None
        assert route.availability is Availability.SERVING
        (version,) = route.versions
        assert [e.path for e in version.endpoints] == [rig.servers.address("svc-1").path]

    async def test_the_route_is_in_force_before_anybody_can_read_running(self, rig: Rig) -> None:
        await rig.running()
        first = next(p for p in rig.published if p.availability is Availability.SERVING)
        assert first.stored_status is S.DEPLOYING

    async def test_every_instance_is_started_once(self, rig: Rig) -> None:
        await rig.running(instances=3)
        assert rig.instances() == ["svc-1", "svc-2", "svc-3"]
        assert rig.backend.count("start") == 3

    async def test_an_instance_gets_exactly_what_its_version_says(self, rig: Rig) -> None:
        await rig.running(envs={"A": "1"}, cpus=0.5, memory_mib=512)
        spec = rig.backend.spec("svc-1")
        assert spec.envs == {"A": "1"}
        assert (spec.resources.cpus, spec.resources.memory_mib) == (0.5, 512)
        assert (spec.installation, spec.service_id, spec.version_id) == ("test", "svc", "v1")

    async def test_what_happens_is_told_and_stored_in_order(self, rig: Rig) -> None:
        await rig.running()
        await rig.until(lambda: rig.texts()[-1:] == ["the service is running"])
        told = rig.texts()
        assert told[0] == "prepared /models/m1"
        assert told[-2].startswith("instance 1 is ready (fake-1")
        stored = [row.text for row in reversed(rig.store.events("svc"))]
        assert stored == [CREATED.text, *told]

    async def test_it_is_not_running_before_the_instance_answers(self, rig: Rig) -> None:
        rig.backend.new_are_well = False
        rig.deploy()
        await rig.until(lambda: len(rig.servers.requests) >= 3)
        assert rig.status() is S.DEPLOYING
        route = rig.route()
        assert route is not None
        assert route.availability is Availability.DEPLOYING
        rig.backend.new_are_well = True
        await rig.until_status(S.RUNNING)

    async def test_when_time_is_over_it_fails_with_the_end_of_the_log(self, rig: Rig) -> None:
        rig.backend.new_are_well = False
        rig.deploy()
        await rig.until(lambda: len(rig.servers.requests) >= 2)  # so the first answer is known
        rig.backend.write_log("svc-1", "loading weights", "still loading")
        rig.clock.advance(1_200_000)
        await rig.until_status(S.FAILED)
        stored = rig.stored()
        assert stored is not None
        assert stored.service.reason == "DeployTimeout"
        assert "GET /health was answered 503" in stored.service.message
        assert stored.service.evidence == "loading weights\nstill loading"
        await rig.until(lambda: rig.instances() == [])

    async def test_services_are_looked_after_independently(self, rig: Rig) -> None:
        rig.backend.new_are_well = False
        rig.deploy("slow")
        await rig.until(lambda: "slow-1" in rig.instances())
        rig.deploy("quick")
        await rig.until(lambda: "quick-1" in rig.instances())
        rig.backend.set_health("quick-1", True)
        await rig.until_status(S.RUNNING, "quick")
        assert rig.status("slow") is S.DEPLOYING


class TestStartFailures:
    async def test_one_that_cannot_help_fails_at_once_with_what_to_do(self, rig: Rig) -> None:
        error = ImageNotFound("there is no image x", hint="pull it", evidence="404 not found")
        rig.backend.fail_next("prepare", error)
        rig.deploy()
        await rig.until_status(S.FAILED)
        stored = rig.stored()
        assert stored is not None
        assert stored.service.reason == "ImageNotFound"
        assert stored.service.message == "there is no image x; pull it"
        assert stored.service.evidence == "404 not found"
        assert rig.instances() == []
        route = rig.route()
        assert route is not None
        await rig.until(lambda: (rig.route() or route).availability is Availability.FAILED)

    async def test_one_that_may_pass_is_tried_again(self, rig: Rig) -> None:
        rig.backend.fail_next("start", StartFailed("no port is free"))
        await rig.running()
        assert rig.backend.count("start") == 2
        assert "no port is free" in rig.texts()

    async def test_the_third_one_fails_the_deployment(self, rig: Rig) -> None:
        for _ in range(3):
            rig.backend.fail_next("start", StartFailed("no port is free"))
        rig.deploy()
        await rig.until(lambda: rig.texts().count("no port is free") == 2)
        rig.clock.advance(10_000)
        await rig.until_status(S.FAILED)
        stored = rig.stored()
        assert stored is not None
        assert stored.service.message == "no port is free; tried 3 times"
        assert rig.instances() == []

    async def test_an_answer_that_was_lost_does_not_start_it_twice(self, rig: Rig) -> None:
        rig.backend.fail_next("start", EngineUnavailable("no answer"), after_effect=True)
        await rig.running()
        assert rig.instances() == ["svc-1"]
        stored = rig.stored()
        assert stored is not None
        assert stored.service.instances[0].deaths == 0

    async def test_an_error_that_nobody_expected_does_not_leave_it_waiting_for_ever(
        self, rig: Rig
    ) -> None:
        rig.backend.fail_next("start", RuntimeError("embedded null byte"))  # type: ignore[arg-type]
        await rig.running()


class TestAnInstanceThatGoesWrong:
    async def test_one_that_dies_comes_back(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.write_log("svc-1", "last words")
        rig.backend.crash("svc-1", 3)
        await rig.until(lambda: "the service recovered" in rig.texts())
        assert rig.status() is S.RUNNING
        stored = rig.stored()
        assert stored is not None
        (instance,) = stored.service.instances
        assert (instance.instance_id, instance.restarts, instance.deaths) == ("svc-1", 1, 1)
        died = next(t.event for t in rig.told if t.event.reason == "InstanceExited")
        assert "exit code 3" in died.text
        assert died.evidence == "last words"

    async def test_meanwhile_it_is_out_of_the_gateway_and_the_service_concerning(
        self, rig: Rig
    ) -> None:
        await rig.running(instances=2)
        rig.published.clear()
        rig.backend.kill_for_memory("svc-2")
        await rig.until(lambda: "the service recovered" in rig.texts())
        worst = min(
            rig.published, key=lambda p: len(p.route.versions[0].endpoints) if p.route else 9
        )
        assert worst.route is not None
        assert worst.availability is Availability.SERVING
        assert [e.instance_id for e in worst.route.versions[0].endpoints] == ["svc-1"]
        assert any(t.event.reason == "OutOfMemory" for t in rig.told)
        assert any(t.event.text.startswith("the service is concerning: 1 of 2") for t in rig.told)

    async def test_one_that_vanished_is_started_again(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.vanish("svc-1")
        await rig.until(lambda: "the service recovered" in rig.texts())
        assert rig.instances() == ["svc-1"]

    async def test_a_crash_loop_backs_off_on_the_platform_clock(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.new_are_well = False
        for deaths in (1, 2):
            await rig.until(lambda: rig.backend.healthy("svc-1") is True)
            rig.backend.crash("svc-1")
            await rig.until(lambda deaths=deaths: self.deaths(rig) == deaths)  # type: ignore[misc]
        starts = rig.backend.count("start")
        rig.clock.advance(9_999)
        rig.engine.wake("svc")
        await rig.until(lambda: rig.status() is S.CONCERNING)
        assert rig.backend.count("start") == starts
        rig.backend.new_are_well = True
        rig.clock.advance(1)
        await rig.until_status(S.RUNNING)
        assert rig.backend.count("start") == starts + 1

    def deaths(self, rig: Rig) -> int:
        stored = rig.stored()
        return stored.service.instances[0].deaths if stored else 0

    async def test_one_that_fails_its_checks_leaves_the_gateway_until_it_is_well(
        self, rig: Rig
    ) -> None:
        await rig.running()
        rig.backend.set_health("svc-1", False)
        rig.clock.advance(5_000)
        await rig.until_status(S.CONCERNING)
        route = rig.route()
        assert route is not None
        assert route.versions[0].endpoints == ()
        rig.backend.set_health("svc-1", True)
        rig.clock.advance(5_000)
        await rig.until_status(S.RUNNING)
        assert rig.backend.count("start") == 1


class TestStopStartDelete:
    async def test_stop_and_start_again(self, rig: Rig) -> None:
        await rig.running()
        rig.ask(stop)
        await rig.until_status(S.STOPPED)
        assert rig.instances() == []
        route = rig.route()
        assert route is not None
        assert route.availability is Availability.STOPPED
        rig.ask(start)
        await rig.until_status(S.RUNNING)
        assert rig.instances() == ["svc-2"]

    async def test_an_instance_leaves_the_gateway_before_it_is_stopped(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.hang("stop")
        rig.ask(stop)
        await rig.until(lambda: rig.backend.count("stop", "svc-1") == 1)
        route = rig.route()
        assert route is not None
        assert route.availability is Availability.STOPPED
        assert route.versions[0].endpoints == ()
        rig.backend.release("stop")
        await rig.until_status(S.STOPPED)

    async def test_an_instance_is_stopped_when_its_running_requests_have_ended(
        self, rig: Rig
    ) -> None:
        await rig.running()
        (instance,) = rig.store.service("svc").instances
        rig.answered.clear()
        rig.ask(stop)
        await rig.until(lambda: rig.drained == [(instance.address, 240)])
        assert rig.backend.count("stop", "svc-1") == 0
        rig.answered.set()
        await rig.until_status(S.STOPPED)
        assert rig.backend.count("stop", "svc-1") == 1

    async def test_a_deleted_service_leaves_nothing(self, rig: Rig) -> None:
        await rig.running()
        rig.ask(delete)
        await rig.until_status(None)
        await rig.until(lambda: rig.route() is None)
        await rig.until(lambda: "the service is deleted" in rig.texts())
        assert rig.instances() == []

    async def test_being_gone_is_told_once(self, rig: Rig) -> None:
        await rig.running()
        rig.ask(delete)
        for _ in range(20):
            rig.engine.wake("svc")
            await asyncio.sleep(0)
        await rig.until(lambda: "the service is deleted" in rig.texts())
        rig.deploy("next")
        await rig.until_status(S.RUNNING, "next")
        assert rig.texts().count("the service is deleted") == 1

    @pytest.mark.parametrize("method", ["prepare", "start"])
    async def test_deleted_while_it_starts_it_leaves_no_instance(
        self, rig: Rig, method: str
    ) -> None:
        rig.backend.hang(method)
        rig.deploy()
        await rig.until(lambda: rig.backend.count(method) == 1)
        rig.ask(delete)
        await rig.until(lambda: rig.status() is S.DELETING)
        rig.backend.release(method)
        await rig.until_status(None)
        assert rig.instances() == []

    async def test_an_instance_is_not_ended_while_it_is_being_started(self, rig: Rig) -> None:
        rig.backend.hang("start")
        rig.deploy()
        await rig.until(lambda: rig.backend.count("start") == 1)
        rig.ask(delete)
        await rig.until(lambda: self.states(rig) == [InstanceState.DRAINING])
        for _ in range(20):
            await asyncio.sleep(0)
        assert rig.backend.count("stop") == rig.backend.count("remove") == 0
        rig.backend.release("start")
        await rig.until_status(None)
        assert rig.instances() == []

    def states(self, rig: Rig) -> list[InstanceState]:
        stored = rig.stored()
        return [i.state for i in stored.service.instances] if stored else []

    async def test_a_delete_that_the_store_refused_is_tried_again(self, rig: Rig) -> None:
        await rig.running()
        full = sqlite3.OperationalError("database or disk is full")
        rig.store.failures["forget_service"] = [full]
        rig.ask(delete)
        await rig.until_status(None)

    async def test_a_removal_that_failed_is_tried_again(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.fail_next("remove", EngineUnavailable("timed out"))
        rig.backend.fail_next("stop", RuntimeError("unexpected"))  # type: ignore[arg-type]
        rig.ask(stop)
        await rig.until_status(S.STOPPED)
        assert rig.instances() == []


class TestEngineAway:
    async def test_running_services_stay_as_they_are(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.set_available(False)
        await rig.until(lambda: not rig.engine.sightings.known)
        rig.engine.wake("svc")
        looks = rig.backend.count("observe")
        await rig.until(lambda: rig.backend.count("observe") > looks + 1)
        assert rig.status() is S.RUNNING
        rig.backend.set_available(True)
        await rig.until(lambda: rig.engine.sightings.known)
        assert rig.status() is S.RUNNING
        assert rig.backend.count("start") == 1

    async def test_what_broke_meanwhile_is_mended_when_it_is_back(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.set_available(False)
        await rig.until(lambda: not rig.engine.sightings.known)
        rig.backend.crash("svc-1")
        rig.backend.set_available(True)
        await rig.until(lambda: "the service recovered" in rig.texts())

    async def test_a_service_that_was_deployed_meanwhile_starts_when_it_is_back(
        self, rig: Rig
    ) -> None:
        rig.backend.set_available(False)
        await rig.until(lambda: not rig.engine.sightings.known)
        rig.deploy()
        await rig.until(lambda: bool(rig.published))
        rig.backend.set_available(True)
        await rig.until_status(S.RUNNING)

    async def test_a_service_without_instances_that_was_deleted_meanwhile_goes_when_it_is_back(
        self, rig: Rig
    ) -> None:
        await rig.running()
        rig.ask(stop)
        await rig.until_status(S.STOPPED)
        rig.backend.set_available(False)
        await rig.until(lambda: not rig.engine.sightings.known)
        published = len(rig.published)
        rig.ask(delete)
        await rig.until(lambda: len(rig.published) > published)
        rig.backend.set_available(True)
        await rig.until_status(None)

    async def test_a_deployment_fails_when_its_time_is_over(self, rig: Rig) -> None:
        rig.backend.set_available(False)
        await rig.until(lambda: not rig.engine.sightings.known)
        rig.deploy()
        await rig.until(lambda: bool(rig.published))
        rig.clock.advance(1_200_000)
        await rig.until_status(S.FAILED)


class TestEnding:
    async def test_kept_instances_are_adopted_by_the_next_engine(self, rig: Rig) -> None:
        await rig.running(instances=2)
        before = rig.stored()
        await rig.restart(keep_running=True)
        rig.engine.wake("svc")
        await rig.until(lambda: any(p.service_id == "svc" for p in rig.published))
        await rig.until(lambda: len(rig.servers.requests) >= 4)
        assert before is not None
        after = rig.stored()
        assert after is not None
        assert after.service == before.service
        assert rig.backend.count("start") == 0
        assert all(p.availability is Availability.SERVING for p in rig.published)

    async def test_the_gateway_is_given_kept_instances_before_anything_was_probed(
        self, rig: Rig
    ) -> None:
        await rig.running()
        await rig.engine.close(keep_running=True)
        (route,) = await rig.engine.routes()
        assert [e.instance_id for e in route.versions[0].endpoints] == ["svc-1"]

    async def test_a_batch_service_has_no_route(self, rig: Rig) -> None:
        await rig.running()
        row = a_service_row("done", kind="batch", goal="stopped", status="finished")
        rig.store.add_service(row, [a_version_row("done")], CREATED)
        rig.engine.wake("done")
        await rig.until(lambda: any(p.service_id == "done" for p in rig.published))
        assert rig.route("done") is None
        await rig.engine.close(keep_running=True)
        assert [route.service_id for route in await rig.engine.routes()] == ["svc"]

    async def test_a_kept_instance_that_hangs_is_found_out(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.set_health("svc-1", False)
        await rig.restart(keep_running=True)
        await rig.until_status(S.CONCERNING)

    async def test_a_kept_instance_that_died_meanwhile_comes_back(self, rig: Rig) -> None:
        await rig.running(instances=2)
        await rig.engine.close(keep_running=True)
        rig.backend.crash("svc-2")
        await rig.restart(keep_running=True)
        await rig.until(lambda: "the service recovered" in rig.texts())
        assert rig.backend.count("start", "svc-1") == 0

    async def test_stopped_instances_leave_and_come_back_under_the_same_ids(self, rig: Rig) -> None:
        await rig.running(instances=2)
        await rig.engine.close(keep_running=False)
        assert rig.instances() == []
        assert rig.status() is S.RUNNING  # it is still wanted
        await rig.restart(keep_running=False)
        await rig.until(lambda: rig.texts()[-1:] == ["the service is running"])
        assert rig.instances() == ["svc-1", "svc-2"]
        assert rig.texts()[0] == "the server was started again; starting the instances"

    async def test_what_ran_until_the_servers_end_is_metered_and_no_more(self, rig: Rig) -> None:
        await rig.running(instances=2)
        rig.clock.advance(60_000)
        await rig.engine.close(keep_running=False)
        rig.clock.advance(3_600_000)
        await rig.restart(keep_running=False)
        await rig.until(lambda: rig.texts()[-1:] == ["the service is running"])
        (usage,) = rig.store.usage(rig.clock.now_ms())
        assert (usage.instance_ms, usage.runs) == (120_000, 4)

    async def test_after_a_kill_it_is_metered_until_the_server_was_last_alive(
        self, rig: Rig
    ) -> None:
        await rig.running()
        rig.clock.advance(60_000)
        Heartbeat(rig.home / "alive").beat(rig.clock.now_ms())
        await rig.engine.close(keep_running=True)  # a killed one does no more either
        Heartbeat(rig.home / "alive").beat(rig.clock.now_ms())
        rig.backend.crash("svc-1")
        rig.clock.advance(3_600_000)
        await rig.engine.routes()
        (usage,) = rig.store.usage(rig.clock.now_ms())
        assert (usage.instance_ms, usage.running_now) == (60_000, 0)

    async def test_kept_instances_are_metered_on(self, rig: Rig) -> None:
        await rig.running()
        await rig.engine.close(keep_running=True)
        rig.clock.advance(3_600_000)
        await rig.engine.routes()
        (usage,) = rig.store.usage(rig.clock.now_ms())
        assert (usage.instance_ms, usage.running_now) == (3_600_000, 1)

    async def test_a_service_with_a_past_of_crashes_comes_back_too(self, rig: Rig) -> None:
        await rig.running()
        for deaths in (1, 2, 3):
            await rig.until(lambda: rig.status() is S.RUNNING)
            rig.backend.crash("svc-1")
            await rig.until(lambda d=deaths: self.deaths(rig) == d)  # type: ignore[misc]
            rig.clock.advance(20_000)
        await rig.until_status(S.RUNNING)
        await rig.restart(keep_running=False)
        await rig.until_status(S.RUNNING)
        assert rig.instances() == ["svc-1"]

    def deaths(self, rig: Rig) -> int:
        stored = rig.stored()
        return stored.service.instances[0].deaths if stored else 0

    async def test_a_stop_that_was_cut_off_is_gone_on_with(self, rig: Rig) -> None:
        await rig.running()
        rig.backend.hang("stop")
        rig.ask(stop)
        await rig.until(lambda: rig.backend.count("stop") == 1)
        await rig.engine.close(keep_running=True)
        rig.backend.release("stop")
        await rig.restart(keep_running=True)
        await rig.until_status(S.STOPPED)
        assert rig.instances() == []

    async def test_a_start_under_way_is_ended_with_the_others(self, rig: Rig) -> None:
        rig.backend.hang("start")
        rig.deploy()
        await rig.until(lambda: rig.backend.count("start") == 1)
        closing = asyncio.create_task(rig.engine.close(keep_running=False))
        await asyncio.sleep(0)
        rig.backend.release("start")
        await closing
        assert rig.instances() == []

    async def test_a_preparation_that_takes_long_does_not_hold_up_the_end(self, rig: Rig) -> None:
        rig.backend.hang("prepare")  # an image of many gigabytes is pulled
        rig.deploy()
        await rig.until(lambda: rig.backend.count("prepare") == 1)
        async with asyncio.timeout(5):
            await rig.engine.close(keep_running=True)

    async def test_nothing_is_done_after_the_end(self, rig: Rig) -> None:
        await rig.running()
        await rig.engine.close(keep_running=True)
        calls = len(rig.backend.calls)
        rig.backend.crash("svc-1")
        rig.engine.wake("svc")
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(rig.backend.calls) == calls


class TestOrphans:
    async def test_an_instance_without_a_service_is_removed(self, rig: Rig) -> None:
        await rig.running()
        await FakeBackend("test", host=rig.host).start(rig.a_spec("gone-1"))
        await rig.until(lambda: rig.instances() == ["svc-1"])
        assert rig.status() is S.RUNNING

    async def test_instances_of_another_installation_are_left_alone(self, rig: Rig) -> None:
        neighbour = FakeBackend("neighbour", host=rig.host)
        await neighbour.start(rig.a_spec("gone-1", "neighbour"))
        await FakeBackend("test", host=rig.host).start(rig.a_spec("gone-2"))
        await rig.until(lambda: rig.instances() == [])
        assert len(await neighbour.observe()) == 1

    async def test_one_failure_of_the_store_does_not_end_the_looking(self, rig: Rig) -> None:
        rig.store.failures["instance_ids"] = [sqlite3.OperationalError("disk I/O error")]
        await rig.until(lambda: rig.store.failures["instance_ids"] == [])
        await FakeBackend("test", host=rig.host).start(rig.a_spec("gone-1"))
        await rig.until(lambda: rig.instances() == [])


class TestWaking:
    async def test_many_wakes_during_one_look_make_one_more(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "RELIST_S", 60)
        await rig.running()
        gate = asyncio.Event()
        rig.before_publishing = gate.wait
        rig.published.clear()
        rig.engine.wake("svc")
        await rig.until(lambda: len(rig.published) == 1)
        for _ in range(50):
            rig.engine.wake("svc")
        gate.set()
        await rig.until(lambda: len(rig.published) == 2)
        rig.deploy("next")
        await rig.until_status(S.RUNNING, "next")
        assert sum(p.service_id == "svc" for p in rig.published) == 2

    async def test_a_service_that_does_not_exist_has_no_route(self, rig: Rig) -> None:
        rig.engine.wake("nobody")
        await rig.until(lambda: bool(rig.published))
        assert rig.route("nobody") is None

    async def test_a_plan_made_from_an_outdated_record_is_made_again(self, rig: Rig) -> None:
        await rig.running()
        once = True

        async def interfere() -> None:
            nonlocal once
            if once:  # a user's request arrives between the look and the note
                once = False
                rig.ask(stop)

        rig.before_publishing = interfere
        rig.backend.crash("svc-1")
        await rig.until_status(S.STOPPED)
        assert rig.instances() == []

    @pytest.mark.parametrize("method", ["service", "save_plan"])
    async def test_a_failure_of_the_store_is_tried_again(self, rig: Rig, method: str) -> None:
        rig.store.failures[method] = [sqlite3.OperationalError("disk I/O error")]
        await rig.running()

    async def test_a_start_that_could_not_be_noted_is_seen_all_the_same(self, rig: Rig) -> None:
        rig.store.failures["change_service"] = [sqlite3.OperationalError("disk is full")]
        await rig.running()

    async def test_many_services_at_once_all_come_to_run(self, rig: Rig) -> None:
        names = [f"s{number}" for number in range(20)]
        for name in names:
            rig.deploy(name)
        await rig.until(lambda: all(rig.status(name) is S.RUNNING for name in names))
        assert len(rig.instances()) == 20


async def test_two_versions_share_the_traffic_by_their_weights(rig: Rig) -> None:
    versions = [
        a_version_row("svc", "v1", weight=70, health=HEALTH),
        a_version_row("svc", "v2", weight=30, health=HEALTH, instances=2),
    ]
    now = rig.clock.now_ms()
    rig.store.add_service(a_service_row(deploy_started_at=now, created_at=now), versions, CREATED)
    rig.engine.wake("svc")
    await rig.until_status(S.RUNNING)
    route = rig.route()
    assert route is not None
    assert [(v.version_id, v.weight, len(v.endpoints)) for v in route.versions] == [
        ("v1", 70, 1),
        ("v2", 30, 2),
    ]
    stored = rig.stored()
    assert stored is not None
    assert {i.state for i in stored.service.instances} == {InstanceState.READY}
