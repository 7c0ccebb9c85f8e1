"""A load test stays on this machine unless told otherwise, and begins where somebody listens."""

from __future__ import annotations

import socket

import pytest

from simulator.stress.reaching import NotAllowed, Unreachable, is_loopback, reach
from simulator.stress.target import Target
from tests.support.answering_site import Site


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_loopback(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "10.0.0.1", "0.0.0.0", "::", "::ffff:192.0.2.1", "localhost", ""]
)
def test_everything_else_is_elsewhere(address: str) -> None:
    assert not is_loopback(address)


async def test_a_name_is_where_something_listens(site: Site) -> None:
    assert await reach(Target(f"http://localhost:{site.port}/")) == "127.0.0.1"


async def test_another_machine_is_not_even_called() -> None:
    with pytest.raises(NotAllowed, match=r"192\.0\.2\.1"):
        await reach(Target("http://192.0.2.1/"))


async def test_a_port_where_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(Unreachable, match=f"nothing listens at 127.0.0.1, port {port}"):
            await reach(Target(f"http://127.0.0.1:{port}/"))


async def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(Unreachable, match=r"nowhere\.invalid"):
        await reach(Target("http://nowhere.invalid/"))
