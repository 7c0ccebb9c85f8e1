"""JSON request bodies to model inputs, by the declared request schema.

The schema is walked once, at load, down to the first object whose properties are all values:

- an array of such objects: its elements are rows (`data.req_data[]` in the documents);
- one such object with a scalar in it: a single row;
- one such object of arrays only: each array is a whole tensor of that name.

Columns of rows become the model's inputs:

- one input, scalar columns: a matrix (rows, columns), columns in declared order;
- columns named as the inputs, or one array column and one input: each column is an input.

A string column that feeds a tensor of numbers must hold decimal numbers; a boolean becomes 1 or 0.
Properties beyond the declared ones are ignored, as JSON Schema does. Without a schema the body is
`{"data": {"<input>": nested list}}` or the inner object alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, TypeAlias

from backends.runtime.contract import CONFIG, Api, Kind, Schema
from backends.runtime.errors import Problem, RequestError, StartError
from backends.runtime.named import TensorsByName, descend
from backends.runtime.tensors import (
    Feeds,
    TensorInfo,
    check_shape,
    check_symbols,
    json_type,
    pack,
    to_array,
)

Reader: TypeAlias = Callable[[object], Feeds]
"""A parsed body to checked feeds; raises RequestError."""


def compile_reader(api: Api, inputs: Sequence[TensorInfo]) -> Reader:
    """The reader of the bodies that `api` declares.

    Raises:
        StartError: the declared properties do not fit the model's inputs; names both.
    """
    if api.request is None or (api.request.kind is Kind.OBJECT and not api.request.properties):
        return TensorsByName(inputs, ())
    rows = _locate(api.request, api.where)
    names = list(rows.columns)
    scalars = [name for name, schema in rows.columns.items() if schema.is_scalar]
    if not rows.is_list and not scalars:
        return TensorsByName(inputs, rows.path, _match(names, inputs, api))
    if len(inputs) == 1 and len(scalars) == len(names) and _is_matrix(inputs[0], len(names)):
        _check_kinds(rows.columns, inputs[0], api)
        return _Matrix(rows, inputs[0])
    column_of = _match(names, inputs, api)
    for info in inputs:
        name = column_of[info.name]
        _check_kinds({name: rows.columns[name]}, info, api)
        if name in scalars and info.shape[1:] not in ((), (1,)) and info.shape[1:] != ("",):
            raise _misfit(names, inputs, api)
    return _Columns(rows, inputs, column_of)


@dataclass(frozen=True)
class _Rows:
    """Where rows stand in a body: below `path`, in a list or as one object."""

    path: tuple[str, ...]
    is_list: bool
    columns: Mapping[str, Schema]

    def find(self, body: object) -> list[Any]:
        node = descend(body, self.path)
        if not self.is_list:
            return [node]
        place = ".".join(self.path) or "the body"
        if not isinstance(node, list):
            text = f"{place!r} must be an array of objects; {json_type(node)} came"
            raise RequestError(Problem.WRONG_TYPE, text)
        if not node:
            raise RequestError(Problem.WRONG_SHAPE, f"{place!r} is empty; it must have a row")
        return node

    def place(self, row: int, name: str = "") -> str:
        prefix = ".".join(self.path) + (f"[{row}]" if self.is_list else "")
        return f"{prefix}.{name}".strip(".") if name else prefix or "the body"

    def explain(self, rows: list[Any]) -> RequestError:
        """Which row is no object or lacks a column; called once it is known that one does."""
        for i, row in enumerate(rows):
            if not isinstance(row, dict):
                text = f"{self.place(i)!r} must be an object; {json_type(row)} came"
                return RequestError(Problem.WRONG_TYPE, text)
            for name in self.columns:
                if name not in row:
                    came = ", ".join(repr(key) for key in list(row)[:20]) or "nothing"
                    text = f"property {self.place(i, name)!r} is missing; came: {came}"
                    return RequestError(Problem.MISSING, text)
        raise AssertionError("every row is complete")


class _Matrix:
    """Rows of scalar columns to one array (rows, columns)."""

    def __init__(self, rows: _Rows, info: TensorInfo) -> None:
        self._rows = rows
        self._info = info
        self._names = tuple(rows.columns)
        self._kinds = [(name, schema.kind) for name, schema in rows.columns.items()]
        # the common case, numbers into floats, needs no look at each value by itself
        only_numbers = all(kind is Kind.NUMBER for _, kind in self._kinds)
        self._plain = {int, float} if only_numbers and info.is_float else set()

    def __call__(self, body: object) -> Feeds:
        rows, names, info = self._rows.find(body), self._names, self._info
        try:
            cells = [row[name] for row in rows for name in names]
        except (KeyError, TypeError, IndexError):
            raise self._rows.explain(rows) from None
        if not set(map(type, cells)) <= self._plain:
            kinds = cycle(self._kinds)
            cells = [
                _cell(value, kind, info, self._rows, i // len(names), name)
                for i, (value, (name, kind)) in enumerate(zip(cells, kinds, strict=False))
            ]
        array = pack(cells, info).reshape(len(rows), len(names))
        # the number of columns was compared at load; only the number of rows can still be wrong
        check_shape(array.shape, info)
        return {info.name: array}


class _Columns:
    """Rows whose columns are inputs of their own."""

    def __init__(
        self, rows: _Rows, inputs: Sequence[TensorInfo], column_of: Mapping[str, str]
    ) -> None:
        self._rows = rows
        self._inputs = inputs
        self._column_of = column_of

    def __call__(self, body: object) -> Feeds:
        rows = self._rows.find(body)
        feeds: Feeds = {}
        for info in self._inputs:
            name = self._column_of[info.name]
            schema = self._rows.columns[name]
            try:
                values = [row[name] for row in rows]
            except (KeyError, TypeError, IndexError):
                raise self._rows.explain(rows) from None
            if schema.is_scalar:
                values = [
                    _cell(value, schema.kind, info, self._rows, i, name)
                    for i, value in enumerate(values)
                ]
                if len(info.shape) == 2:
                    values = [[value] for value in values]
            feeds[info.name] = to_array(values, info)
        check_symbols(feeds, self._inputs)
        return feeds


def _locate(schema: Schema, where: str, path: tuple[str, ...] = ()) -> _Rows:
    if schema.kind is Kind.ARRAY and len(schema.items) == 1:
        row = schema.items[0]
        if row.properties and all(s.is_scalar or s.is_tensor for s in row.properties.values()):
            return _Rows(path, True, row.properties)
    if schema.kind is Kind.OBJECT:
        # "meta" beside "data" is the envelope's, never the model's
        children = {
            name: child
            for name, child in schema.properties.items()
            if name != "meta" or "data" not in schema.properties
        }
        if children and all(s.is_scalar or s.is_tensor for s in children.values()):
            return _Rows(path, False, children)
        if len(children) == 1:
            ((name, child),) = children.items()
            return _locate(child, where, (*path, name))
    raise StartError(
        "cannot map the request to the model",
        where=f"{CONFIG}, {where}.request, {schema.where or 'the top'}",
        why="here neither rows (an array of objects of values) nor an object of values is declared",
        hint="declare one array of objects whose properties are the model's columns",
    )


def _cell(value: Any, kind: Kind, info: TensorInfo, rows: _Rows, row: int, name: str) -> Any:
    """One declared scalar as a value for `info`'s dtype."""
    is_number = type(value) in (int, float)
    if kind is Kind.STRING and isinstance(value, str):
        return value if info.dtype == "string" else _decimal(value, info, rows.place(row, name))
    if kind is Kind.BOOLEAN and isinstance(value, bool):
        return value if info.dtype == "bool" else int(value)
    whole = is_number and float(value).is_integer()
    if kind is Kind.NUMBER and is_number and (whole or info.is_float):
        return value if info.is_float else int(value)
    if kind is Kind.INTEGER and whole:
        return int(value)
    expected = "integer" if kind is Kind.NUMBER and not info.is_float else str(kind)
    text = f"property {rows.place(row, name)!r} must be of type {expected}; "
    raise RequestError(Problem.WRONG_TYPE, text + f"{json_type(value)} came: {str(value)[:50]!r}")


