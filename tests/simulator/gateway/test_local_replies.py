"""What Envoy answers by itself, and what it leaves to the instance."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from simulator.gateway.local_replies import body, mappers
from simulator.gateway.state import Cause, Endpoint, LocalAnswer, VersionRoute
from tests.simulator.gateway.conftest import World, assert_answers
from tests.simulator.gateway.support import ANSWERS, Request, a_service, a_version, say

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

CREDENTIALS = [None, {"X-Apig-AppCode": "c"}]


async def test_body_keeps_the_documented_order_of_keys() -> None:
    assert body(LocalAnswer(404, "A.1", 'say "é"')) == (
        '{"error_code": "A.1", "error_msg": "say \\"é\\""}'
    )


@pytest.mark.parametrize("missing", [Cause.TIMEOUT, Cause.BAD_REQUEST])
async def test_missing_answer_is_an_error(missing: Cause) -> None:
    without = {cause: one for cause, one in ANSWERS.items() if cause is not missing}
    with pytest.raises(KeyError):
        mappers(without)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("headers", CREDENTIALS, ids=["token", "app code"])
async def test_instances_own_errors_pass_untouched(
    world: World, status: int, headers: dict[str, str] | None
) -> None:
    async def fail(request: Request, writer: asyncio.StreamWriter) -> None:
        await say(writer, status, b"own words", content_type="text/own", server="own")

    one = await world.an_instance("own", script=fail)
    await world.serve(a_service(versions=(a_version(one),)))
    # the judge is the control stand-in, which allows everything
    response = await world.call("/v1/infers/digits", headers=headers or {})
    assert (response.status_code, response.content) == (status, b"own words")
    assert response.headers["content-type"] == "text/own"
    assert response.headers["server"] == "own"
    assert "x-request-id" in response.headers
    assert len(one.requests) == 1


async def test_python_servers_own_errors_pass_untouched(world: World) -> None:
    async def fail(request: Request, writer: asyncio.StreamWriter) -> None:
        await say(writer, 503, b"own words")

    world.control.script = fail
    try:
        response = await world.call("/v1/x")
    finally:
        world.control.script = None
    assert (response.status_code, response.content) == (503, b"own words")


async def test_body_over_the_limit_is_refused_and_one_at_the_limit_passes(world: World) -> None:
    one = await world.an_instance("sizes")
    await world.serve(a_service(versions=(a_version(one),), max_body_bytes=100_000))
    response = await world.call("/v1/infers/digits", content=bytes(100_000))
    assert response.json()["body_bytes"] == 100_000

    async def pieces() -> object:
        for _ in range(11):
            yield bytes(10_000)

    for content in (bytes(100_001), pieces()):
        response = await world.call("/v1/infers/digits", content=content)
        assert_answers(response, Cause.BODY_TOO_LARGE)
    assert len(one.requests) == 1


async def test_documented_twelve_megabytes_pass(world: World) -> None:
    one = await world.an_instance("twelve")
    await world.serve(a_service(versions=(a_version(one),)))
    response = await world.call("/v1/infers/digits", content=bytes(12 * 1024 * 1024))
    assert response.json()["body_bytes"] == 12 * 1024 * 1024


async def test_instance_that_does_not_begin_to_answer_in_time_is_given_up(world: World) -> None:
    async def silence(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    one = await world.an_instance("silent", script=silence)
    await world.serve(a_service(versions=(a_version(one),), timeout_s=0.3))
    began = time.monotonic()
    response = await world.call("/v1/infers/digits")
    assert_answers(response, Cause.TIMEOUT)
    assert time.monotonic() - began >= 0.29  # Envoy's timers are a millisecond early at times
    assert len(one.requests) == 1


async def test_deadline_does_not_cut_an_answer_that_has_begun(world: World) -> None:
    async def slowly(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        await writer.drain()
        await asyncio.sleep(0.9)  # three deadlines long: the passing of time is what is tested
        writer.write(b"1\r\nb\r\n0\r\n\r\n")
        await writer.drain()

    one = await world.an_instance("slow", script=slowly)
    await world.serve(a_service(versions=(a_version(one),), timeout_s=0.3))
    response = await world.call("/v1/infers/digits")
    assert (response.status_code, response.content) == (200, b"ab")


@pytest.mark.parametrize(
    "endpoint",
    [Endpoint("gone", path="/nonexistent/instance.sock"), Endpoint("gone", "127.0.0.1", 1)],
    ids=["socket", "port"],
)
async def test_instance_that_is_not_there_is_reported(world: World, endpoint: Endpoint) -> None:
    await world.serve(a_service(versions=(VersionRoute("v1", 100, (endpoint,)),)))
    assert_answers(await world.call("/v1/infers/digits"), Cause.BACKEND_DOWN)


async def test_instance_that_dies_over_a_request_does_not_get_it_again(world: World) -> None:
    async def die(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.close()

    pair = [await world.an_instance(name, script=die) for name in ("dies", "dies too")]
    await world.serve(a_service(versions=(a_version(*pair),)))
    assert_answers(await world.call("/v1/infers/digits", content=b"x"), Cause.BACKEND_DOWN)
    assert sum(len(one.requests) for one in pair) == 1


async def test_answer_cut_after_its_head_is_seen_as_cut(world: World) -> None:
    async def cut(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        await writer.drain()
        writer.close()

    one = await world.an_instance("cut", script=cut)
    await world.serve(a_service(versions=(a_version(one),)))
    token = world.issuer.token().encode()
    request = b"POST /v1/infers/digits HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: " + token
    answer = await world.raw(request + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    head, _, content = answer.partition(b"\r\n\r\n")
    assert b"content-length: 10" in head
    assert content == b"abc"


async def test_unreachable_instance_is_passed_over_for_a_living_one(world: World) -> None:
    living = await world.an_instance("living")
    gone = Endpoint("gone", path="/nonexistent/instance.sock")
    await world.serve(
        a_service(versions=(VersionRoute("v1", 100, (living.endpoint, gone)),)),
    )
    answers = [(await world.call("/v1/infers/digits", content=b"x")).status_code for _ in range(20)]
    assert answers == [200] * 20


async def test_more_than_the_allowed_requests_at_once_are_refused(world: World) -> None:
    arrived, finish = asyncio.Event(), asyncio.Event()

    async def hold(request: Request, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await finish.wait()
        await say(writer, 200)

    one = await world.an_instance("busy", script=hold)
    await world.serve(a_service(versions=(a_version(one),), max_concurrent_requests=1))
    first = asyncio.create_task(world.call("/v1/infers/digits"))
    await arrived.wait()
    # one may wait for the connection, the next may not
    second = asyncio.create_task(world.call("/v1/infers/digits"))
    third = asyncio.create_task(world.call("/v1/infers/digits"))
    done, _ = await asyncio.wait({second, third}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
    assert_answers(done.pop().result(), Cause.OVERLOADED)
    finish.set()
    assert (await first).status_code == 200
    await asyncio.gather(second, third)


async def test_answers_are_json_for_a_parser_too(world: World) -> None:
    response = await world.call("/v1/infers/nowhere")
    assert list(json.loads(response.content)) == ["error_code", "error_msg"]
