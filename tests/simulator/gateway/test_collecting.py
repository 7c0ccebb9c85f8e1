"""Data collection, through a real Envoy into a real object store."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import threading
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from simulator.clock import ClockMode, PlatformClock
from simulator.collection.collector import Collector
from simulator.collection.exchange import Unreadable, line, read_trace
from simulator.collection.rules import Collection
from simulator.collection.spool import Spool
from simulator.engine import Told
from simulator.gateway.render import render
from simulator.gateway.state import Abort, Latency, PathFaults
from simulator.gateway.transition import steps
from simulator.lifecycle.objects import Event, EventKind
from simulator.objectpaths import ObjectPath
from simulator.objects.store import ObjectStore
from simulator.operations import rerouted
from simulator.routetable import RouteTable
from simulator.routing import Routing, kept_routing
from simulator.store.queries import Store
from simulator.store.services import Reconfiguration, Stored
from tests.simulator.gateway.conftest import World, start_world, stop_world
from tests.simulator.gateway.support import Request, a_service, a_state, a_version, say
from tests.support.builders import CREATED, a_service_row, a_version_row
from tests.support.fresh_store import make_database

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

TARGET = "/v1/infers/digits"
BUCKET = "drydock-collection"
SIGMAS = 3.29
"""Half-width of the 99.9 % interval, in standard deviations."""


class Collecting:
    """A gateway, one service behind it, and what is collected of its requests."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.spool = Spool(world.directory, memory=folder / "memory")
        self.store = Store(make_database(folder / "state.db"))
        self.objects = ObjectStore(folder / "objects")
        self.objects.create(BUCKET)
        self.routes = RouteTable(world.gateway, world.state, self.spool.open)
        self.told: list[Told] = []
        self.collector = Collector(
            self.store,
            self.objects,
            PlatformClock(ClockMode.MANUAL),
            spool=self.spool,
            hold=self.routes.hold_collection,
            listen=self.told.append,
        )

    async def serve(self, rules: Collection, *, script: Any = None, **changes: Any) -> None:
        """One service with these rules; `changes` are those of its version."""
        row = a_service_row("digits", routing=kept_routing(Routing(collection=rules)))
        self.store.add_service(row, [a_version_row("digits")], CREATED)
        instance = await self.world.an_instance("one", script=script)
        self.versions = (replace(a_version(instance), **changes),)
        await self.publish(rules)

    async def publish(self, rules: Collection, **changes: Any) -> None:
        percent = rules.share_percent if rules.enabled else 0.0
        route = a_service(versions=self.versions, collected_percent=percent, **changes)
        await self.routes.publish("digits", route)

    async def lines(self) -> list[dict[str, Any]]:
        """What has been collected, after all of it is written."""
        await self.collector.close()
        return self.written()

    async def spooled(self, number: int) -> list[bytes]:
        """What is in the spool's files, once there are so many and each is whole."""
        async with asyncio.timeout(20):
            while True:
                found = [Path(one.path).read_bytes() for one in self.spool.files()]
                if len(found) >= number and all(map(_is_whole, found)):
                    return found
                await asyncio.sleep(0.01)

    def written(self) -> list[dict[str, Any]]:
        found = []
        for info in self.objects.entries(ObjectPath(BUCKET, "digits/")):
            _, file = self.objects.open(ObjectPath(BUCKET, info.key))
            with file:
                found += [json.loads(line) for line in file]
        return found

    async def start(self) -> None:
        self.collector.start()


@pytest_asyncio.fixture
async def collecting(directory: Path, tmp_path: Path) -> AsyncIterator[Collecting]:
    world = await start_world(directory, spool=str(directory / "spool"))
    found = Collecting(world, tmp_path)
    yield found
    await found.collector.close()
    await stop_world(world)
    found.store.close()
    found.objects.close()


ON = Collection(enabled=True)


async def test_a_request_and_its_answer_are_a_line_that_says_who_answered(
    collecting: Collecting,
) -> None:
    async def script(request: Request, writer: asyncio.StreamWriter) -> None:
        await say(writer, 201, b'{"digit": 7}', content_type="application/json")

    await collecting.serve(ON, script=script)
    await collecting.start()
    answer = await collecting.world.call(
        f"{TARGET}?deep=1", content=b'{"pixels": [1, 2]}', headers={"content-type": "text/plain"}
    )
    assert answer.headers["x-drydock-collected"] == "digits"
    (line,) = await collecting.lines()
    assert line.pop("time").endswith("+00:00")
    assert line.pop("first_byte_ms") > 0
    assert line == {
        "request_id": answer.headers["x-request-id"],
        "service": "digits",
        "version": "v1",
        "instance": "one",
        "status": 201,
        "request": {
            "method": "POST",
            "path": "/?deep=1",
            "content_type": "text/plain",
            "content_encoding": "",
            "body": '{"pixels": [1, 2]}',
            "is_base64": False,
            "is_cut": False,
        },
        "answer": {
            "content_type": "application/json",
            "content_encoding": "",
            "body": '{"digit": 7}',
            "is_base64": False,
            "is_cut": False,
        },
    }


