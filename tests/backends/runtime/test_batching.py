"""Rows are put together only where no answer can change by it."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from backends.runtime import batching as module
from backends.runtime.batching import try_batching
from backends.runtime.model import SLOW_CALL_S, load_model
from backends.runtime.tensors import TensorInfo

PACKAGES = Path(__file__).parents[3] / "fixtures" / "packages"
MOST = 32
X = TensorInfo("x", "float32", ("N", 2))


class Timed:
    """A model of identity whose calls take `call_s` and `row_s` for each row."""

    inputs = outputs = (X,)
    has_open_dimensions = False

    def __init__(self, call_s: float, row_s: float) -> None:
        self._call_s, self._row_s = call_s, row_s
        self.call_s = call_s + row_s
        self.is_slow = self.call_s >= SLOW_CALL_S
        self.calls = 0

    def compute(self, feeds):
        self.calls += 1
        time.sleep(self._call_s + self._row_s * len(feeds["x"]))
        return [feeds["x"].copy()]


@pytest.mark.parametrize("name", ["mean4", "classifier2", "columns", "lookup"])
def test_rows_of_models_that_keep_them_apart_are_put_together(load, name):
    found = try_batching(load(name), MOST)
    assert 1 < found.rows <= MOST
    assert found.text.startswith(f"up to {found.rows} rows that come together are one call: ")
    assert "the same bits" in found.text


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("centred", "computing rows together changes the results"),
        ("positives", "does not give one result a row"),
        ("pixels_bgr", "does not take rows in any number"),
        ("pixels_nhwc", "does not take rows in any number"),
        ("text", "does not take rows in any number"),
        ("slow", "does not take rows in any number"),
    ],
)
def test_other_models_compute_each_request_by_itself(load, name, why):
    found = try_batching(load(name), MOST)
    assert found.rows == 1
    assert found.text.startswith("each request is a call of its own: ")
    assert why in found.text


def test_inputs_that_count_their_rows_apart_are_not_put_together(load):
    model = Timed(0, 0)
    model.inputs = (X, TensorInfo("z", "float32", ("M", 2)))
    assert try_batching(model, MOST).rows == 1
    model.inputs = (
        TensorInfo("x", "float32", ("", 2)),
        TensorInfo("z", "float32", ("", 2)),
    )
    assert try_batching(model, MOST).rows == 1
    assert model.calls == 0


@pytest.mark.parametrize("package", ["iris", "mnist", "mnist-v2"])
def test_what_is_put_together_gives_the_bits_of_each_alone(package):
    (file,) = (PACKAGES / package / "model").glob("*.onnx")
    model = load_model(file, threads=1)
    rows = try_batching(model, MOST).rows
    (info,) = model.inputs
    values = np.random.default_rng(1).random((rows, *info.shape[1:])).astype(np.float32)
    (together,) = model.compute({info.name: values})
    alone = [model.compute({info.name: values[i : i + 1]})[0] for i in range(rows)]
    assert together.tobytes() == np.concatenate(alone).tobytes()


def test_one_row_a_call_can_be_asked_for():
    model = Timed(0, 0)
    assert try_batching(model, 1).text == "each request is a call of its own: the option says so"
    assert model.calls == 0


def test_a_model_that_gains_nothing_computes_each_request_by_itself():
    found = try_batching(Timed(0, 0.001), MOST)
    assert (found.rows, found.why) == (1, "computing rows together is not faster")


def test_a_call_in_the_event_loop_stays_a_short_one():
    assert 1 < try_batching(Timed(SLOW_CALL_S / 4, SLOW_CALL_S / 20), MOST).rows < 16


def test_a_call_in_the_worker_thread_may_be_long():
    assert try_batching(Timed(2 * SLOW_CALL_S, SLOW_CALL_S / 100), MOST).rows > 1


def test_of_equally_good_numbers_of_rows_long_calls_get_the_fewest_and_short_ones_the_most(
    monkeypatch,
):
    row_us = {1: 9.0, 2: 2.0, 4: 1.0, 8: 1.02, 16: 1.01, 32: 1.3}

    def measure(model, feeds) -> float:
        rows = len(feeds["x"])
        return row_us[rows] * rows * 1e-6

    monkeypatch.setattr(module, "_measure", measure)
    for is_slow, rows in ((False, 16), (True, 4)):
        model = Timed(0, 0)
        model.is_slow = is_slow
        assert try_batching(model, MOST).rows == rows


def test_a_model_that_takes_too_long_is_not_tried():
    model = Timed(0, 0)
    model.call_s, model.is_slow = 10.0, True
    assert "too long" in try_batching(model, MOST).why
    model.call_s = None
    assert "could not be tried" in try_batching(model, MOST).why
    assert model.calls == 0


def test_a_model_that_refuses_random_rows_computes_each_request_by_itself(monkeypatch):
    def refuse(feeds):
        raise ValueError("only even numbers")

    model = Timed(0, 0)
    monkeypatch.setattr(model, "compute", refuse)
    monkeypatch.setattr(module, "RUN_ERRORS", (ValueError,))
    assert "refuses" in try_batching(model, MOST).why


def test_a_trial_stops_where_it_needs_much_memory(monkeypatch):
    sizes: list[int] = []
    model = Timed(0.0001, 0)
    compute = model.compute

    def record(feeds):
        sizes.append(len(feeds["x"]))
        return compute(feeds)

    def peak() -> int:
        return max(sizes) * module.TRIAL_MEMORY_BYTES // 10

    monkeypatch.setattr(model, "compute", record)
    monkeypatch.setattr(module, "_peak_memory_bytes", peak)
    assert try_batching(model, MOST).rows <= 8
    assert max(sizes) == 12, "the first that needs more than one row and the limit together"
