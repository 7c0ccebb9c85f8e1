"""What changes about a service that is called all the time, and dies in it: no request is lost.

`DRYDOCK_PROVE_LOAD` times each (once by default), `DRYDOCK_PROVE_UPDATES` updates in a row.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from simulator.access_log import Entry
from simulator.stress.outcomes import Ending
from tests.e2e.access import entries_of
from tests.e2e.open_load import Request, open_load
from tests.e2e.server import DrydockServer, is_alive, realtime_request, wait_until
from tests.e2e.test_traffic_split import binomial_interval

pytestmark = pytest.mark.envoy

TIMES = int(os.environ.get("DRYDOCK_PROVE_LOAD", "1"))
UPDATES = int(os.environ.get("DRYDOCK_PROVE_UPDATES", str(max(2, TIMES))))
RATE_PER_S = 300.0
CHANGE_S = 60.0
SOME = 150
"""Requests between two changes."""

ModelOf = Callable[[DrydockServer, str], str]
Json = dict[str, Any]
Property = Callable[[str, object], None]


def change(server: DrydockServer, service_id: str, config: list[Json]) -> tuple[float, float]:
    """Makes an update and waits until it is done; tells when it was sent, and when it was done."""
    begun_s = time.monotonic()
    server.api("PUT", f"/services/{service_id}", json={"config": config})

    def is_done() -> bool:
        found = server.api("GET", f"/services/{service_id}")
        there = [(one["model_id"], one["weight"], one["instance_count"]) for one in found["config"]]
        wanted = [(one["model_id"], one["weight"], one["instance_count"]) for one in config]
        return bool(found["status"] == "running" and sorted(there) == sorted(wanted))

    wait_until(f"the update of {service_id} is done", is_done, CHANGE_S)
    return begun_s, time.monotonic()


def wait_for_instances(server: DrydockServer, service_id: str, count: int) -> None:
    """Until there are so many and no others, all of them ready."""

    def states() -> bool:
        found = [one["state"] for one in server.instances(service_id)]
        return found == ["ready"] * count

    wait_until(f"there are {count} ready instances", states, CHANGE_S)


def labels(requests: list[Request]) -> Counter[str]:
    return Counter(one.label for one in requests)


@pytest.mark.timeout(120 + 15 * UPDATES)
def test_a_service_is_updated_again_and_again_without_a_lost_request(
    any_server: DrydockServer, model_of: ModelOf, record_property: Property
) -> None:
    models = [model_of(any_server, "mnist"), model_of(any_server, "mnist-v2")]
    body = realtime_request("updated", (models[0], 100))
    with any_server.deployed(body) as service_id:
        with open_load(any_server, service_id, RATE_PER_S) as load:
            load.wait_for(SOME)
            for number in range(1, UPDATES + 1):
                config = [{**body["config"][0], "model_id": models[number % 2]}]
                change(any_server, service_id, config)
                load.wait_for(SOME)
        logs = any_server.api("GET", f"/services/{service_id}/logs")["logs"]
    requests = load.requests()
    record_property(
        "measured", f"{any_server.backend}: {UPDATES} updates in {len(requests)} requests"
    )
    assert labels(requests) == {"ok": len(requests)}
    assert [one["result"] for one in logs] == ["SUCCESS"] * UPDATES
    versions = {request.version for request in requests}
    assert versions == {f"v{number}" for number in range(1, UPDATES + 2)}


@pytest.mark.timeout(120 + 20 * TIMES)
def test_weights_change_from_90_and_10_to_0_and_100_without_a_lost_request(
    server: DrydockServer, model_of: ModelOf, record_property: Property
) -> None:
    old, new = model_of(server, "mnist"), model_of(server, "mnist-v2")
    first, counted = 0, 0
    for _ in range(TIMES):
        body = realtime_request("shifted", (old, 90), (new, 10))
        shifted = realtime_request("shifted", (old, 0), (new, 100))["config"]
        alone = [{**shifted[1], "weight": 100}]  # the version that is there already
        with (
            server.deployed(body) as service_id,
            open_load(server, service_id, RATE_PER_S) as load,
        ):
            load.wait_for(4 * SOME)
            begun_s, done_s = change(server, service_id, shifted)
            load.wait_for(SOME)
            change(server, service_id, alone)
            load.wait_for(SOME)
        requests = load.requests()
        assert labels(requests) == {"ok": len(requests)}
        # by when they were sent: of those under way most are at the slower version
        before = [one.version for one in requests if one.sent_s < begun_s]
        after = {one.version for one in requests if one.sent_s > done_s}
        assert after == {"v2"}
        first, counted = first + before.count("v1"), counted + len(before)
    low, high = binomial_interval(counted, 0.9, 0.999)
    record_property("measured", f"{first} of {counted} to the 90 % version ({low} to {high})")
    assert low <= first <= high


@pytest.mark.timeout(120 + 30 * TIMES)
def test_a_service_grows_to_5_instances_and_shrinks_to_1_without_a_lost_request(
    server: DrydockServer, model_of: ModelOf, record_property: Property
) -> None:
    body = realtime_request("scaled", (model_of(server, "mnist"), 100), instance_count=1)
    with server.deployed(body) as service_id, open_load(server, service_id, RATE_PER_S) as load:
        for _ in range(TIMES):
            for count in (5, 1):
                change(server, service_id, [{**body["config"][0], "instance_count": count}])
                wait_for_instances(server, service_id, count)
                load.wait_for(SOME)
    requests = load.requests()
    record_property("measured", f"{TIMES} times 1 to 5 to 1 in {len(requests)} requests")
    assert labels(requests) == {"ok": len(requests)}


def kill(server: DrydockServer, instance: Json) -> str:
    """Kills an instance; returns its id."""
    pid = int(instance["ref"].removeprefix("pid "))
    os.kill(pid, signal.SIGKILL)
    wait_until("the killed instance is gone", lambda: not is_alive(pid), 10)
    return str(instance["instance_id"])


def failures(server: DrydockServer, service_id: str) -> list[Entry]:
    """What the gateway says of the service's requests that were not answered 200."""
    return [one for one in entries_of(server, service_id) if one.status != 200]


