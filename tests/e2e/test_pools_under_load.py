"""A service in two pools that is called all the time, while one is lost and comes back.

`DRYDOCK_PROVE_LOAD` times (once by default).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from simulator.access_log import Entry
from tests.e2e.access import entries_of
from tests.e2e.open_load import open_load
from tests.e2e.server import DrydockServer, realtime_request, wait_until
from tests.e2e.test_traffic_split import binomial_interval

pytestmark = pytest.mark.envoy

TIMES = int(os.environ.get("DRYDOCK_PROVE_LOAD", "1"))
RATE_PER_S = 300.0
SOME = 400
"""Requests between two changes."""
POOLS = ("pool-a", "pool-b")
INSTANCES = 2


@pytest.fixture
def pools(server: DrydockServer) -> Iterator[tuple[str, str]]:
    """Two dedicated pools, each with room for all the instances."""
    for pool in POOLS:
        server.admin("POST", "/pools", json={"pool_id": pool, "nodes": INSTANCES})
    yield POOLS
    server.delete_all_services()
    for pool in POOLS:
        server.admin("DELETE", f"/pools/{pool}")


def pools_of(server: DrydockServer, service_id: str) -> dict[str, str]:
    """The pool of each instance that is ready, by its id."""
    found = server.instances(service_id)
    return {one["instance_id"]: one["pool"] for one in found if one["state"] == "ready"}


def now() -> str:
    """As the access log writes instants."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shares(entries: list[Entry], pool_of: dict[str, str], since: str, until: str) -> Counter[str]:
    """How many answers came from each pool to requests that began between two instants."""
    return Counter(
        pool_of[one.instance] for one in entries if since <= one.time <= until and one.status == 200
    )


@pytest.mark.timeout(120 + 60 * TIMES)
def test_a_lost_pool_costs_no_more_than_it_had_in_hand_and_gets_its_half_back(
    server: DrydockServer,
    model_of: Callable[[DrydockServer, str], str],
    pools: tuple[str, str],
    record_property: Callable[[str, object], None],
) -> None:
    kept, lost = pools
    body = realtime_request("spread", (model_of(server, "mnist"), 100), instance_count=INSTANCES)
    body["pool_name"] = ",".join(pools)
    pool_of: dict[str, str] = {}
    halves: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    spans: list[tuple[str, str, Counter[str]]] = []

    def all_are_there() -> bool:
        ready = pools_of(server, service_id)
        pool_of.update(ready)
        return len(ready) == INSTANCES and set(ready.values()) == set(pools)

    with server.deployed(body) as service_id:
        with open_load(server, service_id, RATE_PER_S) as load:
            for _ in range(TIMES):
                wait_until("all instances are ready", all_are_there, 60)
                load.wait_for(SOME // 4)
                begun = now()
                load.wait_for(SOME)
                spans.append((begun, now(), halves))
                server.admin("PATCH", f"/pools/{lost}", json={"status": "abnormal"})
                wait_until(
                    f"nothing runs in {lost}",
                    lambda: lost not in pools_of(server, service_id).values(),
                    30,
                )
                load.wait_for(SOME // 4)
                begun = now()
                load.wait_for(SOME)
                spans.append((begun, now(), alone))
                server.admin("PATCH", f"/pools/{lost}", json={"status": "running"})
            wait_until("all instances are ready", all_are_there, 60)
            load.wait_for(SOME // 4)
            begun = now()
            load.wait_for(SOME)
            spans.append((begun, now(), halves))
        failed = [one for one in load.requests() if one.failed]
        wait_until(
            "the gateway has told of all requests",
            lambda: len(entries_of(server, service_id)) >= load.count,
            10,
        )
    entries = entries_of(server, service_id)
    for since, until, counted in spans:
        counted.update(shares(entries, pool_of, since, until))
    # each was with an instance of the lost pool when that ended
    refused = [one for one in entries if one.status != 200]
    assert len(refused) == len(failed)
    assert {pool_of[one.instance] for one in refused} <= {lost}
    low, high = binomial_interval(halves.total(), 0.5, 0.999)
    record_property(
        "measured",
        f"{TIMES} losses in {load.count} requests: {len(failed)} failed; {halves[lost]} of "
        f"{halves.total()} to one pool of two ({low} to {high}); alone {dict(alone)}",
    )
    assert set(alone) == {kept}
    assert low <= halves[lost] <= high
