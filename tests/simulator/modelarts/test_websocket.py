"""WebSocket services over the API, on a private server with simulated instances."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.support.requests import documented

ONE = documented("realtime")
VERSION = ONE["config"][0]
ON = {"smn_notification": {}, "websocket_upgrade": True}


def image_model(
    drydock: Drydock, client: httpx.Client, version: str = "0.0.1", protocol: str = "ws"
) -> str:
    """Id of a published model of an image that declares this protocol."""
    drydock.add_image("team/talk:1")
    api = {"url": "/", "method": "get", "protocol": protocol}
    config = {"model_algorithm": "talk", "model_type": "Image", "apis": [api]}
    body = {
        "model_name": "talk",
        "model_version": version,
        "model_type": "Image",
        "source_location": "team/talk:1",
        "initial_config": json.dumps(config),
    }
    answer = client.post("models", json=body)
    drydock.settle()
    return str(answer.json()["model_id"])


def a_request(model_id: str, **changes: Any) -> dict[str, Any]:
    config = [{**VERSION, "model_id": model_id}]
    return {**ONE, "config": config, "additional_properties": ON, **changes}


@pytest.fixture
def service(drydock: Drydock, drydock_client: httpx.Client) -> str:
    """Path of a running WebSocket service."""
    body = a_request(image_model(drydock, drydock_client))
    answer = drydock_client.post("services", json=body)
    drydock.settle()
    return f"services/{answer.json()['service_id']}"


def rules(answer: httpx.Response) -> list[str]:
    return [violation["rule"] for violation in answer.json()["violations"]]


class TestDeploying:
    def test_it_runs_and_its_address_is_one_of_websocket(
        self, drydock_client: httpx.Client, service: str
    ) -> None:
        shown = drydock_client.get(service).json()
        assert shown["status"] == "running"
        assert shown["access_address"].startswith("ws://127.0.0.1:")
        assert shown["access_address"].endswith(f"/v1/infers/{shown['service_id']}")
        assert shown["additional_properties"] == ON

    @pytest.mark.parametrize("protocol", ["wss", "WS"])
    def test_an_image_that_declares_it_in_other_letters_or_over_tls_will_do(
        self, drydock: Drydock, drydock_client: httpx.Client, protocol: str
    ) -> None:
        body = a_request(image_model(drydock, drydock_client, protocol=protocol))
        assert drydock_client.post("services", json=body).status_code == 200

    def test_an_image_that_does_not_declare_it_is_refused(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        body = a_request(image_model(drydock, drydock_client, protocol="http"))
        answer = drydock_client.post("services", json=body)
        assert (answer.status_code, rules(answer)) == (400, ["MA-ADM-007"])

    def test_a_model_that_is_no_image_is_refused(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        answer = drydock_client.post("services", json=a_request(drydock.add_model("plain")))
        assert (answer.status_code, rules(answer)) == (400, ["MA-ADM-007"])

    @pytest.mark.parametrize(
        ("setting", "rule"),
        [({"traffic_limit": 5}, "MA-SVC-072"), ({"data_collection": True}, "MA-SVC-073")],
    )
    def test_it_excludes_traffic_limit_and_data_collection(
        self, drydock: Drydock, drydock_client: httpx.Client, setting: dict[str, Any], rule: str
    ) -> None:
        body = a_request(image_model(drydock, drydock_client), **{"x-drydock": setting})
        answer = drydock_client.post("services", json=body)
        assert (answer.status_code, rules(answer)) == (400, [rule])


class TestUpdating:
    def test_it_cannot_be_switched_off(self, drydock_client: httpx.Client, service: str) -> None:
        off = {"additional_properties": ON | {"websocket_upgrade": False}}
        answer = drydock_client.put(service, json=off)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.0101")
        assert rules(answer) == ["MA-UPD-006"]

    def test_an_update_without_it_leaves_it_on_also_for_later_ones(
        self, drydock_client: httpx.Client, service: str
    ) -> None:
        silent: dict[str, Any] = {"additional_properties": {"smn_notification": {}}}
        assert drydock_client.put(service, json=silent).json() == {}
        shown = drydock_client.get(service).json()
        assert shown["additional_properties"] == ON
        assert shown["access_address"].startswith("ws://")
        off = {"additional_properties": ON | {"websocket_upgrade": False}}
        assert rules(drydock_client.put(service, json=off)) == ["MA-UPD-006"]

    def test_it_may_be_said_again(self, drydock_client: httpx.Client, service: str) -> None:
        assert drydock_client.put(service, json={"additional_properties": ON}).json() == {}

    def test_another_model_must_speak_it_too(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str
    ) -> None:
        plain = image_model(drydock, drydock_client, "0.0.2", protocol="http")
        answer = drydock_client.put(service, json={"config": [{**VERSION, "model_id": plain}]})
        assert (answer.status_code, rules(answer)) == (400, ["MA-ADM-007"])
        speaking = image_model(drydock, drydock_client, "0.0.3")
        body = {"config": [{**VERSION, "model_id": speaking}]}
        assert drydock_client.put(service, json=body).json() == {}
        drydock.settle()
        shown = drydock_client.get(service).json()
        assert (shown["status"], shown["config"][0]["model_id"]) == ("running", speaking)
        assert shown["access_address"].startswith("ws://")

    def test_it_scales_like_any_other(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str
    ) -> None:
        change = [{"op": "replace", "path": "/config/0/instance_count", "value": "2"}]
        assert drydock_client.patch(service, json=change).status_code == 200
        drydock.settle()
        assert drydock_client.get(service).json()["config"][0]["instance_count"] == 2
