"""Where a request goes, through a real Envoy."""

from __future__ import annotations

import asyncio
import math
from collections import Counter

import httpx
import pytest

from simulator.gateway.state import Api, Availability, Cause, VersionRoute
from tests.simulator.gateway.conftest import World, assert_answers
from tests.simulator.gateway.support import Request, a_service, a_version, say

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

SIGMAS = 3.29
"""Half-width of the 99.9 % interval, in standard deviations."""


async def statuses(world: World, target: str, number: int) -> Counter[tuple[int, str]]:
    """Counts (status, instance) over `number` requests, twenty at a time."""
    seen: Counter[tuple[int, str]] = Counter()
    headers = {"X-Auth-Token": world.issuer.token()}

    async def worker() -> None:
        for _ in range(number // 20):
            response = await world.client.post(target, headers=headers)
            seen[response.status_code, response.headers.get("x-drydock-instance", "")] += 1

    await asyncio.gather(*(worker() for _ in range(20)))
    return seen


def within(count: int, number: int, share: float) -> bool:
    return abs(count - number * share) <= SIGMAS * math.sqrt(number * share * (1 - share))


async def test_other_paths_go_to_the_python_server_untouched(world: World) -> None:
    response = await world.call(
        "/v1/p/services?limit=1&x=%20y", method="PUT", token="kept", content=b"abc"
    )
    seen = response.json()
    assert (seen["instance"], seen["method"]) == ("control", "PUT")
    assert seen["target"] == "/v1/p/services?limit=1&x=%20y"
    assert seen["headers"]["x-auth-token"] == "kept"
    assert seen["body_bytes"] == 3


async def test_python_server_can_tell_what_came_through_the_gateway(world: World) -> None:
    response = await world.call("/", headers={"x-drydock-gateway": "forged"})
    assert response.json()["headers"]["x-drydock-gateway"] == "1"


async def test_signed_management_calls_go_to_the_python_server_as_they_are(world: World) -> None:
    authorization = "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=00"
    response = await world.call("/v1/p/services", headers={"Authorization": authorization})
    assert response.json()["headers"]["authorization"] == authorization


async def test_large_uploads_to_the_python_server_pass(world: World) -> None:
    response = await world.call("/upload", content=bytes(13_000_000))
    assert response.json()["body_bytes"] == 13_000_000


async def test_events_of_the_python_server_arrive_one_by_one(world: World) -> None:
    first_seen = asyncio.Event()

    async def events(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
        writer.write(b"transfer-encoding: chunked\r\n\r\n6\r\nfirst\n\r\n")
        await writer.drain()
        await first_seen.wait()
        writer.write(b"7\r\nsecond\n\r\n0\r\n\r\n")
        await writer.drain()

    world.control.script = events
    try:
        async with world.client.stream("GET", "/events") as response:
            lines = response.aiter_lines()
            assert await anext(lines) == "first"
            first_seen.set()
            assert await anext(lines) == "second"
    finally:
        world.control.script = None


async def test_silent_python_server_is_reported(world: World) -> None:
    await world.control.stop()
    try:
        assert_answers(await world.call("/v1/p/services"), Cause.CONTROL_UNAVAILABLE)
    finally:
        await world.control.start()


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1", "[::1]:99"])
async def test_own_names_are_served(world: World, host: str) -> None:
    assert (await world.call("/", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil"])
@pytest.mark.parametrize("target", ["/", "/v1/infers/digits"])
async def test_foreign_host_is_refused(world: World, host: str, target: str) -> None:
    response = await world.call(target, token=None, headers={"Host": host})
    assert_answers(response, Cause.HOST_NOT_ALLOWED)


async def test_escaped_slash_is_refused(world: World) -> None:
    answer = await world.raw(b"GET /a%2Fb HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"error_code": "Test.bad_request"' in answer


async def test_dots_in_the_path_do_not_lead_around_the_token_check(world: World) -> None:
    request = b"POST /x/../v1/./infers/digits HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    answer = await world.raw(request + b"Content-Length: 0\r\n\r\n")
    assert b"Test.token_missing" in answer


async def test_declared_apis_are_served_without_the_service_prefix(world: World) -> None:
    one = await world.an_instance("apis")
    apis = (Api("/", "POST"), Api("/v2/predict.json", "GET"))
    await world.serve(a_service(apis=apis, versions=(a_version(one),)))
    for method, target, wanted in (
        ("POST", "/v1/infers/digits", "/"),
        ("POST", "/v1/infers/digits/", "/"),
        ("POST", "/v1/infers/digits?a=1&b=%2F", "/?a=1&b=%2F"),
        ("GET", "/v1/infers/digits/v2/predict.json?q", "/v2/predict.json?q"),
    ):
        response = await world.call(target, method=method)
        assert (response.status_code, response.json()["target"]) == (200, wanted), target


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", "/v2/predict.json"),
        ("GET", "/v2/predict.json/"),
        ("GET", "/v2/predictXjson"),
        ("POST", "/other"),
        ("GET", "/v2"),
    ],
)
async def test_undeclared_api_is_refused(world: World, method: str, path: str) -> None:
    one = await world.an_instance("undeclared")
    apis = (Api("/", "POST"), Api("/v2/predict.json", "GET"))
    await world.serve(a_service(apis=apis, versions=(a_version(one),)))
    response = await world.call(f"/v1/infers/digits{path}", method=method)
    assert_answers(response, Cause.NO_SUCH_API)
    assert not one.requests


async def test_service_without_declared_apis_passes_everything(world: World) -> None:
    one = await world.an_instance("open")
    await world.serve(a_service(versions=(a_version(one),)))
    for method, path, wanted in (
        ("GET", "", "/"),
        ("POST", "/", "/"),
        ("DELETE", "/a/b/?c=d", "/a/b/?c=d"),
        ("PATCH", "?q=1", "/?q=1"),
    ):
        response = await world.call(f"/v1/infers/digits{path}", method=method)
        assert (response.json()["method"], response.json()["target"]) == (method, wanted)


async def test_service_whose_name_begins_like_another_is_a_different_one(world: World) -> None:
    short, long = await world.an_instance("short"), await world.an_instance("long")
    await world.serve(
        a_service("a", versions=(a_version(short),)), a_service("ab", versions=(a_version(long),))
    )
    assert (await world.call("/v1/infers/a/x")).headers["x-drydock-instance"] == "short"
    assert (await world.call("/v1/infers/ab/x")).headers["x-drydock-instance"] == "long"
    assert_answers(await world.call("/v1/infers/abc"), Cause.SERVICE_MISSING)


async def test_a_path_without_a_service_is_told_so(world: World) -> None:
    for path in ("/v1/infers/", "/v1/infers/?a=b"):
        assert_answers(await world.call(path), Cause.SERVICE_UNNAMED)
        assert_answers(await world.call(path, token=None), Cause.TOKEN_MISSING)
    assert_answers(await world.call("/v1/infers//"), Cause.SERVICE_MISSING)


@pytest.mark.parametrize(
    ("availability", "cause"),
    [
        (Availability.DEPLOYING, Cause.SERVICE_DEPLOYING),
        (Availability.STOPPED, Cause.SERVICE_STOPPED),
        (Availability.FAILED, Cause.SERVICE_FAILED),
    ],
)
async def test_unavailable_service_says_why(
    world: World, availability: Availability, cause: Cause
) -> None:
    await world.serve(a_service(availability=availability))
    assert_answers(await world.call("/v1/infers/digits/any/path"), cause)


async def test_traffic_is_split_by_weight(world: World) -> None:
    left, right = await world.an_instance("left"), await world.an_instance("right", tcp=True)
    versions = (
        a_version(left, version_id="v1", weight=70),
        a_version(right, version_id="v2", weight=30),
    )
    await world.serve(a_service(versions=versions))
    seen = await statuses(world, "/v1/infers/digits", 2000)
    assert set(seen) == {(200, "left"), (200, "right")}
    assert within(seen[200, "left"], 2000, 0.7), seen
    counted = {one.version_id: one.requests_total for one in await world.gateway.admin.traffic()}
    assert counted["v1"] >= seen[200, "left"]
    assert counted["v2"] >= seen[200, "right"]


async def test_weights_need_not_add_up_and_may_be_zero(world: World) -> None:
    one, two = await world.an_instance("all"), await world.an_instance("nothing")
    versions = (
        a_version(one, version_id="v1", weight=7),
        a_version(two, version_id="v2", weight=0),
    )
    await world.serve(a_service(versions=versions))
    assert set(await statuses(world, "/v1/infers/digits", 100)) == {(200, "all")}


async def test_version_without_instances_fails_its_share_only(world: World) -> None:
    one = await world.an_instance("half")
    versions = (a_version(one, weight=50), VersionRoute("v2.0", 50))
    await world.serve(a_service("halved", versions=versions))
    seen = await statuses(world, "/v1/infers/halved", 400)
    assert set(seen) == {(200, "half"), (503, "")}
    assert within(seen[503, ""], 400, 0.5), seen
    counted = {one.version_id: one for one in await world.gateway.admin.traffic()}
    assert counted["v2.0"].errors_5xx == seen[503, ""]


async def test_service_whose_weights_are_all_zero_has_no_backend(world: World) -> None:
    one = await world.an_instance("zero")
    await world.serve(a_service(versions=(a_version(one, weight=0),)))
    assert_answers(await world.call("/v1/infers/digits"), Cause.BACKEND_DOWN)


async def test_instances_of_a_version_take_turns(world: World) -> None:
    both = [await world.an_instance("one"), await world.an_instance("two")]
    await world.serve(a_service(versions=(a_version(*both),)))
    seen = await statuses(world, "/v1/infers/digits", 200)
    assert set(seen) == {(200, "one"), (200, "two")}
    # round robin a worker thread: not exactly even, but never one-sided
    assert min(seen.values()) > 70, seen


async def test_request_id_is_made_by_the_gateway_and_shown_to_both_sides(world: World) -> None:
    one = await world.an_instance("ids")
    await world.serve(a_service(versions=(a_version(one),)))
    response = await world.call("/v1/infers/digits", headers={"X-Request-Id": "mine"})
    assert response.headers["x-request-id"] == one.requests[-1].headers["x-request-id"]
    assert response.headers["x-request-id"] != "mine"


async def test_instance_sees_one_true_client_address_and_no_gateway_headers(world: World) -> None:
    one = await world.an_instance("headers")
    await world.serve(a_service(versions=(a_version(one),)))
    await world.call(
        "/v1/infers/digits",
        headers={"X-Forwarded-For": "6.6.6.6", "x-drydock-gateway": "1", "X-Model": "kept"},
    )
    headers = one.requests[-1].headers
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-model"] == "kept"
    assert not [name for name in headers if name.startswith(("x-envoy", "x-drydock"))]


async def test_clients_cannot_steer_the_gateway_with_its_own_headers(world: World) -> None:
    async def fail(request: Request, writer: asyncio.StreamWriter) -> None:
        await say(writer, 500)

    one = await world.an_instance("steered", script=fail)
    await world.serve(a_service(versions=(a_version(one),)))
    headers = {"x-envoy-retry-on": "5xx", "x-envoy-max-retries": "3"}
    assert (await world.call("/v1/infers/digits", headers=headers)).status_code == 500
    assert len(one.requests) == 1


async def test_answers_say_who_gave_them_whatever_the_instance_says(world: World) -> None:
    one = await world.an_instance("named")
    await world.serve(a_service(versions=(a_version(one),)))
    response = await world.call("/v1/infers/digits")
    assert response.headers.get_list("x-drydock-instance") == ["named"]
    assert response.headers.get_list("x-drydock-version") == ["v1"]


async def test_http2_without_tls_is_understood(world: World) -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
    reader, writer = await asyncio.open_connection("127.0.0.1", world.state.port)
    writer.write(preface)
    frame = await asyncio.wait_for(reader.readexactly(9), 10)
    writer.close()
    assert frame[3] == 4  # the server's SETTINGS


async def test_too_many_or_too_long_headers_are_refused(world: World) -> None:
    many = {f"x-{number}": "y" for number in range(101)}
    assert (await world.call("/", headers=many)).status_code == 431
    response: httpx.Response = await world.call("/", headers={"x-long": "y" * 33_000})
    assert response.status_code == 431
