"""What each instance has served."""

from __future__ import annotations

from typing import Any, cast

import pytest

from simulator import instance_traffic
from simulator.gateway.admin import AdminUnavailable
from simulator.gateway.counters import HostTraffic
from simulator.instance_traffic import FORGET_S, InstanceFigures, InstanceTraffic


class World:
    """Counters and addresses that a test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.admin = self
        self.shown: list[HostTraffic] = []
        self.failure: Exception | None = None
        self.reads = 0
        self.endpoints = {("svc", "v1", "/1.sock"): "svc-1", ("svc", "v1", "/2.sock"): "svc-2"}
        self.instances = InstanceTraffic(cast(Any, self), lambda: self.endpoints)

    async def hosts(self) -> list[HostTraffic]:
        self.reads += 1
        if self.failure is not None:
            raise self.failure
        return self.shown

    async def read(self, after_s: float, *hosts: HostTraffic) -> None:
        self.now_s += after_s
        self.shown = list(hosts)
        await self.instances.refresh()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(instance_traffic, "steady_s", lambda: made.now_s)
    return made


def host(total: int, errors: int = 0, active: int = 0, address: str = "/1.sock") -> HostTraffic:
    return HostTraffic("svc", "v1", address, total, errors, active)


async def test_before_any_reading_there_are_no_figures(world: World) -> None:
    assert world.instances.of("svc-1") == InstanceFigures()


async def test_an_instance_is_known_by_its_address(world: World) -> None:
    await world.read(0, host(5, 1, 2), host(7, address="/2.sock"), host(9, address="/3.sock"))
    assert world.instances.of("svc-1") == InstanceFigures(5, 1, 2)
    assert world.instances.of("svc-2").requests == 7


async def test_what_began_anew_is_added_to_what_was(world: World) -> None:
    await world.read(0, host(50, 4))
    await world.read(5, host(60, 5))
    await world.read(5, host(3, 1))
    await world.read(5, host(8, 1))
    figures = world.instances.of("svc-1")
    assert (figures.requests, figures.errors) == (68, 6)


async def test_at_another_address_it_begins_anew(world: World) -> None:
    await world.read(0, host(5))
    world.endpoints = {("svc", "v1", "/9.sock"): "svc-1"}
    await world.read(5, host(6, address="/9.sock"))
    assert world.instances.of("svc-1").requests == 11


async def test_an_address_that_another_instance_takes_brings_nothing_along(world: World) -> None:
    await world.read(0, host(50))
    world.endpoints = {("svc", "v1", "/1.sock"): "svc-3"}
    await world.read(5, host(2))
    assert world.instances.of("svc-3").requests == 2
    assert world.instances.of("svc-1").requests == 50


async def test_the_rate_is_that_between_two_readings(world: World) -> None:
    await world.read(0, host(10))
    assert world.instances.of("svc-1").requests_per_s == 0
    await world.read(2, host(30))
    assert world.instances.of("svc-1").requests_per_s == 10


async def test_who_is_no_endpoint_any_more_does_nothing(world: World) -> None:
    await world.read(0, host(10, active=1))
    await world.read(2, host(30, active=1))
    await world.read(2)
    assert world.instances.of("svc-1") == InstanceFigures(requests=30)


async def test_who_is_away_for_long_is_forgotten(world: World) -> None:
    await world.read(0, host(10))
    await world.read(FORGET_S + 1, host(1, address="/2.sock"))
    assert world.instances.of("svc-1") == InstanceFigures()
    assert world.instances.of("svc-2").requests == 1


async def test_fresh_figures_are_not_read_again(world: World) -> None:
    await world.read(0, host(1))
    await world.read(0.4, host(2))
    assert world.reads == 1
    await world.read(0.2, host(2))
    assert (world.reads, world.instances.of("svc-1").requests) == (2, 2)


@pytest.mark.parametrize("failure", [AdminUnavailable("away"), RuntimeError("not started")])
async def test_a_gateway_that_is_away_changes_nothing(world: World, failure: Exception) -> None:
    await world.read(0, host(5))
    world.failure = failure
    await world.read(1, host(9))
    assert world.instances.of("svc-1").requests == 5