CREDENTIALS = {
    "signature": {"Authorization": "SDK-HMAC-SHA256 Access=secret-0, Signature=0f"},
    "temporary key": {
        "Authorization": "SDK-HMAC-SHA256 Access=secret-0, Signature=0f",
        "X-Security-Token": "secret-1",
    },
    "app code": {"X-Apig-AppCode": "secret-2"},
    "app key": {"apikey": "secret-3"},
    "token": {},
    "token and more": {
        "X-Apig-AppCode": "secret-2",
        "apikey": "secret-3",
        "X-Security-Token": "secret-1",
    },
}
ENDS = {
    "answered": PathFaults(),
    "aborted": PathFaults(abort=Abort("f1", 503, share_percent=100)),
    "delayed and aborted": PathFaults(
        latency=Latency("f2", 0.01, share_percent=100), abort=Abort("f1", 503, share_percent=100)
    ),
}


@pytest.mark.parametrize("faults", ENDS.values(), ids=list(ENDS))
async def test_what_callers_prove_themselves_with_is_nowhere(
    collecting: Collecting, faults: PathFaults
) -> None:
    await collecting.serve(ON, script=_say_nothing, faults=faults)
    token = collecting.world.issuer.token()
    for name, headers in CREDENTIALS.items():
        has_token = name.startswith("token")
        await collecting.world.call(TARGET, token=token if has_token else None, headers=headers)
    spooled = await collecting.spooled(len(CREDENTIALS))
    assert [one for one in spooled if token.encode() in one or b"secret-" in one] == []
    await collecting.start()
    lines = json.dumps(await collecting.lines())
    assert lines.count("request_id") == len(CREDENTIALS)
    assert token not in lines
    assert "secret-" not in lines


async def test_a_client_that_leaves_while_it_is_delayed_leaves_no_secret(
    collecting: Collecting,
) -> None:
    await collecting.serve(ON, faults=PathFaults(latency=Latency("f1", 60, share_percent=100)))
    _, writer = await asyncio.open_connection("127.0.0.1", collecting.world.state.port)
    writer.write(
        f"GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Apig-AppCode: secret\r\n\r\n".encode()
    )
    async with asyncio.timeout(20):
        while not collecting.world.control.requests:  # the judge; the delay comes after it
            await asyncio.sleep(0.01)
        while not await _is_delayed(collecting):
            await asyncio.sleep(0.01)
    writer.close()
    (spooled,) = await collecting.spooled(1)
    assert b"secret" not in spooled
    await collecting.start()
    assert await collecting.lines() == []


CALLS = {
    "no token": ({"token": None}, 401),
    "bad token": ({"token": "x.y.z"}, 401),
    "body too large": ({"content": bytes(101)}, 413),
    "too many": ({}, 429),
    "not refused": ({}, 200),
}


async def test_requests_that_are_refused_before_a_version_are_not_collected(
    collecting: Collecting,
) -> None:
    await collecting.serve(ON)
    limits = {"requests_per_s": 1, "max_body_bytes": 100}
    await collecting.publish(ON, **limits)
    for changes, status in CALLS.values():
        async with asyncio.timeout(20):  # the bucket of the limit is filled once a second
            while (await collecting.world.call(TARGET, **changes)).status_code != status:
                pass
    await collecting.start()
    lines = await collecting.lines()
    assert {one["status"] for one in lines} == {200}
    assert all(one["request"]["method"] == "POST" for one in lines)


async def test_without_collection_nothing_is_written_anywhere(collecting: Collecting) -> None:
    await collecting.serve(Collection())
    await collecting.start()
    answer = await collecting.world.call(TARGET, content=b"{}")
    assert "x-drydock-collected" not in answer.headers
    assert await collecting.lines() == []
    assert not collecting.spool.path.exists()


async def test_what_is_no_text_is_in_base64_and_long_bodies_are_cut(
    collecting: Collecting,
) -> None:
    picture = bytes(range(256)) * 8

    async def script(request: Request, writer: asyncio.StreamWriter) -> None:
        await say(writer, 200, b"x" * 5000, content_type="text/plain")

    await collecting.serve(replace(ON, max_body_bytes=1000), script=script)
    await collecting.start()
    await collecting.world.call(TARGET, content=picture, headers={"content-type": "image/png"})
    (line,) = await collecting.lines()
    request, answer = line["request"], line["answer"]
    assert (request["is_base64"], request["is_cut"]) == (True, True)
    assert base64.b64decode(request["body"]) == picture[:1000]
    assert (answer["body"], answer["is_cut"]) == ("x" * 1000, True)


