"""A real Envoy's counters and access log, through everything that shows them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from simulator.access_log import Entry, parse_line
from simulator.bench.drydock import Drydock, running
from tests.simulator.bench.support import deploy

pytestmark = pytest.mark.envoy

CALLS = 4


def called(drydock: Drydock, client: httpx.Client) -> tuple[str, str]:
    """Deploys and calls a service `CALLS` times, and once without a token.

    The simulated instances answer 501.

    Returns:
        The service's id, and the id of the refused request.
    """
    service_id = deploy(client, drydock.add_model(), instances=2)
    drydock.settle()
    address = client.get(f"/services/{service_id}").json()["access_address"]
    for _ in range(CALLS):
        client.post(f"{address}?key=secret-in-query", content=b"x")
    refused = httpx.post(address)
    assert refused.status_code == 401
    return service_id, refused.headers["x-request-id"]


def wait_for(path: Path, is_there: Callable[[list[Entry]], bool]) -> list[Entry]:
    """The access log's entries, once they are there: Envoy writes every half second."""
    for _ in range(200):
        lines = path.read_bytes().splitlines() if path.exists() else []
        found = [entry for line in lines if (entry := parse_line(line))]
        if is_there(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"not in the access log: {found}")


def test_what_a_client_sent_is_in_all_figures_and_in_the_log() -> None:
    with running(gateway=True) as drydock, drydock.client() as client:
        service_id, refused = called(drydock, client)
        time.sleep(0.6)  # figures younger than half a second are not read again
        (service,) = drydock._admin("GET", "/traffic")["services"]
        told = client.get(f"/services/{service_id}/monitor").json()["monitors"][0]
        system = drydock._server.system
        text = httpx.get(
            f"{drydock.endpoint}/_drydock/metrics",
            headers={"Authorization": f"Bearer {system.admin_token}"},
        ).text
        entries = wait_for(
            system.paths.access_log, lambda found: refused in {one.request_id for one in found}
        )
        raw = system.paths.access_log.read_text()

    (version,) = service["versions"]
    assert (version["requests_total"], version["codes"]) == (CALLS, {"501": CALLS})
    assert [one["requests_total"] for one in version["instances"]] == [CALLS / 2, CALLS / 2]
    assert (version["wanted_share"], version["measured_share"]) == (1.0, 1.0)
    assert (told["invocation_times"], told["failed_times"]) == (CALLS, CALLS)

    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    values = {one.name: one.value for one in samples if one.labels.get("service") == service_id}
    assert values["drydock_requests_total"] == CALLS
    assert values["drydock_instance_requests_total"] == CALLS / 2

    mine = [one for one in entries if one.service == service_id]
    assert [one.status for one in mine] == [501] * CALLS + [401]
    assert {one.instance for one in mine[:-1]} == {f"{service_id}-1", f"{service_id}-2"}
    assert {one.version for one in mine} == {"v1"}
    assert (mine[-1].request_id, mine[-1].instance) == (refused, "")
    assert "Jwt_is_missing" in mine[-1].reason
    assert "secret-in-query" not in raw
    assert drydock.token not in raw


def test_without_an_access_log_there_is_no_file() -> None:
    with running(gateway=True, access_log=False) as drydock, drydock.client() as client:
        called(drydock, client)
        time.sleep(0.6)
        assert list(drydock._server.system.paths.home.glob("access.log*")) == []
