"""Dedicated pools: services in them, what fits, what is lost. Over HTTP, with a private server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from tests.support.requests import documented

ONE = documented("realtime")
VERSION = ONE["config"][0]


@pytest.fixture
def model(drydock: Drydock) -> str:
    return drydock.add_model("mnist")


def make_pool(drydock: Drydock, pool_id: str, **changes: Any) -> dict[str, Any]:
    """A pool with one node of 2 cores and 8 GB."""
    made: dict[str, Any] = drydock._admin("POST", "/pools", json={"pool_id": pool_id, **changes})
    return made


def change_pool(drydock: Drydock, pool_id: str, **changes: Any) -> None:
    drydock._admin("PATCH", f"/pools/{pool_id}", json=changes)
    drydock.settle()


def request_in(pool: str, model: str, name: str = "one", **version: Any) -> dict[str, Any]:
    config = {**VERSION, "model_id": model, **version}
    return {**ONE, "service_name": name, "pool_name": pool, "config": [config]}


def deploy(drydock: Drydock, client: httpx.Client, body: dict[str, Any]) -> str:
    answer = client.post("services", json=body)
    assert answer.status_code == 200, answer.text
    drydock.settle()
    return f"services/{answer.json()['service_id']}"


def places(drydock: Drydock, service: str) -> list[tuple[str, str]]:
    """Pool and node of each instance."""
    stored = drydock._server.system.store.service(service.split("/")[1])
    return [(i.pool, i.node) for i in stored.instances]


class TestDeploying:
    def test_an_instance_takes_its_part_of_a_node(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a", nodes=2)
        service = deploy(drydock, drydock_client, request_in("pool-a", model, instance_count=2))
        assert drydock_client.get(service).json()["status"] == "running"
        assert sorted(places(drydock, service)) == [("pool-a", "pool-a-1"), ("pool-a", "pool-a-2")]
        (pool,) = drydock._admin("GET", "/pools")["pools"]
        assert [node["free_cpus"] for node in pool["nodes"]] == [0, 0]

    def test_a_pool_that_there_is_not_is_refused(
        self, drydock_client: httpx.Client, model: str
    ) -> None:
        answer = drydock_client.post("services", json=request_in("pool-a", model))
        assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3547")

    def test_one_of_the_other_kind_is_refused(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a", generation="old")
        answer = drydock_client.post("services", json=request_in("pool-a", model))
        assert [one["rule"] for one in answer.json()["violations"]] == ["MA-ADM-010"]

    def test_one_that_does_not_run_is_refused(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a")
        change_pool(drydock, "pool-a", status="abnormal")
        answer = drydock_client.post("services", json=request_in("pool-a", model))
        assert [one["rule"] for one in answer.json()["violations"]] == ["MA-ADM-009"]

    def test_the_versions_own_pool_goes_before_the_services(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a")
        make_pool(drydock, "pool-b")
        body = request_in("pool-a", model, pool_name="pool-b")
        assert places(drydock, deploy(drydock, drydock_client, body)) == [("pool-b", "pool-b-1")]

    def test_custom_sizes_run_in_a_dedicated_pool(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a", specification="custom", cpus=8, memory_mb=16384)
        custom = {"cpu": 3, "memory": 4096}
        body = request_in("pool-a", model, specification="custom", custom_spec=custom)
        service = deploy(drydock, drydock_client, body)
        assert drydock_client.get(service).json()["status"] == "running"
        (pool,) = drydock._admin("GET", "/pools")["pools"]
        assert pool["nodes"][0] == {
            "node_id": "pool-a-1", "free_cpus": 5, "free_memory_mb": 12288
        }  # fmt: skip


class TestWhatTheSystemTakes:
    @pytest.mark.drydock(system_overhead={"vcpus": 0.5, "memory_mb": 256})
    def test_a_node_has_room_for_an_instance_and_that(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a", specification="custom", cpus=4.5, memory_mb=16_896)
        one = deploy(drydock, drydock_client, request_in("pool-a", model))
        assert drydock_client.get(one).json()["status"] == "running"
        (pool,) = drydock._admin("GET", "/pools")["pools"]
        assert pool["nodes"][0] == {
            "node_id": "pool-a-1", "free_cpus": 2, "free_memory_mb": 8448
        }  # fmt: skip
        two = deploy(drydock, drydock_client, request_in("pool-a", model, "two"))
        assert drydock_client.get(two).json()["status"] == "deploying"  # 0.5 cores are missing


class TestWithoutRoom:
    def test_three_tries_and_then_it_has_failed(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a")
        deploy(drydock, drydock_client, request_in("pool-a", model))
        second = deploy(drydock, drydock_client, request_in("pool-a", model, "two"))
        assert drydock_client.get(second).json()["status"] == "deploying"
        drydock.advance(10)
        assert drydock_client.get(second).json()["status"] == "deploying"
        drydock.advance(10)
        shown = drydock_client.get(second).json()
        assert shown["status"] == "failed"
        assert shown["error_msg"] == (
            "InsufficientResources: no node of pool-a has 2 cores and 8192 MB free for instance 1; "
            "tried 3 times"
        )

    def test_room_that_comes_meanwhile_is_taken_at_once(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a")
        first = deploy(drydock, drydock_client, request_in("pool-a", model))
        second = deploy(drydock, drydock_client, request_in("pool-a", model, "two"))
        drydock_client.delete(first)
        drydock.settle()
        assert drydock_client.get(second).json()["status"] == "running"

    @pytest.mark.drydock(when_full="wait")
    def test_it_waits_where_that_is_wished_and_starts_when_there_is_room(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a")
        deploy(drydock, drydock_client, request_in("pool-a", model))
        second = deploy(drydock, drydock_client, request_in("pool-a", model, "two"))
        drydock.advance(20)
        assert drydock_client.get(second).json()["status"] == "waiting"
        drydock.advance(7200)
        assert drydock_client.get(second).json()["status"] == "waiting"
        change_pool(drydock, "pool-a", nodes=2)
        assert drydock_client.get(second).json()["status"] == "running"

    def test_an_update_that_has_no_room_is_rolled_back(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a")
        service = deploy(drydock, drydock_client, request_in("pool-a", model))
        config = [{**VERSION, "model_id": model, "envs": {"MODE": "new"}}]
        drydock_client.put(service, json={"config": config})
        drydock.settle()
        drydock.advance(20)
        shown = drydock_client.get(service).json()
        assert (shown["status"], shown["config"][0]["envs"]) == ("running", {})


class TestLoss:
    def test_a_service_in_a_lost_pool_is_concerning_and_comes_back_with_it(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a")
        service = deploy(drydock, drydock_client, request_in("pool-a", model))
        change_pool(drydock, "pool-a", status="abnormal")
        assert drydock_client.get(service).json()["status"] == "concerning"
        assert drydock.instances(service.split("/")[1]) == [] or places(drydock, service) == [
            ("", "")
        ]
        change_pool(drydock, "pool-a", status="running")
        assert drydock_client.get(service).json()["status"] == "running"

    def test_two_pools_share_the_instances_and_one_survives_the_other(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        for pool in ("pool-a", "pool-b"):
            make_pool(drydock, pool, nodes=2)
        body = request_in("pool-a,pool-b", model, instance_count=4)
        service = deploy(drydock, drydock_client, body)
        assert (
            sorted(pool for pool, _ in places(drydock, service)) == ["pool-a"] * 2 + ["pool-b"] * 2
        )
        change_pool(drydock, "pool-a", status="abnormal")
        assert sorted(pool for pool, _ in places(drydock, service)) == ["", "", "pool-b", "pool-b"]
        assert drydock_client.get(service).json()["status"] == "concerning"


class TestPools:
    def test_they_are_listed_as_the_cloud_lists_the_old_kind(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        make_pool(drydock, "pool-old", generation="old", nodes=2)
        make_pool(drydock, "pool-new")
        listed = drydock_client.get("clusters").json()
        assert (listed["total_count"], listed["count"]) == (1, 1)
        (item,) = listed["clusters"]
        assert item["cluster_id"] == "pool-old"
        assert item["nodes"] == {
            "specification": "modelarts.vm.cpu.2u", "count": 2, "available_count": 2
        }  # fmt: skip
        assert drydock_client.get("clusters", params={"status": "abnormal"}).json()["count"] == 0

    def test_a_pool_in_use_is_neither_deleted_nor_made_too_small(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a", nodes=2)
        deploy(drydock, drydock_client, request_in("pool-a", model, instance_count=2))
        with pytest.raises(ValueError, match=r"409.*InUse"):
            drydock._admin("DELETE", "/pools/pool-a")
        with pytest.raises(ValueError, match=r"409.*InUse"):
            drydock._admin("PATCH", "/pools/pool-a", json={"nodes": 1})
        (pool,) = drydock._admin("GET", "/pools")["pools"]
        assert pool["node_count"] == 2

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"pool_id": "a,b"}, "pool_id"),
            ({"pool_id": "a", "nodes": 0}, "nodes"),
            ({"pool_id": "a", "specification": "modelarts.vm.cpu.3"}, "there is no"),
            ({"pool_id": "a", "specification": "custom"}, "need cpus and memory_mb"),
            ({"pool_id": "a", "cpus": 4.0}, "are fixed"),
            ({"pool_id": "a", "generation": "newest"}, "generation"),
        ],
    )
    def test_a_pool_that_cannot_be_is_refused(
        self, drydock: Drydock, body: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(ValueError, match=f"400.*{words}"):
            drydock._admin("POST", "/pools", json=body)
        assert drydock._admin("GET", "/pools")["pools"] == []

    def test_nodes_are_metered_over_time(self, drydock: Drydock) -> None:
        make_pool(drydock, "pool-a")
        start = drydock.now_ms()
        drydock.advance(60)
        change_pool(drydock, "pool-a", nodes=3)
        drydock.advance(60)
        drydock._admin("DELETE", "/pools/pool-a")
        rows = drydock._server.system.store.pools.usage()
        assert [(row.nodes, row.since - start) for row in rows] == [(1, 0), (3, 60_000)]
        assert [row.until for row in rows] == [start + 60_000, start + 120_000]
        found = drydock._admin("GET", "/usage")
        assert found["total_node_seconds"] == 60 + 3 * 60

    def test_of_a_dedicated_pool_only_the_nodes_are_metered(
        self, drydock: Drydock, drydock_client: httpx.Client, model: str
    ) -> None:
        make_pool(drydock, "pool-a", nodes=2)
        service = deploy(drydock, drydock_client, request_in("pool-a", model))
        drydock.advance(60)
        drydock_client.delete(service)
        drydock.settle()
        found = drydock._admin("GET", "/usage")
        assert (found["services"], found["total_node_seconds"]) == ([], 120)
