"""Traffic limits, through a real Envoy."""

from __future__ import annotations

from collections import Counter

import pytest

from simulator.gateway.state import Api, Cause
from tests.simulator.gateway.conftest import World, assert_answers
from tests.simulator.gateway.support import a_service, a_version

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]


async def test_requests_over_the_limit_are_refused(world: World) -> None:
    one = await world.an_instance("limited")
    await world.serve(a_service(versions=(a_version(one),), requests_per_s=2))
    answers = [await world.call("/v1/infers/digits") for _ in range(8)]
    refused = [one for one in answers if one.status_code != 200]
    assert [one.status_code for one in answers[:2]] == [200, 200]
    assert refused
    for response in refused:
        assert_answers(response, Cause.TRAFFIC_LIMIT)


async def test_all_ways_into_a_service_draw_from_one_bucket(world: World) -> None:
    one = await world.an_instance("shared")
    await world.serve(
        a_service(versions=(a_version(one),), requests_per_s=5, apis=(Api(), Api("/other", "POST")))
    )
    seen: Counter[int] = Counter()
    for _ in range(5):
        for target, headers in (
            ("/v1/infers/digits", {}),
            ("/v1/infers/digits/other", {}),
            ("/v1/infers/digits", {"X-Apig-AppCode": "c"}),
            ("/v1/infers/digits/", {}),
        ):
            seen[(await world.call(target, headers=headers)).status_code] += 1
    # four buckets of five would let all twenty pass
    assert seen[200] < 12, seen
    assert seen[200] + seen[429] == 20


async def test_services_have_limits_of_their_own(world: World) -> None:
    one = await world.an_instance("neighbours")
    await world.serve(
        a_service("busy", versions=(a_version(one),), requests_per_s=1),
        a_service("quiet", versions=(a_version(one),), requests_per_s=1),
        a_service("free", versions=(a_version(one),)),
    )
    busy = [(await world.call("/v1/infers/busy")).status_code for _ in range(5)]
    assert 429 in busy
    assert (await world.call("/v1/infers/quiet")).status_code == 200
    assert {(await world.call("/v1/infers/free")).status_code for _ in range(30)} == {200}


async def test_refused_requests_and_gateway_answers_take_no_tokens(world: World) -> None:
    one = await world.an_instance("frugal")
    await world.serve(a_service(versions=(a_version(one),), requests_per_s=1, apis=(Api(),)))
    for _ in range(5):
        await world.call("/v1/infers/digits", token=None)
        await world.call("/v1/infers/digits", token="bad")
        await world.call("/v1/infers/digits/no/api")
    assert (await world.call("/v1/infers/digits")).status_code == 200
