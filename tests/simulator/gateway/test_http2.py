"""HTTP/2 on either side of the gateway, and HTTP/1.1 on the other or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from h2.connection import H2Connection
from h2.errors import ErrorCodes

from simulator.gateway.state import Cause, Endpoint, ServiceRoute, VersionRoute
from tests.simulator.gateway.conftest import World, assert_answers, start_world, stop_world
from tests.simulator.gateway.http2_instance import Http2Instance, Stream
from tests.simulator.gateway.support import a_service, a_version

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

SERVICE = "/v1/infers/digits"
MIB = 1024 * 1024


def of_http2(*endpoints: Endpoint, version_id: str = "v1", weight: int = 100) -> VersionRoute:
    return VersionRoute(version_id, weight, endpoints, http2=True)


def a_service_of(*instances: Http2Instance, **changes: Any) -> ServiceRoute:
    version = of_http2(*(one.endpoint for one in instances))
    return a_service(**{"versions": (version,)} | changes)


class Clients:
    """Callers of either version, with a good token."""

    def __init__(self, world: World) -> None:
        headers = {"X-Auth-Token": world.issuer.token()}
        self.by_version = {
            version: httpx.AsyncClient(
                base_url=world.url,
                headers=headers,
                timeout=20,
                http1=version == "HTTP/1.1",
                http2=version == "HTTP/2",
            )
            for version in ("HTTP/1.1", "HTTP/2")
        }

    def __getitem__(self, version: str) -> httpx.AsyncClient:
        return self.by_version[version]

    async def aclose(self) -> None:
        for client in self.by_version.values():
            await client.aclose()


@pytest_asyncio.fixture(loop_scope="module")
async def clients(world: World) -> AsyncIterator[Clients]:
    made = Clients(world)
    yield made
    await made.aclose()


Start = Callable[..., Any]


@pytest_asyncio.fixture(loop_scope="module")
async def start(directory: Path) -> AsyncIterator[Start]:
    """Starts instances of HTTP/2: `await start(name, script)`."""
    made: list[Http2Instance] = []

    async def started(name: str = "one", script: Any = None) -> Http2Instance:
        path = str(directory / f"{name}.sock")
        made.append(await Http2Instance(name, path, script).start())
        return made[-1]

    yield started
    for one in made:
        await one.stop()


async def waited(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


class TestClients:
    async def test_one_of_http2_is_served_by_an_instance_of_http1(
        self, world: World, clients: Clients
    ) -> None:
        one = await world.an_instance("plain")
        await world.serve(a_service(versions=(a_version(one),)))
        answer = await clients["HTTP/2"].post(f"{SERVICE}/a?b=c", content=b"body")
        seen = answer.json()
        assert (answer.http_version, seen["target"], seen["body_bytes"]) == (
            "HTTP/2",
            "/a?b=c",
            4,
        )
        assert seen["headers"]["host"] == f"127.0.0.1:{world.state.port}"

    @pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
    async def test_of_either_version_is_served_by_an_instance_of_http2(
        self, world: World, clients: Clients, start: Start, version: str
    ) -> None:
        one = await start()
        await world.serve(a_service_of(one))
        answer = await clients[version].post(f"{SERVICE}/a?b=c", content=b"body")
        seen = answer.json()
        assert (answer.status_code, answer.http_version) == (200, version)
        assert answer.headers["x-drydock-instance"] == "one"
        sent = {name: seen["headers"][name] for name in (":method", ":path", ":authority")}
        authority = f"127.0.0.1:{world.state.port}"
        assert sent == {":method": "POST", ":path": "/a?b=c", ":authority": authority}
        assert seen["body_bytes"] == 4
        assert "x-auth-token" not in seen["headers"]

    async def test_one_of_http2_gets_the_gateways_own_answers_too(self, world: World) -> None:
        one = await world.an_instance("plain")
        await world.serve(a_service(versions=(a_version(one),)))
        async with httpx.AsyncClient(base_url=world.url, http1=False, http2=True) as client:
            assert_answers(await client.post(SERVICE), Cause.TOKEN_MISSING)
            assert_answers(await client.post("/v1/infers/x"), Cause.TOKEN_MISSING)
            assert_answers(await client.request("TRACE", "/"), Cause.METHOD_REFUSED)

    async def test_many_requests_share_a_connection_on_both_sides(
        self, world: World, clients: Clients, start: Start
    ) -> None:
        one = await start()
        await world.serve(a_service_of(one))
        answers = await asyncio.gather(*(clients["HTTP/2"].post(SERVICE) for _ in range(100)))
        assert [answer.status_code for answer in answers] == [200] * 100
        # one for each of Envoy's threads
        assert one.connections <= 4

    async def test_trailers_of_a_request_arrive_where_both_sides_have_them(
        self, world: World, start: Start
    ) -> None:
        one = await start()
        await world.serve(a_service_of(one))
        connection = H2Connection()
        connection.initiate_connection()
        fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", f"127.0.0.1:{world.state.port}"),
            (":path", SERVICE),
            ("x-auth-token", world.issuer.token()),
        ]
        connection.send_headers(1, fields)
        connection.send_data(1, b"body")
        connection.send_headers(1, [("sum", "7")], end_stream=True)
        _, writer = await asyncio.open_connection("127.0.0.1", world.state.port)
        writer.write(connection.data_to_send())
        await waited(lambda: bool(one.streams))
        writer.close()
        assert (one.streams[0].body, one.streams[0].trailers) == (b"body", {"sum": "7"})


class TestSplit:
    @pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
    async def test_versions_of_either_kind_share_the_traffic(
        self, world: World, clients: Clients, start: Start, version: str
    ) -> None:
        old, new = await world.an_instance("old"), await start("new")
        await world.serve(
            a_service(
                versions=(
                    a_version(old, weight=50),
                    of_http2(new.endpoint, version_id="v2", weight=50),
                )
            )
        )
        answers = [await clients[version].post(SERVICE, content=b"abc") for _ in range(200)]
        seen = [answer.json() for answer in answers]
        assert {one["body_bytes"] for one in seen} == {3}
        counted = sum(one["instance"] == "new" for one in seen)
        assert counted == len(new.streams)
        assert 60 < counted < 140  # beyond five standard deviations
        names = {(one.headers["x-drydock-version"], one.json()["instance"]) for one in answers}
        assert names == {("v1", "old"), ("v2", "new")}


class TestLimits:
    @pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
    async def test_a_body_is_as_long_as_documented_at_most(
        self, world: World, clients: Clients, start: Start, version: str
    ) -> None:
        one = await start()
        await world.serve(a_service_of(one))
        whole = await clients[version].post(SERVICE, content=bytes(12 * MIB))
        assert whole.json()["body_bytes"] == 12 * MIB
        refused = await clients[version].post(SERVICE, content=bytes(12 * MIB + 1))
        assert_answers(refused, Cause.BODY_TOO_LARGE)
        assert len(one.streams) == 1

    @pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
    async def test_where_the_limit_is_lifted_it_passes_as_it_comes(
        self, world: World, clients: Clients, start: Start, version: str
    ) -> None:
        one = await start()
        await world.serve(a_service_of(one, max_body_bytes=None))
        answer = await clients[version].post(SERVICE, content=bytes(14 * MIB))
        assert answer.json()["body_bytes"] == 14 * MIB

    async def test_an_instance_that_says_nothing_has_until_the_deadline(
        self, world: World, clients: Clients, start: Start
    ) -> None:
        one = await start(script=lambda stream: None)
        await world.serve(a_service_of(one, timeout_s=0.3))
        assert_answers(await clients["HTTP/2"].post(SERVICE), Cause.TIMEOUT)
        await asyncio.wait_for(one.streams[0].gone.wait(), 10)

    async def test_a_stream_goes_on_after_the_deadline_for_its_first_byte(
        self, world: World, clients: Clients, start: Start
    ) -> None:
        def later(stream: Stream) -> None:
            stream.begin()
            stream.send(b"a")
            asyncio.get_running_loop().call_later(1, lambda: stream.send(b"b", last=True))

        one = await start(script=later)
        await world.serve(a_service_of(one, timeout_s=0.3))
        assert (await clients["HTTP/2"].post(SERVICE)).content == b"ab"

    async def test_a_client_that_leaves_takes_its_requests_with_it(
        self, world: World, start: Start
    ) -> None:
        def begin(stream: Stream) -> None:
            stream.begin()
            stream.send(b"a")

        one = await start(script=begin)
        await world.serve(a_service_of(one))
        leaving = Clients(world)
        async with leaving["HTTP/2"].stream("POST", SERVICE) as answer:
            await anext(answer.aiter_raw())
            await leaving.aclose()
        await asyncio.wait_for(one.streams[0].gone.wait(), 10)


class TestFailures:
    async def test_a_request_that_was_refused_unseen_goes_to_another_instance(
        self, world: World, clients: Clients, start: Start
    ) -> None:
        full = await start("full", lambda stream: stream.reset(ErrorCodes.REFUSED_STREAM))
        free = await start("free")
        await world.serve(a_service_of(full, free))
        answers = [await clients["HTTP/2"].post(SERVICE) for _ in range(10)]
        assert [one.json()["instance"] for one in answers] == ["free"] * 10
        assert full.streams

    async def test_one_that_was_given_up_is_not_sent_again(
        self, world: World, clients: Clients, start: Start
    ) -> None:
        broken = [
            await start(name, lambda stream: stream.reset(ErrorCodes.INTERNAL_ERROR))
            for name in ("a", "b")
        ]
        await world.serve(a_service_of(*broken))
        assert_answers(await clients["HTTP/2"].post(SERVICE), Cause.BACKEND_DOWN)
        assert sum(len(one.streams) for one in broken) == 1

    async def test_an_instance_that_takes_no_more_on_a_connection_gets_another_one(
        self, world: World, clients: Clients, start: Start
    ) -> None:
        def last(stream: Stream) -> None:
            stream.say(200, b"ok")
            stream.go_away()

        one = await start(script=last)
        await world.serve(a_service_of(one))
        answers = [await clients["HTTP/2"].post(SERVICE) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 5
        assert (one.connections, len(one.streams)) == (5, 5)

    async def test_what_speaks_http1_where_http2_is_declared_is_not_reached(
        self, world: World, clients: Clients
    ) -> None:
        one = await world.an_instance("plain")
        await world.serve(a_service(versions=(of_http2(one.endpoint),)))
        assert_answers(await clients["HTTP/1.1"].post(SERVICE), Cause.BACKEND_DOWN)


class TestReplacement:
    async def test_a_stream_of_a_replaced_version_is_answered_to_its_end(
        self, directory: Path, start: Start
    ) -> None:
        world = await start_world(directory, linger_s=0.1)
        clients = Clients(world)

        def begin(stream: Stream) -> None:
            stream.begin()
            stream.send(b"begun ")

        try:
            old, new = await start("old", begin), await start("new")
            await world.serve(a_service_of(old))
            async with clients["HTTP/2"].stream("POST", SERVICE) as answer:
                pieces = answer.aiter_raw()
                assert await anext(pieces) == b"begun "
                await world.serve(a_service(versions=(of_http2(new.endpoint, version_id="v2"),)))
                await waited(lambda: not world.gateway._retired)  # the old cluster is gone
                assert not await world.gateway.drained(old.endpoint, 0.2)
                for version in ("HTTP/1.1", "HTTP/2"):
                    other = await clients[version].post(SERVICE)
                    assert other.json()["instance"] == "new"
                old.streams[0].send(b"ended", last=True)
                assert [piece async for piece in pieces] == [b"ended"]
            assert await world.gateway.drained(old.endpoint, 10)
        finally:
            await clients.aclose()
            await stop_world(world)

    async def test_an_instance_that_leaves_a_version_ends_its_streams(
        self, world: World, clients: Clients, start: Start
    ) -> None:
        def begin(stream: Stream) -> None:
            stream.begin()
            stream.send(b"begun ")

        leaves, stays = await start("leaves", begin), await start("stays")
        service = a_service_of(leaves)
        await world.serve(service)
        async with clients["HTTP/2"].stream("POST", SERVICE) as answer:
            pieces = answer.aiter_raw()
            await anext(pieces)
            await world.serve(replace(service, versions=(of_http2(stays.endpoint),)))
            assert (await clients["HTTP/2"].post(SERVICE)).json()["instance"] == "stays"
            leaves.streams[0].send(b"ended", last=True)
            assert [piece async for piece in pieces] == [b"ended"]
