"""Why a service does not run, over HTTP, on simulated instances."""

from __future__ import annotations

import httpx
import pytest

from backends.base import ListeningPort, Ports
from simulator.bench.drydock import Drydock
from tests.simulator.bench.support import deploy


@pytest.fixture
def service_id(drydock: Drydock, drydock_client: httpx.Client) -> str:
    found = deploy(drydock_client, drydock.add_model())
    drydock.settle()
    return found


def test_of_a_running_one_nothing_is_wrong(admin: httpx.Client, service_id: str) -> None:
    why = admin.get(f"/services/{service_id}/why").json()
    assert (why["status"], why["cause"], why["known"], why["cloud"]) == ("running", "", None, None)
    assert why["summary"] == "it runs; nothing is wrong"


def test_of_one_whose_instance_keeps_ending_its_last_words_are_the_evidence(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    drydock.script(lambda backend: setattr(backend, "start_steps", 1000))
    service_id = deploy(drydock_client, drydock.add_model())
    drydock.settle()
    (instance,) = drydock.instances(service_id)
    drydock.script(lambda backend: backend.write_log(instance, "ValueError: bad weights"))
    for _ in range(3):
        drydock.script(lambda backend: backend.crash(instance))
        drydock.settle()
        drydock.advance(60)
    why = admin.get(f"/services/{service_id}/why").json()
    assert (why["status"], why["cause"]) == ("failed", "InstanceExited")
    assert "ValueError: bad weights" in why["evidence"][0]["text"]
    cloud = why["cloud"]
    assert cloud["status"] == "failed"
    assert "InstanceExited" in cloud["error_msg"]
    # the cloud tries until the deployment's time is over
    assert cloud["waited_s"] == 1200
    assert cloud["here_s"] < 1200


def test_one_that_listens_where_nobody_reaches_it_fails_by_that_name(
    drydock: Drydock, drydock_client: httpx.Client, admin: httpx.Client
) -> None:
    drydock.script(lambda backend: setattr(backend, "start_steps", 1000))
    service_id = deploy(drydock_client, drydock.add_model())
    drydock.settle()
    (instance,) = drydock.instances(service_id)

    def listens(backend: object) -> None:
        backend.set_health(instance, False)  # type: ignore[attr-defined]
        backend.set_ports(instance, Ports(8080, (ListeningPort("127.0.0.1", 8080),)))  # type: ignore[attr-defined]
        backend.advance(1000)  # type: ignore[attr-defined]

    drydock.script(listens)
    drydock.settle()
    drydock.advance(1300)
    why = admin.get(f"/services/{service_id}/why").json()
    assert (why["status"], why["cause"]) == ("failed", "LoopbackOnly")
    assert "at 127.0.0.1 alone" in why["summary"]
    assert why["known"]["source"] == "Specifications for Custom Images"


def test_one_that_does_not_exist_is_not_found(admin: httpx.Client) -> None:
    assert admin.get("/services/none/why").status_code == 404
