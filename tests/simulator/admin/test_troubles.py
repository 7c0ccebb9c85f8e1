"""A server in trouble, over HTTP: it stays up, `GET /_drydock/state` (what `drydock status` shows)
says what is wrong, and everything goes on by itself when the trouble is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from simulator import engine, performer, store_watch, watched
from simulator.bench.drydock import Drydock
from simulator.store.queries import Store
from simulator.watched import Limits
from tests.simulator.bench.support import deploy, deploy_request, status
from tests.support.unwritable import full, unwritable

WITHIN_S = 20.0


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at from time to time is looked at often."""
    monkeypatch.setattr(watched, "LIMITS", Limits(shown_s=0.05, info_s=0.05, list_s=0.3, act_s=60))
    monkeypatch.setattr(engine, "BLIND_RELIST_S", 0.02)
    monkeypatch.setattr(engine, "RELIST_S", 0.1)
    monkeypatch.setattr(performer, "RETRY_FIRST_S", 0.02)
    monkeypatch.setattr(store_watch, "LOOK_S", 0.02)


@pytest.fixture
def model_id(drydock: Drydock) -> str:
    return drydock.add_model()


@pytest.fixture
def store(drydock: Drydock) -> Store:
    return drydock._server.system.store


State = Callable[[], dict[str, Any]]


@pytest.fixture
def state(admin: httpx.Client) -> State:
    return lambda: dict(admin.get("/state").raise_for_status().json())


