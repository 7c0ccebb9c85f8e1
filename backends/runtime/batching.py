"""Which rows one call may compute for several requests: tried when the model is loaded.

Rows are only put together where that changes no answer. The model must take any number of rows
(the first dimension of every input, by one symbol, and no other) and give one result a row; and
random rows computed together, in groups of many sizes, must give the same bits as each alone. ONNX
Runtime does that for most models, but not always: a model may mix its rows, or a kernel may add up
in another order. It must also be faster. Otherwise each request is a call of its own.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from backends.runtime.model import RUN_ERRORS, SLOW_CALL_S, Model
from backends.runtime.tensors import Array, Feeds, TensorInfo

TRIAL_LIMIT_S = 0.2
"""About how long a trial may take; a slow model must not delay the start."""
TRIAL_MEMORY_BYTES = 32 << 20
"""How much more memory the process may use for a trial; a call with more rows than that is none."""
LEAST_GAIN = 1.05
"""So many times faster must a row be in company: waiting for the others costs latency."""
NEAR_BEST = 1.05
"""Numbers of rows that take at most so many times the best time a row are as good as the best."""

_SIZES = (*range(2, 14), 16, 24, 32)
"""Kernels compute rows in blocks of at most 12 and then what remains: here is every remainder."""
_TIMED = (2, 4, 8, 16, 32)
_CALLS_A_ROW = 11
"""A trial with n rows computes each of them about this often."""


@dataclass(frozen=True)
class Batching:
    """What a trial found.

    Attributes:
        rows: most rows of a call that answers several requests; 1 for one request a call.
        why: the reason, for the log.
    """

    rows: int
    why: str

    @property
    def text(self) -> str:
        """For the log."""
        if self.rows == 1:
            return f"each request is a call of its own: {self.why}"
        return f"up to {self.rows} rows that come together are one call: {self.why}"


def try_batching(model: Model, most: int) -> Batching:
    """Find out how many rows, at most `most`, one call may compute for several requests."""
    if most < 2:
        return Batching(1, "the option says so")
    if not _takes_any_number_of_rows(model):
        return Batching(1, "the model does not take rows in any number")
    if model.call_s is None:
        return Batching(1, "the model could not be tried")
    most = min(most, int(TRIAL_LIMIT_S / _CALLS_A_ROW / max(model.call_s, 1e-6)))
    if most < 2:
        return Batching(1, "trying it would take too long")
    random = np.random.default_rng(0)
    rows = {info.name: _random_rows(info, most, random) for info in model.inputs}
    try:
        return _try(model, rows, most)
    except RUN_ERRORS:
        return Batching(1, "the model refuses random rows")


def _try(model: Model, rows: Feeds, most: int) -> Batching:
    alone = [model.compute(_slice(rows, i, i + 1)) for i in range(most)]
    expected = [np.concatenate(values) for values in zip(*alone, strict=True)]
    if any(len(values) != most for values in expected):
        return Batching(1, "the model does not give one result a row")
    row_s = {1: _measure(model, _slice(rows, 0, 1))}
    memory_limit = _peak_memory_bytes() + TRIAL_MEMORY_BYTES
    for size in sorted({size for size in _SIZES if size < most} | {most}):
        feeds = _slice(rows, 0, size)
        if not _are_equal(model.compute(feeds), expected, size):
            return Batching(1, "computing rows together changes the results")
        if _peak_memory_bytes() > memory_limit:
            break
        if size in _TIMED or size == most:
            taken_s = _measure(model, feeds)
            if taken_s <= SLOW_CALL_S or model.is_slow:
                row_s[size] = taken_s / size
    best_s = min(row_s.values())
    if row_s[1] < best_s * LEAST_GAIN:
        return Batching(1, "computing rows together is not faster")
    good = [size for size, taken_s in row_s.items() if taken_s <= best_s * NEAR_BEST]
    # all answers of a long call wait for the whole of it; each short one costs a turn of the loop
    return Batching((min if model.is_slow else max)(good), "it is faster and gives the same bits")


def _measure(model: Model, feeds: Feeds) -> float:
    """Seconds that a call takes: the faster of two, which other programs disturb less."""
    times: list[float] = []
    for _ in range(2):
        begin = time.perf_counter()
        model.compute(feeds)
        times.append(time.perf_counter() - begin)
    return min(times)


def _peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def _takes_any_number_of_rows(model: Model) -> bool:
    first = {info.shape[0] if info.shape else 1 for info in model.inputs}
    return (
        len(first) == 1
        and isinstance(next(iter(first)), str)
        and (len(model.inputs) == 1 or first != {""})
        and not model.has_open_dimensions
        and all(info.dtype != "string" for info in model.inputs)
        and all(info.is_tensor for info in model.outputs)
        and all(info.shape and isinstance(info.shape[0], str) for info in model.outputs)
    )


def _random_rows(info: TensorInfo, count: int, random: np.random.Generator) -> Array:
    shape = (count, *(int(size) for size in info.shape[1:]))
    if info.is_float:
        return random.standard_normal(shape).astype(info.numpy_dtype)
    return random.integers(0, 2, shape).astype(info.numpy_dtype)


def _slice(rows: Feeds, start: int, end: int) -> Feeds:
    return {name: array[start:end] for name, array in rows.items()}


def _are_equal(values: list[Any], expected: list[Array], size: int) -> bool:
    return all(
        len(value) == size and value.tobytes() == wanted[:size].tobytes()
        for value, wanted in zip(values, expected, strict=True)
    )
