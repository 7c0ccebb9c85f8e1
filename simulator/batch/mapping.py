"""Mapping rules: rows of CSV files to the JSON bodies of requests.

A mapping rule has the shape of the request. Each string, number, integer or boolean in it has the
index of its column, from 0; one without a valid index is left out of the request.
Source: Deploying Services, table 5, mapping_rule; Deploying as a Batch Service, Example Mapping.

What the documents leave open: objects and arrays stay, also when nothing is left in them. A row
that lacks a column, or has a cell of another type there (`cells.py`), has no request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from simulator.batch.cells import CONVERTERS
from simulator.batch.rows import Row
from simulator.errors import DrydockError
from simulator.rules.rule import Path
from simulator.rules.text import listed, pointer, readable_path, shown

LEAVES = ("string", "number", "integer", "boolean")
"""Types of what is sent; each of them has the number of its column."""
MAX_DEPTH = 64
"""Deeper rules are refused, as deeper JSON is."""


Problem: TypeAlias = tuple[Path, str]


class BadMappingRule(DrydockError):
    """The rule cannot be followed for any row.

    Attributes:
        places: path into the rule, and what is wrong there, for each place.
        problems: the same with JSON pointers.
    """

    def __init__(self, places: Sequence[Problem]) -> None:
        self.places = tuple(places)
        self.problems = tuple((pointer(*path), text) for path, text in places)
        told = "; ".join(f"{place or 'the rule'}: {text}" for place, text in self.problems)
        super().__init__(f"the mapping rule cannot be followed: {told}")


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row has no request.

    Attributes:
        row: its number, from 1.
        line: the file's line on which it begins, from 1.
        reason: what is wrong.
        column: the column that it is about, from 0; None when it is the whole row.
        parameter: what the column is for, such as `data.req_data[0].input_1`.
    """

    row: int
    line: int
    reason: str
    column: int | None = None
    parameter: str = ""

    @property
    def message(self) -> str:
        """What is wrong, and where."""
        if self.column is None:
            return f"row {self.row}: {self.reason}"
        return f"row {self.row}, column {self.column} ({self.parameter}): {self.reason}"

    def document(self) -> dict[str, Any]:
        """As JSON."""
        found: dict[str, Any] = {"message": self.message, "line": self.line}
        if self.column is not None:
            found |= {"column": self.column, "parameter": self.parameter}
        return found


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A parameter that is sent."""

    convert: Callable[[str], Any]
    column: int
    name: str


@dataclass(frozen=True, slots=True)
class _Object:
    members: tuple[tuple[str, _Node], ...]


@dataclass(frozen=True, slots=True)
class _Array:
    places: tuple[_Node, ...]


_Node: TypeAlias = _Leaf | _Object | _Array


class _BadCell(ValueError):
    """Where a row cannot be converted, and why."""

    def __init__(self, leaf: _Leaf, reason: str) -> None:
        super().__init__(reason)
        self.leaf = leaf


class MappingRule:
    """A mapping rule, ready to be followed.

    Args:
        rule: as it stands in the deploy request.

    Raises:
        BadMappingRule: everything in it that cannot be followed.
    """

    def __init__(self, rule: Mapping[str, Any]) -> None:
        problems: list[Problem] = []
        root = _compiled(rule, (), (), problems)
        if root is None and not problems:
            problems.append(((), "nothing is sent: its only parameter has no column"))
        if root is None or problems:
            raise BadMappingRule(problems)
        self._root = root

    def request(self, row: Row) -> Any | RowError:
        """The body of the row's request, a JSON value; or why it has none."""
        if row.problem:
            return RowError(row.number, row.line, row.problem)
        try:
            return _built(self._root, row.cells)
        except _BadCell as bad:
            leaf = bad.leaf
            return RowError(row.number, row.line, str(bad), leaf.column, leaf.name)

    def requests(self, rows: Iterable[Row]) -> Iterator[tuple[int, Any | RowError]]:
        """The number of each row, with its request or why it has none."""
        for row in rows:
            yield row.number, self.request(row)


