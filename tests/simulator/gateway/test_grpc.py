"""gRPC through the gateway, with clients and servers of grpcio.

A call finds its service by the path, as every request does; the token is metadata.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from simulator.gateway.state import (
    Api,
    Availability,
    Cause,
    ServiceRoute,
    VersionRoute,
)
from tests.simulator.gateway.calling import SERVICE, Caller, GrpcInstance
from tests.simulator.gateway.conftest import World, assert_answers, start_world, stop_world
from tests.simulator.gateway.support import ANSWERS, a_service

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

MIB = 1024 * 1024
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
Code = grpc.StatusCode


def version_of(*instances: GrpcInstance, version_id: str = "v1", weight: int = 100) -> VersionRoute:
    endpoints = tuple(one.endpoint for one in instances)
    return VersionRoute(version_id, weight, endpoints, http2=True)


def a_talk(*instances: GrpcInstance, **changes: Any) -> ServiceRoute:
    return a_service("talk", **{"versions": (version_of(*instances),)} | changes)


@pytest_asyncio.fixture(loop_scope="module")
async def start() -> AsyncIterator[Callable[..., Any]]:
    made: list[GrpcInstance] = []

    async def started(name: str = "one", **changes: Any) -> GrpcInstance:
        made.append(await GrpcInstance(name, **changes).start())
        return made[-1]

    yield started
    for one in made:
        await one.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def one(start: Callable[..., Any]) -> GrpcInstance:
    started: GrpcInstance = await start()
    return started


@pytest_asyncio.fixture(loop_scope="module")
async def channel(world: World) -> AsyncIterator[grpc.aio.Channel]:
    address = f"127.0.0.1:{world.state.port}"
    async with grpc.aio.insecure_channel(address, options=UNLIMITED) as opened:
        yield opened


@pytest.fixture
def caller(world: World, channel: grpc.aio.Channel) -> Caller:
    return Caller(channel, "/v1/infers/talk", world.issuer.token())


async def refusal(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


class TestCalls:
    async def test_one_message_each_way_with_metadata_and_trailers(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        await world.serve(a_talk(one))
        call = caller.unary("Say", b"\0\xff")
        assert await call == b"\0\xff"
        assert await call.code() is Code.OK
        assert dict(await call.trailing_metadata()) == {"said-by": "one"}
        initial = dict(await call.initial_metadata())
        assert (initial["x-drydock-version"], initial["x-drydock-instance"]) == ("v1", "one")
        assert len(initial["x-request-id"]) == 36

    async def test_an_instance_on_a_unix_socket(
        self, world: World, start: Callable[..., Any], caller: Caller, directory: Path
    ) -> None:
        await world.serve(a_talk(await start(path=str(directory / "grpc.sock"))))
        assert await caller.unary("Say", b"x") == b"x"

    async def test_the_token_stays_at_the_gateway(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        await world.serve(a_talk(one))
        await caller.unary("Say", b"")
        assert "x-auth-token" not in one.seen[0]
        assert not any("drydock" in name for name in one.seen[0])

    async def test_a_signed_call_of_one_message_is_judged_with_it(
        self, world: World, one: GrpcInstance, channel: grpc.aio.Channel
    ) -> None:
        await world.serve(a_talk(one))
        signature = "SDK-HMAC-SHA256 Access=a, SignedHeaders=b, Signature=c"
        signed = Caller(channel, "/v1/infers/talk", "")
        signed.metadata = (("authorization", signature),)
        before = len(world.control.requests)
        assert await signed.unary("Say", b"x") == b"x"
        (judged,) = world.control.requests[before:]
        assert judged.body == b"\0\0\0\0\1x"
        assert "authorization" not in one.seen[0]

    async def test_many_answers(self, world: World, one: GrpcInstance, caller: Caller) -> None:
        await world.serve(a_talk(one))
        answers = [answer async for answer in caller.answers("Count", b"1000")]
        assert answers == [str(number).encode() for number in range(1000)]

    async def test_many_messages(self, world: World, one: GrpcInstance, caller: Caller) -> None:
        await world.serve(a_talk(one))
        assert await caller.said("Sum", [b"1", b"20", b"300"]) == b"321"

    async def test_a_conversation(self, world: World, one: GrpcInstance, caller: Caller) -> None:
        await world.serve(a_talk(one))
        call = caller.talk("Echo")
        for message in (b"a", b"b", b"c"):
            await call.write(message)
            assert await call.read() == message
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is Code.OK

    async def test_what_an_instance_says_of_a_failure_passes_as_it_is(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        await world.serve(a_talk(one))
        failure = await refusal(caller.unary("Fail", b""))
        assert failure.code() is Code.FAILED_PRECONDITION
        assert failure.details() == "100% – not now"
        assert ("why", "tired") in tuple(failure.trailing_metadata())

    async def test_a_method_that_a_server_does_not_have(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        await world.serve(a_talk(one))
        failure = await refusal(caller.unary("Nothing", b""))
        assert (failure.code(), failure.details()) == (Code.UNIMPLEMENTED, "Method not found!")

    async def test_declared_methods_are_paths_of_apis(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        apis = (Api(f"/{SERVICE}/Say"), Api(f"/{SERVICE}/Echo"))
        await world.serve(a_talk(one, apis=apis))
        assert await caller.unary("Say", b"x") == b"x"
        call = caller.talk("Echo")
        await call.write(b"a")
        assert await call.read() == b"a"
        await call.done_writing()
        failure = await refusal(caller.unary("Fail", b""))
        assert failure.code() is Code.UNIMPLEMENTED
        assert json.loads(failure.details() or "")["error_code"] == "Test.no_such_api"

    async def test_a_client_that_cancels_cancels_at_the_instance(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        await world.serve(a_talk(one))
        call = caller.answers("Wait", b"")
        assert await call.read() == b"begun"
        call.cancel()
        await asyncio.wait_for(one.left.wait(), 10)

    async def test_an_instance_that_ends_amid_a_call_ends_the_call(
        self, world: World, start: Callable[..., Any], caller: Caller
    ) -> None:
        one = await start("mortal")
        await world.serve(a_talk(one))
        call = caller.answers("Wait", b"")
        assert await call.read() == b"begun"
        await one.stop()
        failure = await refusal(call.read())
        assert failure.code() in (Code.UNAVAILABLE, Code.CANCELLED)

    async def test_versions_share_the_calls(
        self, world: World, start: Callable[..., Any], caller: Caller
    ) -> None:
        two = version_of(await start("two"), version_id="v2", weight=50)
        await world.serve(
            a_talk(versions=(version_of(await start("one"), weight=50), two)),
        )
        seen = set()
        for _ in range(40):
            call = caller.unary("Say", b"")
            await call
            seen.add(dict(await call.trailing_metadata())["said-by"])
        assert seen == {"one", "two"}


CODES = {
    Cause.TOKEN_MISSING: Code.UNAUTHENTICATED,
    Cause.TOKEN_INVALID: Code.UNAUTHENTICATED,
    Cause.PROJECT_FORBIDDEN: Code.PERMISSION_DENIED,
    Cause.SERVICE_MISSING: Code.INTERNAL,
    Cause.SERVICE_STOPPED: Code.UNKNOWN,
    Cause.BACKEND_DOWN: Code.UNAVAILABLE,
    Cause.TRAFFIC_LIMIT: Code.UNAVAILABLE,
    Cause.TIMEOUT: Code.UNAVAILABLE,
}
"""gRPC's own table of what a status of HTTP means."""


