"""How requests reach a service, over HTTP."""

from __future__ import annotations

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.simulator.bench.support import deploy
from tests.simulator.modelarts.test_websocket import a_request, image_model

DEFAULT = {
    "balancing": "round-robin",
    "websocket": False,
    "requests_per_s": None,
    "timeout_s": None,
    "direct": False,
    "max_body_bytes": None,
}


@pytest.fixture
def service(drydock: Drydock, drydock_client: httpx.Client) -> str:
    service_id = deploy(drydock_client, drydock.add_model(), instances=2)
    drydock.settle()
    return f"/services/{service_id}"


def test_limits_are_changed_one_by_one_and_told(
    drydock: Drydock, admin: httpx.Client, service: str
) -> None:
    assert admin.get(f"{service}/routing").json() == DEFAULT
    changed = admin.put(f"{service}/routing", json={"requests_per_s": 10}).json()
    assert changed == DEFAULT | {"requests_per_s": 10}
    changed = admin.put(f"{service}/routing", json={"timeout_s": 2.5}).json()
    assert changed == DEFAULT | {"requests_per_s": 10, "timeout_s": 2.5}
    assert admin.put(f"{service}/routing", json={"requests_per_s": None}).json() == (
        DEFAULT | {"timeout_s": 2.5}
    )
    assert "its routing was changed: timeout_s 2.5" in drydock.events(service.rpartition("/")[2])


def test_the_gateway_keeps_to_them(drydock: Drydock, admin: httpx.Client, service: str) -> None:
    admin.put(f"{service}/routing", json={"requests_per_s": 7, "timeout_s": 3})
    drydock.settle()
    routes = drydock._server.system.routes._routes
    route = routes[service.rpartition("/")[2]]
    assert (route.requests_per_s, route.timeout_s) == (7, 3)
    admin.put(f"{service}/routing", json={"requests_per_s": 0})
    drydock.settle()
    assert routes[service.rpartition("/")[2]].requests_per_s is None


@pytest.mark.parametrize(("said", "held"), [(None, 12 * 1024 * 1024), (1000, 1000), (0, None)])
def test_the_largest_request_is_the_documented_one_a_smaller_one_or_any(
    drydock: Drydock, admin: httpx.Client, service: str, said: int | None, held: int | None
) -> None:
    admin.put(f"{service}/routing", json={"max_body_bytes": said})
    drydock.settle()
    route = drydock._server.system.routes._routes[service.rpartition("/")[2]]
    assert route.max_body_bytes == held


def test_instances_are_called_directly_only_where_that_is_wanted(
    drydock: Drydock, admin: httpx.Client, service: str
) -> None:
    refused = admin.get(f"{service}/addresses")
    assert refused.status_code == 400
    assert "--direct" in refused.json()["message"]
    admin.put(f"{service}/routing", json={"direct": True})
    found = admin.get(f"{service}/addresses").json()["addresses"]
    assert [one["version_id"] for one in found] == ["v1", "v1"]
    assert len({one["address"] for one in found}) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"requests_per_s": -1},
        {"timeout_s": 0},
        {"direct": "maybe"},
        {"rate": 3},
        {"max_body_bytes": 12 * 1024 * 1024 + 1},
    ],
)
def test_what_no_limit_can_be_is_refused(
    admin: httpx.Client, service: str, body: dict[str, object]
) -> None:
    assert admin.put(f"{service}/routing", json=body).status_code == 400
    assert admin.get(f"{service}/routing").json() == DEFAULT


def test_a_websocket_service_has_no_traffic_limit(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    body = a_request(image_model(drydock, drydock_client))
    path = f"/services/{drydock_client.post('services', json=body).json()['service_id']}/routing"
    refused = admin.put(path, json={"requests_per_s": 5})
    assert refused.status_code == 400
    assert "MA-SVC-072" in refused.text
    assert admin.get(path).json()["requests_per_s"] is None
    assert admin.put(path, json={"requests_per_s": 0, "timeout_s": 3}).status_code == 200
