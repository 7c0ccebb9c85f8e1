"""Faults on the request path, through a real Envoy."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.clock import ClockMode, PlatformClock
from simulator.faults.control import FaultControl
from simulator.faults.kinds import FaultKind
from simulator.faults.model import (
    AbortParameters,
    LatencyParameters,
    Parameters,
    SlowParameters,
    Target,
)
from simulator.gateway.render import render
from simulator.gateway.state import Abort, Api, Cause, Latency, PathFaults, SlowAnswers
from simulator.gateway.transition import steps
from simulator.routetable import RouteTable
from simulator.store.queries import Store
from tests.simulator.gateway.conftest import World, assert_answers
from tests.simulator.gateway.support import (
    Request,
    a_service,
    a_state,
    a_version,
    say,
    with_services,
)
from tests.support.builders import CREATED, a_service_row, a_version_row
from tests.support.fresh_store import make_database

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

TARGET = "/v1/infers/digits"
EARLY_S = 0.01
"""How much too early a timer of Envoy may fire."""
SIGMAS = 3.29
"""Half-width of the 99.9 % interval, in standard deviations."""


async def serve(world: World, faults: PathFaults, **service: Any) -> None:
    """One version with these faults; an instance that answers at once."""
    instance = await world.an_instance("one")
    version = replace(a_version(instance), faults=faults)
    await world.serve(a_service(versions=(version,), **service))


async def timed(world: World) -> tuple[float, httpx.Response]:
    began = time.monotonic()
    response = await world.call(TARGET)
    return time.monotonic() - began, response


async def answers(world: World, number: int) -> list[httpx.Response]:
    """Of so many requests, twenty at a time."""
    token = {"X-Auth-Token": world.issuer.token()}

    async def worker() -> list[httpx.Response]:
        return [await world.client.post(TARGET, headers=token) for _ in range(number // 20)]

    found = await asyncio.gather(*(worker() for _ in range(20)))
    return [one for some in found for one in some]


def within(count: int, number: int, share: float) -> bool:
    return abs(count - number * share) <= SIGMAS * math.sqrt(number * share * (1 - share))


async def test_without_faults_nothing_is_told_of_any(world: World) -> None:
    await serve(world, PathFaults())
    response = await world.call(TARGET)
    assert response.status_code == 200
    assert "x-drydock-fault" not in response.headers


async def test_latency_comes_before_the_instance_and_ends_when_it_is_taken_away(
    world: World,
) -> None:
    await serve(world, PathFaults(latency=Latency("f1", 1)))
    took_s, response = await timed(world)
    assert response.status_code == 200
    assert response.headers["x-drydock-fault"] == "f1"
    assert took_s >= 1 - EARLY_S
    await serve(world, PathFaults())
    took_s, response = await timed(world)
    assert "x-drydock-fault" not in response.headers
    assert took_s < 1 - EARLY_S


async def test_latency_of_a_share_is_told_on_the_late_answers_alone(world: World) -> None:
    await serve(world, PathFaults(latency=Latency("f1", 0.3, share_percent=50)))
    found = [await timed(world) for _ in range(20)]
    told = [took_s for took_s, one in found if one.headers.get("x-drydock-fault") == "f1"]
    others = [took_s for took_s, one in found if "x-drydock-fault" not in one.headers]
    assert len(told) + len(others) == 20
    assert told  # one of a million runs has none
    assert others
    assert min(told) >= 0.3 - EARLY_S > min(others)


async def test_an_aborted_request_fails_as_its_instance_would_and_says_why(world: World) -> None:
    await serve(world, PathFaults(abort=Abort("f2", 503)))
    response = await world.call(TARGET)
    assert (response.status_code, response.text) == (503, "fault filter abort")
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["x-drydock-fault"] == "f2"
    assert response.headers["x-drydock-version"] == "v1"
    assert "x-drydock-instance" not in response.headers
    assert world.instances[-1].requests == []


@pytest.mark.parametrize("share", [20.0, 0.5])
async def test_the_share_that_is_aborted_is_the_one_asked_for(world: World, share: float) -> None:
    await serve(world, PathFaults(abort=Abort("f2", 500, share)))
    found = await answers(world, 1000)
    seen = Counter((one.status_code, one.headers.get("x-drydock-fault", "")) for one in found)
    assert set(seen) <= {(200, ""), (500, "f2")}
    assert within(seen[500, "f2"], 1000, share / 100), seen


async def test_answers_come_no_faster_than_the_bandwidth(world: World) -> None:
    async def large(request: Request, writer: asyncio.StreamWriter) -> None:
        await say(writer, 200, b"x" * 32 * 1024)

    one = await world.an_instance("large", script=large)
    slow = replace(a_version(one), faults=PathFaults(slow=SlowAnswers("f3", 16)))
    await world.serve(a_service(versions=(slow,)))
    took_s, response = await timed(world)
    assert response.content == b"x" * 32 * 1024
    assert response.headers["x-drydock-fault"] == "f3"
    assert took_s >= 1.5  # two seconds, less what may come at once
    await world.serve(a_service(versions=(a_version(one),)))
    took_s, response = await timed(world)
    assert len(response.content) == 32 * 1024
    assert took_s < 1.5


async def test_a_version_has_faults_of_its_own(world: World) -> None:
    sick, well = await world.an_instance("sick"), await world.an_instance("well")
    versions = (
        replace(
            a_version(sick, version_id="v1", weight=50), faults=PathFaults(abort=Abort("f", 500))
        ),
        a_version(well, version_id="v2", weight=50),
    )
    await world.serve(a_service(versions=versions))
    seen = Counter(
        (one.headers["x-drydock-version"], one.status_code) for one in await answers(world, 200)
    )
    assert set(seen) == {("v1", 500), ("v2", 200)}


async def test_several_faults_happen_together_and_each_is_told(world: World) -> None:
    await serve(world, PathFaults(Latency("f1", 0.2), Abort("f2", 502), SlowAnswers("f3", 1000)))
    took_s, response = await timed(world)
    assert response.status_code == 502
    assert took_s >= 0.2 - EARLY_S
    assert set(response.headers.get_list("x-drydock-fault", split_commas=True)) == {
        "f1",
        "f2",
        "f3",
    }


async def test_nothing_happens_to_requests_that_are_refused(world: World) -> None:
    await serve(world, PathFaults(Latency("f1", 5), Abort("f2", 502)), apis=(Api("/", "POST"),))
    assert_answers(await world.call(TARGET, token=None), Cause.TOKEN_MISSING)
    assert_answers(await world.call(TARGET + "/none"), Cause.NO_SUCH_API)


async def test_clients_cannot_ask_for_faults(world: World) -> None:
    await serve(world, PathFaults(latency=Latency("f1", 0.001)))
    headers = {
        "x-envoy-fault-abort-request": "500",
        "x-envoy-fault-abort-request-percentage": "100",
        "x-envoy-fault-delay-request": "5000",
        "x-envoy-fault-throughput-response": "1",
    }
    assert (await world.call(TARGET, headers=headers)).status_code == 200


INJECTED = [
    (FaultKind.LATENCY, LatencyParameters(ms=1)),
    (FaultKind.ABORT, AbortParameters(status=503)),
    (FaultKind.SLOW, SlowParameters(kbps=1000)),
]


@pytest.mark.parametrize(("kind", "parameters"), INJECTED, ids=[kind for kind, _ in INJECTED])
async def test_an_injected_fault_happens_at_once_and_ends_when_its_time_is_over(
    world: World, tmp_path: Path, kind: FaultKind, parameters: Parameters
) -> None:
    store = Store(make_database(tmp_path / "state.db"))
    store.add_service(a_service_row("digits"), [a_version_row("digits")], CREATED)
    routes = RouteTable(world.gateway, world.state)
    instance = await world.an_instance("one")
    await routes.publish("digits", a_service(versions=(a_version(instance),)))
    clock = PlatformClock(ClockMode.MANUAL)
    control = FaultControl(store.faults, clock, afflict=routes.afflict, listen=lambda told: None)
    control.start()
    fault = await control.inject(kind, Target("digits", "v1"), parameters, for_ms=1500)
    first = await world.call(TARGET)
    assert first.headers["x-drydock-fault"] == fault.fault_id
    async with asyncio.timeout(20):
        while "x-drydock-fault" in (await world.call(TARGET)).headers:
            await asyncio.sleep(0.05)
    (ended,) = store.faults.all()
    assert ended.ended_ms is not None
    assert fault.until_ms is not None
    assert ended.ended_ms >= fault.until_ms
    assert (await world.call(TARGET)).status_code == 200
    assert [row.reason for row in store.events("digits")][:2] == ["FaultEnded", "FaultInjected"]
    await control.close()
    store.close()


async def test_a_fault_changes_routes_and_nothing_else() -> None:
    state = a_state()
    plain = a_version()
    sick = replace(
        plain, faults=PathFaults(Latency("f1", 1), Abort("f2", 500), SlowAnswers("f", 1))
    )
    before = render(with_services(state, a_service(versions=(plain,))))
    after = render(with_services(state, a_service(versions=(sick,))))
    (step,) = steps(before, after)
    assert list(step.writes) == ["rds.json"]
