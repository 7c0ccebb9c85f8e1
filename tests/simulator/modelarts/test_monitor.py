"""A service's monitoring information."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from simulator.lifecycle.objects import InstanceState
from simulator.modelarts.monitor import monitor
from simulator.modelarts.wire import Calls
from simulator.store.records import instance_values, service_of
from simulator.store.services import Stored
from simulator.store.tables import InstanceRow, VersionRow
from tests.support.builders import a_service_row, a_version_row, an_instance
from tests.support.requests import changed, documented

USAGES = {
    *("cpu_core_usage", "cpu_memory_usage", "gpu_usage"),
    *("gpu_memory_usage", "npu_usage", "npu_memory_usage"),
}
"""What nothing samples."""
OF_NODES = {"node_id", "node_name"}
"""What only edge services have."""
DOCUMENTED = {
    *("model_id", "model_name", "model_version", "invocation_times", "failed_times"),
    *("cpu_core_total", "cpu_memory_total", "gpu_total", "gpu_memory_total"),
    *("npu_total", "npu_memory_total", "model_instance_count", "model_running_instance_count"),
    *USAGES,
    *OF_NODES,
}


def stored(
    versions: list[VersionRow],
    *states: tuple[str, InstanceState],
    kept: tuple[VersionRow, ...] = (),
) -> Stored:
    """A service with instances, each of a version and in a state."""
    instances = [
        InstanceRow(
            service_id="svc", **instance_values(an_instance(number, state, version_id=version_id))
        )
        for number, (version_id, state) in enumerate(states, 1)
    ]
    row = a_service_row(name="mnist", status="running")
    return Stored(row, versions, instances, service_of(row, versions, instances), kept)


READY, STARTING = InstanceState.READY, InstanceState.STARTING
TWO = [
    a_version_row("svc", "v1", weight=70, instances=2, model_id="a"),
    a_version_row("svc", "v2", weight=30, model_id="b", cpus=0.5, memory_mib=1024),
]


class TestCounts:
    def test_a_service_counts_what_its_versions_count(self) -> None:
        calls = {"v1": Calls(9, 2), "v2": Calls(4, 0)}
        shown = monitor(stored(TWO, ("v1", READY), ("v1", STARTING), ("v2", READY)), calls, 5)
        assert shown["service_id"] == "svc"
        assert shown["service_name"] == "mnist"
        assert shown["req_count_per_min"] == 5
        assert shown["service_instance_count"] == 3
        assert shown["service_running_instance_count"] == 2
        assert [
            (
                one["model_id"],
                one["invocation_times"],
                one["failed_times"],
                one["model_instance_count"],
                one["model_running_instance_count"],
            )
            for one in shown["monitors"]
        ] == [("a", 9, 2, 2, 1), ("b", 4, 0, 1, 1)]

    def test_only_instances_that_are_ready_run(self) -> None:
        for state in InstanceState:
            shown = monitor(stored(TWO, ("v1", state)), {}, 0)
            assert shown["service_running_instance_count"] == (state is READY)

    def test_a_stopped_service_has_the_instances_that_it_would_have(self) -> None:
        shown = monitor(stored(TWO), {}, 0)
        assert (shown["service_instance_count"], shown["service_running_instance_count"]) == (3, 0)

    def test_a_version_that_is_replaced_counts_until_its_instances_are_gone(self) -> None:
        old = a_version_row("svc", "v1", instances=4, model_id="a", wanted=False)
        gone = a_version_row("svc", "v0", model_id="z", wanted=False, position=0)
        new = a_version_row("svc", "v2", model_id="b")
        shown = monitor(
            stored([new], ("v1", READY), ("v2", STARTING), kept=(old, gone)), {"v1": Calls(7)}, 0
        )
        assert [
            (one["model_id"], one["invocation_times"], one["model_instance_count"])
            for one in shown["monitors"]
        ] == [("b", 0, 1), ("a", 7, 1)]
        assert (shown["service_instance_count"], shown["service_running_instance_count"]) == (2, 1)


class TestResources:
    def of(self, **changes: Any) -> dict[str, Any]:
        (one,) = monitor(stored([a_version_row(**changes)]), {}, 0)["monitors"]
        found: dict[str, Any] = one
        return found

    def test_totals_are_the_specification_times_the_instances(self) -> None:
        one = self.of(instances=3)
        assert (one["cpu_core_total"], one["cpu_memory_total"]) == (6.0, 3 * 8192)
        assert (one["gpu_total"], one["npu_total"]) == (0, 0)
        assert (one["gpu_memory_total"], one["npu_memory_total"]) == (0, 0)

    def test_the_memory_of_a_documented_card_is_known(self) -> None:
        one = self.of(instances=2, specification="modelarts.vm.gpu.p4", gpus=1.0)
        assert (one["gpu_total"], one["gpu_memory_total"]) == (2, 2 * 16 * 1024)
        one = self.of(specification="modelarts.vm.ai1.a310", npus=1)
        assert (one["npu_total"], one["npu_memory_total"]) == (1, 8 * 1024)

    @pytest.mark.parametrize("specification", ["modelarts.vm.gpu.free", "custom"])
    def test_that_of_another_is_left_out(self, specification: str) -> None:
        one = self.of(specification=specification, gpus=1.0)
        assert one["gpu_total"] == 1
        assert "gpu_memory_total" not in one

    def test_nothing_is_there_that_is_not_documented_and_nothing_that_is_not_known(self) -> None:
        assert set(self.of()) == DOCUMENTED - USAGES - OF_NODES


class TestOverHttp:
    @pytest.fixture
    def service(self, drydock: Drydock, drydock_client: httpx.Client) -> str:
        body = changed(documented("realtime"), "/config/0/model_id", drydock.add_model("mnist"))
        body = changed(body, "/config/0/instance_count", 2)
        return f"services/{drydock_client.post('services', json=body).json()['service_id']}"

    def test_is_as_the_service_is(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str
    ) -> None:
        drydock.settle()
        shown = drydock_client.get(f"{service}/monitor", params={"node_id": "ignored"}).json()
        assert (shown["service_instance_count"], shown["service_running_instance_count"]) == (2, 2)
        assert shown["req_count_per_min"] == 0
        assert [one["model_name"] for one in shown["monitors"]] == ["mnist"]
        drydock_client.put(service, json={"status": "stopped"})
        drydock.settle()
        shown = drydock_client.get(f"{service}/monitor").json()
        assert shown["service_running_instance_count"] == 0

    def test_a_service_that_is_not_there_has_none(self, drydock_client: httpx.Client) -> None:
        answer = drydock_client.get("services/nowhere/monitor")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ModelArts.3502")

    @pytest.mark.envoy
    @pytest.mark.drydock(gateway=True)
    def test_calls_are_those_that_the_gateway_has_counted(
        self, drydock: Drydock, drydock_client: httpx.Client, service: str
    ) -> None:
        drydock.settle()
        address = drydock_client.get(service).json()["access_address"]
        for _ in range(3):
            assert drydock_client.post(address, json={}).status_code == 501  # nothing runs
        shown = drydock_client.get(f"{service}/monitor").json()
        deadline = time.monotonic() + 10
        while shown["req_count_per_min"] < 3 and time.monotonic() < deadline:
            shown = drydock_client.get(f"{service}/monitor").json()
        (one,) = shown["monitors"]
        assert (one["invocation_times"], one["failed_times"]) == (3, 3)
        assert shown["req_count_per_min"] == 3
