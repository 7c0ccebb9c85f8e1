"""Requests that several of these tests send."""

from __future__ import annotations

from typing import Any

import httpx


def deploy_request(name: str, model_id: str, instances: int = 1) -> dict[str, Any]:
    """A real-time service with one version."""
    version = {"model_id": model_id, "weight": 100, "specification": "modelarts.vm.cpu.2u"}
    return {
        "infer_type": "real-time",
        "service_name": name,
        "config": [version | {"instance_count": instances}],
    }


def deploy(client: httpx.Client, model_id: str, name: str = "prod", instances: int = 1) -> str:
    """Ask for a service; returns its id."""
    answer = client.post("/services", json=deploy_request(name, model_id, instances))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["service_id"])


def status(client: httpx.Client, service_id: str) -> str:
    return str(client.get(f"/services/{service_id}").json()["status"])
