"""Images that speak HTTP/2, over the API, on a private server with simulated instances."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from simulator import grpc_health
from simulator.bench.drydock import Drydock
from tests.support.requests import documented

VERSION = documented("realtime")["config"][0]


def image_model(drydock: Drydock, client: httpx.Client, **config: Any) -> httpx.Response:
    """The answer to creating a model of an image with this config.json."""
    drydock.add_image("team/talk:1")
    document = {"model_algorithm": "talk", "model_type": "Image", **config}
    body = {
        "model_name": "talk",
        "model_version": "0.0.1",
        "model_type": "Image",
        "source_location": "team/talk:1",
        "initial_config": json.dumps(document),
    }
    answer = client.post("models", json=body)
    drydock.settle()
    return answer


@pytest.mark.parametrize("health", [{}, {"health": {"url": grpc_health.PATH}}])
def test_a_service_of_one_runs_and_is_routed_to_over_http2(
    drydock: Drydock, drydock_client: httpx.Client, health: dict[str, Any]
) -> None:
    made = image_model(drydock, drydock_client, protocol="http2", **health)
    model_id = made.json()["model_id"]
    request = documented("realtime") | {"config": [{**VERSION, "model_id": model_id}]}
    answer = drydock_client.post("services", json=request)
    drydock.settle()
    service_id = answer.json()["service_id"]
    assert drydock_client.get(f"services/{service_id}").json()["status"] == "running"
    routes = drydock._server.system.routes._routes
    assert [version.http2 for version in routes[service_id].versions] == [True]


def test_grpc_is_no_protocol_and_the_right_word_is_told(
    drydock: Drydock, drydock_client: httpx.Client
) -> None:
    answer = image_model(drydock, drydock_client, protocol="grpc")
    (violation,) = answer.json()["violations"]
    assert (answer.status_code, violation["rule"]) == (400, "MA-CFG-017")
    assert "http2" in violation["message"]
