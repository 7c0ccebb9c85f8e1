"""What was counted, over HTTP."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from simulator.admin.metrics_routes import _or_nothing
from simulator.admin.traffic_schemas import TRAFFIC
from simulator.admin.traffic_views import traffic_view
from simulator.bench.drydock import Drydock
from simulator.gateway.admin import AdminUnavailable
from simulator.modelarts.answers import version_calls
from simulator.modelarts.monitor import monitor
from tests.simulator.admin.metered_world import WANTED, read_traffic, stored
from tests.simulator.bench.support import deploy
from tests.support.builders import an_instance


@pytest.fixture
async def shown() -> dict[str, Any]:
    """The one service of the metered world."""
    view = traffic_view([stored()], await read_traffic(), lambda key: WANTED.get(key, {}))
    Draft202012Validator(TRAFFIC).validate(view)
    (service,) = view["services"]
    found: dict[str, Any] = service
    return found


class TestTraffic:
    def test_a_service_adds_its_versions_up(self, shown: dict[str, Any]) -> None:
        assert (shown["name"], shown["status"]) == ("mnist", "running")
        assert (shown["requests_total"], shown["errors_total"]) == (40, 6)
        assert shown["codes"] == {"200": 34, "404": 2, "503": 4}
        assert shown["requests_last_minute"] == 40

    def test_a_version_has_its_split_and_latencies(self, shown: dict[str, Any]) -> None:
        first, second = shown["versions"]
        assert (first["wanted_share"], first["measured_share"]) == (0.7, 0.75)
        assert (second["wanted_share"], second["measured_share"]) == (0.3, 0.25)
        assert [first[name] for name in ("p50_ms", "p90_ms", "p99_ms", "max_ms")] == [2.5, 8, 9, 10]
        assert second["p50_ms"] is None
        assert (first["request_bytes"], first["response_bytes"]) == (100, 200)
        assert first["in_flight"] == 3

    def test_an_instance_has_what_was_sent_to_it(self, shown: dict[str, Any]) -> None:
        first, second = shown["versions"][0]["instances"]
        assert first == {
            "instance_id": an_instance(1).instance_id,
            "state": "ready",
            "requests_total": 26,
            "errors_total": 4,
            "requests_per_s": 0.0,
            "in_flight": 3,
        }
        assert (second["state"], second["requests_total"]) == ("starting", 0)

    async def test_the_clouds_monitor_says_the_same(self, shown: dict[str, Any]) -> None:
        service = stored()
        system = cast(Any, SimpleNamespace(traffic=await read_traffic()))
        told = monitor(service, version_calls(system, service), 40)
        assert [(one["invocation_times"], one["failed_times"]) for one in told["monitors"]] == [
            (one["requests_total"], one["errors_total"]) for one in shown["versions"]
        ]
        assert told["req_count_per_min"] == shown["requests_last_minute"]


def test_without_a_gateway_services_are_there_and_nothing_was_counted(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    deploy(drydock_client, drydock.add_model("mnist"), "prod")
    drydock.settle()
    (service,) = admin.get("/traffic").json()["services"]
    assert (service["name"], service["requests_total"]) == ("prod", 0)
    (version,) = service["versions"]
    assert (version["wanted_share"], version["measured_share"]) == (1.0, None)
    assert [one["state"] for one in version["instances"]] == ["ready"]

    answer = admin.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    values = {
        (sample.name, sample.labels.get("status")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert values["drydock_services", "running"] == 1
    assert values["drydock_gateway_up", None] == 0
    assert values["drydock_store_writable", None] == 1


@pytest.mark.parametrize("path", ["traffic", "metrics"])
class TestToken:
    def get(self, drydock: Drydock, path: str, **headers: str) -> int:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(f"{drydock.endpoint}/_drydock/{path}", headers=sent).status_code

    def test_is_needed(self, drydock: Drydock, path: str) -> None:
        assert self.get(drydock, path) == 401
        assert self.get(drydock, path, Authorization="Bearer") == 401
        assert self.get(drydock, path, Authorization="Bearer wrong") == 401

    def test_is_taken_as_prometheus_sends_it(self, drydock: Drydock, path: str) -> None:
        token = drydock._server.system.admin_token
        assert self.get(drydock, path, Authorization=f"Bearer {token}") == 200
        assert self.get(drydock, path, X_Drydock_Token=token) == 200
        assert self.get(drydock, path, Authorization=f"Basic {token}") == 401


@pytest.mark.parametrize("failure", [AdminUnavailable("away"), RuntimeError("off"), None])
async def test_a_gateway_that_is_away_has_counted_nothing(failure: Exception | None) -> None:
    async def ask() -> dict[str, int]:
        if failure is not None:
            raise failure
        return {"2xx": 1}

    assert await _or_nothing(ask(), {}) == ({} if failure else {"2xx": 1})
