"""Services, versions and instances with counters that a test sets."""

from __future__ import annotations

from typing import Any, cast

from simulator.admin.metrics import Server, Snapshot
from simulator.gateway.counters import Bucket, HostTraffic, VersionTraffic
from simulator.instance_traffic import InstanceTraffic
from simulator.lifecycle.objects import InstanceState
from simulator.store.quotas import QuotaUse
from simulator.store.records import instance_values, service_of
from simulator.store.services import Stored
from simulator.store.tables import InstanceRow
from simulator.traffic import Traffic
from tests.support.builders import a_service_row, a_version_row, an_instance

SERVICE = "svc"
FIRST = VersionTraffic(
    SERVICE,
    "v1",
    requests_total=30,
    errors_5xx=4,
    errors_4xx=2,
    active=3,
    p50_ms=2.5,
    p90_ms=8.0,
    p99_ms=9.0,
    max_ms=10.0,
    request_bytes=100,
    response_bytes=200,
    by_code={200: 24, 404: 2, 503: 4},
)
SECOND = VersionTraffic(SERVICE, "v2", requests_total=10, by_code={200: 10})
HOST = HostTraffic(SERVICE, "v1", "/1.sock", requests_total=26, errors_total=4, active=3)
BUCKETS = [Bucket(0, 0, 4), Bucket(1, 1.1, 10), Bucket(13, 14, 15), Bucket(70_000, 71_000, 1)]
WANTED = {SERVICE: {"v1": 0.7, "v2": 0.3}}
SERVER = Server(
    version="0.1.0",
    backend="process",
    started_at_ms=1_500,
    is_store_writable=True,
    is_backend_available=True,
    is_gateway_running=False,
    gateway_restarts=2,
    answers={"2xx": 30, "4xx": 5},
)


class Counted:
    """A gateway whose counters show `FIRST`, `SECOND` and `HOST`."""

    def __init__(self) -> None:
        self.admin = self

    async def traffic(self) -> list[VersionTraffic]:
        return [FIRST, SECOND]

    async def hosts(self) -> list[HostTraffic]:
        return [HOST]


def stored(name: str = "mnist", status: str = "running") -> Stored:
    """A service with two versions, of which the first has two instances."""
    versions = [
        a_version_row(SERVICE, "v1", weight=70, instances=2),
        a_version_row(SERVICE, "v2", weight=30),
    ]
    states = (InstanceState.READY, InstanceState.STARTING)
    instances = [
        InstanceRow(service_id=SERVICE, **instance_values(an_instance(number, state)))
        for number, state in enumerate(states, 1)
    ]
    row = a_service_row(SERVICE, name=name, status=status)
    return Stored(row, versions, instances, service_of(row, versions, instances))


async def read_traffic() -> Traffic:
    """What `Counted` shows, read once."""
    gateway = cast(Any, Counted())
    first = an_instance(1).instance_id
    endpoints = {(SERVICE, "v1", HOST.address): first}
    traffic = Traffic(gateway, InstanceTraffic(gateway, lambda: endpoints))
    await traffic.refresh()
    await traffic.instances.refresh()
    return traffic


async def snapshot(*services: Stored) -> Snapshot:
    return Snapshot(
        server=SERVER,
        services=services or (stored(),),
        quotas=[QuotaUse("real-time-services", size=20, used=1, default=20)],
        traffic=await read_traffic(),
        latencies={(SERVICE, "v1"): BUCKETS},
        wanted=lambda service_id: WANTED.get(service_id, {}),
    )
