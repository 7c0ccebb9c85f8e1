"""A job's work: every input once in the results, in order, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from simulator.batch.checkpoint import Checkpoint
from simulator.batch.instances import AT_ONCE, Instances
from simulator.batch.job import JobSpec
from simulator.batch.ledger import Ledger
from simulator.batch.reading import Reader
from simulator.batch.requests import Sender
from simulator.batch.task import JobObjects
from simulator.batch.units import units
from simulator.batch.worker import NothingToDo, Worker
from simulator.objectpaths import parse_object_path
from simulator.objects import ObjectStore
from tests.simulator.batch.model_server import ModelServer

RULE = {"type": "object", "properties": {"a": {"type": "number", "index": 0}}}
RAW = JobSpec("obs://input/data/", "obs://output/here/", "file", Sender("POST", "/p"))
CSV = JobSpec(
    "obs://input/data/", "obs://output/here/", "csv", Sender("POST", "/"), mapping_rule=RULE
)


class Place:
    """A store with buckets `input` and `output`, and a task that can be worked on again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = ObjectStore(home / "objects")
        self.store.create("input")
        self.store.create("output")
        self.saved = Checkpoint()

    def put(self, key: str, content: bytes) -> None:
        with self.store.writer(parse_object_path(f"obs://input/data/{key}")) as writer:
            writer.write(content)

    def worker(self, spec: JobSpec, servers: dict[str, ModelServer]) -> Worker:
        """From where the last one was."""
        layout = spec.layout("t1")
        ledger = Ledger(self.store, spec, layout, self.home / "task", self.saved, self._save)
        done = self.saved
        reader = Reader(lambda: units(JobObjects(self.store), spec, layout, done))
        instances = Instances(5)
        instances.set({name: one.address for name, one in servers.items()})
        return Worker(reader, instances, ledger, most_instances=len(servers))

    async def work(self, spec: JobSpec, **servers: ModelServer) -> None:
        worker = self.worker(spec, servers)
        try:
            await worker.run()
        finally:
            worker._instances.close()

    def manifest(self, part: str = "") -> list[dict[str, str]]:
        file = self.home / "objects" / "output" / "here" / f"infer-result-t1{part}.manifest"
        return [json.loads(line) for line in file.read_text().splitlines()]

    def result(self, name: str) -> str:
        return (self.home / "objects/output/here/infer-result" / f"{name}_result.txt").read_text()

    def written(self) -> dict[str, bytes]:
        """The bytes of everything that the task has written."""
        folder = self.home / "objects/output"
        return {str(one): one.read_bytes() for one in folder.rglob("*") if one.is_file()}

    def results(self) -> set[str]:
        folder = self.home / "objects/output/here/infer-result"
        return {one.name for one in folder.iterdir() if one.is_file()}

    def _save(self, checkpoint: Checkpoint) -> None:
        self.saved = checkpoint


@pytest.fixture
def place() -> Iterator[Place]:
    home = Path(tempfile.mkdtemp(prefix="dd-"))
    found = Place(home)
    yield found
    found.store.close()
    shutil.rmtree(home)


@pytest_asyncio.fixture
async def server(place: Place) -> AsyncIterator[ModelServer]:
    one = await ModelServer(place.home / "one.sock").start()
    yield one
    await one.stop()


async def test_each_file_has_its_line_and_its_result(place: Place, server: ModelServer) -> None:
    for number in range(60):
        place.put(f"{number:03}.jpg", bytes(number))
    await place.work(RAW, one=server)
    lines = place.manifest()
    assert [line["source"] for line in lines] == [
        f"obs://input/data/{number:03}.jpg" for number in range(60)
    ]
    assert {line["result"] for line in lines} == {"SUCCESSFUL"}
    assert lines[7]["inference-loc"] == "obs://output/here/infer-result/007.jpg_result.txt"
    assert json.loads(place.result("007.jpg")) == {"path": "/p", "bytes": 7}
    assert len(place.results()) == 60
    assert (place.saved.calls, place.saved.calls_failed) == (60, 0)
    assert 1 < server.most_at_once <= AT_ONCE


async def test_one_that_the_model_refuses_fails_alone(place: Place, server: ModelServer) -> None:
    async def no_twos(request: web.Request, body: bytes) -> web.Response:
        return (
            web.Response(status=422, text="no twos") if body == b"22" else web.Response(text="ok")
        )

    server.behave = no_twos
    for number in (11, 22, 33):
        place.put(f"{number}", str(number).encode())
    await place.work(RAW, one=server)
    first, second, third = place.manifest()
    assert (first["result"], third["result"]) == ("SUCCESSFUL", "SUCCESSFUL")
    assert second["result"] == "FAILED"
    assert second["error_message"] == "the model answered 422: no twos"
    assert place.results() == {"11_result.txt", "33_result.txt"}
    assert (place.saved.calls, place.saved.calls_failed) == (3, 1)
    assert server.bodies[b"22"] == 1, "the input is at fault: it is not tried again"


