"""Data collection from the deploy request to the file, and over the death of the server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.digits import held_out_irises
from tests.e2e.server import DrydockServer, realtime_request, wait_until

pytestmark = pytest.mark.envoy

MakeServer = Callable[..., DrydockServer]
ROWS, SPECIES = held_out_irises()


def lines(server: DrydockServer, service_id: str) -> list[dict[str, Any]]:
    folder = server.files / "objects" / "drydock-collection" / service_id
    found = [file.read_text().splitlines() for file in sorted(folder.rglob("*.jsonl"))]
    return [json.loads(line) for some in found for line in some]


def test_what_is_asked_for_at_the_deployment_is_collected_whatever_happens_to_the_server(
    make_server: MakeServer,
) -> None:
    server = make_server()
    server.start()
    request = realtime_request("iris", (server.import_package("iris"), 100))
    request["x-drydock"] = {"data_collection": True}
    service_id = server.deploy(request)
    ids = []
    for row in ROWS[:20]:
        answer = server.infer(service_id, json={"data": {"req_data": [row]}})
        assert answer.status_code == 200
        ids.append(answer.headers["x-request-id"])
    server.kill()
    server.start()
    wait_until(
        "all are in files",
        lambda: {one["request_id"] for one in lines(server, service_id)} >= set(ids),
        20,
    )
    by_id = {one["request_id"]: one for one in lines(server, service_id)}
    for request_id, row, species in zip(ids, ROWS, SPECIES, strict=False):
        kept = by_id[request_id]
        assert json.loads(kept["request"]["body"]) == {"data": {"req_data": [row]}}
        answered = json.loads(kept["answer"]["body"])["data"]["resp_data"]
        assert answered[0]["predictresult"] == species
        assert server.token not in json.dumps(kept)
