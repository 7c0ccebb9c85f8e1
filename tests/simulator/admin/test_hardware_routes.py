"""The host and its specifications over HTTP, and what a deployment makes of them."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from backends.hardware.model import Host
from backends.hardware.reader import HardwareReader, stub_npus
from simulator.admin.answer_schemas import SCHEMAS
from simulator.admin.hardware_views import hardware_view
from simulator.bench.drydock import Drydock
from simulator.facts.specifications import SPECIFICATIONS
from tests.support.fake_nvml import FakeGpu, FakeMig, FakeNvml, a_process
from tests.support.requests import changed, documented

OWN = {
    "shop.small": {"vcpus": 1, "memory_mb": 512},
    "shop.gpu": {"vcpus": 4, "memory_mb": 8192, "gpus": 1, "gpu_memory_gb": 24},
}


def fits(answer: Any, name: str) -> None:
    schema = SCHEMAS[name] | {"components": {"schemas": SCHEMAS}}
    Draft202012Validator(schema).validate(answer)


def by_name(admin: httpx.Client) -> dict[str, dict[str, Any]]:
    found = admin.get("/specifications").json()
    fits(found, "HostSpecificationList")
    return {one["name"]: one for one in found["specifications"]}


def test_the_host_is_shown(admin: httpx.Client) -> None:
    answer = admin.get("/hardware")
    assert answer.status_code == 200
    found = answer.json()
    fits(found, "Hardware")
    assert found["host"]["cpus"] >= 1
    assert (found["engine"]["backend"], found["engine"]["gives_gpus"]) == ("fake", False)


async def test_everything_that_a_gpu_has_fits_its_schema(drydock: Drydock) -> None:
    system = drydock._server.system
    host = Host("Some CPU", "x86_64", 8, 8.0, "", 1 << 34, 1 << 33, 1 << 33, "")
    lost = FakeGpu("GPU-1")
    lost.lose()
    gpus = (
        FakeGpu(computing=[a_process(7)], mig_mode=(1, 1), mig=(FakeMig(),)),
        lost,
    )
    reader = HardwareReader(stub_npus(1, 8), nvml=lambda: FakeNvml(*gpus), host=lambda: host)
    hosting = type(system.hosting)(system.settings, system.backend.inner, reader)
    shown = json.loads(json.dumps(hardware_view(await hosting.seen())))
    fits(shown, "Hardware")
    assert [gpu["lost"] for gpu in shown["gpus"]["devices"]] == [False, True]


@pytest.mark.drydock(specifications=OWN)
def test_specifications_are_shown_with_the_reason(admin: httpx.Client) -> None:
    found = by_name(admin)
    assert [*found] == [*SPECIFICATIONS, *OWN, "custom"]
    assert found["shop.small"] | {"runs_on": "CPU"} == found["shop.small"]
    assert (found["shop.small"]["origin"], found["shop.small"]["available"]) == ("settings", True)
    assert not found["modelarts.vm.gpu.p4"]["available"]
    assert found["shop.gpu"]["reason"] == found["modelarts.vm.gpu.p4"]["reason"] != ""
    assert "no Ascend chip" in found["modelarts.vm.ai1.a310"]["reason"]
    assert found["custom"]["vcpus"] is None


@pytest.mark.drydock(specifications=OWN, stub_npus={"count": 2})
def test_stub_chips_are_shown_as_stubs(admin: httpx.Client) -> None:
    assert [one["stub"] for one in admin.get("/hardware").json()["npus"]] == [True, True]
    assert "stubs" in by_name(admin)["modelarts.vm.ai1.a310"]["reason"]


class TestOwnSpecifications:
    @pytest.mark.drydock(specifications=OWN)
    def test_they_are_listed_by_the_clouds_api_and_can_be_deployed_with(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        listed = drydock_client.get("services/specifications").json()
        status = {one["specification"]: one["spec_status"] for one in listed["specifications"]}
        assert (status["shop.small"], status["shop.gpu"]) == ("normal", "sellout")
        assert listed["total_count"] == len(SPECIFICATIONS) + 2
        body = changed(documented("realtime"), "/config/0/model_id", drydock.add_model())
        made = drydock_client.post(
            "services", json=changed(body, "/config/0/specification", "shop.small")
        )
        assert made.status_code == 200, made.text
        drydock.settle()
        stored = drydock._server.system.store.service(made.json()["service_id"])
        (version,) = stored.versions
        assert (version.specification, version.cpus, version.memory_mib) == ("shop.small", 1, 512)
        refused = drydock_client.post(
            "services", json=changed(body, "/config/0/specification", "shop.gpu")
        )
        assert [one["rule"] for one in refused.json()["violations"]] == ["MA-ADM-012"]
        assert "this host has no NVIDIA GPU" in refused.json()["violations"][0]["message"] or (
            "instances are not given GPUs" in refused.json()["violations"][0]["message"]
        )

    @pytest.mark.drydock(specifications=OWN)
    def test_pools_have_nodes_of_them_where_this_host_can_give_them(
        self, admin: httpx.Client
    ) -> None:
        made = admin.post("/pools", json={"pool_id": "a", "specification": "shop.small"})
        assert (made.json()["cpus"], made.json()["memory_mb"]) == (1, 512)
        refused = admin.post("/pools", json={"pool_id": "b", "specification": "shop.gpu"})
        assert refused.status_code == 400
        assert "shop.gpu is not available" in refused.json()["violations"][0]["message"]
        unknown = admin.post("/pools", json={"pool_id": "c", "specification": "shop.large"})
        assert "shop.small" in unknown.json()["violations"][0]["message"]


HUGE = {"shop.huge": {"vcpus": 4096, "memory_mb": 1 << 20}}
WITH_OVERHEAD = {"vcpus": 0.5, "memory_mb": 100}


class TestSmallHosts:
    @pytest.mark.drydock(specifications=HUGE, system_overhead=WITH_OVERHEAD)
    def test_it_is_deployed_with_a_warning(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        answer = self.deploy(drydock, drydock_client)
        assert answer.status_code == 200
        (warning,) = answer.json()["warnings"]
        assert warning["rule"] == "MA-ADM-023"
        assert "4096 vCPUs, and it takes 4096 and 0.5 for the system" in warning["message"]

    @pytest.mark.drydock(specifications=HUGE, system_overhead=WITH_OVERHEAD, small_host="refuse")
    def test_it_is_refused_where_that_is_set(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        answer = self.deploy(drydock, drydock_client)
        assert answer.status_code == 400
        assert [one["rule"] for one in answer.json()["violations"]] == ["MA-ADM-012"]

    def deploy(self, drydock: Drydock, client: httpx.Client) -> httpx.Response:
        body = changed(documented("realtime"), "/config/0/model_id", drydock.add_model())
        return client.post("services", json=changed(body, "/config/0/specification", "shop.huge"))
