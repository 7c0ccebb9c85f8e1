"""WebSocket services, through a real Envoy: the two ends speak to each other as if it were not
there, once the handshake has passed."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.typing import Data, Subprotocol

from simulator.gateway.state import Api, Availability, Cause
from tests.simulator.gateway.conftest import World, assert_answers
from tests.simulator.gateway.support import PREFIX, a_service, a_version
from tests.simulator.gateway.talking import (
    PATIENCE_S,
    Talker,
    a_talker,
    a_websocket_service,
    closing,
    opened,
)

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

MEBIBYTE = 1024 * 1024
CODES = [1000, 1001, 1003, 1008, 1011, 3000, 3999, 4000, 4999]
"""Close codes that one end may send the other: registered, of libraries, and private ones."""


@pytest_asyncio.fixture(loop_scope="module")
async def talker(world: World) -> AsyncIterator[Talker]:
    """An instance that echoes, behind the service `talk`."""
    async with a_talker(world.directory / "talker.sock") as made:
        await world.serve(a_websocket_service(made))
        yield made
        await world.serve()


async def refusal(world: World, *args: str, **changes: object) -> httpx.Response:
    """What a handshake gets that is not taken."""
    with pytest.raises(InvalidStatus) as caught:
        async with opened(world, *args, **changes):  # type: ignore[arg-type]
            pass
    got = caught.value.response
    headers = list(got.headers.raw_items())
    return httpx.Response(got.status_code, headers=headers, content=bytes(got.body or b""))


class TestMessages:
    async def test_texts_and_bytes_arrive_and_come_back_in_order(
        self, world: World, talker: Talker
    ) -> None:
        sent: list[Data] = ["größer", b"\x00\xff", "", b"", *(str(number) for number in range(100))]
        async with opened(world) as client:
            for message in sent:
                await client.send(message)
            got = [await client.recv() for _ in sent]
        assert got == sent
        assert talker.messages == sent

    async def test_an_instance_may_speak_first_and_unasked(self, world: World) -> None:
        async def talk(connection: ServerConnection) -> None:
            for number in range(3):
                await connection.send(f"tick {number}")

        async with a_talker(world.directory / "first.sock", talk=talk) as ticking:
            await world.serve(a_websocket_service(ticking))
            async with opened(world) as client:
                assert [message async for message in client] == ["tick 0", "tick 1", "tick 2"]

    async def test_fragments_arrive_as_the_fragments_that_were_sent(self, world: World) -> None:
        arrived: list[Data] = []

        async def talk(connection: ServerConnection) -> None:
            arrived.extend([part async for part in connection.recv_streaming()])
            await connection.send(["four ", "five ", "six"])

        async with a_talker(world.directory / "parts.sock", talk=talk) as streaming:
            await world.serve(a_websocket_service(streaming))
            async with opened(world) as client:
                await client.send(["one ", "two ", "three"])
                got = [fragment async for fragment in client.recv_streaming()]
        # the last fragment is an empty one, which ends the message
        assert [part for part in arrived if part] == ["one ", "two ", "three"]
        assert [part for part in got if part] == ["four ", "five ", "six"]

    @pytest.mark.parametrize("compression", [None, "deflate"])
    @pytest.mark.usefixtures("talker")
    async def test_8_mib_arrive_and_come_back(self, world: World, compression: str | None) -> None:
        sent = random.Random(8).randbytes(8 * MEBIBYTE)
        async with opened(world, compression=compression) as client:
            await client.send(sent)
            got = await asyncio.wait_for(client.recv(decode=False), PATIENCE_S)
        # not the bytes themselves, which a failure would print
        assert hashlib.sha256(got).digest() == hashlib.sha256(sent).digest()

    @pytest.mark.usefixtures("talker")
    async def test_an_end_that_does_not_read_holds_the_other_one_up(self, world: World) -> None:
        sent_bytes = 0

        async def talk(connection: ServerConnection) -> None:
            nonlocal sent_bytes
            while True:
                await connection.send(bytes(MEBIBYTE))
                sent_bytes += MEBIBYTE

        async with a_talker(world.directory / "flood.sock", talk=talk) as flooding:
            await world.serve(a_websocket_service(flooding))
            async with opened(world, max_queue=1, compression=None) as client:
                await client.recv()
                before = -1
                while before < sent_bytes:
                    before = sent_bytes
                    await asyncio.sleep(0.5)
                client.transport.abort()
        assert sent_bytes < 64 * MEBIBYTE

    async def test_many_connections_do_not_mix(self, world: World, talker: Talker) -> None:
        async def one(number: int) -> list[Data]:
            async with opened(world) as client:
                for word in range(10):
                    await client.send(f"{number}.{word}")
                return [await client.recv() for _ in range(10)]

        got = await asyncio.gather(*(one(number) for number in range(50)))
        assert got == [[f"{number}.{word}" for word in range(10)] for number in range(50)]
        assert len(talker.connections) == 50


class TestPings:
    async def test_a_ping_is_answered_by_the_other_end(self, world: World, talker: Talker) -> None:
        async with opened(world) as client:
            await asyncio.wait_for(await client.ping(b"from the client"), PATIENCE_S)
            await asyncio.wait_for(await talker.last.ping(b"from the instance"), PATIENCE_S)

    async def test_it_is_answered_within_a_message_that_is_not_whole(
        self, world: World, talker: Talker
    ) -> None:
        async def parts() -> AsyncIterator[str]:
            yield "before"
            await asyncio.wait_for(await client.ping(), PATIENCE_S)
            yield " and after"

        async with opened(world) as client:
            await client.send(parts())
            assert await client.recv() == "before and after"
        assert talker.messages == ["before and after"]


class TestClosing:
    @pytest.mark.parametrize("code", CODES)
    async def test_code_and_reason_of_the_client_reach_the_instance(
        self, world: World, talker: Talker, code: int
    ) -> None:
        async with opened(world) as client:
            await client.close(code, f"größer: {code}")
        assert await closing(talker.last) == (code, f"größer: {code}")

    @pytest.mark.parametrize("code", CODES)
    async def test_code_and_reason_of_the_instance_reach_the_client(
        self, world: World, talker: Talker, code: int
    ) -> None:
        async with opened(world) as client:
            await client.send("a word")
            await client.recv()
            await talker.last.close(code, "x" * 123)
            assert await closing(client) == (code, "x" * 123)

    async def test_a_client_that_vanishes_is_gone_for_the_instance(
        self, world: World, talker: Talker
    ) -> None:
        client = await opened(world)
        await client.send("a word")
        await client.recv()
        client.transport.abort()
        assert await closing(talker.last) == (1006, "")

    async def test_an_instance_that_dies_is_gone_for_the_client(
        self, world: World, talker: Talker
    ) -> None:
        async with opened(world) as client:
            await client.send("a word")
            await client.recv()
            talker.die()
            assert await closing(client) == (1006, "")
            with pytest.raises(ConnectionClosed):
                await client.send("another one")


class TestHandshake:
    async def test_what_the_client_offers_arrives_and_what_the_instance_chooses_comes_back(
        self, world: World, talker: Talker
    ) -> None:
        offered = [Subprotocol("graph.v1"), Subprotocol("unknown")]
        async with opened(world, subprotocols=offered, headers={"Origin": "http://a"}) as client:
            assert client.subprotocol == talker.last.subprotocol == "graph.v1"
        headers = talker.handshakes[-1].headers
        assert headers["Sec-WebSocket-Protocol"] == "graph.v1, unknown"
        assert headers["Origin"] == "http://a"

    async def test_compression_is_agreed_on_by_the_two_ends(
        self, world: World, talker: Talker
    ) -> None:
        window = ClientPerMessageDeflateFactory(
            server_max_window_bits=11, client_max_window_bits=12
        )
        async with opened(world, compression=None, extensions=[window]) as client:
            await client.send("a" * 10_000)
            assert await client.recv() == "a" * 10_000
            (mine,), (its,) = client.protocol.extensions, talker.last.protocol.extensions
            assert (mine.name, its.name) == ("permessage-deflate", "permessage-deflate")
            assert client.response is not None
            agreed = client.response.headers["Sec-WebSocket-Extensions"]
            assert "server_max_window_bits=11" in agreed
        async with opened(world, compression=None) as client:
            assert talker.last.protocol.extensions == []

    async def test_path_and_query_arrive_without_the_services_prefix(
        self, world: World, talker: Talker
    ) -> None:
        async with opened(world, f"{PREFIX}talk/room/1?a=b"):
            pass
        assert talker.handshakes[-1].path == "/room/1?a=b"

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 426, 429, 500, 503])
    async def test_a_refusal_of_the_instance_is_that_status_with_its_body(
        self, world: World, status: int
    ) -> None:
        path = world.directory / "refusing.sock"
        async with a_talker(path, refusal=HTTPStatus(status)) as refusing:
            await world.serve(a_websocket_service(refusing))
            got = await refusal(world)
            assert (got.status_code, got.text) == (status, f"the model says {status}")
            assert got.headers["x-drydock-instance"] == "refusing"
            assert len(refusing.handshakes) == 1

    @pytest.mark.parametrize(
        ("token", "cause"), [(None, Cause.TOKEN_MISSING), ("wrong", Cause.TOKEN_INVALID)]
    )
    async def test_without_a_good_token_it_does_not_come_to_it(
        self, world: World, talker: Talker, token: str | None, cause: Cause
    ) -> None:
        assert_answers(await refusal(world, token=token), cause)
        assert talker.handshakes == []

    async def test_a_token_of_another_project_or_of_yesterday_is_no_good_one(
        self, world: World, talker: Talker
    ) -> None:
        other = world.issuer.token(project="f" * 32)
        assert_answers(await refusal(world, token=other), Cause.PROJECT_FORBIDDEN)
        old = world.issuer.token(expires_in_s=-600)
        assert_answers(await refusal(world, token=old), Cause.TOKEN_EXPIRED)
        assert talker.handshakes == []

    async def test_the_token_does_not_reach_the_instance(
        self, world: World, talker: Talker
    ) -> None:
        token = world.issuer.token()
        async with opened(world, token=token):
            pass
        assert token not in talker.handshakes[-1].serialize().decode()

    async def test_a_service_that_is_none_of_websocket_refuses_it(self, world: World) -> None:
        instance = await world.an_instance("plain")
        await world.serve(a_service(versions=(a_version(instance),)))
        assert_answers(await refusal(world, f"{PREFIX}digits"), Cause.UPGRADE_REFUSED)
        assert instance.requests == []

    async def test_only_declared_paths_are_opened_whatever_method_they_declare(
        self, world: World, talker: Talker
    ) -> None:
        await world.serve(a_websocket_service(talker, apis=(Api("/room", "POST"),)))
        async with opened(world, f"{PREFIX}talk/room") as client:
            await client.send("a word")
            assert await client.recv() == "a word"
        assert_answers(await refusal(world, f"{PREFIX}talk/other"), Cause.NO_SUCH_API)
        assert len(talker.handshakes) == 1

    async def test_a_plain_request_gets_the_instances_answer(
        self, world: World, talker: Talker
    ) -> None:
        got = await world.call(f"{PREFIX}talk", method="GET")
        assert got.status_code == HTTPStatus.UPGRADE_REQUIRED
        assert talker.connections == []

    @pytest.mark.parametrize(
        ("availability", "cause"),
        [
            (Availability.STOPPED, Cause.SERVICE_STOPPED),
            (Availability.FAILED, Cause.SERVICE_FAILED),
            (Availability.DEPLOYING, Cause.SERVICE_DEPLOYING),
        ],
    )
    async def test_a_service_that_does_not_run_says_so(
        self, world: World, talker: Talker, availability: Availability, cause: Cause
    ) -> None:
        await world.serve(a_websocket_service(talker, availability=availability))
        assert_answers(await refusal(world), cause)

    async def test_an_instance_that_cannot_be_reached_is_told(
        self, world: World, talker: Talker
    ) -> None:
        gone = Talker(str(world.directory / "gone.sock"))
        await world.serve(a_websocket_service(gone))
        assert_answers(await refusal(world), Cause.BACKEND_DOWN)
        assert talker.handshakes == []


class TestDeadline:
    async def test_it_is_for_the_handshake(self, world: World) -> None:
        async with a_talker(world.directory / "slow.sock", delay_s=3.0) as slow:
            await world.serve(a_websocket_service(slow, timeout_s=0.2))
            assert_answers(await refusal(world), Cause.TIMEOUT)

    async def test_an_open_one_outlasts_it_in_silence(self, world: World, talker: Talker) -> None:
        deadline_s = 1.0
        await world.serve(a_websocket_service(talker, timeout_s=deadline_s))
        async with opened(world) as client:
            await asyncio.sleep(1.5 * deadline_s)
            await client.send("still there")
            assert await client.recv() == "still there"


class TestUpdates:
    async def test_an_open_one_survives_updates_of_the_routes(
        self, world: World, talker: Talker
    ) -> None:
        other = await world.an_instance("other")
        async with opened(world) as client, a_talker(world.directory / "more.sock") as more:
            for number in range(6):
                both = (*talker.version.endpoints, *more.version.endpoints)
                version = a_version(weight=100 - number)
                changed = version.__class__("v1", version.weight, both if number % 2 else both[:1])
                await world.serve(
                    a_websocket_service(talker, versions=(changed,), timeout_s=60.0 + number),
                    a_service(f"other-{number}", versions=(a_version(other),)),
                )
                await client.send(f"after update {number}")
                assert await client.recv() == f"after update {number}"
        assert len(talker.connections) == 1

    async def test_an_open_one_outlives_its_route_until_the_instance_ends_it(
        self, world: World, talker: Talker
    ) -> None:
        async with opened(world) as client:
            await world.serve(a_websocket_service(talker, availability=Availability.STOPPED))
            await client.send("a word")
            assert await client.recv() == "a word"
            await talker.last.close(1001, "going away")
            assert await closing(client) == (1001, "going away")
