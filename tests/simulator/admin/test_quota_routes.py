"""Quotas over HTTP: what the admin surface shows and changes, and what the API then refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.simulator.bench.support import deploy, deploy_request

SERVICES, INSTANCES = "real-time-services", "public-instances"


@pytest.fixture
def model_id(drydock: Drydock) -> str:
    return drydock.add_model("mnist")


def shown(admin: httpx.Client, **query: str) -> dict[str, tuple[int, int, int]]:
    """Size, use and default of each quota."""
    quotas = admin.get("/quotas", params=query).json()["quotas"]
    return {one["name"]: (one["size"], one["used"], one["default"]) for one in quotas}


def set_size(admin: httpx.Client, name: str, size: int) -> None:
    assert admin.put(f"/quotas/{name}", json={"size": size}).status_code == 200


def violations(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(one["rule"], one["path"]) for one in answer.json()["violations"]]


class TestShowing:
    def test_all_are_listed_with_what_is_used_and_why(
        self, drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client, model_id: str
    ) -> None:
        deploy(drydock_client, model_id, instances=3)
        answer = admin.get("/quotas").json()
        assert (answer["user_name"], answer["project_id"]) == ("drydock", drydock.project_id)
        assert shown(admin) == {
            SERVICES: (20, 1, 20),
            "batch-services": (1000, 0, 1000),
            INSTANCES: (2560, 3, 2560),
            "apps": (5, 0, 5),
        }
        first = answer["quotas"][0]
        assert first["statement"].startswith("Real-time services in the public pool")
        assert first["source"] == "Deploying as a Real-Time Service, constraints"

    def test_the_user_can_be_named_by_id_or_name(self, admin: httpx.Client) -> None:
        user = admin.get("/quotas").json()
        for name in (user["user_id"], user["user_name"], ""):
            assert admin.get("/quotas", params={"user": name}).json() == user

    def test_a_user_that_there_is_not_is_refused_and_the_known_ones_named(
        self, admin: httpx.Client
    ) -> None:
        answer = admin.get("/quotas", params={"user": "nobody"})
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidRequest")
        assert "there is no user nobody; there are drydock" in answer.json()["message"]

    def test_the_overview_has_the_sizes_that_hold(self, admin: httpx.Client) -> None:
        set_size(admin, SERVICES, 7)
        quota = admin.get("/state").json()["quota"]
        assert quota["real_time_services"] == {"used": 0, "limit": 7}
        assert set(quota) == {
            "real_time_services",
            "batch_services",
            "public_instances",
            "apps",
        }

    @pytest.mark.parametrize(
        ("method", "path"), [("GET", ""), ("PUT", f"/{SERVICES}"), ("DELETE", f"/{SERVICES}")]
    )
    def test_the_admin_token_is_needed(self, drydock: Drydock, method: str, path: str) -> None:
        url = f"{drydock.endpoint}/_drydock/quotas{path}"
        assert httpx.request(method, url, json={"size": 1}).status_code == 401


class TestChanging:
    def test_a_size_is_set_and_reset_and_the_answer_is_the_quota(self, admin: httpx.Client) -> None:
        answer = admin.put(f"/quotas/{SERVICES}", json={"size": 30})
        assert (answer.status_code, answer.json()["size"]) == (200, 30)
        assert shown(admin)[SERVICES] == (30, 0, 20)
        answer = admin.delete(f"/quotas/{SERVICES}")
        assert (answer.status_code, answer.json()["size"]) == (200, 20)
        assert shown(admin)[SERVICES] == (20, 0, 20)

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_an_unknown_name_is_refused_and_the_known_ones_named(
        self, admin: httpx.Client, method: str
    ) -> None:
        body = {"json": {"size": 1}} if method == "PUT" else {}
        answer = admin.request(method, "/quotas/services", **body)
        assert answer.status_code == 400
        for words in ("services", SERVICES, "batch-services", INSTANCES):
            assert words in answer.json()["message"]

    @pytest.mark.parametrize(
        "body",
        [
            {},
            *({"size": size} for size in (-1, 1_000_001, "5", 5.5, True, None)),
            {"size": 5, "unit": "services"},
        ],
        ids=str,
    )
    def test_a_body_that_is_no_size_is_refused_and_nothing_changes(
        self, admin: httpx.Client, body: dict[str, Any]
    ) -> None:
        answer = admin.put(f"/quotas/{SERVICES}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidRequest")
        assert shown(admin)[SERVICES] == (20, 0, 20)


class TestRefusals:
    def test_a_service_too_many_is_told_by_the_rule_until_one_is_deleted(
        self, drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client, model_id: str
    ) -> None:
        set_size(admin, SERVICES, 1)
        first = deploy(drydock_client, model_id, "first")
        answer = drydock_client.post("/services", json=deploy_request("second", model_id))
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3520")
        assert violations(answer) == [("MA-ADM-014", "/infer_type")]
        assert answer.json()["violations"][0]["message"].endswith(
            "quota real-time-services: 1 of 1 used, 1 more asked for; "
            "`drydock quota set real-time-services SIZE` stands in for a service ticket"
        )
        assert len(drydock.services()) == 1
        drydock_client.delete(f"/services/{first}")
        drydock.settle()
        deploy(drydock_client, model_id, "second")

    def test_a_stopped_service_counts(
        self, drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client, model_id: str
    ) -> None:
        service_id = deploy(drydock_client, model_id)
        drydock.settle()
        drydock_client.put(f"/services/{service_id}", json={"status": "stopped"})
        drydock.settle()
        assert drydock.services()[0]["status"] == "stopped"
        assert shown(admin)[SERVICES] == (20, 1, 20)

    def test_a_raised_quota_lets_in_more_than_twenty(
        self, drydock_client: httpx.Client, admin: httpx.Client, model_id: str
    ) -> None:
        set_size(admin, SERVICES, 21)
        for number in range(21):
            deploy(drydock_client, model_id, f"s{number}")
        answer = drydock_client.post("/services", json=deploy_request("s21", model_id))
        assert answer.json()["error_code"] == "ModelArts.3520"

    def test_instances_too_many_of_a_new_service_are_refused(
        self, drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client, model_id: str
    ) -> None:
        set_size(admin, INSTANCES, 2)
        answer = drydock_client.post("/services", json=deploy_request("big", model_id, 3))
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3522")
        assert violations(answer) == [("InstanceQuota", "/config")]
        message = answer.json()["error_msg"]
        assert message.startswith("quota public-instances: 0 of 2 used, 3 more asked for; ")
        assert message.endswith("[InstanceQuota, Error Codes, ModelArts.3522]")
        assert drydock.services() == []
        deploy(drydock_client, model_id, instances=2)

    @pytest.mark.parametrize("how", ["update", "patch", "property"])
    def test_more_instances_than_there_is_room_for_are_refused_however_they_are_asked_for(
        self,
        drydock: Drydock,
        drydock_client: httpx.Client,
        admin: httpx.Client,
        model_id: str,
        how: str,
    ) -> None:
        service = f"/services/{deploy(drydock_client, model_id, instances=2)}"
        drydock.settle()
        set_size(admin, INSTANCES, 1)  # less than is used
        before = drydock_client.get(service).json()
        answer = scale(drydock_client, service, model_id, how, 3)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3522")
        assert "2 of 1 used, 1 more asked for" in answer.json()["error_msg"]
        assert drydock_client.get(service).json() == before
        assert scale(drydock_client, service, model_id, how, 1).status_code == 200
        drydock.settle()
        assert shown(admin)[INSTANCES] == (1, 1, 2560)


def scale(
    client: httpx.Client, service: str, model_id: str, how: str, instances: int
) -> httpx.Response:
    """Ask for another number of instances by one of the three operations that can."""
    if how == "update":
        config = deploy_request("", model_id, instances)["config"]
        return client.put(service, json={"config": config})
    if how == "patch":
        path = "/config/0/instance_count"
        return client.patch(service, json=[{"op": "replace", "path": path, "value": instances}])
    change = {"model_id": model_id, "changed_value": instances}
    body = {"changed_property": "instance_count", "configs": [change]}
    return client.put(f"{service}/property", json=body)
