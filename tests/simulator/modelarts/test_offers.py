"""What the API lists as offered: specifications, engines with their environments."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from simulator.facts.engines import ENGINES
from simulator.facts.quotas import BATCH_SERVICES, PUBLIC_INSTANCES, REAL_TIME_SERVICES
from simulator.facts.specifications import SPECIFICATIONS
from simulator.facts.statuses import ServiceKind
from simulator.modelarts.offers import engine_item, is_over_quota, specification_item
from simulator.store.quotas import QuotaUse
from tests.support.requests import changed, documented

ITEMS = {
    name: specification_item(spec, sold_out=spec.category != "CPU")
    for name, spec in SPECIFICATIONS.items()
}


class TestSpecifications:
    def test_those_that_this_host_cannot_give_are_sold_out(self) -> None:
        assert ITEMS["modelarts.vm.cpu.2u"]["spec_status"] == "normal"
        assert ITEMS["modelarts.vm.gpu.p4"]["spec_status"] == "sellout"
        assert ITEMS["modelarts.vm.ai1.a310"]["category"] == "NPU"

    def test_people_read_what_it_has(self) -> None:
        assert ITEMS["modelarts.vm.cpu.2u"]["display_en"].startswith("2 vCPUs, 8 GiB")
        assert ITEMS["modelarts.vm.cpu.2u"]["display_cn"].startswith("2 核, 8 GiB")

    def test_cards_are_those_of_the_documents_example(self) -> None:
        none = {"memory": 0, "unit": "MB"}
        assert ITEMS["modelarts.vm.cpu.2u"]["gpu_info"] == {"gpu": 0, **none}
        assert ITEMS["modelarts.vm.cpu.2u"]["npu_info"] == {"npu": 0, **none}
        assert ITEMS["modelarts.vm.gpu.p4"]["gpu_info"] == {
            "gpu": 1,
            "brand": "NVIDIA",
            "version": "P4",
            "memory": 16,
            "unit": "GB",
        }
        assert ITEMS["modelarts.vm.ai1.a310"]["npu_info"]["version"] == "Snt3"

    def test_a_card_that_no_document_names_is_not_made_up(self) -> None:
        assert ITEMS["modelarts.vm.gpu.free"]["gpu_info"] == {"gpu": 1}

    @pytest.mark.parametrize(
        ("kind", "dedicated", "full", "over"),
        [
            (ServiceKind.REAL_TIME, False, REAL_TIME_SERVICES, True),
            (ServiceKind.REAL_TIME, False, PUBLIC_INSTANCES, True),
            (ServiceKind.REAL_TIME, False, BATCH_SERVICES, False),
            (ServiceKind.REAL_TIME, True, REAL_TIME_SERVICES, False),
            (ServiceKind.BATCH, False, BATCH_SERVICES, True),
            (ServiceKind.BATCH, False, REAL_TIME_SERVICES, False),
            (ServiceKind.EDGE, False, REAL_TIME_SERVICES, False),
        ],
    )
    def test_the_quota_is_that_of_the_kind(
        self, kind: ServiceKind, dedicated: bool, full: str, over: bool
    ) -> None:
        names = (REAL_TIME_SERVICES, BATCH_SERVICES, PUBLIC_INSTANCES)
        quotas = [QuotaUse(name, 20, 20 if name == full else 19, 20) for name in names]
        assert is_over_quota(quotas, kind, dedicated=dedicated) is over


class TestEngines:
    @pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
    def test_the_lists_go_side_by_side(self, engine: Any) -> None:
        item = engine_item(engine)
        assert item.pop("ai_engine") == engine.name
        assert set(item) == {
            *("runtimes", "request_mode", "accelerators"),
            *("arch", "status_list", "image_source"),
        }
        assert {len(one) for one in item.values()} == {len(engine.runtimes)}

    def test_an_accelerator_says_what_is_documented_of_it(self) -> None:
        items = {engine.name: engine_item(engine) for engine in ENGINES}
        tensorflow, pytorch = items["TensorFlow"], items["PyTorch"]
        assert tensorflow["accelerators"][:2] == [
            {"type": "none"},
            {"type": "gpu", "cuda_version": "cuda 10.2"},
        ]
        ascend = pytorch["runtimes"].index(
            "pytorch_1.11.0-cann_7.0.1-py_3.9-euler_2.10.7-aarch64-snt9b"
        )
        assert pytorch["accelerators"][ascend] == {
            "type": "npu",
            "name": "SNT9",
            "driver_version_section": "C8x",
        }
        assert pytorch["arch"][ascend] == "aarch64"
        assert items["Custom"]["runtimes"] == []


class TestOverHttp:
    def pages(self, client: httpx.Client, path: str, name: str) -> list[Any]:
        """All items, as a client collects them that adds what it has received to the offset."""
        found: list[Any] = []
        while True:
            answer = client.get(path, params={"offset": len(found), "limit": 2}).json()
            assert answer["count"] == len(answer[name]) <= 2
            if not answer[name]:
                assert answer["total_count"] == len(found)
                return found
            found += answer[name]

    def test_specifications_are_paged(self, drydock_client: httpx.Client) -> None:
        whole = drydock_client.get("services/specifications").json()
        assert whole["total_count"] == whole["count"] == len(SPECIFICATIONS)
        found = self.pages(drydock_client, "services/specifications", "specifications")
        assert found == whole["specifications"]

    def test_engines_are_paged(self, drydock_client: httpx.Client) -> None:
        whole = drydock_client.get("models/ai-engine-runtimes").json()
        assert whole["total_count"] == whole["count"] == len(ENGINES)
        found = self.pages(drydock_client, "models/ai-engine-runtimes", "engine_runtimes")
        assert found == whole["engine_runtimes"]

    @pytest.mark.parametrize(
        ("path", "name", "value"),
        [
            ("services/specifications", "limit", "0"),
            ("services/specifications", "limit", "1001"),
            ("services/specifications", "offset", "-1"),
            ("services/specifications", "is_personal_cluster", "perhaps"),
            ("services/specifications", "infer_type", "realtime"),
            ("models/ai-engine-runtimes", "offset", "x"),
        ],
    )
    def test_another_value_is_refused_by_name(
        self, drydock_client: httpx.Client, path: str, name: str, value: str
    ) -> None:
        answer = drydock_client.get(path, params={name: value})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.0101")
        assert [one["path"] for one in answer.json()["violations"]] == [f"/{name}"]

    def test_a_full_quota_is_told(self, drydock: Drydock, drydock_client: httpx.Client) -> None:
        def over(**query: Any) -> set[bool]:
            listed = drydock_client.get("services/specifications", params=query).json()
            return {one["over_quota"] for one in listed["specifications"]}

        model_id = drydock.add_model()
        for number in range(20):
            assert over() == {False}
            body = changed(documented("realtime"), "/config/0/model_id", model_id)
            answer = drydock_client.post("services", json={**body, "service_name": f"s{number}"})
            assert answer.status_code == 200
        assert over() == {True}
        assert over(infer_type="batch") == over(is_personal_cluster="true") == {False}