def generated_rule(request: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping rule that the console makes of an API's request definition: its shape, with the
    columns counted in the order in which the parameters stand there.

    Args:
        request: the schema of the request in config.json.

    Raises:
        BadMappingRule: it has something that no CSV file can give, such as a file.
    """
    problems: list[Problem] = []
    rule = _numbered(request, (), iter(range(1 << 30)), problems)
    if problems:
        raise BadMappingRule(problems)
    return rule


def _kind(schema: Any, path: Path, problems: list[Problem]) -> str:
    """The type of a schema; empty, with a problem told, when it has none that can be followed."""
    if not isinstance(schema, Mapping):
        problems.append((path, f"must be a schema, an object; got {shown(schema)}"))
        return ""
    if len(path) > MAX_DEPTH:
        problems.append((path, f"is more than {MAX_DEPTH} levels deep"))
        return ""
    kind = schema.get("type")
    if kind is None:
        kind = "object" if "properties" in schema else "array" if _ITEMS & schema.keys() else None
    kinds = ("object", "array", *LEAVES)
    if kind in kinds:
        return str(kind)
    text = "has no type" if kind is None else f"is of type {shown(kind)}"
    problems.append((path, f"{text}; a mapping has {listed(kinds)}"))
    return ""


_ITEMS = {"items", "item"}
"""Both words are in use for what an array holds."""


def _members(schema: Any, path: Path, problems: list[Problem]) -> dict[str, Any]:
    properties = schema.get("properties")
    if properties is None:  # null counts as absent, as everywhere in requests
        return {}
    if isinstance(properties, dict):
        return properties
    text = f"must be an object; got {shown(properties)}"
    problems.append(((*path, "properties"), text))
    return {}


def _places(schema: Any) -> list[tuple[Path, Any]]:
    """What an array holds: one schema, or several for as many places."""
    name = "item" if schema.get("items") is None else "items"
    items = schema.get(name)
    if items is None:
        return []
    if isinstance(items, list):
        return [((name, number), item) for number, item in enumerate(items)]
    return [((name,), items)]


def _compiled(schema: Any, path: Path, name: Path, problems: list[Problem]) -> _Node | None:
    """Part of a rule, without what is left out; None when it is left out itself.

    Args:
        path: its place in the rule; `name`: in the request.
    """
    kind = _kind(schema, path, problems)
    if kind == "object":
        members = [
            (key, _compiled(inner, (*path, "properties", key), (*name, key), problems))
            for key, inner in _members(schema, path, problems).items()
        ]
        return _Object(tuple((key, node) for key, node in members if node is not None))
    if kind == "array":
        places = [
            _compiled(inner, (*path, *below), (*name, number), problems)
            for number, (below, inner) in enumerate(_places(schema))
        ]
        return _Array(tuple(node for node in places if node is not None))
    if not kind or not is_column(schema.get("index")):
        return None
    return _Leaf(CONVERTERS[kind], schema["index"], readable_path(name))


def is_column(index: Any) -> bool:
    """Whether a parameter with this index is sent: a whole number from 0 on."""
    return type(index) is int and index >= 0


def _built(node: _Node, cells: list[str]) -> Any:
    if isinstance(node, _Leaf):
        try:
            return node.convert(cells[node.column])
        except IndexError:
            count = f"{len(cells)} column{'' if len(cells) == 1 else 's'}"
            raise _BadCell(node, f"the row has {count} only") from None
        except ValueError as error:
            raise _BadCell(node, str(error)) from None
    if isinstance(node, _Object):
        return {key: _built(member, cells) for key, member in node.members}
    return [_built(place, cells) for place in node.places]


def _numbered(
    schema: Any, path: Path, columns: Iterator[int], problems: list[Problem]
) -> dict[str, Any]:
    kind = _kind(_lowered(schema), path, problems)
    if kind == "object":
        members = _members(schema, path, problems)
        return {
            "type": kind,
            "properties": {
                key: _numbered(inner, (*path, "properties", key), columns, problems)
                for key, inner in members.items()
            },
        }
    if kind == "array":
        items = [
            _numbered(inner, (*path, *below), columns, problems) for below, inner in _places(schema)
        ]
        return {"type": kind, "items": items}
    return {"type": kind, "index": next(columns)}


def _lowered(schema: Any) -> Any:
    """Types of config.json may be written in capitals."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    return {**schema, "type": kind.lower()} if isinstance(kind, str) else schema