@pytest.mark.timeout(120 + 20 * TIMES)
def test_a_killed_instance_costs_no_request_but_those_that_it_had_in_hand(
    server: DrydockServer, model_of: ModelOf, record_property: Property
) -> None:
    body = realtime_request("bereft", (model_of(server, "mnist"), 100), instance_count=2)
    killed: list[str] = []
    told: list[Entry] = []
    failed: list[Request] = []
    sent = 0
    while len(killed) < TIMES:
        with server.deployed(body) as service_id:
            with open_load(server, service_id, RATE_PER_S) as load:
                # each of the two once: one that dies again is started again after a pause only
                for number in range(min(2, TIMES - len(killed))):
                    wait_for_instances(server, service_id, 2)
                    load.wait_for(SOME)
                    killed.append(kill(server, server.instances(service_id)[number]))
                    load.wait_for(SOME)
            lost = [one for one in load.requests() if one.failed]
            wait_until(
                "the gateway has told of all that failed",
                partial(_has_told, server, service_id, len(lost)),
                10,
            )
            told += failures(server, service_id)
            failed += lost
            sent += load.count
    record_property(
        "measured", f"{TIMES} instances killed in {sent} requests: {len(failed)} failed"
    )
    assert len(told) == len(failed)
    assert {one.instance for one in told} <= set(killed)
    # each was on a connection when that broke: none was sent to an instance that was gone
    assert {one.reason.rpartition("{")[2] for one in told} <= {"connection_termination}"}
    assert {(one.ending, one.label.partition(" ")[0]) for one in failed} <= {
        (Ending.REFUSED, "503")
    }


def _has_told(server: DrydockServer, service_id: str, count: int) -> bool:
    return len(failures(server, service_id)) >= count