def _decimal(value: str, info: TensorInfo, place: str) -> float | int:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in value or not (info.is_float or number.is_integer()):
        text = f"property {place!r} feeds {info.dtype} and must hold a number; {value[:50]!r} came"
        raise RequestError(Problem.WRONG_TYPE, text)
    return number if info.is_float else int(number)


def _is_matrix(info: TensorInfo, columns: int) -> bool:
    return len(info.shape) == 2 and (isinstance(info.shape[1], str) or info.shape[1] == columns)


def _match(names: Sequence[str], inputs: Sequence[TensorInfo], api: Api) -> dict[str, str]:
    """{input name: property name}: by name, or the only one for the only one."""
    if {info.name for info in inputs} == set(names):
        return {name: name for name in names}
    if len(inputs) == len(names) == 1:
        return {inputs[0].name: names[0]}
    raise _misfit(names, inputs, api)


def _check_kinds(columns: Mapping[str, Schema], info: TensorInfo, api: Api) -> None:
    only = {"string": Kind.STRING, "bool": Kind.BOOLEAN}.get(info.dtype)
    for name, schema in columns.items():
        if schema.is_scalar and only is not None and schema.kind is not only:
            raise _misfit([f"{name} ({schema.kind})"], [info], api)


def _misfit(names: Sequence[str], inputs: Sequence[TensorInfo], api: Api) -> StartError:
    return StartError(
        "cannot map the request to the model",
        where=f"{CONFIG}, {api.where}.request",
        why=f"{len(names)} declared propert{'y' if len(names) == 1 else 'ies'} "
        f"({', '.join(names)}) do not fit the model's input {'; '.join(map(str, inputs))}",
        hint="declare one property for each column, or one named as each input",
    )
