"""The connection, against real sockets on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from simulator.bench.conform.connection import (
    Answer,
    Connection,
    NothingThere,
    Paced,
    Unanswered,
    is_loopback,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

Serve = Callable[[list[list[bytes]]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that answers each connection with some answers and closes it then."""
    threads: list[threading.Thread] = []
    listening: list[socket.socket] = []

    def start(connections: list[list[bytes]]) -> str:
        address = socket.create_server(("127.0.0.1", 0))
        address.settimeout(10)
        listening.append(address)

        def main() -> None:
            for answers in connections:
                peer, _ = address.accept()
                with peer:
                    peer.settimeout(10)
                    for answer in answers:
                        while b"\r\n\r\n" not in peer.recv(65536):
                            pass
                        peer.sendall(answer)

        thread = threading.Thread(target=main)
        thread.start()
        threads.append(thread)
        return f"http://127.0.0.1:{address.getsockname()[1]}"

    yield start
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    for address in listening:
        address.close()


def get(connection: Connection, path: str = "/x") -> Answer:
    return connection.send("GET", path, {}, None)


def test_keeps_the_connection(serve: Serve) -> None:
    connection = Connection(serve([[OK, OK, OK]]))
    assert [get(connection).status for _ in range(3)] == [200, 200, 200]
    connection.close()


def test_opens_anew_a_kept_connection_that_the_other_side_has_closed(serve: Serve) -> None:
    connection = Connection(serve([[OK], [OK]]))
    assert [get(connection).status for _ in range(2)] == [200, 200]
    connection.close()


def test_does_not_ask_twice_where_a_new_connection_is_closed_without_an_answer(
    serve: Serve,
) -> None:
    connection = Connection(serve([[b""], []]))
    with pytest.raises(Unanswered, match="closed"):
        get(connection)
    with pytest.raises(Unanswered):  # the server's second one, which takes no request
        get(connection)


def test_an_answer_that_is_not_http_is_none(serve: Serve) -> None:
    connection = Connection(serve([[b"SSH-2.0-OpenSSH\r\n\r\n"]]))
    with pytest.raises(Unanswered):
        get(connection)


def test_an_answer_that_does_not_come_is_none(serve: Serve) -> None:
    connection = Connection(serve([[b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"]]))
    with pytest.raises(Unanswered):
        get(connection)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as address:
        port = address.getsockname()[1]
    with pytest.raises(NothingThere, match=f"127.0.0.1:{port}"):
        get(Connection(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("url", ["", "127.0.0.1:80", "ftp://a", "http://", "http://a:b/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|[Pp]ort"):
        Connection(url)


def test_the_address_is_shown_without_its_password_and_last_slash() -> None:
    assert Connection("https://me:secret@a.test:1/p/").base == "https://a.test:1/p"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8780", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:1", True),
        ("http://localhost:8780/x", True),
        ("http://10.0.0.1", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost.example.com", False),
        ("https://modelarts.example.com", False),
        ("http://127.0.0.1@example.com/", False),
    ],
)
def test_only_this_machines_own_addresses_are_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_a_pace_is_kept() -> None:
    now, slept = [100.0], []

    class Instant:
        base = "http://x.test"

        def send(self, *_: object) -> Answer:
            now[0] += 0.01
            return Answer(200, {}, b"")

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    paced = Paced(Instant(), 10, now_s=lambda: now[0], sleep=sleep)
    for _ in range(11):
        paced.send("GET", "/", {}, None)
    assert now[0] - 100.0 == pytest.approx(1.01)
    assert len(slept) == 10