async def test_of_failed_requests_alone_those_count_that_the_gateway_had_to_answer(
    collecting: Collecting,
) -> None:
    faults = PathFaults(abort=Abort("f1", 503, share_percent=50))
    await collecting.serve(replace(ON, only_failed=True), faults=faults)
    await collecting.start()
    statuses = Counter(
        [(await collecting.world.call(TARGET, content=b"{}")).status_code for _ in range(40)]
    )
    assert set(statuses) == {200, 503}
    lines = await collecting.lines()
    assert [(one["status"], one["instance"], one["version"]) for one in lines] == (
        [(503, "", "v1")] * statuses[503]
    )


async def test_only_requests_of_some_content_types(collecting: Collecting) -> None:
    await collecting.serve(replace(ON, content_types=("image/*", "application/json")))
    await collecting.start()
    for kind in ("image/png", "application/JSON; charset=utf-8", "text/csv", None):
        headers = {} if kind is None else {"content-type": kind}
        await collecting.world.call(TARGET, content=b"1", headers=headers)
    assert {one["request"]["content_type"] for one in await collecting.lines()} == {
        "image/png",
        "application/JSON; charset=utf-8",
    }


async def test_a_share_is_drawn_and_only_what_is_drawn_says_so(collecting: Collecting) -> None:
    await collecting.serve(replace(ON, share_percent=30))
    await collecting.start()
    number, token = 600, collecting.world.issuer.token()
    answers = [
        await collecting.world.call(TARGET, token=token, content=b"{}") for _ in range(number)
    ]
    drawn = {one.headers["x-request-id"] for one in answers if "x-drydock-collected" in one.headers}
    assert {one["request_id"] for one in await collecting.lines()} == drawn
    assert abs(len(drawn) - number * 0.3) <= SIGMAS * math.sqrt(number * 0.3 * 0.7)


async def test_a_budget_holds_to_the_byte_and_is_told_once(collecting: Collecting) -> None:
    rules = replace(ON, budget_bytes=2000)
    await collecting.serve(rules)
    for _ in range(12):
        await collecting.world.call(TARGET, content=b'{"n": 1}')
    await collecting.start()
    async with asyncio.timeout(20):
        while not collecting.told:
            await asyncio.sleep(0.02)
    answer = await collecting.world.call(TARGET, content=b"{}")
    assert "x-drydock-collected" not in answer.headers
    assert collecting.collector.status("digits", rules).state == "full"
    await collecting.collector.close()
    sizes = [one.size_bytes for one in collecting.objects.entries(ObjectPath(BUCKET, "digits/"))]
    assert 0 < sum(sizes) <= 2000
    assert [one.event.reason for one in collecting.told] == ["CollectionBudgetReached"]
    assert collecting.store.events("digits")[0].reason == "CollectionBudgetReached"
    assert not collecting.spool.files()


async def test_a_higher_budget_is_used_at_once(collecting: Collecting) -> None:
    await collecting.serve(replace(ON, budget_bytes=0))
    await collecting.start()
    await collecting.world.call(TARGET, content=b"{}")
    async with asyncio.timeout(20):
        while not collecting.told:
            await asyncio.sleep(0.02)
    collecting.store.reconfigure(
        "digits", None, 1, lambda stored: _with_rules(stored, replace(ON, budget_bytes=10_000))
    )
    async with asyncio.timeout(20):
        while (
            "x-drydock-collected"
            not in (await collecting.world.call(TARGET, content=b"{}")).headers
        ):
            await asyncio.sleep(0.05)
    assert await collecting.lines()


async def test_what_cannot_be_written_is_told_and_kept_until_it_can_be(
    collecting: Collecting,
) -> None:
    rules = replace(ON, destination="obs://later/")
    await collecting.serve(rules)
    await collecting.start()
    await collecting.world.call(TARGET, content=b"{}")
    async with asyncio.timeout(20):
        while not collecting.told:
            await asyncio.sleep(0.02)
    assert collecting.told[0].event.reason == "CollectionFailed"
    assert "bucket later does not exist" in collecting.told[0].event.text
    status = collecting.collector.status("digits", rules)
    assert (status.state, status.waiting) == ("failed", 1)
    collecting.objects.create("later")
    await collecting.collector.close()
    assert [one.key for one in collecting.objects.entries(ObjectPath("later", "digits/"))]


