"""A small deploy tool: puts a model into service on ModelArts and waits until it runs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import httpx


class DeployError(Exception):
    """The service does not run; the text is the cloud's."""


def deploy(
    api: httpx.Client, name: str, model_id: str, *, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Deploy the model and return the service's id once the service runs."""
    version = {"model_id": model_id, "weight": 100, "specification": "modelarts.vm.cpu.2u"}
    request = {
        "infer_type": "real-time",
        "service_name": name,
        "config": [version | {"instance_count": 1}],
    }
    answer = api.post("/services", json=request)
    if answer.is_error:
        raise DeployError(answer.json()["error_msg"])
    service_id: str = answer.json()["service_id"]
    while True:
        service = api.get(f"/services/{service_id}").raise_for_status().json()
        if service["status"] == "running":
            return service_id
        if service["status"] == "failed":
            raise DeployError(service["error_msg"])
        sleep(5)


if __name__ == "__main__":
    with httpx.Client(
        base_url=os.environ["MODELARTS_URL"],
        headers={"X-Auth-Token": os.environ["MODELARTS_TOKEN"]},
    ) as client:
        print(deploy(client, *sys.argv[1:3]))
