"""Updates of a deployed service: over HTTP, against a private server with simulated instances."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.support.requests import documented

ONE = documented("realtime")
VERSION = ONE["config"][0]


@pytest.fixture
def models(drydock: Drydock) -> list[str]:
    return [drydock.add_model("mnist", f"0.0.{number}") for number in range(1, 4)]


@pytest.fixture
def service(drydock: Drydock, drydock_client: httpx.Client, models: list[str]) -> str:
    answer = drydock_client.post("services", json={**ONE, "config": [version(models[0])]})
    drydock.settle()
    return f"services/{answer.json()['service_id']}"


def version(model_id: str, **changes: Any) -> dict[str, Any]:
    return {**VERSION, "model_id": model_id, **changes}


def versions(service: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Model, weight and instances of each version."""
    return [(v["model_id"], v["weight"], v["instance_count"]) for v in service["config"]]


class TestConfiguration:
    def test_another_model_takes_the_place_of_the_old_one_step_by_step(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str, models: list[str]
    ) -> None:
        before = drydock.instances(service.split("/")[1])
        answer = drydock_client.put(service, json={"config": [version(models[1])]})
        assert (answer.status_code, answer.json()) == (200, {})
        assert drydock_client.get(service).json()["status"] == "deploying"
        drydock.settle()
        shown = drydock_client.get(service).json()
        assert (shown["status"], versions(shown)) == ("running", [(models[1], 100, 1)])
        assert set(drydock.instances(service.split("/")[1])).isdisjoint(before)

    def test_the_same_configuration_changes_nothing(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str, models: list[str]
    ) -> None:
        before = drydock.instances(service.split("/")[1])
        drydock_client.put(service, json={"config": [version(models[0])]})
        assert drydock_client.get(service).json()["status"] == "running"
        drydock.settle()
        assert drydock.instances(service.split("/")[1]) == before

    def test_more_instances_are_added_and_the_others_stay(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str, models: list[str]
    ) -> None:
        before = drydock.instances(service.split("/")[1])
        drydock_client.put(service, json={"config": [version(models[0], instance_count=3)]})
        drydock.settle()
        after = drydock.instances(service.split("/")[1])
        assert len(after) == 3
        assert set(before) < set(after)

    def test_a_second_version_comes_beside_the_first(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str, models: list[str]
    ) -> None:
        both = [version(models[0], weight=70), version(models[1], weight=30)]
        drydock_client.put(service, json={"config": both})
        drydock.settle()
        shown = drydock_client.get(service).json()
        assert versions(shown) == [(models[0], 70, 1), (models[1], 30, 1)]
        assert len(drydock.instances(service.split("/")[1])) == 2

    def test_one_that_cannot_be_deployed_is_rolled_back_and_that_is_told(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str, models: list[str]
    ) -> None:
        before = drydock.instances(service.split("/")[1])
        drydock.script(lambda backend: backend.set_health(before[0], True))
        drydock.script(lambda backend: backend.start_unwell())
        drydock_client.put(service, json={"config": [version(models[1])]})
        drydock.settle()
        assert drydock_client.get(service).json()["status"] == "deploying"
        drydock.advance(1200)
        shown = drydock_client.get(service).json()
        assert (shown["status"], versions(shown)) == ("running", [(models[0], 100, 1)])
        assert drydock.instances(service.split("/")[1]) == before
        told = drydock.events(service.split("/")[1])
        assert any(
            text.startswith("the update failed: not deployed within 1200 s") for text in told
        )
        assert "the update was rolled back" in told

    def test_it_is_refused_while_another_one_is_under_way(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str, models: list[str]
    ) -> None:
        drydock.script(lambda backend: backend.start_unwell())
        drydock_client.put(service, json={"config": [version(models[1])]})
        answer = drydock_client.put(service, json={"config": [version(models[2])]})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3519")

    def test_a_stopped_service_is_started_with_it(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str, models: list[str]
    ) -> None:
        drydock_client.put(service, json={"status": "stopped"})
        drydock.settle()
        drydock_client.put(service, json={"config": [version(models[1], instance_count=2)]})
        drydock.settle()
        assert drydock_client.get(service).json()["status"] == "stopped"
        assert drydock.instances(service.split("/")[1]) == []
        drydock_client.put(service, json={"status": "running"})
        drydock.settle()
        assert versions(drydock_client.get(service).json()) == [(models[1], 100, 2)]
        assert len(drydock.instances(service.split("/")[1])) == 2

    def test_a_failed_service_is_deployed_anew_with_it(
        self, drydock: Drydock, drydock_client: httpx.Client, models: list[str]
    ) -> None:
        drydock.script(lambda backend: backend.start_unwell())
        answer = drydock_client.post("services", json={**ONE, "config": [version(models[0])]})
        service = f"services/{answer.json()['service_id']}"
        drydock.settle()
        drydock.advance(1200)
        assert drydock_client.get(service).json()["status"] == "failed"
        drydock.script(lambda backend: backend.start_unwell(False))
        drydock_client.put(service, json={"config": [version(models[1])]})
        drydock.settle()
        assert drydock_client.get(service).json()["status"] == "running"


