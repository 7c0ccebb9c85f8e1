"""What a caller of the API sees of the rules: over HTTP, against a private server."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.support.requests import changed, documented

ONE = documented("realtime")


def deploy(client: httpx.Client, body: dict[str, Any]) -> httpx.Response:
    return client.post("services", json=body)


def with_model(body: dict[str, Any], *model_ids: str) -> dict[str, Any]:
    for index, model_id in enumerate(model_ids):
        body = changed(body, f"/config/{index}/model_id", model_id)
    return body


class TestDeploying:
    def test_a_request_without_a_fault_has_the_documented_answer_and_no_more(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        answer = deploy(drydock_client, with_model(ONE, drydock.add_model("mnist")))
        assert answer.status_code == 200
        assert set(answer.json()) == {"service_id", "resource_ids"}

    def test_everything_that_is_wrong_is_listed_and_the_first_makes_the_clouds_form(
        self, drydock_client: httpx.Client
    ) -> None:
        body = changed(changed(ONE, "/service_name", "no good"), "/config/0/weight", 99)
        answer = deploy(drydock_client, body)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.0101")
        assert answer.json()["error_msg"].startswith("service_name: ")
        assert "[MA-SVC-003, Deploying Services, " in answer.json()["error_msg"]
        assert [(v["rule"], v["path"]) for v in answer.json()["violations"]] == [
            ("MA-SVC-003", "/service_name"),
            ("MA-SVC-014", "/config/0/weight"),
        ]

    def test_a_refused_request_changes_nothing(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        deploy(drydock_client, changed(ONE, "/config/0/weight", 99))
        assert drydock.services() == []

    def test_a_field_that_no_document_names_is_accepted_and_told(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        body = with_model({**ONE, "descripton": "x"}, drydock.add_model("mnist"))
        answer = deploy(drydock_client, body)
        assert answer.status_code == 200
        (warning,) = answer.json()["warnings"]
        assert (warning["rule"], warning["path"]) == ("MA-UNKNOWN", "/descripton")
        assert "did you mean description?" in warning["message"]

    @pytest.mark.drydock(strict=True)
    def test_it_is_refused_when_the_settings_are_strict(self, drydock_client: httpx.Client) -> None:
        answer = deploy(drydock_client, {**ONE, "descripton": "x"})
        assert answer.status_code == 400
        assert [v["path"] for v in answer.json()["violations"]] == ["/descripton"]

    def test_a_valid_request_for_what_is_not_simulated_is_501_and_named(
        self, drydock_client: httpx.Client
    ) -> None:
        answer = deploy(drydock_client, documented("edge"))
        assert answer.status_code == 501
        assert answer.json() == {
            "error_code": "Drydock.NotSimulated",
            "error_msg": "edge services are not simulated",
        }

    def test_an_invalid_request_for_what_is_not_simulated_is_refused_for_what_is_wrong(
        self, drydock_client: httpx.Client
    ) -> None:
        answer = deploy(drydock_client, changed(documented("edge"), "/config/0/nodes", []))
        assert (answer.status_code, answer.json()["violations"][0]["rule"]) == (400, "MA-SVC-049")

    def test_a_name_that_is_taken_names_its_rule(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        body = with_model(ONE, drydock.add_model("mnist"))
        assert deploy(drydock_client, body).status_code == 200
        answer = deploy(drydock_client, body)
        assert (answer.status_code, answer.json()["error_code"]) == (409, "ModelArts.3503")
        assert answer.json()["violations"][0]["rule"] == "MA-ADM-013"


class TestCreatingModels:
    IMAGE: ClassVar[dict[str, Any]] = {
        "model_name": "mine",
        "model_version": "0.0.1",
        "model_type": "Image",
        "source_location": "team/mine:1",
    }

    def test_a_template_is_not_simulated_and_named(self, drydock_client: httpx.Client) -> None:
        body = {**self.IMAGE, "model_type": "Template", "template": {"template_id": "t"}}
        answer = drydock_client.post("models", json=body)
        assert answer.status_code == 501
        assert answer.json()["error_msg"] == "creating models from templates is not simulated"

    def test_a_health_check_by_command_is_not_simulated_and_named(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        drydock.add_image("team/mine:1")
        health = {"check_method": "EXEC", "command": "true", "url": "/", "protocol": "http"}
        config = {"model_algorithm": "a", "model_type": "Image", "health": health}
        body = {**self.IMAGE, "initial_config": json.dumps(config)}
        answer = drydock_client.post("models", json=body)
        assert answer.status_code == 501
        assert answer.json()["error_msg"].startswith("checking the health of a model by EXEC")
        assert drydock_client.get("models").json()["total_count"] == 0


class TestReadings:
    MINUTES = changed(ONE, "/config/0/deploy_timeout_in_seconds", 20)

    def test_the_default_reading_refuses_minutes(self, drydock_client: httpx.Client) -> None:
        answer = deploy(drydock_client, self.MINUTES)
        assert "if you mean 20 minutes, send 1200" in answer.json()["error_msg"]

    @pytest.mark.drydock(readings={"deploy-timeout": "minutes"})
    def test_the_other_reading_takes_them_as_minutes(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        body = with_model(self.MINUTES, drydock.add_model("mnist"))
        assert deploy(drydock_client, body).status_code == 200

    @pytest.mark.drydock(networks={"vpcs": {"vpc-1": ["net-1"]}, "security_groups": {"sg-1": []}})
    def test_a_listed_security_group_must_let_the_service_port_in(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        network = {"vpc_id": "vpc-1", "subnet_network_id": "net-1", "security_group_id": "sg-1"}
        body = with_model({**ONE, **network}, drydock.add_model("mnist"))
        answer = deploy(drydock_client, body)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3534")
        assert "port 8080" in answer.json()["error_msg"]


class TestUpdating:
    @pytest.fixture
    def service(self, drydock: Drydock, drydock_client: httpx.Client) -> str:
        answer = deploy(drydock_client, with_model(ONE, drydock.add_model("mnist")))
        drydock.settle()
        return f"services/{answer.json()['service_id']}"

    @pytest.mark.parametrize(
        ("body", "rule", "code"),
        [
            ({"vpc_id": "vpc-2"}, "MA-UPD-003", "ModelArts.0101"),
            ({"status": "paused"}, "MA-UPD-001", "ModelArts.0101"),
            ({"status": "running"}, "MA-UPD-008", "ModelArts.3519"),
            ({"description": "<b>"}, "MA-SVC-005", "ModelArts.0101"),
            ({"config": []}, "MA-SVC-006", "ModelArts.0101"),
            (
                {
                    "additional_properties": {
                        "smn_notification": {},
                        "websocket_upgrade": True,
                    }
                },
                "MA-UPD-006",
                "ModelArts.0101",
            ),
        ],
    )
    def test_it_is_held_against_the_rules_and_the_service(
        self, drydock_client: httpx.Client, service: str, body: Any, rule: str, code: str
    ) -> None:
        answer = drydock_client.put(service, json=body)
        assert (answer.status_code, answer.json()["error_code"]) == (400, code)
        assert [violation["rule"] for violation in answer.json()["violations"]] == [rule]

    def test_a_change_to_a_model_that_does_not_exist_is_refused(
        self, drydock_client: httpx.Client, service: str
    ) -> None:
        answer = drydock_client.put(service, json={"config": ONE["config"]})
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ModelArts.3507")

    def test_a_description_is_changed(self, drydock_client: httpx.Client, service: str) -> None:
        assert drydock_client.put(service, json={"description": "new"}).json() == {}
        assert drydock_client.get(service).json()["description"] == "new"

    def test_what_is_sent_beside_a_status_is_not_applied_and_that_is_told(
        self, drydock_client: httpx.Client, service: str
    ) -> None:
        answer = drydock_client.put(service, json={"status": "stopped", "description": "new"})
        assert answer.status_code == 200
        assert [warning["rule"] for warning in answer.json()["warnings"]] == ["MA-UPD-002"]
        assert drydock_client.get(service).json()["description"] == "mnist service"
