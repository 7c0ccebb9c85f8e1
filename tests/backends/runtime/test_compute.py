"""Which calls the model gets, and that each request gets its own rows back."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import numpy as np
import pytest

from backends.runtime.compute import LOOK_EVERY, Call, Computer, Job
from backends.runtime.errors import Problem, RequestError


class Recording:
    """A model that doubles its rows and remembers the size of each call."""

    def __init__(self, model) -> None:
        self.inputs = model.inputs
        self.sizes: list[int] = []
        self.threads: set[str] = set()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def compute(self, feeds, names):
        assert self.may_go_on.wait(20)
        rows = feeds["x"]
        self.sizes.append(len(rows))
        self.threads.add(threading.current_thread().name)
        if (rows < 0).any():
            raise ValueError("below zero")
        return [rows[:, :1] * 2 for _ in names]

    def run(self, feeds, names):
        try:
            return self.compute(feeds, names)
        except ValueError as exc:
            raise RequestError(Problem.WRONG_SHAPE, str(exc)) from exc


@pytest.fixture
def model(load):
    return Recording(load("mean4"))


class Asking:
    """Submits jobs and collects their results."""

    def __init__(self, model, **options) -> None:
        self.computer = Computer(model, **options)
        self.results: dict[object, bytes | Exception] = {}

    def ask(self, name, *rows, names=("y",), heavy=False, answer=None) -> None:
        feeds = {"x": np.array([[row] * 4 for row in rows], np.float32)}
        write = answer or (lambda values: repr([value[:, 0].tolist() for value in values]).encode())
        job = Job(heavy, lambda: Call(feeds, names, write))
        self.computer.submit(job, partial(self.results.__setitem__, name))

    async def wait(self, count: int) -> dict[object, bytes | Exception]:
        async with asyncio.timeout(20):
            while len(self.results) < count:
                await asyncio.sleep(0)
        return self.results


async def test_what_arrives_in_one_turn_of_the_loop_is_one_call(model):
    asking = Asking(model, in_thread=False, batch_rows=32)
    for number in range(5):
        asking.ask(number, number)
    results = await asking.wait(5)
    assert results == {number: b"[[%.1f]]" % (2 * number) for number in range(5)}
    assert list(results) == [0, 1, 2, 3, 4]
    assert model.sizes == [5]


async def test_requests_that_come_one_by_one_need_no_turn_of_the_loop(model):
    asking = Asking(model, in_thread=False, batch_rows=32)
    at_once = 0
    for number in range(10 * LOOK_EVERY):
        asking.ask(number, number)
        at_once += number in asking.results
        await asking.wait(number + 1)
    assert at_once >= 9 * LOOK_EVERY
    assert set(model.sizes) == {1}


async def test_requests_that_begin_to_come_together_are_soon_computed_together(model):
    asking = Asking(model, in_thread=False, batch_rows=1000)
    for number in range(5 * LOOK_EVERY):
        asking.ask(number, number)
        await asking.wait(number + 1)
    model.sizes.clear()
    for number in range(100):
        asking.ask(("together", number), number)
    results = await asking.wait(5 * LOOK_EVERY + 100)
    assert all(results["together", number] == b"[[%.1f]]" % (2 * number) for number in range(100))
    *alone, together = model.sizes
    assert set(alone) <= {1}
    assert len(alone) < LOOK_EVERY
    assert together == 100 - len(alone)


async def test_each_request_gets_its_own_rows(model):
    asking = Asking(model, in_thread=False, batch_rows=32)
    asking.ask("a", 1, 2)
    asking.ask("b", 3)
    asking.ask("c", 4, 5, 6)
    assert await asking.wait(3) == {
        "a": b"[[2.0, 4.0]]",
        "b": b"[[6.0]]",
        "c": b"[[8.0, 10.0, 12.0]]",
    }
    assert model.sizes == [6]


async def test_a_call_has_no_more_rows_than_allowed_but_for_one_large_request(model):
    asking = Asking(model, in_thread=False, batch_rows=4)
    for number in range(10):
        asking.ask(number, number)
    asking.ask("large", *range(6))
    await asking.wait(11)
    assert model.sizes == [4, 4, 2, 6]


async def test_one_request_is_one_call_where_rows_cannot_be_put_together(model):
    asking = Asking(model, in_thread=False, batch_rows=1)
    for number in range(3):
        asking.ask(number, number)
        assert number in asking.results, "a short call needs no turn of the loop"
    assert model.sizes == [1, 1, 1]


async def test_requests_for_other_outputs_are_other_calls(model):
    asking = Asking(model, in_thread=False, batch_rows=32)
    asking.ask("a", 1)
    asking.ask("b", 1, names=("y", "y"))
    asking.ask("c", 1, names=("y", "y"))
    assert (await asking.wait(3))["b"] == b"[[2.0], [2.0]]"
    assert model.sizes == [1, 2]


async def test_a_request_that_the_model_refuses_spoils_no_other(model):
    asking = Asking(model, in_thread=False, batch_rows=32)
    asking.ask("good", 1)
    asking.ask("bad", -1)
    asking.ask("fine", 2)
    results = await asking.wait(3)
    assert (results["good"], results["fine"]) == (b"[[2.0]]", b"[[4.0]]")
    assert isinstance(results["bad"], RequestError)
    assert model.sizes == [3, 1, 1, 1]


async def test_an_answer_that_cannot_be_written_spoils_no_other(model):
    def fail(values):
        raise ZeroDivisionError

    asking = Asking(model, in_thread=False, batch_rows=32)
    asking.ask("good", 1)
    asking.ask("bad", 1, answer=fail)
    results = await asking.wait(2)
    assert results["good"] == b"[[2.0]]"
    assert isinstance(results["bad"], ZeroDivisionError)


async def test_a_model_that_loses_rows_after_all_is_asked_one_by_one(model, monkeypatch):
    monkeypatch.setattr(model, "compute", lambda feeds, names: [feeds["x"][:1, :1] * 2])
    asking = Asking(model, in_thread=False, batch_rows=32)
    asking.ask("a", 1)
    asking.ask("b", 2)
    assert await asking.wait(2) == {"a": b"[[2.0]]", "b": b"[[4.0]]"}


async def test_what_cannot_be_read_is_no_call(model):
    def fail():
        raise RequestError(Problem.BAD_BODY, "no")

    asking = Asking(model, in_thread=False, batch_rows=32)
    for heavy in (False, True):
        asking.computer.submit(Job(heavy, fail), partial(asking.results.__setitem__, heavy))
    results = await asking.wait(2)
    assert all(isinstance(result, RequestError) for result in results.values())
    assert model.sizes == []


async def test_what_arrives_while_the_worker_is_busy_is_its_next_call(model):
    asking = Asking(model, in_thread=True, batch_rows=32)
    model.may_go_on.clear()
    asking.ask("first", 1)
    await asyncio.sleep(0)
    for number in range(4):
        asking.ask(number, number)
    model.may_go_on.set()
    await asking.wait(5)
    assert model.sizes == [1, 4]
    assert all(name.startswith("inference") for name in model.threads)


async def test_the_worker_takes_one_request_a_call_where_rows_cannot_be_put_together(model):
    asking = Asking(model, in_thread=True, batch_rows=1)
    for number in range(3):
        asking.ask(number, number)
    await asking.wait(3)
    assert model.sizes == [1, 1, 1]


async def test_the_loop_goes_on_while_the_worker_computes(model):
    asking = Asking(model, in_thread=True, batch_rows=32)
    model.may_go_on.clear()
    asking.ask("a", 1)
    await asyncio.sleep(0.001)
    assert asking.results == {}
    model.may_go_on.set()
    await asking.wait(1)


async def test_what_is_heavy_to_read_is_read_and_computed_in_the_worker(model):
    asking = Asking(model, in_thread=False, batch_rows=32)
    asking.ask("a", 1, heavy=True)
    assert await asking.wait(1) == {"a": b"[[2.0]]"}
    assert all(name.startswith("inference") for name in model.threads)
