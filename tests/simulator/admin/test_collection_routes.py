"""What is collected of a service's requests, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.simulator.bench.support import deploy, deploy_request
from tests.simulator.modelarts.test_websocket import a_request, image_model

DEFAULT = {
    "enabled": False,
    "share_percent": 100.0,
    "only_failed": False,
    "content_types": [],
    "max_body_bytes": 1024 * 1024,
    "budget_bytes": 1024**3,
    "destination": "obs://drydock-collection/",
}


@pytest.fixture
def service_id(drydock: Drydock, drydock_client: httpx.Client) -> str:
    found = deploy(drydock_client, drydock.add_model(), instances=1)
    drydock.settle()
    return found


def rules_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return {name: value for name, value in answer.json().items() if name in DEFAULT}


def test_it_is_off_and_turned_on_with_its_bucket(
    drydock: Drydock, admin: httpx.Client, service_id: str
) -> None:
    path = f"/services/{service_id}/collection"
    shown = admin.get(path)
    assert rules_of(shown) == DEFAULT
    assert shown.json()["status"]["state"] == "off"
    assert shown.json()["folder"] == f"obs://drydock-collection/{service_id}/"
    changes = {"enabled": True, "share_percent": 12.5, "content_types": ["Image/*"]}
    changed = admin.put(path, json=changes)
    assert rules_of(changed) == DEFAULT | changes | {"content_types": ["image/*"]}
    assert changed.json()["status"]["state"] == "on"
    drydock.settle()
    system = drydock._server.system
    assert "drydock-collection" in system.objects.names()
    assert system.routes._routes[service_id].collected_percent == 12.5
    assert (
        "data collection is on: 12.5% of the requests of image/*, into obs://drydock-collection/"
        in drydock.events(service_id)
    )


def test_what_is_absent_stays_when_it_is_turned_off(
    drydock: Drydock, admin: httpx.Client, service_id: str
) -> None:
    path = f"/services/{service_id}/collection"
    admin.put(path, json={"enabled": True, "only_failed": True, "destination": "/results/deep"})
    changed = rules_of(admin.put(path, json={"enabled": False}))
    assert changed == DEFAULT | {"only_failed": True, "destination": "obs://results/deep/"}
    drydock.settle()
    assert drydock._server.system.routes._routes[service_id].collected_percent == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"share_percent": 0}, "/share_percent"),
        ({"share_percent": 100.1}, "/share_percent"),
        ({"max_body_bytes": 12 * 1024 * 1024 + 1}, "/max_body_bytes"),
        ({"budget_bytes": -1}, "/budget_bytes"),
        ({"content_types": ["image"]}, "/content_types"),
        ({"content_types": ["image/png; q=1"]}, "/content_types"),
        ({"destination": "ftp://x/y"}, "/destination"),
        ({"destination": "obs://b/../c"}, "/destination"),
        ({"destination": f"obs://bucket/{'long' * 240}/"}, "/destination"),
        ({"content_types": ["image/[ab]"]}, "/content_types"),
        ({"enabled": "yes"}, "/enabled"),
        ({"more": 1}, "/more"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_changes_nothing(
    admin: httpx.Client, service_id: str, body: dict[str, Any], field: str
) -> None:
    path = f"/services/{service_id}/collection"
    refused = admin.put(path, json={"only_failed": True} | body)
    assert refused.status_code == 400
    assert field in refused.text
    assert rules_of(admin.get(path)) == DEFAULT


def test_the_cloud_s_surface_tells_whether_it_is_on(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    body = deploy_request("prod", drydock.add_model()) | {"x-drydock": {"data_collection": True}}
    service_id = drydock_client.post("services", json=body).json()["service_id"]
    path = f"services/{service_id}"
    assert drydock_client.get(path).json()["is_opened_sample_collection"] is True
    admin.put(f"/{path}/collection", json={"enabled": False})
    assert drydock_client.get(path).json()["is_opened_sample_collection"] is False
    (listed,) = drydock_client.get("services").json()["services"]
    assert listed["is_opened_sample_collection"] is False


def test_a_websocket_service_cannot_be_collected_from(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    body = a_request(image_model(drydock, drydock_client))
    service_id = drydock_client.post("services", json=body).json()["service_id"]
    refused = admin.put(f"/services/{service_id}/collection", json={"enabled": True})
    assert refused.status_code == 400
    assert "MA-SVC-073" in refused.text
    assert admin.get(f"/services/{service_id}/collection").json()["enabled"] is False
