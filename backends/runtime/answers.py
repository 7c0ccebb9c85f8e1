"""Model outputs to the declared JSON answer. Pure.

Each value of the response schema is filled by the first line that applies:

    declared                                     gets
    -------------------------------------------  ------------------------------------------------
    any, named as an output of the model         that output's values of the row (all of it, where
                                                 no row is and the arrays nest as deep as it)
    array of arrays, or of pairs (`scores`)      the 5 likeliest as ["name", "0.997"], both strings
    array of numbers, or of anything             the probability of each class, in class order
    string, name contains "prob" or "score"      the top probability, as "0.997"
    other string                                 the label
    number, name contains "prob" or "score"      the top probability
    number, named as a class                     the probability of that class
    other number or integer, model with scores   the number of the class
    number, model with a value                   the value

An array of objects has one element a row of the request; whatever stands outside of one needs a
request of one row. Row objects without declared properties get `predictresult`, the label or value.
Without a response schema a picture is answered `predicted_label` and `scores`, and JSON by every
output under its name. A number that is not finite is an error in a declared answer, and null in an
answer by name (JSON has no word for it).
Source: ModelArts, specifications for writing the model configuration file (image classification and
predictive analysis examples). The rules by name are ours: the documents leave them to user code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from backends.runtime.contract import CONFIG, Api, Kind, Schema
from backends.runtime.errors import StartError
from backends.runtime.results import Results, Roles, Row, as_json, plain
from backends.runtime.tensors import TensorInfo

DIGITS = 6
"""Decimals of a probability sent as a number: all that a float32 holds."""


Writer: TypeAlias = Callable[[Results], object]
"""What the model computed to the answer, ready for JSON."""
_RowWriter: TypeAlias = Callable[[Row], object]


def compile_answer(api: Api, roles: Roles, outputs: Sequence[TensorInfo]) -> Writer:
    """The writer of the answers that `api` declares.

    Raises:
        StartError: a declared value that nothing the model computes can fill; names both.
    """
    if api.response is None or (api.response.kind is Kind.OBJECT and not api.response.properties):
        return _default_writer(api, roles, outputs)
    return _Compiler(api, roles, outputs).writer("", api.response)


class _Compiler:
    """Turns a response schema into functions, once, at load."""

    def __init__(self, api: Api, roles: Roles, outputs: Sequence[TensorInfo]) -> None:
        self._api = api
        self._roles = roles
        self._outputs = {info.name: info for info in outputs}

    def writer(self, name: str, schema: Schema) -> Writer:
        """A node outside of any row."""
        if schema.kind is Kind.OBJECT and schema.properties:
            parts = [(n, self.writer(n, s)) for n, s in schema.properties.items() if n != "meta"]
            return lambda results: {n: write(results) for n, write in parts}
        if self._is_whole(name, schema):
            return lambda results: as_json(results.outputs[name])
        if schema.kind is Kind.ARRAY and len(schema.items) == 1 and name not in self._outputs:
            item = schema.items[0]
            if item.kind is Kind.OBJECT:
                each = self.row_writer(name, item)
                return lambda results: [each(row) for row in results.rows]
        single = self.row_writer(name, schema)
        return lambda results: single(results.only_row(name))

    def row_writer(self, name: str, schema: Schema) -> _RowWriter:
        """A node of which each row has its own."""
        if name in self._outputs:
            return self._named(name, schema)
        if schema.kind is Kind.OBJECT:
            if not schema.properties:
                return self._bare_row(schema)
            parts = [(n, self.row_writer(n, s)) for n, s in schema.properties.items()]
            return lambda row: {n: write(row) for n, write in parts}
        write = self._array(schema) if schema.kind is Kind.ARRAY else self._scalar(name, schema)
        if write is None:
            raise self._unfillable(name, schema)
        return write

    def _is_whole(self, name: str, schema: Schema) -> bool:
        """Whether an array is declared as deep as the output that it is named after."""
        depth, node = 0, schema
        while node.kind is Kind.ARRAY:
            depth += 1
            if len(node.items) != 1:
                break
            node = node.items[0]
        return name in self._outputs and depth > 0 and depth == len(self._outputs[name].shape)

    def _named(self, name: str, schema: Schema) -> _RowWriter:
        if schema.kind is Kind.ARRAY:
            return lambda row: as_json(row.outputs[name][row.index])
        info = self._outputs[name]
        if schema.kind is Kind.OBJECT or any(size != 1 for size in info.shape[1:]):
            raise self._unfillable(name, schema)
        convert = str if schema.kind is Kind.STRING else _as_is
        return lambda row: convert(_first(plain(row.outputs[name][row.index])))

    def _array(self, schema: Schema) -> _RowWriter | None:
        if self._roles.scores is None:
            return None
        kinds = {item.kind for item in schema.items}
        if len(schema.items) > 1 or kinds == {Kind.ARRAY}:
            return Row.pairs
        if kinds <= {Kind.NUMBER}:
            return lambda row: [round(p, DIGITS) for p in row.probabilities]
        return None

    def _scalar(self, name: str, schema: Schema) -> _RowWriter | None:
        scores = self._roles.scores is not None
        is_score = any(word in name.lower() for word in ("prob", "score"))
        classes = self._roles.classes
        write: _RowWriter | None = None
        if schema.kind is Kind.STRING:
            if is_score and scores:
                write = lambda row: f"{row.top_probability:.3f}"  # noqa: E731
            elif not is_score and (scores or self._roles.label is not None):
                write = lambda row: row.label  # noqa: E731
        elif schema.kind is Kind.NUMBER and is_score and scores:
            write = lambda row: round(row.top_probability, DIGITS)  # noqa: E731
        elif schema.kind is Kind.NUMBER and scores and name in classes:
            place = classes.index(name)
            write = lambda row: round(row.probabilities[place], DIGITS)  # noqa: E731
        elif schema.kind in (Kind.NUMBER, Kind.INTEGER) and scores and not is_score:
            write = lambda row: row.class_number  # noqa: E731
        elif schema.kind is Kind.NUMBER and self._roles.value is not None:
            write = Row.value
        return write

    def _bare_row(self, schema: Schema) -> _RowWriter:
        if self._roles.scores is not None or self._roles.label is not None:
            return lambda row: {"predictresult": row.label}
        if self._roles.value is not None:
            return lambda row: {"predictresult": row.value()}
        raise self._unfillable("", schema)

    def _unfillable(self, name: str, schema: Schema) -> StartError:
        outputs = "; ".join(map(str, self._outputs.values()))
        return StartError(
            "cannot map the model to the answer",
            where=f"{CONFIG}, {self._api.where}.response, {schema.where or 'the top'}",
            why=f"the model's output {outputs} gives nothing for {name!r} of type {schema.kind}",
            hint="name it as an output of the model, or declare another type",
        )


def _default_writer(api: Api, roles: Roles, outputs: Sequence[TensorInfo]) -> Writer:
    if api.file_keys and roles.scores is not None:
        return lambda results: {
            "predicted_label": results.rows[0].label,
            "scores": results.rows[0].pairs(),
        }
    names = [info.name for info in outputs]
    return lambda results: {"data": {name: as_json(results.outputs[name]) for name in names}}


def _first(value: Any) -> Any:
    while isinstance(value, list):
        value = value[0]
    return value


def _as_is(value: Any) -> Any:
    return value
