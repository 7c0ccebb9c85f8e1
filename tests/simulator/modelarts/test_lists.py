"""The list calls, over HTTP against a private server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.support.requests import changed, documented


def deploy(client: httpx.Client, model_id: str, name: str, **changes: Any) -> str:
    body = changed(documented("realtime"), "/config/0/model_id", model_id)
    answer = client.post("services", json={**body, "service_name": name, **changes})
    assert answer.status_code == 200, answer.text
    service_id: str = answer.json()["service_id"]
    return service_id


def names(client: httpx.Client, **query: Any) -> list[str]:
    """Names of the services that are listed, with what the counts must be."""
    answer = client.get("services", params=query).json()
    assert answer["count"] == len(answer["services"])
    if not {"offset", "limit"} & set(query):
        assert answer["total_count"] == answer["count"]
    return [one["service_name"] for one in answer["services"]]


class TestServices:
    @pytest.fixture
    def model(self, drydock: Drydock) -> str:
        return drydock.add_model()

    @pytest.fixture
    def services(self, drydock: Drydock, drydock_client: httpx.Client, model: str) -> list[str]:
        """Ids of b, a and c, made in this order, a second apart; c is in another workspace."""
        ids = []
        for name, changes in (
            ("digits-b", {}),
            ("digits_a", {}),
            ("flowers-c", {"workspace_id": "mine"}),
        ):
            ids.append(deploy(drydock_client, model, name, **changes))
            drydock.settle()
            drydock.advance(1)
        return ids

    def test_the_newest_are_first_and_those_of_the_default_workspace_only(
        self, drydock_client: httpx.Client, services: list[str]
    ) -> None:
        assert names(drydock_client) == ["digits_a", "digits-b"]
        assert names(drydock_client, workspace_id="0") == ["digits_a", "digits-b"]
        assert names(drydock_client, workspace_id="mine") == ["flowers-c"]
        assert names(drydock_client, workspace_id="") == ["digits_a", "digits-b"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"order": "asc"}, ["digits-b", "digits_a"]),
            ({"sort_by": "service_name"}, ["digits_a", "digits-b"]),
            ({"sort_by": "service_name", "order": "asc"}, ["digits-b", "digits_a"]),
            ({"sort_by": "publish_at", "order": "ASC"}, ["digits-b", "digits_a"]),
            ({"service_name": "digits"}, ["digits_a", "digits-b"]),
            ({"service_name": "_a"}, ["digits_a"]),
            ({"service_name": "digits-b"}, ["digits-b"]),
            ({"service_name": "Digits"}, []),
            ({"infer_type": "real-time"}, ["digits_a", "digits-b"]),
            ({"infer_type": "batch"}, []),
            ({"status": "running"}, ["digits_a", "digits-b"]),
            ({"status": "waiting"}, []),
            ({"cluster_id": "of an older edition", "env": "x"}, ["digits_a", "digits-b"]),
            ({"model_id": "nothing"}, []),
            ({"service_id": "nothing"}, []),
        ],
    )
    def test_every_parameter_chooses_or_sorts(
        self,
        drydock_client: httpx.Client,
        services: list[str],
        query: dict[str, str],
        found: list[str],
    ) -> None:
        assert names(drydock_client, **query) == found

    def test_ids_choose(
        self, drydock: Drydock, drydock_client: httpx.Client, services: list[str], model: str
    ) -> None:
        assert names(drydock_client, service_id=services[0]) == ["digits-b"]
        assert names(drydock_client, service_id=services[2]) == []
        assert names(drydock_client, model_id=model) == ["digits_a", "digits-b"]
        deploy(drydock_client, drydock.add_model("another"), "new")
        assert names(drydock_client, model_id=model) == ["digits_a", "digits-b"]

    def test_the_last_change_of_status_sorts(
        self, drydock: Drydock, drydock_client: httpx.Client, services: list[str]
    ) -> None:
        drydock_client.put(f"services/{services[0]}", json={"status": "stopped"})
        drydock.settle()
        assert names(drydock_client, sort_by="transition_at") == ["digits-b", "digits_a"]
        assert names(drydock_client, sort_by="publish_at") == ["digits_a", "digits-b"]

    def test_offsets_count_services_and_the_total_is_that_of_all_pages(
        self, drydock_client: httpx.Client, services: list[str]
    ) -> None:
        answer = drydock_client.get("services", params={"offset": 1, "limit": 1}).json()
        assert (answer["total_count"], answer["count"]) == (2, 1)
        assert [one["service_name"] for one in answer["services"]] == ["digits-b"]
        answer = drydock_client.get("services", params={"offset": 2}).json()
        assert (answer["total_count"], answer["count"], answer["services"]) == (2, 0, [])

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("limit", "1001"),
            ("limit", "0"),
            ("offset", "-1"),
            ("sort_by", "status"),
            ("order", "down"),
            ("status", "Running"),
            ("infer_type", "realtime"),
        ],
    )
    def test_another_value_is_refused_by_name(
        self, drydock_client: httpx.Client, name: str, value: str
    ) -> None:
        answer = drydock_client.get("services", params={name: value})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.0101")
        assert [one["path"] for one in answer.json()["violations"]] == [f"/{name}"]


class TestModels:
    def found(self, client: httpx.Client, **query: str) -> list[str]:
        answer = client.get("models", params=query).json()
        assert answer["total_count"] == answer["count"] == len(answer["models"])
        return [f"{one['model_name']} {one['model_version']}" for one in answer["models"]]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, 4),
            ({"workspace_id": "0"}, 4),
            ({"workspace_id": "mine"}, 0),
            ({"model_name": "net"}, 3),
            ({"model_name": "net", "exact_match": "true"}, 2),
            ({"model_name": "net_b", "exact_match": "true"}, 1),
            ({"model_version": "0.0.2"}, 1),
            ({"model_status": "published"}, 3),
            ({"model_status": "publishing"}, 1),
            ({"model_status": "building_failed"}, 0),
            ({"model_type": "Custom"}, 4),
            ({"not_model_type": "Custom"}, 0),
            ({"description": "simulated"}, 4),
            ({"description": "real"}, 0),
        ],
    )
    def test_every_parameter_chooses(
        self, drydock: Drydock, drydock_client: httpx.Client, query: dict[str, str], found: int
    ) -> None:
        drydock.add_model("net", "0.0.1")
        drydock.add_model("net", "0.0.2")
        drydock.add_model("net_b")
        drydock.add_model("other", status="publishing")
        assert len(self.found(drydock_client, **query)) == found

    def test_models_of_a_workspace_are_listed_there_only(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        drydock.add_image("team/model:1")
        body = {
            "model_name": "image",
            "model_version": "0.0.1",
            "model_type": "Image",
            "source_location": "team/model:1",
            "workspace_id": "mine",
        }
        assert drydock_client.post("models", json=body).status_code == 200
        assert self.found(drydock_client) == []
        assert self.found(drydock_client, workspace_id="mine") == ["image 0.0.1"]

    @pytest.mark.parametrize(
        ("query", "path"),
        [
            ({"model_type": "Image", "not_model_type": "Custom"}, "/not_model_type"),
            ({"model_status": "ready"}, "/model_status"),
            ({"sort_by": "model_name"}, "/sort_by"),
            ({"exact_match": "perhaps"}, "/exact_match"),
        ],
    )
    def test_what_is_not_allowed_is_refused_by_name(
        self, drydock_client: httpx.Client, query: dict[str, str], path: str
    ) -> None:
        answer = drydock_client.get("models", params=query)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.0101")
        assert [one["path"] for one in answer.json()["violations"]] == [path]


class TestEvents:
    @pytest.fixture
    def events(self, drydock: Drydock, drydock_client: httpx.Client) -> str:
        service_id = deploy(drydock_client, drydock.add_model(), "mnist")
        drydock.settle()
        return f"services/{service_id}/events"

    @pytest.mark.parametrize("character", list("`(){}';,[]<>/?"))
    def test_a_text_must_not_hold_certain_characters(
        self, drydock_client: httpx.Client, events: str, character: str
    ) -> None:
        answer = drydock_client.get(events, params={"event_info": f"is{character}"})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.0101")
        (violation,) = answer.json()["violations"]
        assert violation["path"] == "/event_info"
        assert violation["message"].startswith("event_info: must not hold any of ")

    def test_another_text_finds_events(self, drydock_client: httpx.Client, events: str) -> None:
        found = drydock_client.get(events, params={"event_info": "is running"}).json()
        assert found["total_count"] == 1
        assert (
            drydock_client.get(events, params={"event_info": "no such: 1.0-a_b!"}).json()["events"]
            == []
        )

    def test_they_are_sorted_by_time_only(self, drydock_client: httpx.Client, events: str) -> None:
        sorted_by = {"sort_by": "occur_time"}
        newest = drydock_client.get(events, params=sorted_by).json()["events"]
        oldest = drydock_client.get(events, params={**sorted_by, "order": "asc"}).json()["events"]
        assert oldest == newest[::-1]
        assert drydock_client.get(events, params={"sort_by": "event_type"}).status_code == 400
