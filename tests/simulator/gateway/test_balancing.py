"""Which instance gets a request: by the service's policy, and by the pools that it runs in."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace

import pytest

from simulator.gateway.state import Balancing, VersionRoute
from tests.simulator.gateway.conftest import World
from tests.simulator.gateway.support import Instance, Request, a_service, a_version, say

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def answered_by(world: World, count: int) -> Counter[str]:
    """Instances that answered `count` requests, one after the other."""
    found: Counter[str] = Counter()
    for _ in range(count):
        response = await world.call("/v1/infers/digits")
        assert response.status_code == 200
        found[response.headers["x-drydock-instance"]] += 1
    return found


def in_pool(instance: Instance, pool: str) -> VersionRoute:
    return VersionRoute("v1", 100, (replace(instance.endpoint, pool=pool),))


async def test_the_same_client_gets_the_same_instance(world: World) -> None:
    instances = [await world.an_instance(f"sticky{number}") for number in range(5)]
    version = a_version(*instances)
    await world.serve(a_service(versions=(version,), balancing=Balancing.SOURCE_ADDRESS))
    assert len(await answered_by(world, 20)) == 1


async def test_by_turns_each_instance_gets_as_many(world: World) -> None:
    one, two = await world.an_instance("turn1"), await world.an_instance("turn2")
    await world.serve(a_service(versions=(a_version(one, two),)))
    found = await answered_by(world, 40)
    assert abs(found["turn1"] - found["turn2"]) <= 2


async def test_the_instance_with_the_fewest_requests_gets_the_next(world: World) -> None:
    held = asyncio.Event()

    async def hold(request: Request, writer: asyncio.StreamWriter) -> None:
        await held.wait()
        await say(writer, 200)

    busy, free = await world.an_instance("busy", script=hold), await world.an_instance("free")
    both = a_version(busy, free)
    await world.serve(a_service(versions=(both,), balancing=Balancing.LEAST_CONNECTIONS))
    waiting = [asyncio.create_task(world.call("/v1/infers/digits")) for _ in range(8)]
    while not busy.requests:
        waiting.append(asyncio.create_task(world.call("/v1/infers/digits")))
        await asyncio.sleep(0.05)
    try:
        assert set(await answered_by(world, 20)) == {"free"}
    finally:
        held.set()
        await asyncio.gather(*waiting)


async def test_each_pool_gets_half_and_the_one_that_is_left_gets_all(world: World) -> None:
    many = [await world.an_instance(f"a{number}") for number in range(3)]
    lone = await world.an_instance("b0")
    version = VersionRoute(
        "v1",
        100,
        (
            *(replace(one.endpoint, pool="a") for one in many),
            replace(lone.endpoint, pool="b"),
        ),
    )
    await world.serve(a_service(versions=(version,)))
    found = await answered_by(world, 400)
    assert 150 < found["b0"] < 250  # 99.99 % of all runs
    await world.serve(a_service(versions=(in_pool(lone, "b"),)))
    assert await answered_by(world, 20) == {"b0": 20}
    await world.serve(a_service(versions=(version,)))
    assert 25 < (await answered_by(world, 100))["b0"] < 75


async def test_an_instance_that_cannot_be_reached_is_left_out_and_taken_back(world: World) -> None:
    one, two = [await world.an_instance(name) for name in ("one", "two")]
    await world.serve(a_service(versions=(a_version(one, two),)))
    await two.stop()
    async with asyncio.timeout(20):
        while await _left_out(world) != [two.path]:
            assert (await world.call("/v1/infers/digits")).status_code == 200
    await two.start()
    before = len(two.requests)
    async with asyncio.timeout(30):
        while len(two.requests) == before:
            assert (await world.call("/v1/infers/digits")).status_code == 200
    assert await _left_out(world) == []


async def _left_out(world: World) -> list[str]:
    """Sockets of the instances that Envoy has ejected."""
    clusters = json.loads(await world.ask_envoy("/clusters?format=json"))["cluster_statuses"]
    return [
        host["address"]["pipe"]["path"]
        for cluster in clusters
        for host in cluster.get("host_statuses", ())
        if host.get("health_status", {}).get("failed_outlier_check")
    ]
