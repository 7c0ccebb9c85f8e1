"""The doctor on this host: everything is looked at, nothing is left."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from simulator.config import BackendChoice, Settings
from simulator.doctor.findings import Verdict
from simulator.doctor.host import examine, listening
from simulator.doctor.judging import Listener


def settings_of(home: Path, port: int) -> Settings:
    return Settings(home=home, port=port, backend=BackendChoice.PROCESS)


@pytest.mark.envoy
async def test_a_host_is_examined_and_a_port_that_is_taken_is_found(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        findings = {
            one.check: one for one in await examine(settings_of(home, port), is_served=False)
        }
    assert findings["port"].verdict is Verdict.FAILURE
    assert findings["gateway"].verdict is Verdict.OK
    assert findings["gateway"].text.startswith("Envoy 1.")
    assert findings["backend"].text.startswith("process")
    assert findings["data directory"].verdict is not Verdict.UNKNOWN
    assert not home.exists()


def test_what_listens_here_is_seen_with_its_program() -> None:
    with socket.socket() as open_to_all:
        open_to_all.bind(("127.0.0.1", 0))
        open_to_all.listen()
        port = open_to_all.getsockname()[1]
        found = [one for one in listening() or () if one.port == port]
    assert found
    assert found[0] == Listener(port, "127.0.0.1", found[0].program)
    assert found[0].program
