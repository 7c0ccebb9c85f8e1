"""Instances leave the gateway when they have answered what they were sent: with a real Envoy."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import httpx
import pytest

from simulator.gateway.draining import drained, open_connections
from simulator.gateway.state import Endpoint
from tests.simulator.gateway.conftest import World
from tests.simulator.gateway.support import Instance, Request, a_service, a_version, say

pytestmark = pytest.mark.asyncio(loop_scope="module")
WITHIN_S = 20.0


class Slow:
    """Answers when it is told to.

    Attributes:
        asked: set when a request has come.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()

    async def __call__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.asked.set()
        await self.answer.wait()
        await say(writer, 200, b"late but whole")


async def an_open_request(
    world: World, *, tcp: bool
) -> tuple[Slow, Instance, asyncio.Task[httpx.Response]]:
    slow = Slow()
    leaving = await world.an_instance("leaving", tcp=tcp, script=slow)
    await world.serve(a_service("drain", versions=(a_version(leaving),)))
    request = asyncio.create_task(world.call("/v1/infers/drain"))
    await asyncio.wait_for(slow.asked.wait(), WITHIN_S)
    return slow, leaving, request


@pytest.mark.skipif(sys.platform != "linux", reason="connections are looked up in Linux's /proc")
@pytest.mark.parametrize("tcp", [False, True])
class TestDraining:
    async def test_it_lasts_until_the_last_answer(self, world: World, tcp: bool) -> None:
        slow, leaving, request = await an_open_request(world, tcp=tcp)
        staying = await world.an_instance("staying", tcp=tcp)
        await world.serve(a_service("drain", versions=(a_version(staying),)))
        draining = asyncio.create_task(world.gateway.drained(leaving.endpoint, WITHIN_S))
        await asyncio.sleep(0.3)
        assert not draining.done()
        slow.answer.set()
        assert await draining
        answer = await request
        assert (answer.status_code, answer.text) == (200, "late but whole")

    async def test_it_ends_when_its_time_is_over(self, world: World, tcp: bool) -> None:
        slow, leaving, request = await an_open_request(world, tcp=tcp)
        staying = await world.an_instance("staying", tcp=tcp)
        await world.serve(a_service("drain", versions=(a_version(staying),)))
        assert not await world.gateway.drained(leaving.endpoint, 0.2)
        slow.answer.set()
        await request

    async def test_an_instance_without_requests_is_let_go_at_once(
        self, world: World, tcp: bool
    ) -> None:
        leaving = await world.an_instance("leaving", tcp=tcp)
        staying = await world.an_instance("staying", tcp=tcp)
        await world.serve(a_service("drain", versions=(a_version(leaving),)))
        for _ in range(5):
            assert (await world.call("/v1/infers/drain")).status_code == 200
        await world.serve(a_service("drain", versions=(a_version(staying),)))
        assert await world.gateway.drained(leaving.endpoint, WITHIN_S)
        assert len(leaving.requests) == 5


async def test_without_envoy_nothing_is_open() -> None:
    assert await drained(None, Endpoint("i", path="/nowhere.sock"), WITHIN_S)


async def test_what_cannot_be_looked_at_counts_as_closed(tmp_path: Path) -> None:
    assert open_connections(os.getpid(), Endpoint("i", path=str(tmp_path / "none.sock"))) == 0
    assert open_connections(2**22 + 1, Endpoint("i", host="127.0.0.1", port=1)) == 0