class TestHistory:
    def test_updates_are_listed_with_how_they_ended(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str, models: list[str]
    ) -> None:
        assert drydock_client.get(f"{service}/logs").json()["logs"] == []
        drydock_client.put(service, json={"config": [version(models[1])]})
        drydock.settle()
        drydock.advance(1)
        drydock.script(lambda backend: backend.start_unwell())
        drydock_client.put(service, json={"config": [version(models[2])]})
        drydock.settle()
        logs = drydock_client.get(f"{service}/logs").json()["logs"]
        assert [one["result"] for one in logs] == ["RUNNING", "SUCCESS"]
        drydock.advance(1200)
        last, first = drydock_client.get(f"{service}/logs").json()["logs"]
        assert (last["result"], last["config"][0]["model_id"]) == ("FAIL", models[2])
        assert last["config"][0]["model_version"] == "0.0.3"
        assert last["error_msg"].count("not deployed within 1200 s") == 1
        only = drydock_client.get(f"{service}/logs", params={"update_time": first["update_time"]})
        assert only.json()["logs"] == [first]
        assert drydock_client.get(service).json()["update_time"] == last["update_time"]

    def test_a_description_is_no_update_of_the_configuration(
        self, drydock_client: httpx.Client, service: str
    ) -> None:
        drydock_client.put(service, json={"description": "new"})
        assert drydock_client.get(f"{service}/logs").json()["logs"] == []
        assert "update_time" not in drydock_client.get(service).json()


