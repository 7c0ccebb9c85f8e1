"""The gateway's counters as figures for people."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from simulator import traffic
from simulator.gateway.admin import AdminUnavailable
from simulator.gateway.counters import HostTraffic, VersionTraffic
from simulator.instance_traffic import InstanceTraffic
from simulator.traffic import Figures, Traffic


class FakeGateway:
    """Counters that a test sets; `failure` is raised instead of answering."""

    def __init__(self) -> None:
        self.admin = self
        self.versions: list[VersionTraffic] = []
        self.failure: Exception | None = None
        self.reads = 0
        self.reads_of_hosts = 0
        self.was_read_thrice = asyncio.Event()

    async def traffic(self) -> list[VersionTraffic]:
        self.reads += 1
        if self.reads == 3:
            self.was_read_thrice.set()
        if self.failure is not None:
            raise self.failure
        return self.versions

    async def hosts(self) -> list[HostTraffic]:
        self.reads_of_hosts += 1
        return []


class World:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.gateway = FakeGateway()
        gateway = cast(Any, self.gateway)
        self.traffic = Traffic(gateway, InstanceTraffic(gateway, dict))

    async def read(self, after_s: float, *versions: VersionTraffic) -> None:
        self.now_s += after_s
        self.gateway.versions = list(versions)
        await self.traffic.refresh()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(traffic, "time", SimpleNamespace(monotonic=lambda: made.now_s))
    return made


def counted(total: int, version_id: str = "v1", **more: Any) -> VersionTraffic:
    return VersionTraffic("svc", version_id, requests_total=total, **more)


async def test_before_any_reading_there_are_no_figures(world: World) -> None:
    assert world.traffic.service("svc") == Figures()
    assert world.traffic.version_requests("svc", "v1") == 0
    assert world.traffic.requests_per_s() == 0


async def test_totals_are_those_of_all_versions(world: World) -> None:
    await world.read(
        0, counted(7, errors_4xx=1, errors_5xx=2), counted(3, "v2", errors_5xx=1, active=1)
    )
    figures = world.traffic.service("svc")
    assert (figures.requests, figures.errors) == (10, 4)
    assert world.traffic.version_requests("svc", "v2") == 3
    assert world.traffic.service("another") == Figures()


async def test_a_rate_needs_two_readings(world: World) -> None:
    await world.read(0, counted(10))
    assert world.traffic.service("svc").requests_per_s == 0
    await world.read(2, counted(30))
    assert world.traffic.service("svc").requests_per_s == 10
    assert world.traffic.requests_per_s() == 10


async def test_a_rate_is_that_of_the_last_seconds(world: World) -> None:
    await world.read(0, counted(1000))
    for _ in range(4):
        await world.read(2, counted(1000))
    assert world.traffic.service("svc").requests_per_s == 0


async def test_after_a_long_pause_the_rate_is_that_of_the_pause(world: World) -> None:
    await world.read(0, counted(0))
    await world.read(100, counted(500))
    assert world.traffic.service("svc").requests_per_s == 5


async def test_a_gateway_that_was_restarted_gives_no_negative_rate(world: World) -> None:
    await world.read(0, counted(500))
    await world.read(1, counted(3))
    assert world.traffic.service("svc").requests_per_s == 0


async def test_fresh_figures_are_not_read_again(world: World) -> None:
    await world.read(0, counted(1))
    await world.read(0.4, counted(2))
    assert (world.gateway.reads, world.traffic.service("svc").requests) == (1, 1)
    await world.read(0.2, counted(2))
    assert (world.gateway.reads, world.traffic.service("svc").requests) == (2, 2)


@pytest.mark.parametrize("failure", [AdminUnavailable("away"), RuntimeError("not started")])
async def test_a_gateway_that_is_away_changes_nothing(world: World, failure: Exception) -> None:
    await world.read(0, counted(5))
    world.gateway.failure = failure
    await world.read(1, counted(9))
    assert world.traffic.service("svc").requests == 5


async def test_latencies_are_recent_ones_where_there_are_some(world: World) -> None:
    await world.read(0, counted(5, p50_ms=10.0, p99_ms=90.0))
    assert (world.traffic.service("svc").p50_ms, world.traffic.service("svc").p99_ms) == (10, 90)
    recent = counted(6, p50_ms=10.0, p99_ms=90.0, recent_p50_ms=0.0, recent_p99_ms=3.0)
    await world.read(1, recent)
    assert (world.traffic.service("svc").p50_ms, world.traffic.service("svc").p99_ms) == (0, 3)


async def test_latencies_are_those_of_the_busiest_version(world: World) -> None:
    await world.read(0, counted(5, p50_ms=10.0), counted(50, "v2", p50_ms=20.0))
    assert world.traffic.service("svc").p50_ms == 20


async def test_a_version_has_figures_of_its_own(world: World) -> None:
    await world.read(0, counted(7, errors_4xx=1, p50_ms=10.0), counted(3, "v2", errors_5xx=2))
    first, second = (world.traffic.version("svc", name) for name in ("v1", "v2"))
    assert (first.requests, first.errors, first.p50_ms) == (7, 1, 10)
    assert (second.requests, second.errors, second.p50_ms) == (3, 2, None)
    assert world.traffic.version("svc", "v3") == Figures()


async def test_codes_bytes_and_requests_in_flight_add_up(world: World) -> None:
    one = counted(7, by_code={200: 6, 503: 1}, active=2, request_bytes=10, response_bytes=1)
    other = counted(2, "v2", by_code={200: 1, 404: 1}, active=1, request_bytes=5, response_bytes=4)
    await world.read(0, one, other)
    figures = world.traffic.service("svc")
    assert figures.by_code == {200: 7, 404: 1, 503: 1}
    assert (figures.active, figures.request_bytes, figures.response_bytes) == (3, 15, 5)


async def test_errors_have_a_rate_of_their_own(world: World) -> None:
    await world.read(0, counted(10, errors_5xx=1))
    await world.read(2, counted(30, errors_5xx=4, errors_4xx=1))
    assert world.traffic.service("svc").errors_per_s == 2


class TestTheLastMinute:
    async def read_every_5_s(self, world: World, *totals: int) -> None:
        for total in totals:
            await world.read(5, counted(total))

    async def test_is_nothing_before_any_reading(self, world: World) -> None:
        assert world.traffic.requests_in_last_minute("svc") == 0

    async def test_is_everything_in_a_servers_first_minute(self, world: World) -> None:
        await world.read(0, counted(3))
        assert world.traffic.requests_in_last_minute("svc") == 3
        await world.read(5, counted(10), counted(2, "v2"))
        assert world.traffic.requests_in_last_minute("svc") == 12
        assert world.traffic.requests_in_last_minute("another") == 0

    async def test_counts_since_the_reading_a_minute_ago(self, world: World) -> None:
        await self.read_every_5_s(world, *range(100, 2500, 100))
        assert world.traffic.requests_in_last_minute("svc") == 1200
        for _ in range(12):
            await world.read(5, counted(2400))
        assert world.traffic.requests_in_last_minute("svc") == 0

    async def test_is_told_to_the_latest_reading(self, world: World) -> None:
        await self.read_every_5_s(world, *[100] * 13)
        await world.read(1, counted(107))
        assert world.traffic.requests_in_last_minute("svc") == 7

    async def test_counts_on_when_the_gateway_was_restarted(self, world: World) -> None:
        await self.read_every_5_s(world, *[500] * 13, 520, 4, 9)
        assert world.traffic.requests_in_last_minute("svc") == 29

    async def test_counts_a_new_version_from_nothing(self, world: World) -> None:
        await self.read_every_5_s(world, *[500] * 13)
        await world.read(5, counted(500), counted(8, "v2"))
        assert world.traffic.requests_in_last_minute("svc") == 8

    async def test_tells_how_the_traffic_was_split(self, world: World) -> None:
        await self.read_every_5_s(world, *[500] * 13)
        await world.read(5, counted(530), counted(10, "v2"))
        assert world.traffic.last_minute("svc") == {"v1": 30, "v2": 10}
        assert world.traffic.last_minute("another") == {}

    async def test_needs_no_more_readings_than_there_are_in_a_minute(self, world: World) -> None:
        for total in range(1000):
            await world.read(0.5, counted(total))
        assert world.traffic.requests_in_last_minute("svc") in range(120, 132)
        assert len(world.traffic._minute) < 20


@pytest.mark.parametrize("failure", [None, AdminUnavailable("away"), ValueError("no JSON")])
async def test_the_counters_are_read_without_being_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    world.gateway.failure = failure
    monkeypatch.setattr(traffic, "SAMPLE_S", 0.001)
    monkeypatch.setattr(traffic, "FRESH_S", 0.0)
    reading = asyncio.create_task(world.traffic.keep_reading())
    await asyncio.wait_for(world.gateway.was_read_thrice.wait(), 5)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


@pytest.mark.parametrize(("requests", "reads_of_hosts"), [(0, 0), (3, 1)])
async def test_instances_are_read_only_when_there_were_requests(
    world: World, monkeypatch: pytest.MonkeyPatch, requests: int, reads_of_hosts: int
) -> None:
    world.gateway.versions = [counted(requests)]
    monkeypatch.setattr(traffic, "SAMPLE_S", 0.001)
    monkeypatch.setattr(traffic, "FRESH_S", 0.0)
    reading = asyncio.create_task(world.traffic.keep_reading())
    await asyncio.wait_for(world.gateway.was_read_thrice.wait(), 5)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert world.gateway.reads_of_hosts == reads_of_hosts
