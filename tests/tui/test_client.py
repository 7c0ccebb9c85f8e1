"""The client tells apart all that can go wrong, and falls back to the socket."""

from pathlib import Path

import httpx
import pytest

from tests.tui.fake_server import CONCERNING, MNIST, TOKEN, FakeAdmin
from tui.client import AdminClient
from tui.connection import Connection
from tui.errors import NotUnderstood, OutcomeUnknown, Refused, Unreachable

ADDRESS = "http://127.0.0.1:8780"


async def client_of(
    transport: httpx.AsyncBaseTransport,
    socket: httpx.AsyncBaseTransport | None = None,
    token: str = TOKEN,
) -> AdminClient:
    connection = Connection(
        ADDRESS, token, "/a.sock" if socket else None, transport=transport, socket_transport=socket
    )
    client = AdminClient(connection)
    await client.open()
    return client


def failing(error: type[httpx.TransportError]) -> httpx.MockTransport:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("as asked", request=request)

    return httpx.MockTransport(fail)


def answering(status: int, body: bytes) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(status, content=body))


async def test_the_recorded_state_is_understood(fake: FakeAdmin) -> None:
    client = await client_of(fake.transport())
    state = await client.state()
    assert [s.name for s in state.services][:2] == ["mnist-digits", "iris-classifier"]
    assert state.services[0].versions[0].weight == 70
    detail = await client.service(CONCERNING)
    assert [i.state for i in detail.instances] == ["ready", "ready", "starting", "unhealthy"]
    assert (await client.events(CONCERNING))[0].evidence.startswith("GET http://172.18.0.7")
    assert not client.over_socket


async def test_the_socket_answers_while_the_address_does_not(fake: FakeAdmin) -> None:
    client = await client_of(failing(httpx.ConnectError), fake.transport())
    assert (await client.state()).server.version == "0.1.0"
    assert client.over_socket


async def test_the_address_is_used_again_when_it_is_back(fake: FakeAdmin) -> None:
    gateway, server = FakeAdmin(), fake
    gateway.is_dead = True
    client = await client_of(gateway.transport(), server.transport())
    await client.state()
    gateway.is_dead, server.is_dead = False, True
    await client.state()
    assert not client.over_socket


async def test_nothing_answers() -> None:
    dead = failing(httpx.ConnectError)
    client = await client_of(dead, dead)
    with pytest.raises(Unreachable, match=r"cannot connect to 127\.0\.0\.1:8780.*socket"):
        await client.state()


async def test_a_real_socket_path_that_does_not_exist_is_unreachable(tmp_path: Path) -> None:
    connection = Connection(
        ADDRESS, TOKEN, str(tmp_path / "none.sock"), transport=failing(httpx.ConnectError)
    )
    await connection.open()
    with pytest.raises(Unreachable, match="socket"):
        await connection.request("GET", "/")
    await connection.close()


async def test_a_change_whose_connection_broke_is_not_sent_again(fake: FakeAdmin) -> None:
    client = await client_of(failing(httpx.ReadTimeout), fake.transport())
    with pytest.raises(OutcomeUnknown):
        await client.stop(MNIST)
    assert fake.asked == []


async def test_a_change_that_was_never_sent_goes_over_the_socket(fake: FakeAdmin) -> None:
    client = await client_of(failing(httpx.ConnectError), fake.transport())
    await client.stop(MNIST)
    assert fake.asked == [f"POST /services/{MNIST}/stop"]


async def test_a_refusal_carries_what_the_server_said(fake: FakeAdmin) -> None:
    fake.refusal = (409, {"code": "X.1", "message": "no\x1b[2J", "hint": "do", "request_id": "r"})
    client = await client_of(fake.transport())
    with pytest.raises(Refused) as caught:
        await client.start(MNIST)
    refused = caught.value
    assert (refused.http_status, refused.code, refused.message) == (409, "X.1", "no")
    assert (refused.hint, refused.request_id) == ("do", "r")


async def test_a_wrong_token_says_what_to_do(fake: FakeAdmin) -> None:
    client = await client_of(fake.transport(), token="wrong")
    with pytest.raises(Refused) as caught:
        await client.state()
    assert "drydock" in caught.value.hint


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"server": 3}', b"", b"\xff"])
async def test_an_answer_of_another_program_is_not_understood(body: bytes) -> None:
    client = await client_of(answering(200, body))
    with pytest.raises(NotUnderstood, match="not understood"):
        await client.state()


async def test_an_error_page_that_is_not_the_servers_is_refused_with_its_status() -> None:
    client = await client_of(answering(502, b"<html>Bad Gateway</html>"))
    with pytest.raises(Refused, match="502"):
        await client.state()


async def test_a_service_id_cannot_leave_its_path(fake: FakeAdmin) -> None:
    client = await client_of(fake.transport())
    with pytest.raises(Refused, match="No service"):
        await client.service("../../state")


async def test_log_lines_split_only_at_line_feeds() -> None:
    lines = '\n{"instance_id": "a", "text": "one\u2028two\x85"}\n\n{"instance_id":"b","text":"x"}\n'
    client = await client_of(answering(200, lines.encode()))
    read = [line async for line in client.follow_logs(MNIST, 200)]
    assert [line.text for line in read if line is not None] == ["one\\u2028two\\x85", "x"]


async def test_a_change_is_announced_for_each_event() -> None:
    client = await client_of(answering(200, b': open\n\ndata: {"kind":"x"}\n\ndata: {}\n\n'))
    assert len([change async for change in client.changes()]) == 2
