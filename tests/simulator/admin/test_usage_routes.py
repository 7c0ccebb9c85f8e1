"""Metering over HTTP, with a clock that the test moves."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.simulator.bench.support import deploy

SPECIFICATION = "modelarts.vm.cpu.2u"


def usage(admin: httpx.Client, **query: int) -> dict[str, Any]:
    answer = admin.get("/usage", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_without_services_nothing_was_used(drydock: Drydock, admin: httpx.Client) -> None:
    assert usage(admin) == {
        "since_ms": 0,
        "until_ms": drydock.now_ms(),
        "services": [],
        "total_instance_seconds": 0,
        "pools": [],
        "total_node_seconds": 0,
    }


def test_each_instance_counts_from_when_it_runs_until_it_does_not(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    model_id = drydock.add_model("mnist")
    service_id = deploy(drydock_client, model_id, "prod", instances=2)
    drydock.settle()
    began = drydock.now_ms()
    drydock.advance(90.25)
    row = {
        "service_id": service_id,
        "service_name": "prod",
        "specification": SPECIFICATION,
        "instance_seconds": 180.5,
        "runs": 2,
        "running_now": 2,
    }
    found = usage(admin)
    assert found["services"] == [row]
    assert found["total_instance_seconds"] == 180.5

    drydock_client.put(f"/services/{service_id}", json={"status": "stopped"})
    drydock.settle()
    drydock.advance(1000)
    assert usage(admin)["services"] == [row | {"running_now": 0}]

    drydock_client.delete(f"/services/{service_id}")
    drydock.settle()
    assert drydock.services() == []
    assert usage(admin)["services"] == [row | {"running_now": 0}]
    part = usage(admin, since_ms=began + 250, until_ms=began + 1_251)
    assert part["services"] == [row | {"running_now": 0, "instance_seconds": 2.002}]
    assert usage(admin, since_ms=drydock.now_ms())["services"] == []


def test_services_are_added_up(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    model_id = drydock.add_model("mnist")
    for name in ("b", "a"):
        deploy(drydock_client, model_id, name)
    drydock.settle()
    drydock.advance(0.1)
    found = usage(admin)
    assert [one["service_name"] for one in found["services"]] == ["a", "b"]
    assert found["total_instance_seconds"] == 0.2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"since_ms": "2", "until_ms": "1"}, "since_ms must not be after until_ms; got 2 and 1"),
        ({"since_ms": "-1"}, "since_ms: must be greater than or equal to 0"),
        ({"until_ms": "soon"}, "until_ms: must be a valid integer"),
        ({"since_ms": str(1 << 63)}, "since_ms: must be less than"),
    ],
)
def test_an_interval_that_is_none_is_refused(
    admin: httpx.Client, query: dict[str, str], words: str
) -> None:
    answer = admin.get("/usage", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidRequest")
    assert words in answer.json()["message"]


def test_the_admin_token_is_needed(drydock: Drydock) -> None:
    assert httpx.get(f"{drydock.endpoint}/_drydock/usage").status_code == 401
