"""What a model computed, interpreted: labels, probabilities, values. Pure.

Each output gets a role (`find_roles`): *scores*, the first float matrix of more than one column (or
list of maps, as scikit-learn exports write); *label*, the first integer or string vector; *value*,
the first float vector or one-column matrix. A row of scores that is not already a distribution
(none below 0, sum 1) goes through softmax. Class names are the metadata's `labels`, a JSON list,
else the maps' keys, else the class numbers.
"""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.tensors import TensorInfo

TOP = 5
"""Classes listed in `scores`, at most."""


@dataclass(frozen=True)
class Roles:
    """Which output means what; None where the model has none. `classes` may be empty."""

    label: str | None
    scores: str | None
    value: str | None
    classes: tuple[str, ...]


class Row:
    """What the model said about one row of the request.

    Attributes:
        outputs: every output by name, whole.
        index: the row.
        label: name of the class; empty for a model without classes.
        class_number: number of the likeliest class; -1 without scores.
        probabilities: one a class, in class order; empty without scores.
        names: of the classes, as many as `probabilities`.
    """

    __slots__ = ("class_number", "index", "label", "names", "outputs", "probabilities", "roles")

    def __init__(self, outputs: Mapping[str, Any], roles: Roles, index: int) -> None:
        self.outputs = outputs
        self.roles = roles
        self.index = index
        self.names: Sequence[str] = roles.classes
        self.probabilities: list[float] = []
        self.class_number = -1
        self.label = ""
        if roles.scores is not None:
            self._read_scores(outputs[roles.scores][index])
        if roles.label is not None:
            found = plain(outputs[roles.label][index])
            found = found[0] if isinstance(found, list) else found
            self.label = found if isinstance(found, str) else self._name(found)

    @property
    def top_probability(self) -> float:
        return max(self.probabilities)

    def value(self) -> float:
        """The number that a model without scores computed."""
        found = plain(self.outputs[str(self.roles.value)][self.index])
        found = found[0] if isinstance(found, list) else found
        if not math.isfinite(found):
            raise _not_finite(self.index)
        return float(found)

    def pairs(self) -> list[list[str]]:
        """The likeliest classes, at most `TOP`: name and probability with 3 decimals."""
        places = range(len(self.probabilities))
        best = heapq.nlargest(TOP, places, key=self.probabilities.__getitem__)
        return [[self._name(i), f"{self.probabilities[i]:.3f}"] for i in best]

    def _read_scores(self, found: Any) -> None:
        if isinstance(found, dict):
            self.names = [str(key) for key in found]
            scores = [float(score) for score in found.values()]
        else:
            scores = found.tolist()
        self.probabilities = as_distribution(scores, self.index)
        self.class_number = self.probabilities.index(max(self.probabilities))
        self.label = self._name(self.class_number)

    def _name(self, number: int) -> str:
        return self.names[number] if 0 <= number < len(self.names) else str(number)


class Results:
    """What the model computed for one request.

    Attributes:
        outputs: every output by name.
        count: rows of the request.
    """

    __slots__ = ("_roles", "_rows", "count", "outputs")

    def __init__(self, outputs: Mapping[str, Any], roles: Roles, count: int) -> None:
        self.outputs = outputs
        self.count = count
        self._roles = roles
        self._rows: list[Row] | None = None

    @property
    def rows(self) -> list[Row]:
        """The request's rows, interpreted when first asked for."""
        if self._rows is None:
            for name in (self._roles.scores, self._roles.label, self._roles.value):
                if name is not None and len(self.outputs[name]) != self.count:
                    text = f"output {name!r} has {len(self.outputs[name])} results"
                    raise RequestError(Problem.BAD_RESULT, f"{text} for {self.count} row(s)")
            self._rows = [Row(self.outputs, self._roles, i) for i in range(self.count)]
        return self._rows

    def only_row(self, name: str) -> Row:
        """The row of a request that must have just one, because the answer has one `name`."""
        if self.count != 1:
            text = f"the declared answer has one {name or 'result'!r}, so one row a request; "
            raise RequestError(Problem.WRONG_SHAPE, text + f"{self.count} rows came")
        return self.rows[0]


def find_roles(outputs: Sequence[TensorInfo], metadata: Mapping[str, str]) -> Roles:
    """Which output means what.

    Raises:
        StartError: the metadata's `labels` is no JSON list of strings, or of the wrong length.
    """
    label = scores = value = None
    for info in outputs:
        rank = len(info.shape)
        is_column = rank == 1 or (rank == 2 and info.shape[1] == 1)
        if not info.is_tensor or (info.is_float and rank == 2 and not is_column):
            scores = scores or info
        elif info.is_float and is_column:
            value = value or info.name
        elif is_column and info.dtype != "bool":
            label = label or info.name
    classes = _read_labels(metadata.get("labels"), scores)
    return Roles(label, scores.name if scores else None, value, classes)


def as_distribution(scores: list[float], row: int) -> list[float]:
    """Probabilities as they are; anything else through softmax."""
    total = sum(scores)
    if abs(total - 1.0) < 1e-3 and min(scores) >= 0.0:
        return scores
    if not math.isfinite(total):
        raise _not_finite(row)
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def plain(value: Any) -> Any:
    """An output, or a row of one, as JSON values; maps get string keys."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.tolist() if hasattr(value, "tolist") else value


def as_json(value: Any) -> Any:
    """An output, or a row of one, ready for orjson with NumPy support: short float32 digits."""
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "biuf":
        return np.ascontiguousarray(value)
    return plain(value)


def _read_labels(raw: str | None, scores: TensorInfo | None) -> tuple[str, ...]:
    if raw is None:
        return ()
    try:
        labels = json.loads(raw)
    except ValueError:
        labels = None
    count = scores.shape[1] if scores and scores.is_tensor else ""
    why = ""
    if not isinstance(labels, list) or not all(isinstance(name, str) for name in labels):
        labels, why = [], f"it is no JSON list of strings: {raw[:80]!r}"
    elif isinstance(count, int) and count != len(labels):
        why = f"it names {len(labels)} classes, the model's output has {count}"
    if why:
        raise StartError(
            "cannot map the model to the answer",
            where="the model's metadata 'labels'",
            why=why,
            hint="export the model with one label a class",
        )
    return tuple(labels)


def _not_finite(row: int) -> RequestError:
    text = f"the model computed something that is not a number for row {row}"
    return RequestError(Problem.BAD_RESULT, text)