class TestTheGatewaysOwnAnswers:
    """The documented body is the call's `grpc-message`."""

    def assert_says(self, failure: grpc.aio.AioRpcError, cause: Cause) -> None:
        wanted = ANSWERS[cause]
        assert failure.code() is CODES[cause]
        assert json.loads(failure.details() or "") == {
            "error_code": wanted.error_code,
            "error_msg": wanted.error_msg,
        }
        assert len(dict(failure.trailing_metadata())["x-request-id"]) == 36

    @pytest.mark.parametrize(
        ("token", "cause"),
        [("", Cause.TOKEN_MISSING), ("nonsense", Cause.TOKEN_INVALID)],
    )
    async def test_about_tokens(
        self,
        world: World,
        one: GrpcInstance,
        channel: grpc.aio.Channel,
        token: str,
        cause: Cause,
    ) -> None:
        await world.serve(a_talk(one))
        stranger = Caller(channel, "/v1/infers/talk", token)
        self.assert_says(await refusal(stranger.unary("Say", b"")), cause)
        assert not one.seen

    async def test_about_projects_and_services(
        self, world: World, one: GrpcInstance, channel: grpc.aio.Channel
    ) -> None:
        stopped = a_service("stopped", availability=Availability.STOPPED)
        empty = a_service("empty", versions=(version_of(),))
        await world.serve(a_talk(one), stopped, empty)
        token = world.issuer.token()
        for service, sent, cause in (
            ("talk", world.issuer.token(project="other"), Cause.PROJECT_FORBIDDEN),
            ("missing", token, Cause.SERVICE_MISSING),
            ("stopped", token, Cause.SERVICE_STOPPED),
            ("empty", token, Cause.BACKEND_DOWN),
        ):
            there = Caller(channel, f"/v1/infers/{service}", sent)
            self.assert_says(await refusal(there.unary("Say", b"")), cause)

    async def test_about_too_many_calls(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        await world.serve(a_talk(one, requests_per_s=1))
        found = await asyncio.gather(
            *(caller.unary("Say", b"") for _ in range(5)), return_exceptions=True
        )
        failures = [each for each in found if isinstance(each, grpc.aio.AioRpcError)]
        assert failures
        for failure in failures:
            self.assert_says(failure, Cause.TRAFFIC_LIMIT)

    async def test_about_an_instance_that_is_too_slow(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        await world.serve(a_talk(one, timeout_s=0.3))
        call = caller.unary("Slow", b"")
        self.assert_says(await refusal(call), Cause.TIMEOUT)


class TestTime:
    async def test_answers_go_on_after_the_deadline_for_the_first_byte(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        await world.serve(a_talk(one, timeout_s=0.3))
        call = caller.answers("Wait", b"")
        assert await call.read() == b"begun"
        await asyncio.sleep(0.6)
        one.told.set()
        assert await call.read() == b"told"
        assert await call.code() is Code.OK

    async def test_the_deadline_is_no_limit_on_what_follows_the_clients_last_word(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        await world.serve(a_talk(one, timeout_s=0.3))
        call = caller.talk("Late")
        assert await call.read() == b"first"
        await call.write(b"x")
        await call.done_writing()
        await asyncio.sleep(0.6)
        one.told.set()
        assert await call.read() == b"last"
        assert await call.code() is Code.OK

    async def test_a_call_at_a_replaced_version_goes_on_to_its_end(
        self, directory: Path, start: Callable[..., Any]
    ) -> None:
        world = await start_world(directory, linger_s=0.1)
        try:
            old, new = await start("old"), await start("new")
            await world.serve(a_talk(old))
            address = f"127.0.0.1:{world.state.port}"
            async with grpc.aio.insecure_channel(address) as channel:
                caller = Caller(channel, "/v1/infers/talk", world.issuer.token())
                going = caller.talk("Echo")
                await going.write(b"a")
                assert await going.read() == b"a"
                await world.serve(a_talk(versions=(version_of(new, version_id="v2"),)))
                async with asyncio.timeout(10):
                    while world.gateway._retired:  # until the old cluster is gone
                        await asyncio.sleep(0.01)
                call = caller.unary("Say", b"")
                await call
                assert dict(await call.trailing_metadata()) == {"said-by": "new"}
                await going.write(b"b")
                assert await going.read() == b"b"
                assert not await world.gateway.drained(old.endpoint, 0.2)
                await going.done_writing()
                assert await going.code() is Code.OK
            assert await world.gateway.drained(old.endpoint, 10)
        finally:
            await stop_world(world)


class TestSize:
    async def test_a_call_is_passed_on_as_it_comes_and_as_long_as_it_is(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        """Each message has the server's own limit, which this one has not."""
        await world.serve(a_talk(one))
        message = bytes(13 * MIB)
        assert await caller.unary("Say", message) == message

    async def test_what_is_no_call_has_the_limit_of_all_requests(
        self, world: World, one: GrpcInstance
    ) -> None:
        await world.serve(a_talk(one))
        answer = await world.call("/v1/infers/talk", content=bytes(12 * MIB + 1))
        assert_answers(answer, Cause.BODY_TOO_LARGE)

    async def test_nor_does_the_name_of_grpc_lift_it_where_instances_do_not_speak_it(
        self, world: World
    ) -> None:
        plain = await world.an_instance("plain")
        service = a_service(versions=(VersionRoute("v1", 100, (plain.endpoint,)),))
        await world.serve(service)
        headers = {"Content-Type": "application/grpc"}
        body = bytes(12 * MIB + 1)
        answer = await world.call("/v1/infers/digits", content=body, headers=headers)
        assert (answer.status_code, plain.requests) == (200, [])
        wanted = ANSWERS[Cause.BODY_TOO_LARGE].error_code
        assert wanted in answer.headers["grpc-message"]

    async def test_the_body_of_a_lifted_limit_is_one_route(
        self, world: World, one: GrpcInstance, caller: Caller
    ) -> None:
        await world.serve(replace(a_talk(one), max_body_bytes=None))
        assert await caller.said("Sum", [b"1", b"2"]) == b"3"
