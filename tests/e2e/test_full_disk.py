"""A server whose disk is really full: a small file system of its own, filled to the last byte."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.digits import held_out_irises
from tests.e2e.server import DrydockServer, processes_naming, realtime_request, wait_until

pytestmark = pytest.mark.envoy

ROWS, SPECIES = held_out_irises()
SIZE_MB = 32
MOUNT = 'mount -t tmpfs -o size=$0m tmpfs "$1" && shift && exec "$@"'
APART = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, str(SIZE_MB))
"""Runs a command that sees a small, empty file system at the directory that is named first."""


class OnSmallDisk(DrydockServer):
    """A server whose home is a file system of its own."""

    def __init__(self, **settings: Any) -> None:
        super().__init__("process", **settings)
        self.prefix = (*APART, str(self.home))

    @property
    def files(self) -> Path:
        return Path(f"/proc/{self.pid}/root{self.home}")

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte more fits in."""
        filler = self.files / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 16, 1 << 8, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * size)
        try:
            yield
        finally:
            filler.unlink(missing_ok=True)  # it goes with the server

    def store(self) -> dict[str, Any]:
        found: dict[str, Any] = self.admin("GET", "/state")["store"]
        return found

    def serves(self, service_id: str) -> bool:
        answer = self.infer(service_id, json={"data": {"req_data": ROWS[:1]}})
        return answer.status_code == 200


@pytest.fixture
def server() -> Iterator[OnSmallDisk]:
    made = OnSmallDisk()
    try:
        if (
            shutil.which("unshare") is None
            or subprocess.run(
                [*APART, str(made.home), "true"], check=False, capture_output=True
            ).returncode
        ):
            pytest.skip("this system lets nobody mount a file system of their own")
        made.start()
        yield made
    finally:
        made.dispose()
    assert processes_naming(str(made.home)) == []


def test_the_helper_really_fills_the_disk(server: OnSmallDisk) -> None:
    with server.full(), pytest.raises(OSError, match="No space left") as raised:
        (server.files / "one-more").write_bytes(b"x" * 8192)
    assert raised.value.errno == errno.ENOSPC
    (server.files / "one-more").unlink()


def test_it_stays_up_says_so_loses_nothing_and_goes_on_when_there_is_room(
    server: OnSmallDisk,
) -> None:
    model_id = server.import_package("iris")
    service_id = server.deploy(realtime_request("iris", (model_id, 100)))
    accepted: list[str] = []
    with server.full():
        refused = None
        for number in range(15):  # what the log has room for already may still be taken
            name = f"late-{number}"
            envs = {"PADDING": "x" * 60_000}
            body = realtime_request(name, (model_id, 100), envs=envs)
            answer = server.call("POST", "/services", json=body)
            if answer.status_code != 200:
                refused = answer
                break
            accepted.append(name)
        assert refused is not None
        assert refused.status_code == 507
        assert refused.json() == {
            "error_code": "Drydock.Storage",
            "error_msg": "the disk of the data directory is full; make room; "
            "Drydock goes on by itself then",
        }
        assert server.store()["cause"] == "full"
        assert server.serves(service_id)
        assert server.api("GET", f"/services/{service_id}")["status"] == "running"
    wait_until("the store can be written", lambda: server.store()["writable"], 20)
    assert set(server.service_names()) == {"iris", *accepted}
    late = server.deploy(realtime_request("afterwards", (model_id, 100)))
    assert server.serves(late)


def test_what_dies_meanwhile_comes_back_when_there_is_room(server: OnSmallDisk) -> None:
    model_id = server.import_package("iris")
    service_id = server.deploy(realtime_request("iris", (model_id, 100)))
    (pid,) = server.pids(service_id)
    with server.full():
        os.kill(pid, 9)
        wait_until("the trouble is known", lambda: server.store()["cause"] == "full", 20)
    wait_until("the store can be written", lambda: server.store()["writable"], 20)
    wait_until("it serves again", lambda: server.serves(service_id), 60)
    server.wait_for_status(service_id, "running", 60)
    assert server.stop() == 0


def test_it_ends_in_good_order_all_the_same(server: OnSmallDisk) -> None:
    model_id = server.import_package("iris")
    server.deploy(realtime_request("iris", (model_id, 100)))
    with server.full():
        assert server.stop() == 0
    assert processes_naming(str(server.home)) == []
