"""Waiting until a server is at rest, and moving its clock: real time is bounded, and platform time
moves only where that is said."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from backends.errors import StartFailed
from simulator.bench.drydock import Drydock, running
from simulator.bench.settling import NotAtRest
from tests.simulator.bench.support import deploy, status


@pytest.fixture
def bench() -> Iterator[Drydock]:
    with running(crash_limit=1) as made:
        yield made


@pytest.fixture
def client(bench: Drydock) -> Iterator[httpx.Client]:
    with bench.client() as made:
        yield made


class TestSettle:
    def test_afterwards_a_deployment_that_can_succeed_has(
        self, bench: Drydock, client: httpx.Client
    ) -> None:
        before = bench.now_ms()
        service_id = deploy(client, bench.add_model(), instances=5)
        bench.settle()
        assert status(client, service_id) == "running"
        assert bench.now_ms() == before

    def test_afterwards_one_that_cannot_has_failed(
        self, bench: Drydock, client: httpx.Client
    ) -> None:
        bench.script(lambda backend: backend.fail_next("start", StartFailed("no space is left")))
        service_id = deploy(client, bench.add_model())
        bench.settle()
        assert status(client, service_id) == "failed"

    def test_afterwards_a_deleted_service_is_gone(
        self, bench: Drydock, client: httpx.Client
    ) -> None:
        service_id = deploy(client, bench.add_model())
        client.delete(f"/services/{service_id}")
        bench.settle()
        assert client.get(f"/services/{service_id}").status_code == 404
        assert bench.services() == []

    def test_a_server_with_nothing_to_do_is_at_rest(self, bench: Drydock) -> None:
        bench.settle(within_s=5)

    def test_an_instance_that_is_never_well_is_at_rest_too(
        self, bench: Drydock, client: httpx.Client
    ) -> None:
        bench.script(lambda backend: backend.start_unwell())
        service_id = deploy(client, bench.add_model())
        bench.settle()
        assert status(client, service_id) == "deploying"

    def test_until_a_script_makes_it_well(self, bench: Drydock, client: httpx.Client) -> None:
        bench.script(lambda backend: backend.start_unwell())
        service_id = deploy(client, bench.add_model())
        bench.settle()
        (instance,) = bench.instances(service_id)
        bench.script(lambda backend: backend.set_health(instance, True))
        bench.settle()
        assert status(client, service_id) == "running"

    def test_what_never_ends_is_named_after_the_given_time(
        self, bench: Drydock, client: httpx.Client
    ) -> None:
        bench.script(lambda backend: backend.hang("start"))
        service_id = deploy(client, bench.add_model())
        with pytest.raises(NotAtRest, match=rf"after 0.2 s: {service_id}-1 is started or ended"):
            bench.settle(within_s=0.2)
        bench.script(lambda backend: backend.release("start"))
        bench.settle()
        assert status(client, service_id) == "running"


class TestAdvance:
    def test_moves_platform_time_by_exactly_that(self, bench: Drydock) -> None:
        before = bench.now_ms()
        bench.advance(1.5)
        bench.advance(0)
        assert bench.now_ms() - before == 1500

    def test_what_falls_due_on_the_way_happens_in_its_time(
        self, bench: Drydock, client: httpx.Client
    ) -> None:
        bench.script(lambda backend: backend.start_unwell())
        service_id = deploy(client, bench.add_model())
        bench.advance(20 * 60 - 1)
        assert status(client, service_id) == "deploying"
        deadline = bench.now_ms() + 1000
        bench.advance(3600)
        detail = client.get(f"/services/{service_id}").json()
        assert (detail["status"], detail["transition_at"]) == ("failed", deadline)

    def test_every_health_check_on_the_way_takes_place(
        self, bench: Drydock, client: httpx.Client
    ) -> None:
        service_id = deploy(client, bench.add_model())
        bench.settle()
        (instance,) = bench.instances(service_id)
        bench.script(lambda backend: backend.set_health(instance, False))
        bench.advance(4)
        assert status(client, service_id) == "running"
        bench.advance(60)  # several failures are needed
        assert status(client, service_id) == "concerning"

    def test_a_dead_instance_comes_back(self, bench: Drydock, client: httpx.Client) -> None:
        service_id = deploy(client, bench.add_model())
        bench.settle()
        (instance,) = bench.instances(service_id)
        bench.script(lambda backend: backend.kill_for_memory(instance))
        bench.advance(600)
        assert status(client, service_id) == "running"
        assert any("memory" in text for text in bench.events(service_id))

    def test_time_cannot_go_back(self, bench: Drydock) -> None:
        with pytest.raises(ValueError, match="time cannot go back: -1 s"):
            bench.advance(-1)

    def test_it_takes_no_longer_than_allowed(self, bench: Drydock, client: httpx.Client) -> None:
        deploy(client, bench.add_model())
        year_s = 365 * 24 * 3600
        with pytest.raises(NotAtRest, match=r"not at rest after 0\.2 s"):
            bench.advance(year_s, within_s=0.2)
