"""The deploy tool against a private Drydock server, one for each test."""

from __future__ import annotations

import httpx
import pytest
from deploy_tool import DeployError, deploy

from backends.errors import StartFailed
from simulator.bench.drydock import Drydock


def test_deploys_and_waits_until_the_service_runs(
    drydock: Drydock, drydock_client: httpx.Client
) -> None:
    model_id = drydock.add_model("flowers")

    service_id = deploy(drydock_client, "prod", model_id, sleep=drydock.advance)

    (service,) = drydock.services()
    assert (service["service_id"], service["status"]) == (service_id, "running")


def test_passes_on_what_the_cloud_says_to_a_wrong_request(
    drydock: Drydock, drydock_client: httpx.Client
) -> None:
    model_id = drydock.add_model("flowers", status="failed")

    with pytest.raises(DeployError, match="only published models can be deployed"):
        deploy(drydock_client, "prod", model_id, sleep=drydock.advance)

    assert drydock.services() == []


@pytest.mark.drydock(crash_limit=1)
def test_says_why_an_instance_did_not_start(drydock: Drydock, drydock_client: httpx.Client) -> None:
    model_id = drydock.add_model("flowers")
    drydock.script(lambda backend: backend.fail_next("start", StartFailed("no space is left")))

    with pytest.raises(DeployError, match="no space is left"):
        deploy(drydock_client, "prod", model_id, sleep=drydock.advance)


def test_gives_up_when_the_cloud_does(drydock: Drydock, drydock_client: httpx.Client) -> None:
    model_id = drydock.add_model("flowers")
    drydock.script(lambda backend: backend.start_unwell())
    began_ms = drydock.now_ms()

    with pytest.raises(DeployError, match="DeployTimeout"):
        deploy(drydock_client, "prod", model_id, sleep=drydock.advance)

    assert drydock.now_ms() - began_ms == 20 * 60 * 1000  # and the test took a moment


def test_needs_a_valid_token(drydock: Drydock) -> None:
    with (
        httpx.Client(
            base_url=f"{drydock.endpoint}/v1/{drydock.project_id}",
            headers={"X-Auth-Token": "stale"},
        ) as client,
        pytest.raises(DeployError, match="token"),
    ):
        deploy(client, "prod", drydock.add_model(), sleep=drydock.advance)