class TestSingleFields:
    @pytest.mark.parametrize("value", ["3", 3])
    def test_a_patch_replaces_one_field(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str, value: Any
    ) -> None:
        change = {"op": "replace", "path": "/config/0/instance_count", "value": value}
        answer = drydock_client.patch(service, json=[change])
        assert set(answer.json()) == {"update_time", "resource_ids"}
        drydock.settle()
        assert len(drydock.instances(service.split("/")[1])) == 3

    def test_a_patch_reaches_below_a_field(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str
    ) -> None:
        changes = [
            {"op": "replace", "path": "/config/0/envs/MODE", "value": "fast"},
            {"op": "replace", "path": "/config/0/additional_properties/max_surge", "value": "2"},
        ]
        assert drydock_client.patch(service, json=changes).status_code == 200
        drydock.settle()
        config = drydock_client.get(service).json()["config"][0]
        assert config["envs"]["MODE"] == "fast"
        assert config["additional_properties"]["max_surge"] == 2

    @pytest.mark.parametrize(
        ("body", "path"),
        [
            ([], "/operations"),
            ({"op": "replace"}, "/operations"),
            ([{"op": "add", "path": "/config/0/weight", "value": "1"}], "/operations/0/op"),
            ([{"op": "replace", "path": "/config", "value": "1"}], "/operations/0/path"),
            ([{"op": "replace", "path": "/config/0/weight"}], "/operations/0/value"),
            ([{"op": "replace", "path": "/config/1/weight", "value": "1"}], "/0/path"),
            ([{"op": "replace", "path": "/config/0/wieght", "value": "1"}], "/0/path"),
            ([{"op": "replace", "path": "/config/0/weight/x", "value": "1"}], "/0/path"),
            ([{"op": "replace", "path": "/config/0/weight", "value": "99"}], "/config/0/weight"),
            ([{"op": "replace", "path": "/config/0/weight", "value": "x"}], "/config/0/weight"),
        ],
    )
    def test_a_patch_that_is_wrong_is_refused_and_changes_nothing(
        self, drydock_client: httpx.Client, service: str, body: Any, path: str
    ) -> None:
        before = drydock_client.get(service).json()
        answer = drydock_client.patch(service, json=body)
        assert answer.status_code == 400
        assert [one["path"] for one in answer.json()["violations"]] == [path]
        assert drydock_client.get(service).json() == before

    def test_the_number_of_instances_is_changed_alone(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str, models: list[str]
    ) -> None:
        body = {
            "changed_property": "instance_count",
            "configs": [{"model_id": models[0], "changed_value": "2"}],
        }
        assert drydock_client.put(f"{service}/property", json=body).json() == {}
        drydock.settle()
        assert len(drydock.instances(service.split("/")[1])) == 2
        answer = drydock_client.put(f"{service}/property", json=body)
        assert answer.status_code == 400
        assert "must differ from the present number, 2" in answer.json()["error_msg"]

    @pytest.mark.parametrize("count", [0, 6])
    def test_the_rules_hold_for_the_number_of_instances(
        self, drydock_client: httpx.Client, service: str, models: list[str], count: int
    ) -> None:
        body = {
            "changed_property": "instance_count",
            "configs": [{"model_id": models[0], "changed_value": count}],
        }
        answer = drydock_client.put(f"{service}/property", json=body)
        assert answer.status_code == 400
        assert answer.json()["violations"][0]["path"] == "/config/0/instance_count"

    def test_a_model_that_the_service_does_not_have_is_named(
        self, drydock_client: httpx.Client, service: str
    ) -> None:
        body = {
            "changed_property": "instance_count",
            "configs": [{"model_id": "other", "changed_value": 2}],
        }
        answer = drydock_client.put(f"{service}/property", json=body)
        assert answer.json()["violations"][0]["path"] == "/configs/0/model_id"

    def test_a_stopped_service_is_not_scaled(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str, models: list[str]
    ) -> None:
        drydock_client.put(service, json={"status": "stopped"})
        drydock.settle()
        body = {
            "changed_property": "instance_count",
            "configs": [{"model_id": models[0], "changed_value": 2}],
        }
        answer = drydock_client.put(f"{service}/property", json=body)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3519")


STOP = {"schedule": [{"type": "stop", "time_unit": "HOURS", "duration": 2}]}


class TestSchedule:
    def test_a_service_stops_when_its_time_is_over(
        self, drydock: Drydock, drydock_client: httpx.Client, models: list[str]
    ) -> None:
        body = {**ONE, **STOP, "config": [version(models[0])]}
        service = f"services/{drydock_client.post('services', json=body).json()['service_id']}"
        drydock.settle()
        shown = drydock_client.get(service).json()
        assert shown["schedule"] == STOP["schedule"]
        assert shown["due_time"] == drydock.now_ms() + 7_200_000
        drydock.advance(7_199)
        assert drydock_client.get(service).json()["status"] == "running"
        drydock.advance(1)
        shown = drydock_client.get(service).json()
        assert shown["status"] == "stopped"
        assert "due_time" not in shown
        told = drydock.events(service.split("/")[1])
        assert "the service is being stopped: its time by schedule is over" in told

    def test_it_counts_anew_after_each_start(
        self, drydock: Drydock, drydock_client: httpx.Client, models: list[str]
    ) -> None:
        body = {**ONE, **STOP, "config": [version(models[0])]}
        service = f"services/{drydock_client.post('services', json=body).json()['service_id']}"
        drydock.settle()
        drydock.advance(7_200)
        drydock_client.put(service, json={"status": "running"})
        drydock.settle()
        assert drydock_client.get(service).json()["due_time"] == drydock.now_ms() + 7_200_000

    def test_it_is_changed_and_removed_by_an_update(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str
    ) -> None:
        drydock_client.put(service, json=STOP)
        assert drydock_client.get(service).json()["due_time"] == drydock.now_ms() + 7_200_000
        minute = {"type": "stop", "time_unit": "MINUTES", "duration": 1}
        drydock_client.put(service, json={"schedule": [minute]})
        assert drydock_client.get(service).json()["due_time"] == drydock.now_ms() + 60_000
        drydock_client.put(service, json={"schedule": []})
        shown = drydock_client.get(service).json()
        assert not {"due_time", "schedule"} & set(shown)
        drydock.advance(8_000)
        assert drydock_client.get(service).json()["status"] == "running"
