"""Reading Envoy's statistics."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.gateway.admin import AdminClient, AdminUnavailable, VersionTraffic, parse_traffic
from tests.simulator.gateway.conftest import World
from tests.simulator.gateway.support import a_service, a_version


def test_counters_and_latencies_of_a_version_come_together() -> None:
    stats = [
        {"name": "cluster.s.1~0.upstream_rq_completed", "value": 7},
        {"name": "cluster.s.1~0.upstream_rq_5xx", "value": 2},
        {"name": "cluster.s.1~0.upstream_rq_4xx", "value": 1},
        {"name": "cluster.s.1~0.upstream_rq_active", "value": 3},
        {"name": "cluster.s.1~0.internal.upstream_rq_completed", "value": 99},
        {"name": "cluster.~control.upstream_rq_completed", "value": 99},
        {
            "histograms": {
                "supported_quantiles": [0, 50, 99, 100],
                "computed_quantiles": [
                    {
                        "name": "cluster.s.1~0.upstream_rq_time",
                        "values": [
                            {"interval": None, "cumulative": 1},
                            {"interval": None, "cumulative": 2.5},
                            {"interval": 8, "cumulative": 9},
                            {"interval": None, "cumulative": 10},
                        ],
                    }
                ],
            }
        },
    ]
    assert parse_traffic(stats) == [VersionTraffic("s", "1.0", 7, 2, 1, 3, 2.5, 9, None, 8)]


def test_no_versions_no_traffic() -> None:
    assert parse_traffic([]) == []


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
