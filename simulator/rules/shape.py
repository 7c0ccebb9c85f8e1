"""The shape of a document: which fields, of which types, which of them mandatory.

A shape is a dataclass. Its fields stand in the order of the document's table, so that the row of a
field is its position. Null counts as absent everywhere: published clients send it for fields that
were not set.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

from simulator.rules.rule import ErrorCode, Proof, Rule, Source, shape_check


class NumericText:
    """Marks an integer that may be sent as a string of digits, as the documents' examples do."""


class OneOrMap:
    """Marks a map of objects in place of which some clients send one object."""


Numeric = Annotated[int, NumericText()]


@dataclass(frozen=True, slots=True)
class Table:
    """Where the fields of a shape are documented.

    Attributes:
        prefix: of the rule ids, `MA` or `EAS`.
        number: makes rule ids: row 5 of table 3 is `MA-TYPE-0305` and `MA-MUST-0305`.
        answer: what the cloud says when a field is of another type or absent.
    """

    prefix: str
    number: int
    source: Source
    answer: ErrorCode
    proof: Proof = Proof.DOCUMENTED


class Shape:
    """Base of all shapes."""

    table: ClassVar[Table]
    beyond: ClassVar[Source | None] = None
    """Source of the fields after `documented_rows`, which the table does not have."""
    documented_rows: ClassVar[int] = 0


ShapeT = TypeVar("ShapeT", bound=Shape)


@dataclass(frozen=True, slots=True)
class Field:
    """One row.

    Attributes:
        about: what it is, one sentence.
        kind: what values it takes.
        type_rule: broken by a value of another type.
        must_rule: broken when it is absent; None for optional fields.
    """

    name: str
    about: str
    kind: Kind
    type_rule: Rule
    must_rule: Rule | None


@dataclass(frozen=True, slots=True)
class Kind:
    """What values a field takes.

    Attributes:
        name: `text`, `integer`, `number`, `boolean`, `array`, `map`, `object`, `json` or `any`.
        item: of an array or a map.
        shape: of an object.
        numeric_text: an integer that may come as a string of digits.
        one_or_map: a map in place of which one item may stand.
    """

    name: str
    item: Kind | None = None
    shape: type[Shape] | None = None
    numeric_text: bool = False
    one_or_map: bool = False

    @property
    def words(self) -> str:
        """As messages say it: `an array of strings`."""
        if self.name in ("array", "map"):
            assert self.item is not None
            plural = {"text": "strings", "object": "objects", "integer": "integers"}
            items = plural.get(self.item.name, "values")
            many = "an array" if self.name == "array" else "an object"
            return f"{many} of {items}"
        if self.numeric_text:
            return "an integer, or a string of its digits"
        return _WORDS[self.name]


_WORDS = {
    "text": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "json": "an object",
    "any": "any value",
}
_SCALARS = {str: "text", int: "integer", float: "number", bool: "boolean"}


_FIELDS: dict[type[Shape], dict[str, Field]] = {}


def fields_of(shape: type[Shape]) -> dict[str, Field]:
    """The rows of a shape, by name, in the document's order. Read once a shape."""
    if shape not in _FIELDS:
        _FIELDS[shape] = _read_fields(shape)
    return _FIELDS[shape]


def _read_fields(shape: type[Shape]) -> dict[str, Field]:
    hints = typing.get_type_hints(shape, include_extras=True)
    rows = [row for row in dataclasses.fields(shape) if row.init]  # type: ignore[arg-type]
    return {
        wire_name(row): _field(shape, number, row, hints[row.name])
        for number, row in enumerate(rows, start=1)
    }


