"""What is refused whatever the service, and in whose words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from simulator.gateway.state import Cause
from simulator.gateway.strictness import ALLOWED_METHODS
from tests.simulator.gateway.conftest import World, assert_answers, start_world, stop_world
from tests.simulator.gateway.support import Request, a_service, a_version

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HEAD = b"Host: localhost\r\nConnection: close\r\n"
GET = b"GET / HTTP/1.1\r\n" + HEAD
REFUSALS = {
    "space before a colon": (GET + b"X-A : b\r\n\r\n", Cause.BAD_REQUEST),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", Cause.BAD_REQUEST),
    "absolute target": (b"GET http://localhost/ HTTP/1.1\r\n" + HEAD + b"\r\n", Cause.BAD_REQUEST),
    "escaped slash": (b"GET /a%2Fb HTTP/1.1\r\n" + HEAD + b"\r\n", Cause.BAD_REQUEST),
    "version 1.0": (b"GET / HTTP/1.0\r\n" + HEAD + b"\r\n", Cause.VERSION_UNSUPPORTED),
    "gzip": (GET + b"Transfer-Encoding: gzip\r\n\r\n", Cause.CODING_UNSUPPORTED),
    "long head": (GET + b"X-A: " + b"b" * 33_000 + b"\r\n\r\n", Cause.HEAD_TOO_LARGE),
    "many fields": (GET + b"X-A: b\r\n" * 101 + b"\r\n", Cause.HEAD_TOO_LARGE),
    "expectation": (GET + b"Expect: much\r\n\r\n", Cause.EXPECTATION_FAILED),
    "TRACE": (b"TRACE / HTTP/1.1\r\n" + HEAD + b"\r\n", Cause.METHOD_REFUSED),
    "CONNECT": (b"CONNECT localhost:1 HTTP/1.1\r\n" + HEAD + b"\r\n", Cause.METHOD_REFUSED),
    "port that is none": (
        b"GET / HTTP/1.1\r\nConnection: close\r\nHost: localhost:x\r\n\r\n",
        Cause.HOST_NOT_ALLOWED,
    ),
    "upgrade": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n",
        Cause.UPGRADE_REFUSED,
    ),
}


@pytest_asyncio.fixture(loop_scope="module")
async def hurried_world(directory: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world whose clients have little time."""
    monkeypatch.setattr("simulator.gateway.listener.HEAD_TIMEOUT_S", 0.3)
    monkeypatch.setattr("simulator.gateway.routes.STREAM_IDLE_S", 0.3)
    started = await start_world(directory)
    yield started
    await stop_world(started)


def parsed(answer: bytes) -> httpx.Response:
    """The answer of a connection that is at its end."""
    head, _, content = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return httpx.Response(int(first.split(" ")[1]), headers=headers, content=content)


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusal_has_status_body_and_id(world: World, name: str) -> None:
    request, cause = REFUSALS[name]
    before = len(world.control.requests)
    assert_answers(parsed(await world.raw(request)), cause)
    assert len(world.control.requests) == before


async def test_refused_method_names_those_that_are_served(world: World) -> None:
    response = await world.call("/", method="TRACE")
    assert_answers(response, Cause.METHOD_REFUSED)
    assert response.headers["allow"] == ALLOWED_METHODS


@pytest.mark.parametrize("method", ALLOWED_METHODS.split(", "))
async def test_all_other_methods_are_served(world: World, method: str) -> None:
    assert (await world.call("/", method=method)).status_code == 200


async def test_expected_continue_is_answered_before_the_body_comes(world: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.state.port)
    writer.write(
        b"PUT / HTTP/1.1\r\n" + HEAD + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    )
    interim = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert interim.startswith(b"HTTP/1.1 100 ")
    writer.write(b"hello")
    response = parsed(await asyncio.wait_for(reader.read(), 10))
    writer.close()
    assert (response.status_code, response.json()["body_bytes"]) == (200, 5)
    assert "expect" not in response.json()["headers"]


async def test_fields_for_one_connection_stay_on_it(world: World) -> None:
    one = await world.an_instance("hops")
    await world.serve(a_service(versions=(a_version(one),)))
    hops = {
        "Connection": "keep-alive, X-Named",
        "X-Named": "by Connection",
        "Keep-Alive": "timeout=5",
        "Proxy-Authorization": "Basic c2VjcmV0",
        "Proxy-Connection": "keep-alive",
        "TE": "gzip",
        "Trailer": "X-A",
        "X-Kept": "yes",
    }
    await world.call("/v1/infers/digits", headers=hops)
    arrived = one.requests[-1].headers
    assert arrived["x-kept"] == "yes"
    assert not {name.lower() for name in hops} - {"x-kept"} & set(arrived)