async def test_an_instance_at_fault_is_passed_over(place: Place, server: ModelServer) -> None:
    async def broken(request: web.Request, body: bytes) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    bad = await ModelServer(place.home / "bad.sock", broken).start()
    for number in range(20):
        place.put(f"{number:02}", b"x%d" % number)
    try:
        await place.work(RAW, one=server, bad=bad)
    finally:
        await bad.stop()
    assert {line["result"] for line in place.manifest()} == {"SUCCESSFUL"}


async def test_where_all_instances_are_at_fault_the_item_fails(
    place: Place, server: ModelServer
) -> None:
    async def busy(request: web.Request, body: bytes) -> web.Response:
        return web.Response(status=503)

    server.behave = busy
    place.put("a", b"a")
    await place.work(RAW, one=server)
    (line,) = place.manifest()
    assert line["error_message"] == "no instance could answer, tried 3 times: it answered 503"


async def test_rows_are_answered_in_order_and_bad_ones_say_why(
    place: Place, server: ModelServer
) -> None:
    async def doubled(request: web.Request, body: bytes) -> web.Response:
        number = json.loads(body)["a"]
        await asyncio.sleep(random.random() / 100)
        return web.json_response({"twice": 2 * number})

    server.behave = doubled
    place.put("a.csv", b"".join(b"%d\n" % n for n in range(100)) + b"x\n")
    place.put("b.csv", b"not a number\n")
    place.put("c.txt", b"1\n")
    await place.work(CSV, one=server)
    lines = place.result("a.csv").splitlines()
    assert lines[:100] == [f'{{"twice":{2 * n}}}' for n in range(100)]
    assert json.loads(lines[100])["row"] == 101
    assert "row 101, column 0" in json.loads(lines[100])["error"]["message"]
    assert place.saved.calls == 100, "what makes no request is no call"
    a, b, c = place.manifest()
    assert a["result"] == "SUCCESSFUL"
    assert (b["result"], c["result"]) == ("FAILED", "FAILED")
    assert "1 of 1 row failed" in b["error_message"]
    assert ".csv" in c["error_message"]
    assert place.results() == {"a.csv_result.txt"}


async def test_long_manifests_are_spread_over_several(place: Place, server: ModelServer) -> None:
    for number in range(9):
        place.put(f"{number}", b"x")
    spec = JobSpec(**{**RAW.__dict__, "manifest_bytes": 400})
    await place.work(spec, one=server)
    parts = [place.manifest(part) for part in ("", "_1", "_2")]
    assert [line["source"][-1] for part in parts for line in part] == list("012345678")
    assert all(parts)


async def test_without_inputs_there_is_nothing_to_do(place: Place, server: ModelServer) -> None:
    with pytest.raises(NothingToDo):
        await place.work(RAW, one=server)


async def test_work_waits_for_an_instance(place: Place, server: ModelServer) -> None:
    place.put("a", b"a")
    worker = place.worker(RAW, {})
    worker._senders = AT_ONCE
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0.1)
    assert not running.done()
    worker._instances.set({"one": server.address})
    await running
    worker._instances.close()
    assert len(place.manifest()) == 1


@pytest.mark.parametrize("spec", [RAW, CSV], ids=["files", "rows"])
async def test_the_same_task_writes_the_same_bytes_in_whatever_order_answers_come(
    place: Place, server: ModelServer, spec: JobSpec
) -> None:
    async def at_any_time(request: web.Request, body: bytes) -> web.Response:
        await asyncio.sleep(random.random() / 100)
        refused = len(body) % 3 == 0
        return web.Response(status=422, text="no") if refused else web.Response(body=body * 2)

    server.behave = at_any_time
    for number in range(40):
        place.put(f"{number:02}.csv", b"".join(b"%d\n" % n for n in range(number)) + b"x\n")
    await place.work(spec, one=server)
    first = place.written()
    assert len(first) > 10
    place.saved = Checkpoint()
    await place.work(spec, one=server)
    assert place.written() == first


@pytest.mark.parametrize("spec", [RAW, CSV], ids=["files", "rows"])
@pytest.mark.parametrize("seed", range(3))
async def test_cut_off_anywhere_it_goes_on_and_nothing_is_there_twice(
    place: Place, server: ModelServer, spec: JobSpec, seed: int
) -> None:
    chance = random.Random(seed)
    for number in range(40):
        rows = b"".join(b"%d\n" % n for n in range(number % 7))
        place.put(f"{number:02}.csv", rows)
    for _ in range(12):
        work = asyncio.create_task(place.work(spec, one=server))
        await asyncio.wait([work], timeout=chance.random() / 20)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        if not chance.randrange(3):  # what the next checkpoint would have said is lost
            for journal in (place.home / "task").iterdir():
                with journal.open("ab") as file:
                    file.write(b"half a li")
    await place.work(spec, one=server)
    lines = place.manifest()
    assert [line["source"] for line in lines] == [
        f"obs://input/data/{number:02}.csv" for number in range(40)
    ]
    if spec is CSV:
        for number in range(40):
            succeeded = lines[number]["result"] == "SUCCESSFUL"
            assert succeeded == (number % 7 > 0)
            if succeeded:
                assert len(place.result(f"{number:02}.csv").splitlines()) == number % 7
    else:
        assert len(place.results()) == 40
