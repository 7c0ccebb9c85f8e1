"""Publishing models while the store cannot be written."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from simulator.bench.drydock import Drydock
from simulator.system import System
from tests.support.unwritable import unwritable

PACKAGE = Path(__file__).resolve().parents[3] / "fixtures" / "packages" / "iris"


async def release(system: System, model_id: str) -> None:
    """Without waiting for the model's end, which does not come before there is room."""
    system.publisher._holding.release(model_id)


def test_a_model_is_published_when_the_store_can_be_written_again(
    drydock: Drydock, drydock_client: httpx.Client
) -> None:
    system = drydock._server.system
    admin = {"X-Drydock-Token": system.admin_token}
    address = f"{drydock.endpoint}/_drydock"
    httpx.put(f"{address}/transitions", json={"publish": "manual"}, headers=admin)
    model_id = httpx.post(
        f"{address}/models/import", json={"path": str(PACKAGE)}, headers=admin
    ).json()["model_id"]
    drydock.settle()
    with unwritable(system.store):
        drydock._server.run(release(system, model_id), 5)
        time.sleep(0.3)
        assert drydock_client.get(f"/models/{model_id}").json()["model_status"] == "publishing"
    drydock.settle()
    assert drydock_client.get(f"/models/{model_id}").json()["model_status"] == "published"
