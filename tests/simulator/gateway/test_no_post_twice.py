"""No POST is executed twice, whatever becomes of the instance that has it.

`DRYDOCK_PROVE_POSTS` requests (500 by default), `DRYDOCK_PROVE_SEED` for other deaths.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from simulator.gateway.state import Endpoint, VersionRoute
from tests.simulator.gateway import mortal
from tests.simulator.gateway.conftest import World
from tests.simulator.gateway.support import a_service

POSTS = int(os.environ.get("DRYDOCK_PROVE_POSTS", "500"))
SEED = os.environ.get("DRYDOCK_PROVE_SEED", "20261128")
INSTANCES = 3
CLIENTS = 16
START_S = 10.0


class Mortals:
    """Instances that die and come back.

    Attributes:
        notes: one file each, with what it executed.
    """

    def __init__(self, directory: Path) -> None:
        self.notes = [directory / f"notes{number}" for number in range(INSTANCES)]
        self._sockets = [directory / f"mortal{number}" for number in range(INSTANCES)]
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(Endpoint(path.name, path=str(path)) for path in self._sockets)

    def start(self) -> None:
        for number, (path, notes) in enumerate(zip(self._sockets, self.notes, strict=True)):
            command = [sys.executable, mortal.__file__, str(path), str(notes), f"{SEED}/{number}"]
            self._processes.append(subprocess.Popen(command, stdin=subprocess.PIPE))

    async def wait_until_there(self) -> None:
        async with asyncio.timeout(START_S):
            while not all(path.exists() for path in self._sockets):
                await asyncio.sleep(0.01)

    def stop(self) -> list[int]:
        """Their exit statuses."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.close()
        return [process.wait(START_S) for process in self._processes]

    def executed(self) -> Counter[str]:
        """How often each request was."""
        found = [path.read_text().split() for path in self.notes if path.exists()]
        return Counter(itertools.chain.from_iterable(found))


@pytest.fixture
async def mortals(own_world: World) -> AsyncIterator[Mortals]:
    found = Mortals(own_world.directory)
    found.start()
    await found.wait_until_there()
    yield found
    assert found.stop() == [0] * INSTANCES


async def post_all(world: World, count: int) -> dict[str, int]:
    """Status by request, 0 where the answer broke off; each is sent once."""
    names = iter([f"post-{number:06d}" for number in range(count)])
    token, found = world.issuer.token(expires_in_s=3600), dict[str, int]()

    async def client() -> None:
        for name in names:
            found[name] = 0
            with contextlib.suppress(httpx.TransportError):
                answer = await world.call("/v1/infers/digits", token=token, content=name)
                found[name] = answer.status_code
                assert answer.status_code != 200 or answer.text == name

    async with asyncio.TaskGroup() as clients:
        for _ in range(CLIENTS):
            clients.create_task(client())
    return found


@pytest.mark.timeout(60 + POSTS / 20)
async def test_no_post_is_executed_twice_when_instances_die(
    own_world: World, mortals: Mortals, record_property: Callable[[str, object], None]
) -> None:
    version = VersionRoute("v1", 100, mortals.endpoints)
    await own_world.serve(replace(a_service(), versions=(version,)))
    answered = await post_all(own_world, POSTS)
    executed = mortals.executed()
    good = {name for name, status in answered.items() if status == 200}
    in_vain = executed.keys() - good
    record_property(
        "measured",
        f"{POSTS} requests: {len(good)} answered, {len(in_vain)} executed without an answer, "
        f"{POSTS - len(executed)} not executed",
    )
    assert set(answered.values()) <= {200, 503, 0}
    assert [name for name, times in executed.items() if times > 1] == []
    assert good - executed.keys() == set()
    # there was something to be tempted by, and most went well all the same
    assert len(in_vain) >= POSTS / 200
    assert len(good) > POSTS / 2