def _field(shape: type[Shape], number: int, row: dataclasses.Field[Any], annotation: Any) -> Field:
    about, kind = _read(annotation)
    name = wire_name(row)
    mandatory = row.default is dataclasses.MISSING and row.default_factory is dataclasses.MISSING
    table = shape.table
    beyond = shape.beyond if number > shape.documented_rows else None
    code = f"{table.number:02d}{number:02d}"
    common: dict[str, Any] = {
        "source": beyond or Source(table.source.document, f"{table.source.place}, {name}"),
        "subjects": (),
        "at": name,
        "check": shape_check,
        "answer": table.answer,
        "proof": table.proof,
    }
    type_rule = Rule(
        id=f"{table.prefix}-TYPE-{code}", statement=f"{name} is {kind.words}.", **common
    )
    must_rule = (
        Rule(id=f"{table.prefix}-MUST-{code}", statement=f"{name} is mandatory.", **common)
        if mandatory
        else None
    )
    return Field(name, about, kind, type_rule, must_rule)


def wire_name(row: dataclasses.Field[Any]) -> str:
    """The field's name in JSON: some are no names in Python, such as `Content-type`."""
    return str(row.metadata.get("name", row.name))


def _read(annotation: Any) -> tuple[str, Kind]:
    """What a field's annotation says: the sentence about it, and its kind."""
    about = ""
    if get_origin(annotation) is Annotated:
        annotation, *notes = get_args(annotation)
        about = next((note for note in notes if isinstance(note, str)), "")
        marks = [note for note in notes if not isinstance(note, str)]
        if marks:
            annotation = Annotated[annotation, *marks]
    return about, kind_of(annotation)


def kind_of(annotation: Any) -> Kind:
    """The kind that a type annotation means.

    Raises:
        TypeError: the annotation is none that shapes know.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        kind = kind_of(arguments[0])
        return dataclasses.replace(
            kind,
            numeric_text=any(isinstance(a, NumericText) for a in arguments[1:]),
            one_or_map=any(isinstance(a, OneOrMap) for a in arguments[1:]),
        )
    if origin in (typing.Union, types.UnionType):
        (inner,) = (a for a in arguments if a is not types.NoneType)
        return kind_of(inner)
    if origin in (list, dict):
        return _kind_of_many(origin, kind_of(arguments[-1]))
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        return Kind("object", shape=annotation)
    if annotation is Any or annotation in _SCALARS:
        return Kind(_SCALARS.get(annotation, "any"))
    raise TypeError(f"a shape cannot have a field of type {annotation!r}")


def _kind_of_many(origin: type, item: Kind) -> Kind:
    if origin is list:
        return Kind("array", item=item)
    return Kind("json") if item.name == "any" else Kind("map", item=item)


def shapes_below(shape: type[Shape]) -> Iterator[type[Shape]]:
    """The shape and every shape that its fields hold, each once."""
    seen: list[type[Shape]] = []
    todo = [shape]
    while todo:
        current = todo.pop(0)
        if current in seen:
            continue
        seen.append(current)
        yield current
        for field in fields_of(current).values():
            kind: Kind | None = field.kind
            while kind is not None:
                if kind.shape is not None:
                    todo.append(kind.shape)
                kind = kind.item


_SHORT_NUMBER = re.compile(r" *-?[0-9]{1,9} *")


def numeric(text: str) -> int | None:
    """The integer that a string of digits means; None for any other string."""
    return int(text) if _SHORT_NUMBER.fullmatch(text) else None


def build(shape: type[ShapeT], clean: dict[str, Any]) -> ShapeT:
    """The typed object of a cleaned document in which nothing mandatory is absent."""
    known = fields_of(shape)
    arguments = {}
    for row in dataclasses.fields(shape):  # type: ignore[arg-type]
        name = wire_name(row)
        if name in clean:
            arguments[row.name] = _typed(known[name].kind, clean[name])
    return shape(**arguments)


def _typed(kind: Kind, value: Any) -> Any:
    if kind.shape is not None:
        return build(kind.shape, value)
    if kind.item is not None and kind.item.name in ("object", "array", "map"):
        if kind.name == "array":
            return [_typed(kind.item, item) for item in value]
        return {key: _typed(kind.item, item) for key, item in value.items()}
    return value
