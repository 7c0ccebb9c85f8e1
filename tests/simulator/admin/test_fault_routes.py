"""Injected faults over HTTP, on a private server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.simulator.bench.support import deploy


@pytest.fixture
def service_id(drydock: Drydock, drydock_client: httpx.Client) -> str:
    return deploy(drydock_client, drydock.add_model())


def inject(admin: httpx.Client, **wanted: Any) -> dict[str, Any]:
    answer = admin.post("/faults", json=wanted)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def listed(admin: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    return list(admin.get("/faults", params=query).json()["faults"])


def test_a_fault_is_injected_listed_and_removed(admin: httpx.Client, service_id: str) -> None:
    fault = inject(admin, kind="latency", service_id=service_id, ms=300, share=10, for_s=300)
    assert fault == {
        "fault_id": fault["fault_id"],
        "kind": "latency",
        "service_id": service_id,
        "version_id": "",
        "parameters": {"ms": 300, "share": 10.0},
        "text": "300 ms latency for 10% of the requests",
        "since_ms": fault["since_ms"],
        "until_ms": fault["since_ms"] + 300_000,
        "ended_at_ms": None,
    }
    assert listed(admin) == [fault]
    assert admin.delete(f"/faults/{fault['fault_id']}").status_code == 200
    assert listed(admin) == []
    (ended,) = listed(admin, ended=True)
    assert ended == fault | {"ended_at_ms": ended["ended_at_ms"]}
    assert ended["ended_at_ms"] >= fault["since_ms"]


def test_the_service_and_the_overview_show_what_is_active(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client, service_id: str
) -> None:
    other = deploy(drydock_client, drydock.add_model("second"), name="other")
    one = inject(admin, kind="abort", service_id=service_id, version_id="v1", status=503)
    everywhere = inject(admin, kind="slow", kbps=64)
    assert admin.get(f"/services/{service_id}").json()["faults"] == [one, everywhere]
    assert admin.get(f"/services/{other}").json()["faults"] == [everywhere]
    assert admin.get("/state").json()["faults"] == {"active": 2}
    assert everywhere["service_id"] is None


def test_the_cloud_and_the_admin_surface_tell_of_it_in_the_service_events(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client, service_id: str
) -> None:
    fault = inject(admin, kind="abort", service_id=service_id, status=503, share=20)
    admin.delete(f"/faults/{fault['fault_id']}")
    told = admin.get(f"/services/{service_id}/events").json()["events"]
    by_reason = {event["reason"]: event for event in told}
    assert by_reason["FaultInjected"]["kind"] == "abnormal"
    assert fault["fault_id"] in by_reason["FaultInjected"]["text"]
    assert by_reason["FaultEnded"]["kind"] == "normal"
    shown = drydock_client.get(f"/services/{service_id}/events").json()["events"]
    assert any(fault["text"] in event["event_info"] for event in shown)


@pytest.mark.parametrize("kind", ["oom", "", None, 3, ["latency"]])
def test_a_kind_that_there_is_not_is_refused_and_the_known_ones_named(
    admin: httpx.Client, service_id: str, kind: object
) -> None:
    answer = admin.post("/faults", json={"kind": kind, "service_id": service_id})
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidRequest")
    assert answer.json()["message"].startswith("kind: ")
    assert "there are latency, abort, slow" in answer.json()["message"]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"kind": "latency"}, "ms"),
        ({"kind": "latency", "ms": 0}, "ms"),
        ({"kind": "latency", "ms": 60_001}, "ms"),
        ({"kind": "latency", "ms": 1, "share": 0}, "share"),
        ({"kind": "latency", "ms": 1, "share": 101}, "share"),
        ({"kind": "latency", "ms": 1, "status": 500}, "status"),
        ({"kind": "abort", "status": 200}, "status"),
        ({"kind": "abort", "status": "500"}, "status"),
        ({"kind": "slow", "kbps": 0}, "kbps"),
        ({"kind": "slow", "kbps": 1, "share": 50}, "share"),
        ({"kind": "slow", "kbps": 1, "for_s": 0}, "for_s"),
        ({"kind": "slow", "kbps": 1, "service_id": ""}, "service_id"),
        ({"kind": "slow", "kbps": 1, "version_id": "v1"}, "version_id"),
    ],
    ids=str,
)
def test_parameters_that_cannot_be_are_refused(
    admin: httpx.Client, wanted: dict[str, object], field: str
) -> None:
    answer = admin.post("/faults", json=wanted)
    assert answer.status_code == 400
    assert [one["path"] for one in answer.json()["violations"]] == [f"/{field}"]
    assert listed(admin, ended=True) == []


def test_what_is_not_there_cannot_be_afflicted(admin: httpx.Client, service_id: str) -> None:
    wanted = {"kind": "slow", "kbps": 1}
    for target in ({"service_id": "gone"}, {"service_id": service_id, "version_id": "v9"}):
        answer = admin.post("/faults", json=wanted | target)
        assert (answer.status_code, answer.json()["code"]) == (404, "NotFound")
    assert admin.delete("/faults/gone").status_code == 404


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", ""), ("DELETE", "/f")])
def test_the_admin_token_is_needed(drydock: Drydock, method: str, path: str) -> None:
    url = f"{drydock.endpoint}/_drydock/faults{path}"
    assert httpx.request(method, url, json={}).status_code == 401
