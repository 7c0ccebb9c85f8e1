"""The client of a job: what is sent, and what is made of whatever an instance does."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import tempfile
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from backends.base import Address
from simulator.batch import client as clients
from simulator.batch.client import Client, Lost
from simulator.batch.requests import Request
from simulator.clock import steady_s

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKS = b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
ASKED = Request("POST", "/p", "text/plain", b"12345")


class Instance:
    """Says what it is told to say, and notes what it is asked.

    Attributes:
        says: to each request in turn, then `OK`; None: nothing. What ends in a `|` is the last that
            is said over its connection.
        asked: requests as they came; `connections`: how many were opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.says: list[bytes | None] = []
        self.asked: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                self.asked.append(head + await reader.readexactly(length))
                said = self.says.pop(0) if self.says else OK
                if said is None:
                    continue
                writer.write(said.removesuffix(b"|"))
                if said.endswith(b"|"):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


@pytest_asyncio.fixture
async def instance() -> AsyncIterator[Instance]:
    folder = Path(tempfile.mkdtemp(prefix="dd-"))
    one = Instance(folder / "s")
    server = await asyncio.start_unix_server(one.serve, one.path)
    yield one
    server.close()
    shutil.rmtree(folder)


@pytest_asyncio.fixture
async def client(instance: Instance) -> AsyncIterator[Client]:
    one = Client(Address(path=str(instance.path)), 5)
    yield one
    one.close()


async def test_a_request_is_sent_whole_and_its_answer_comes_whole(
    client: Client, instance: Instance
) -> None:
    answer = await client.ask(ASKED)
    assert (answer.status, answer.body) == (200, b"ok")
    head, _, body = instance.asked[0].partition(b"\r\n\r\n")
    assert body == b"12345"
    first, *fields = head.split(b"\r\n")
    assert first == b"POST /p HTTP/1.1"
    assert {b"Host: localhost", b"Content-Type: text/plain", b"Content-Length: 5"} <= set(fields)


@pytest.mark.parametrize(
    ("said", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS, 200, b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 422 No\r\nContent-Length: 3\r\n\r\nbad", 422, b"bad"),
        (b"HTTP/1.1 307 There\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 307, b""),
    ],
)
async def test_answers_of_every_form_come_whole_and_keep_the_connection(
    client: Client, instance: Instance, said: bytes, status: int, body: bytes
) -> None:
    instance.says = [said]
    answer = await client.ask(ASKED)
    assert (answer.status, answer.body) == (status, body)
    assert (await client.ask(ASKED)).body == b"ok"
    assert instance.connections == 1


@pytest.mark.parametrize(
    "said", [OK[:17] + b"Connection: close\r\n" + OK[17:] + b"|", OK[:17] + b"\r\nok|"]
)
async def test_an_answer_that_ends_its_connection_is_whole_and_the_next_has_its_own(
    client: Client, instance: Instance, said: bytes
) -> None:
    instance.says = [said]
    assert (await client.ask(ASKED)).body == b"ok"
    assert (await client.ask(ASKED)).body == b"ok"
    assert instance.connections == 2


@pytest.mark.parametrize(
    ("coding", "encode"), [("gzip", gzip.compress), ("Deflate", zlib.compress), ("x", bytes)]
)
async def test_what_is_compressed_is_unpacked(
    client: Client, instance: Instance, coding: str, encode: Callable[[bytes], bytes]
) -> None:
    body = encode(b"a" * 1000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n"
    instance.says = [head.encode() + body]
    assert (await client.ask(ASKED)).body == b"a" * 1000


async def test_the_answer_to_a_question_for_its_head_has_no_body(
    client: Client, instance: Instance
) -> None:
    instance.says = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"]
    answer = await client.ask(Request("HEAD", "/", "text/plain", b""))
    assert (answer.status, answer.body) == (200, b"")
    assert (await client.ask(ASKED)).body == b"ok"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"|", "closed without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab|", "cut off"),
        (b"what?\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", "decoded"),
    ],
)
async def test_what_is_no_answer_is_the_instances_fault(
    client: Client, instance: Instance, said: bytes, words: str
) -> None:
    instance.says = [said]
    with pytest.raises(Lost, match=words):
        await client.ask(ASKED)
    assert (await client.ask(ASKED)).body == b"ok"


async def test_nobody_there_is_the_instances_fault(instance: Instance) -> None:
    client = Client(Address(path=f"{instance.path}-not"), 5)
    with pytest.raises(FileNotFoundError):
        await client.ask(ASKED)


async def test_an_answer_that_does_not_come_in_time_ends_its_connection(
    instance: Instance,
) -> None:
    client = Client(Address(path=str(instance.path)), 0.05)
    instance.says = [None]
    with pytest.raises(TimeoutError):
        await client.ask(ASKED)
    assert (await client.ask(ASKED)).body == b"ok"
    assert instance.connections == 2
    client.close()


async def test_whoever_waits_when_the_instance_goes_is_told(
    client: Client, instance: Instance
) -> None:
    instance.says = [None]
    asking = asyncio.create_task(client.ask(ASKED))
    while not instance.asked:
        await asyncio.sleep(0.001)
    client.close()
    with pytest.raises(Lost, match="gone"):
        await asking


async def test_a_request_that_is_given_up_leaves_no_connection_with_its_answer(
    client: Client, instance: Instance
) -> None:
    instance.says = [None]
    asking = asyncio.create_task(client.ask(ASKED))
    while not instance.asked:
        await asyncio.sleep(0.001)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await client.ask(ASKED)).body == b"ok"
    assert instance.connections == 2


async def test_a_connection_that_was_idle_for_long_is_not_used_again(
    client: Client, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.ask(ASKED)
    now = steady_s()
    monkeypatch.setattr(clients, "steady_s", lambda: now + clients.KEEP_ALIVE_S + 0.1)
    await client.ask(ASKED)
    assert instance.connections == 2


async def test_nothing_in_a_path_or_a_content_type_makes_another_request(
    client: Client, instance: Instance
) -> None:
    await client.ask(Request("POST", "/a b\r\nX: y?q=%20é#f", "text/plain\r\nX: y", b""))
    head = instance.asked[0].split(b"\r\n")
    assert head[0] == b"POST /a%20b%0D%0AX:%20y?q=%20%C3%A9 HTTP/1.1"
    assert b"X: y" not in head