async def test_what_a_client_says_of_its_way_is_no_evidence(world: World) -> None:
    one = await world.an_instance("way")
    await world.serve(a_service(versions=(a_version(one),)))
    said = {
        "Forwarded": "for=6.6.6.6;host=evil.example",
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "6",
        "X-Forwarded-Proto": "https",
        "X-Real-IP": "6.6.6.6",
    }
    await world.call("/v1/infers/digits", headers=said)
    in_control = (await world.call("/", headers=said)).json()["headers"]
    for arrived in (one.requests[-1].headers, in_control):
        assert arrived["x-forwarded-for"] == "127.0.0.1"
        assert arrived["x-forwarded-proto"] == "http"
        left = {name for name in arrived if "forwarded" in name or "real-ip" in name}
        assert left == {"x-forwarded-for", "x-forwarded-proto"}


async def test_clients_cannot_have_the_gateways_own_fields_taken_away(world: World) -> None:
    """A field that Connection names is for this hop only: none of ours may be meant by it."""
    one = await world.an_instance("named")
    await world.serve(a_service(versions=(a_version(one),)))
    await world.call("/v1/infers/digits", headers={"Connection": "X-Request-Id"})
    assert one.requests[-1].headers["x-forwarded-for"] == "127.0.0.1"
    assert len(one.requests[-1].headers["x-request-id"]) == 36


async def test_slow_head_is_cut_off(hurried_world: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hurried_world.state.port)
    writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
    response = parsed(await asyncio.wait_for(reader.read(), 10))
    writer.close()
    assert_answers(response, Cause.REQUEST_TIMEOUT)


@pytest.mark.parametrize("target", ["/v1/infers/digits", "/upload"])
async def test_slow_body_is_cut_off_as_the_clients_fault(hurried_world: World, target: str) -> None:
    one = await hurried_world.an_instance("never")
    await hurried_world.serve(a_service(versions=(a_version(one),), timeout_s=0.1))
    reader, writer = await asyncio.open_connection("127.0.0.1", hurried_world.state.port)
    token = hurried_world.issuer.token()
    head = f"POST {target} HTTP/1.1\r\nX-Auth-Token: {token}\r\nContent-Length: 60\r\n".encode()
    writer.write(head + HEAD + b"\r\nslow")
    response = parsed(await asyncio.wait_for(reader.read(), 10))
    writer.close()
    assert_answers(response, Cause.REQUEST_TIMEOUT)
    assert not one.requests


async def test_five_hundred_slow_clients_keep_nobody_out(world: World) -> None:
    one = await world.an_instance("busy")
    await world.serve(a_service(versions=(a_version(one),)))
    token = world.issuer.token().encode()
    starts = [
        b"POST /v1/infers/digits HTTP/1.1\r\nHost: local",
        b"POST /v1/infers/digits HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: "
        + token
        + b"\r\nContent-Length: 1000\r\n\r\nslow",
    ]
    slow = [await asyncio.open_connection("127.0.0.1", world.state.port) for _ in range(500)]
    for number, (_, writer) in enumerate(slow):
        writer.write(starts[number % 2])
    answers = [(await world.call("/v1/infers/digits", content=b"x")).status_code for _ in range(50)]
    for _, writer in slow:
        writer.close()
    assert answers == [200] * 50
    assert len(one.requests) == 50


async def test_slow_reader_holds_the_instance_back_and_not_the_gateway(world: World) -> None:
    whole, piece, sent = 64 << 20, bytes(1 << 16), 0

    async def pour(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % whole)
        while sent < whole:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)

    one = await world.an_instance("pouring", script=pour)
    await world.serve(a_service(versions=(a_version(one),)))
    headers = {"X-Auth-Token": world.issuer.token()}
    async with world.client.stream("POST", "/v1/infers/digits", headers=headers) as response:
        pieces = response.aiter_raw()
        first = len(await anext(pieces))
        before = -1
        while sent != before:  # until the instance cannot go on
            before = sent
            await asyncio.sleep(0.3)
        # what the kernel holds on four sockets, and a little in Envoy
        assert sent < whole / 2
        assert first + sum([len(each) async for each in pieces]) == whole


async def test_client_that_leaves_takes_its_request_with_it(world: World) -> None:
    gone = asyncio.Event()

    async def pour(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"1\r\nx\r\n")
                await writer.drain()
                await asyncio.sleep(0)
        except ConnectionError:
            gone.set()

    one = await world.an_instance("left", script=pour)
    await world.serve(a_service(versions=(a_version(one),)))
    headers = {"X-Auth-Token": world.issuer.token()}
    async with world.client.stream("POST", "/v1/infers/digits", headers=headers) as response:
        await anext(response.aiter_raw())
    await asyncio.wait_for(gone.wait(), 10)


async def test_large_body_comes_over_http2(world: World) -> None:
    one = await world.an_instance("two")
    await world.serve(a_service(versions=(a_version(one),)))
    headers = {"X-Auth-Token": world.issuer.token()}
    async with httpx.AsyncClient(http1=False, http2=True, base_url=world.url) as client:
        response = await client.post(
            "/v1/infers/digits", headers=headers, content=bytes(12 * 1024 * 1024)
        )
    assert response.http_version == "HTTP/2"
    assert response.json()["body_bytes"] == 12 * 1024 * 1024