async def test_what_cannot_be_written_goes_where_changed_rules_say(
    collecting: Collecting,
) -> None:
    await collecting.serve(replace(ON, destination="obs://absent/"))
    await collecting.start()
    await collecting.world.call(TARGET, content=b"{}")
    async with asyncio.timeout(20):
        while not collecting.told:
            await asyncio.sleep(0.02)
    collecting.store.reconfigure("digits", None, 1, lambda stored: _with_rules(stored, ON))
    async with asyncio.timeout(20):
        while not collecting.written():
            await asyncio.sleep(0.05)
    assert collecting.collector.status("digits", ON).state == "on"
    assert len(await collecting.lines()) == 1


async def test_what_cannot_be_written_does_not_exceed_a_changed_budget(
    collecting: Collecting,
) -> None:
    await collecting.serve(replace(ON, destination="obs://absent/"))
    await collecting.start()
    await collecting.world.call(TARGET, content=b"{}")
    async with asyncio.timeout(20):
        while not collecting.told:
            await asyncio.sleep(0.02)
    small = replace(ON, budget_bytes=10)
    collecting.store.reconfigure("digits", None, 1, lambda stored: _with_rules(stored, small))
    async with asyncio.timeout(20):
        while len(collecting.told) < 2:
            await asyncio.sleep(0.05)
    assert collecting.told[1].event.reason == "CollectionBudgetReached"
    assert await collecting.lines() == []
    assert not collecting.spool.files()


async def test_an_end_in_the_middle_of_a_turn_writes_nothing_twice(
    collecting: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow_line(*arguments: Any) -> bytes:
        begun.set()
        go_on.wait(20)
        return line(*arguments)

    await collecting.serve(ON)
    await collecting.world.call(TARGET, content=b"{}")
    await collecting.spooled(1)
    monkeypatch.setattr("simulator.collection.collector.line", slow_line)
    await collecting.start()
    await asyncio.to_thread(begun.wait, 20)
    closing = asyncio.create_task(collecting.collector.close())
    await asyncio.wait([closing], timeout=0.1)
    go_on.set()
    await closing
    assert len(collecting.written()) == 1


async def test_a_store_that_is_gone_does_not_keep_the_server_from_ending(
    collecting: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: str) -> None:
        raise OSError("the disk is gone")

    await collecting.serve(ON)
    await collecting.world.call(TARGET, content=b"{}")
    await collecting.spooled(1)
    monkeypatch.setattr(collecting.store, "service", gone)
    await collecting.start()
    await collecting.collector.close()
    assert len(collecting.spool.files()) == 1


async def test_exchanges_of_a_killed_server_are_written_by_the_next(
    collecting: Collecting,
) -> None:
    await collecting.serve(ON)
    answer = await collecting.world.call(TARGET, content=b"{}")
    await collecting.start()
    (line,) = await collecting.lines()
    assert line["request_id"] == answer.headers["x-request-id"]


async def test_too_many_at_once_pause_it_until_they_are_written(
    collecting: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.collection.collector.SPOOL_FILES", 20)
    monkeypatch.setattr("simulator.collection.collector.TURN_S", 0.0)
    await collecting.serve(ON)
    for _ in range(40):
        await collecting.world.call(TARGET, content=b"{}")
    await collecting.collector.look()
    monkeypatch.setattr("simulator.collection.collector.TURN_S", 10.0)
    await collecting.collector.look()
    reasons = [one.event.reason for one in collecting.told]
    await collecting.start()
    assert len(await collecting.lines()) == 40
    assert reasons == ["CollectionPaused", "CollectionResumed"]


async def test_it_changes_routes_and_nothing_else() -> None:
    state = a_state(spool="/run/spool")
    plain = a_service(versions=(a_version(),))
    before = render(replace(state, services=(plain,)))
    after = render(replace(state, services=(replace(plain, collected_percent=12.5),)))
    (step,) = steps(before, after)
    assert list(step.writes) == ["rds.json"]


async def _say_nothing(request: Request, writer: asyncio.StreamWriter) -> None:
    await say(writer, 200)


def _is_whole(trace: bytes) -> bool:
    try:
        read_trace(trace)
    except Unreadable:
        return False
    return True


async def _is_delayed(collecting: Collecting) -> bool:
    found = await collecting.world.ask_envoy("/stats?filter=active_faults")
    return any(line.endswith(": 1") for line in found.splitlines())


def _with_rules(stored: Stored, rules: Collection) -> Reconfiguration:
    event = Event(EventKind.NORMAL, "its rules are others")
    return rerouted(stored, Routing(collection=rules), event)
