"""Reading Envoy's statistics."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.gateway.admin import AdminClient, AdminUnavailable
from simulator.gateway.counters import Bucket
from tests.simulator.gateway.conftest import World
from tests.simulator.gateway.support import a_service, a_version


async def test_silent_admin_socket_is_told(tmp_path: Path) -> None:
    async with AdminClient(str(tmp_path / "none.sock")) as admin:
        assert not await admin.is_ready()
        with pytest.raises(AdminUnavailable):
            await admin.traffic()
        with pytest.raises(AdminUnavailable):
            await admin.drain()


@pytest.mark.envoy
async def test_real_counters_of_every_version_come_in_one_answer(own_world: World) -> None:
    one, two = await own_world.an_instance("one"), await own_world.an_instance("two")
    await own_world.serve(
        a_service("a", versions=(a_version(one, version_id="v1.0"),)),
        a_service("b", versions=(a_version(two), a_version(version_id="v2", weight=0))),
    )
    for _ in range(3):
        await own_world.call("/v1/infers/a")
    await own_world.call("/v1/infers/b")
    admin = own_world.gateway.admin
    assert await admin.is_ready()
    counted = {
        (one.service_id, one.version_id): one.requests_total for one in await admin.traffic()
    }
    assert counted == {("a", "v1.0"): 3, ("b", "v1"): 1, ("b", "v2"): 0}
    assert await admin.active_requests() == 0


@pytest.mark.envoy
async def test_real_latencies_appear_within_seconds(own_world: World) -> None:
    one = await own_world.an_instance("one")
    await own_world.serve(a_service("a", versions=(a_version(one),)))
    for _ in range(500):
        await own_world.call("/v1/infers/a")
        (seen,) = await own_world.gateway.admin.traffic()
        if seen.p99_ms is not None:
            break
    assert seen.p50_ms is not None
    assert 0 <= seen.p50_ms <= seen.p99_ms < 10_000


@pytest.mark.envoy
async def test_real_counters_of_every_instance_codes_and_bytes(own_world: World) -> None:
    one, two = await own_world.an_instance("one"), await own_world.an_instance("two", tcp=True)
    await own_world.serve(a_service("a", versions=(a_version(one, two),)))
    for _ in range(4):
        await own_world.call("/v1/infers/a", content=b"x" * 1000)
    await own_world.call("/v1/infers/a", token=None)
    admin = own_world.gateway.admin
    counted = {host.address: host.requests_total for host in await admin.hosts()}
    assert counted == {one.path: 2, f"127.0.0.1:{two.port}": 2}
    (version,) = await admin.traffic()
    assert version.by_code == {200: 4}
    assert 4000 < version.request_bytes < 10_000
    assert version.response_bytes > 0
    answers = await admin.answers()
    assert (answers["2xx"], answers["4xx"]) == (4, 1)


@pytest.mark.envoy
async def test_real_buckets_hold_every_request(own_world: World) -> None:
    one = await own_world.an_instance("one")
    await own_world.serve(a_service("a", versions=(a_version(one),)))
    calls, found = 0, list[Bucket]()
    while not found and calls < 500:
        await own_world.call("/v1/infers/a")
        calls += 1
        found = (await own_world.gateway.admin.latencies())["a", "v1"]
    assert 0 < sum(bucket.count for bucket in found) <= calls
    assert all(bucket.from_ms <= bucket.to_ms < 10_000 for bucket in found)
