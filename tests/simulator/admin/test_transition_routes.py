"""Transitions that a tester holds, on a private server."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.simulator.bench.support import deploy, status

ALL_IMMEDIATE = dict.fromkeys(("deploy", "stop", "delete", "publish"), "immediate")
PACKAGE = Path(__file__).resolve().parents[3] / "fixtures" / "packages" / "iris"


def why(admin: httpx.Client, service_id: str) -> str:
    return str(admin.get(f"/services/{service_id}").json()["reason"])


@pytest.mark.drydock(transitions={"deploy": 120})
def test_a_setting_makes_each_deployment_take_its_time(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    service_id = deploy(drydock_client, drydock.add_model())
    drydock.settle()
    assert status(drydock_client, service_id) == "deploying"
    assert why(admin, service_id) == "TransitionHeld"
    drydock.advance(60)
    assert status(drydock_client, service_id) == "deploying"
    drydock.advance(60)
    assert status(drydock_client, service_id) == "running"
    assert why(admin, service_id) == ""


def test_by_hand_a_service_goes_on_when_it_is_released(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    changed = admin.put("/transitions", json={"deploy": "manual", "delete": "manual"}).json()
    assert changed == ALL_IMMEDIATE | {"deploy": "manual", "delete": "manual"}
    service_id = deploy(drydock_client, drydock.add_model())
    drydock.settle()
    drydock.advance(3600)
    assert status(drydock_client, service_id) == "deploying"
    drydock.release(service_id)
    assert status(drydock_client, service_id) == "running"
    assert "its transition was released" in drydock.events(service_id)
    drydock_client.delete(f"/services/{service_id}")
    drydock.settle()
    assert status(drydock_client, service_id) == "deleting"
    assert drydock.instances(service_id) == []
    drydock.release(service_id)
    assert drydock.services() == []


def test_what_is_held_goes_on_when_the_setting_says_so(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    admin.put("/transitions", json={"deploy": "manual"})
    service_id = deploy(drydock_client, drydock.add_model())
    drydock.settle()
    admin.put("/transitions", json={"deploy": "immediate"})
    drydock.settle()
    assert status(drydock_client, service_id) == "running"
    refused = admin.post(f"/services/{service_id}/release")
    assert (refused.status_code, refused.json()["code"]) == (400, "StatusForbids")


def test_a_model_is_held_in_publishing_and_says_so(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    admin.put("/transitions", json={"publish": "manual"})
    model_id = admin.post("/models/import", json={"path": str(PACKAGE)}).json()["model_id"]
    drydock.settle()
    shown = f"/models/{model_id}"
    assert drydock_client.get(shown).json()["model_status"] == "publishing"
    assert admin.post(f"{shown}/release").status_code == 200
    assert drydock_client.get(shown).json()["model_status"] == "published"
    reasons = [event["reason"] for event in admin.get(f"{shown}/events").json()["events"]]
    assert reasons == ["Published", "TransitionHeld", "Publishing"]


def test_a_model_is_published_after_the_time_that_is_set(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    admin.put("/transitions", json={"publish": 300})
    model_id = admin.post("/models/import", json={"path": str(PACKAGE)}).json()["model_id"]
    drydock.settle()
    drydock.advance(299)
    assert drydock_client.get(f"/models/{model_id}").json()["model_status"] == "publishing"
    drydock.advance(2)
    assert drydock_client.get(f"/models/{model_id}").json()["model_status"] == "published"


@pytest.mark.parametrize(
    "body", [{"deploy": "later"}, {"deploy": 0}, {"stop": -1}, {"deploy": True}, {"start": 3}]
)
def test_what_no_transition_can_be_is_refused(admin: httpx.Client, body: dict[str, object]) -> None:
    assert admin.put("/transitions", json=body).status_code == 400
    assert admin.get("/transitions").json() == ALL_IMMEDIATE


def test_what_is_not_there_cannot_be_released(admin: httpx.Client) -> None:
    assert admin.post("/services/gone/release").status_code == 404
    assert admin.post("/models/gone/release").status_code == 404
    assert admin.get("/models/gone/events").status_code == 404