def until(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def large_request(name: str, model_id: str) -> dict[str, Any]:
    """One that needs more room than a full disk has."""
    request = deploy_request(name, model_id)
    request["config"][0]["envs"] = {f"NAME_{n}": "x" * 512 for n in range(100)}
    return request


class TestAnEngineThatIsAway:
    def test_is_told_and_so_is_since_when(self, drydock: Drydock, state: State) -> None:
        assert state()["backend"]["away_since_ms"] is None
        drydock.script(lambda backend: backend.set_available(False, "the engine was stopped"))
        until(lambda: not state()["backend"]["available"])
        until(lambda: state()["backend"]["away_since_ms"] is not None)
        told = state()["backend"]
        assert told["detail"] == "the engine was stopped"
        drydock.script(lambda backend: backend.set_available(True))
        until(lambda: state()["backend"]["available"])
        assert state()["backend"]["away_since_ms"] is None

    def test_changes_nothing_for_what_ran(
        self, drydock: Drydock, drydock_client: httpx.Client, model_id: str, state: State
    ) -> None:
        service_id = deploy(drydock_client, model_id)
        drydock.settle()
        drydock.script(lambda backend: backend.set_available(False))
        until(lambda: state()["backend"]["away_since_ms"] is not None)
        assert status(drydock_client, service_id) == "running"
        drydock.script(lambda backend: backend.set_available(True))
        drydock.settle()
        assert status(drydock_client, service_id) == "running"
        assert drydock.script(lambda backend: backend.count("start")) == 1

    def test_makes_what_was_asked_for_meanwhile_wait(
        self, drydock: Drydock, drydock_client: httpx.Client, model_id: str, state: State
    ) -> None:
        running = deploy(drydock_client, model_id)
        doomed = deploy(drydock_client, model_id, "doomed")
        drydock.settle()
        drydock.script(lambda backend: backend.set_available(False))
        until(lambda: state()["backend"]["away_since_ms"] is not None)
        late = deploy(drydock_client, model_id, "late")
        drydock_client.delete(f"/services/{doomed}").raise_for_status()
        (instance,) = drydock.instances(running)
        drydock.script(lambda backend: backend.crash(instance))
        (told,) = [one for one in state()["services"] if one["service_id"] == late]
        until(lambda: [s for s in state()["services"] if s["reason"] == "EngineUnavailable"])
        assert told["status"] == "deploying"
        drydock.script(lambda backend: backend.set_available(True))
        drydock.settle()
        assert {one["service_name"]: one["status"] for one in drydock.services()} == {
            "prod": "running",
            "late": "running",
        }
        assert drydock.events(running)[-1] == "the service recovered"


class TestACallThatHangs:
    def test_is_told_with_its_instance_and_how_long(
        self, drydock: Drydock, drydock_client: httpx.Client, model_id: str, state: State
    ) -> None:
        assert state()["backend"]["hanging"] == []
        drydock.script(lambda backend: backend.hang("start"))
        service_id = deploy(drydock_client, model_id)
        until(lambda: state()["backend"]["hanging"])
        (told,) = state()["backend"]["hanging"]
        assert (told["call"], told["subject"]) == ("start", f"{service_id}-1")
        until(lambda: state()["backend"]["hanging"][0]["for_s"] > told["for_s"])
        assert state()["backend"]["available"]
        drydock.script(lambda backend: backend.release("start"))
        drydock.settle()
        assert state()["backend"]["hanging"] == []
        assert status(drydock_client, service_id) == "running"

    def test_holds_up_no_other_service_and_no_request(
        self, drydock: Drydock, drydock_client: httpx.Client, model_id: str, state: State
    ) -> None:
        stuck = deploy(drydock_client, model_id, "stuck")
        drydock.settle()
        (instance,) = drydock.instances(stuck)
        drydock.script(lambda backend: backend.hang("remove", instance))
        drydock_client.delete(f"/services/{stuck}").raise_for_status()
        until(lambda: state()["backend"]["hanging"])
        other = deploy(drydock_client, model_id, "other")
        until(lambda: status(drydock_client, other) == "running")
        assert status(drydock_client, stuck) == "deleting"
        drydock.script(lambda backend: backend.release("remove", instance))
        drydock.settle()
        assert [one["service_name"] for one in drydock.services()] == ["other"]

    def test_of_the_list_means_that_the_engine_is_away_until_it_answers(
        self, drydock: Drydock, drydock_client: httpx.Client, model_id: str, state: State
    ) -> None:
        service_id = deploy(drydock_client, model_id)
        drydock.settle()
        drydock.script(lambda backend: backend.hang("observe"))
        until(lambda: not state()["backend"]["available"])
        assert state()["backend"]["detail"].startswith("the call `observe` has not come back")
        assert status(drydock_client, service_id) == "running"
        late = deploy(drydock_client, model_id, "late")
        drydock.script(lambda backend: backend.release("observe"))
        until(lambda: status(drydock_client, late) == "running")
        assert state()["backend"]["available"]

    def test_of_what_the_backend_is_does_not_hold_up_the_status(
        self, drydock: Drydock, state: State, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import asyncio

        known = state()["backend"]
        inner = drydock._server.system.backend.inner
        monkeypatch.setattr(inner, "info", asyncio.Event().wait)
        told = state()["backend"]
        assert not told["available"]
        assert told["detail"] == "it has not said for 0.05 s what it is"
        assert told["survives_server"] == known["survives_server"]


class TestAStoreOnAFullDisk:
    FULL = "the disk of the data directory is full; make room; Drydock goes on by itself then"

    def test_refuses_what_it_cannot_keep_in_the_documented_form(
        self, drydock: Drydock, drydock_client: httpx.Client, model_id: str, store: Store
    ) -> None:
        with full(store):
            answer = drydock_client.post("/services", json=large_request("large", model_id))
        assert answer.status_code == 507
        assert answer.json() == {"error_code": "Drydock.Storage", "error_msg": self.FULL}
        assert drydock.services() == []

    def test_and_so_it_does_on_its_own_surface(
        self, admin: httpx.Client, model_id: str, store: Store
    ) -> None:
        with unwritable(store):
            answer = admin.delete(f"/models/{model_id}")
        assert answer.status_code == 503
        told = answer.json()
        assert told["code"] == "StorageError"
        assert told["message"].startswith("the data directory cannot be written to")
        assert told["hint"].endswith("Drydock goes on by itself then")
        assert told["request_id"]

    def test_is_told_by_the_status_until_it_can_be_written_again(
        self, drydock_client: httpx.Client, model_id: str, store: Store, state: State
    ) -> None:
        well = {"writable": True, "cause": "", "error": "", "hint": "", "since_ms": None}
        assert state()["store"] == well
        with full(store):
            drydock_client.post("/services", json=large_request("large", model_id))
            told = state()["store"]
            assert (told["writable"], told["cause"]) == (False, "full")
            assert told["error"] == "the disk of the data directory is full"
            assert told["since_ms"] > 0
        until(lambda: state()["store"] == well)

    def test_leaves_what_runs_alone_and_goes_on_with_everything_afterwards(
        self, drydock: Drydock, drydock_client: httpx.Client, model_id: str, store: Store
    ) -> None:
        service_id = deploy(drydock_client, model_id)
        drydock.settle()
        (instance,) = drydock.instances(service_id)
        with unwritable(store):
            drydock.script(lambda backend: backend.crash(instance))
            until(lambda: store.trouble is not None)
            assert status(drydock_client, service_id) == "running"
            answers = [
                drydock_client.post("/services", json=deploy_request("late", model_id)),
                drydock_client.delete(f"/services/{service_id}"),
            ]
            assert [one.status_code for one in answers] == [503, 503]
        until(lambda: store.trouble is None)
        drydock.settle()
        assert drydock.events(service_id)[-1] == "the service recovered"
        late = deploy(drydock_client, model_id, "late")
        drydock.settle()
        assert status(drydock_client, late) == "running"


def test_the_logs_of_an_instance_that_cannot_be_read_do_not_hide_the_others(
    drydock: Drydock,
    drydock_client: httpx.Client,
    admin: httpx.Client,
    model_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service_id = deploy(drydock_client, model_id, instances=2)
    drydock.settle()
    one, other = drydock.instances(service_id)
    backend = drydock._server.system.backend
    monkeypatch.setattr(backend, "_limits", Limits(read_s=0.05))
    drydock.script(lambda fake: fake.write_log(other, "I am well"))
    drydock.script(lambda fake: fake.hang("logs", one))
    lines = admin.get(f"/services/{service_id}/logs").text
    drydock.script(lambda fake: fake.release("logs", one))
    assert f"(its log could not be read: the call `logs` of {one} has not come back" in lines
    assert "I am well" in lines
