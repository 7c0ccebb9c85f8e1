"""Bodies of any size where the limit is lifted, and answers piece by piece: passed on as they come.

`DRYDOCK_PROVE_STREAM_MB` in each direction, 96 by default.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import psutil
import pytest

from simulator.gateway.state import Endpoint, VersionRoute
from tests.simulator.gateway.conftest import World
from tests.simulator.gateway.support import Request, a_service, a_version, say

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1024 * 1024
SIZE_BYTES = int(os.environ.get("DRYDOCK_PROVE_STREAM_MB", "96")) * MIB
PIECE = bytes(range(256)) * 256
GROWTH_BYTES = 24 * MIB
"""Envoy may take this much more while a stream of any size passes."""
TIMEOUT = httpx.Timeout(60, read=300)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served_by(world: World, serve: Serve) -> AsyncIterator[None]:
    """The service without a limit on bodies; `serve` gets a request's connection after its head."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await serve(reader, writer)
        finally:
            writer.close()

    path = str(world.directory / f"stream-{uuid.uuid4().hex[:8]}.sock")
    server = await asyncio.start_unix_server(connected, path)
    version = VersionRoute("v1", 100, (Endpoint("one", path=path),))
    await world.serve(a_service(versions=(version,), max_body_bytes=None))
    try:
        yield
    finally:
        server.close()


class Memory:
    """How much more of it Envoy has had than at the beginning."""

    def __init__(self, world: World) -> None:
        pid = world.gateway.status().pid
        assert pid is not None
        self._process = psutil.Process(pid)
        self._before = self._process.memory_info().rss
        self.growth_bytes = 0

    def look(self) -> None:
        grown = self._process.memory_info().rss - self._before
        self.growth_bytes = max(self.growth_bytes, grown)


async def pieces(memory: Memory) -> AsyncIterator[bytes]:
    for number in range(SIZE_BYTES // len(PIECE)):
        if number % 64 == 0:
            memory.look()
        yield PIECE


async def test_a_request_of_any_size_passes_and_takes_no_memory(world: World) -> None:
    received = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        while received < SIZE_BYTES:
            data = await reader.read(MIB)
            assert data, "the request was cut"
            received += len(data)
        await say(writer, 200, b"thanks")

    async with served_by(world, count):
        memory = Memory(world)
        answer = await world.call(
            "/v1/infers/digits",
            content=pieces(memory),
            headers={"Content-Length": str(SIZE_BYTES)},
            timeout=TIMEOUT,
        )
        memory.look()
    assert (answer.status_code, answer.content) == (200, b"thanks")
    assert received == SIZE_BYTES
    assert memory.growth_bytes < GROWTH_BYTES


async def test_an_answer_of_any_size_passes_and_takes_no_memory(world: World) -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {SIZE_BYTES}\r\n\r\n".encode())
        for _ in range(SIZE_BYTES // len(PIECE)):
            writer.write(PIECE)
            await writer.drain()

    got = 0
    async with served_by(world, pour):
        memory = Memory(world)
        headers = {"X-Auth-Token": world.issuer.token()}
        request = world.client.stream("GET", "/v1/infers/digits", headers=headers, timeout=TIMEOUT)
        async with request as answer:
            async for data in answer.aiter_raw():
                if got // (8 * MIB) != (got + len(data)) // (8 * MIB):
                    memory.look()
                got += len(data)
    assert got == SIZE_BYTES
    assert memory.growth_bytes < GROWTH_BYTES


async def test_what_is_sent_arrives_before_the_rest_is_there(world: World) -> None:
    arrived = asyncio.Event()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(5) == b"first"
        arrived.set()
        assert await reader.readexactly(6) == b"second"
        await say(writer, 200)

    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.wait_for(arrived.wait(), 10)
        yield b"second"

    async with served_by(world, echo):
        answer = await world.call(
            "/v1/infers/digits", content=parts(), headers={"Content-Length": "11"}
        )
    assert answer.status_code == 200


async def test_a_signed_request_has_its_limit_all_the_same(world: World) -> None:
    """The signature is held against the body, which has to be whole for that."""

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError("it was passed on")

    async with served_by(world, never):
        answer = await world.call(
            "/v1/infers/digits",
            token=None,
            content=bytes(12 * MIB + 1),
            headers={"Authorization": "SDK-HMAC-SHA256 Access=a, SignedHeaders=b, Signature=c"},
        )
    assert answer.status_code == 413


async def test_each_event_of_a_stream_is_passed_on_at_once(world: World) -> None:
    heard = asyncio.Event()

    async def events(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n"
        )
        await writer.drain()
        await asyncio.wait_for(heard.wait(), 10)
        writer.write(b"9\r\ndata: b\n\n\r\n0\r\n\r\n")
        await writer.drain()

    one = await world.an_instance("events", script=events)
    await world.serve(a_service(versions=(a_version(one),)))
    headers = {"X-Auth-Token": world.issuer.token()}
    found = b""
    async with world.client.stream("POST", "/v1/infers/digits", headers=headers) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        async for data in answer.aiter_raw():
            found += data
            heard.set()
    assert found == b"data: a\n\ndata: b\n\n"


async def test_a_stream_goes_on_after_the_deadline_for_its_first_byte(world: World) -> None:
    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        await writer.drain()
        await asyncio.sleep(1.5)
        writer.write(b"1\r\nb\r\n0\r\n\r\n")
        await writer.drain()

    one = await world.an_instance("slow", script=slow)
    await world.serve(a_service(versions=(a_version(one),), timeout_s=1))
    assert (await world.call("/v1/infers/digits")).content == b"ab"


async def test_what_is_compressed_stays_so_both_ways(world: World) -> None:
    body = gzip.compress(b"x" * 10_000, mtime=0)
    seen: list[Request] = []

    async def compressed(request: Request, writer: asyncio.StreamWriter) -> None:
        seen.append(request)
        await say(writer, 200, body, content_encoding="gzip")

    one = await world.an_instance("gzip", script=compressed)
    await world.serve(a_service(versions=(a_version(one),)))
    headers = {
        "X-Auth-Token": world.issuer.token(),
        "Content-Encoding": "gzip",
        "Accept-Encoding": "gzip, br",
    }
    request = world.client.stream("POST", "/v1/infers/digits", headers=headers, content=body)
    async with request as answer:
        raw = b"".join([data async for data in answer.aiter_raw()])
    assert (raw, answer.headers["content-encoding"]) == (body, "gzip")
    assert seen[0].body == body
    assert seen[0].headers["content-encoding"] == "gzip"
    assert seen[0].headers["accept-encoding"] == "gzip, br"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", '{"text": "é\\u0000"}'.encode()),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n\0\xff\r\n--b--\r\n"),
        ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
        ("application/octet-stream", bytes(range(256)) * 4000),
    ],
)
async def test_bodies_arrive_byte_by_byte_as_they_were_sent(
    world: World, kind: str, body: bytes
) -> None:
    async def echo(request: Request, writer: asyncio.StreamWriter) -> None:
        await say(writer, 200, request.body, content_type=request.headers["content-type"])

    one = await world.an_instance("echo", script=echo)
    service = a_service(versions=(a_version(one),))
    for limit in (service.max_body_bytes, None):
        await world.serve(replace(service, max_body_bytes=limit))
        answer = await world.call("/v1/infers/digits", content=body, headers={"Content-Type": kind})
        assert (answer.content, answer.headers["content-type"]) == (body, kind)
