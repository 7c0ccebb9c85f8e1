"""The first pass over a document: types and mandatory fields, and the clean document.

Readers are made once from a shape. They run for every request, so that they are written for speed:
a value of the expected type costs one look into a set, and a place is a pair `(place of the holder,
key)` that becomes a path only when something is found there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simulator.rules.rule import Check, Path, Rule, shape_check
from simulator.rules.shape import Kind, Shape, fields_of, numeric
from simulator.rules.text import shown

Place = tuple[Any, str | int] | None
"""Where a value stands: place of its holder and key; None for the document itself."""

Asked = tuple[Check, int, Rule]
"""A rule that is asked: its check, its place in the documented order, and itself."""

MOST_TOLD = 1000
"""Violations in one document, and warnings. Further ones are not told: they take time, and nobody
reads them."""

SPOILT: Any = object()
"""In place of a value of another type, which is told already."""

_EXACT: dict[str, frozenset[type]] = {
    "text": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "boolean": frozenset({bool}),
    "json": frozenset({dict}),
    "any": frozenset({str, int, float, bool, dict, list}),
}
"""Types of JSON values that need no further look."""


def path_of(place: Place) -> Path:
    """A place as a path from the document's root."""
    parts: list[str | int] = []
    while place is not None:
        place, key = place
        parts.append(key)
    return tuple(reversed(parts))


class Found:
    """A finding before it has words."""

    __slots__ = ("order", "path", "rule", "text")

    def __init__(self, order: int, rule: Rule, path: Path, text: str) -> None:
        self.order = order
        self.rule = rule
        self.path = path
        self.text = text

    def key(self) -> tuple[int, list[tuple[bool, Any]], str]:
        """Documented order, then place: names before indexes, and these as numbers."""
        return self.order, [(isinstance(part, int), part) for part in self.path], self.text


class Run:
    """What one judgement collects.

    Attributes:
        found: violations: those on types and mandatory fields at first, later all.
        warned: what is accepted and yet told.
        misshapen: where a value is absent or of another type.
        pending: rules to ask, the value they are about, where its holder stands, and its key there;
            no key where the place is the value's own.
        unknown: fields that the shape does not have: the object's reader, its place, the name.
    """

    __slots__ = ("found", "misshapen", "pending", "unknown", "warned")

    def __init__(self) -> None:
        self.found: list[Found] = []
        self.warned: list[Found] = []
        self.misshapen: set[Path] = set()
        self.pending: list[tuple[tuple[Asked, ...], Any, Place, str | int | None]] = []
        self.unknown: list[tuple[ObjectReader, Place, str]] = []

    def misshape(self, order: int, rule: Rule, place: Place, text: str) -> Any:
        """Note what is absent or of another type."""
        if len(self.found) >= MOST_TOLD:
            return SPOILT
        path = path_of(place)
        self.found.append(Found(order, rule, path, text))
        self.misshapen.add(path)
        return SPOILT


class Reader:
    """Reads one value of a kind.

    Attributes:
        exact: types that the caller may take as they are, without `read`.
        asked: rules about the value; for an item of an array or a map, about that.
        asked_of_holder: rules about the object that has the field, because it is present.
        hooked: whether there are any of the two.
    """

    __slots__ = ("asked", "asked_of_holder", "exact", "hooked", "kind", "order", "rule")

    def __init__(self, kind: Kind, rule: Rule, order: int) -> None:
        self.kind = kind
        self.rule = rule
        self.order = order
        self.exact: frozenset[type] = _EXACT.get(kind.name, frozenset())
        self.asked: tuple[Asked, ...] = ()
        self.asked_of_holder: tuple[Asked, ...] = ()
        self.hooked = False

    def read(self, value: Any, place: Place, run: Run) -> Any:
        """The clean value of one that is not of the exact type; `SPOILT` after telling why."""
        if self.kind.numeric_text and isinstance(value, str):
            number = numeric(value)
            if number is not None:
                return number
        return self.mistyped(value, place, run)

    def mistyped(self, value: Any, place: Place, run: Run) -> Any:
        text = f"must be {self.kind.words}, not {shown(value)}"
        return run.misshape(self.order, self.rule, place, text)

    def takes_all(self, values: Iterable[Any]) -> bool:
        """Whether all values may be taken as they are, and nothing is asked about any of them."""
        return not self.asked and self.exact.issuperset(map(type, values))

    def ask(self, asked: Asked, *, of_holder: bool = False) -> None:
        """Have a rule asked wherever this is read."""
        if of_holder:
            self.asked_of_holder += (asked,)
        else:
            self.asked += (asked,)
        self.hooked = True


class ObjectReader(Reader):
    """Reads an object of a shape."""

    __slots__ = ("fields", "must")

    def __init__(self, kind: Kind, rule: Rule, order: int, orders: Mapping[str, int]) -> None:
        super().__init__(kind, rule, order)
        assert kind.shape is not None
        rows = fields_of(kind.shape)
        self.fields = {
            name: reader_of(row.kind, row.type_rule, orders) for name, row in rows.items()
        }
        self.must = tuple(
            (name, row.must_rule, orders.get(row.must_rule.id, 0))
            for name, row in rows.items()
            if row.must_rule is not None
        )

    def read(self, value: Any, place: Place, run: Run) -> Any:
        if type(value) is not dict:
            return self.mistyped(value, place, run)
        clean: dict[str, Any] = {}
        fields, pending = self.fields, run.pending
        for name, item in value.items():
            reader = fields.get(name)
            if reader is None:
                run.unknown.append((self, place, name))
                continue
            if item is None:
                continue
            if type(item) not in reader.exact:
                item = reader.read(item, (place, name), run)  # noqa: PLW2901
                if item is SPOILT:
                    continue
            clean[name] = item
            if reader.hooked:
                if reader.asked:
                    pending.append((reader.asked, item, place, name))
                if reader.asked_of_holder:
                    pending.append((reader.asked_of_holder, clean, place, None))
        for name, rule, order in self.must:
            if name not in clean and value.get(name) is None:
                run.misshape(order, rule, (place, name), "is mandatory")
        return clean


class ArrayReader(Reader):
    """Reads an array."""

    __slots__ = ("item",)

    def __init__(self, kind: Kind, rule: Rule, order: int, item: Reader) -> None:
        super().__init__(kind, rule, order)
        self.item = item

    def read(self, value: Any, place: Place, run: Run) -> Any:
        """The clean items; none at all when one is spoilt: indexes must stay what they are."""
        if type(value) is not list:
            return self.mistyped(value, place, run)
        if self.item.takes_all(value):
            return value.copy()
        clean = []
        spoilt = False
        for index, item in enumerate(value):
            read = _read_item(self.item, item, (place, index), run)
            spoilt = spoilt or read is SPOILT
            clean.append(read)
        return SPOILT if spoilt else clean


class MapReader(Reader):
    """Reads an object with any keys and values of one kind."""

    __slots__ = ("item",)

    def __init__(self, kind: Kind, rule: Rule, order: int, item: Reader) -> None:
        super().__init__(kind, rule, order)
        self.item = item

    def read(self, value: Any, place: Place, run: Run) -> Any:
        if type(value) is not dict:
            return self.mistyped(value, place, run)
        if self.kind.one_or_map and self._is_one(value):
            return {"": _read_item(self.item, value, place, run)}
        if self.item.takes_all(value.values()):
            return value.copy()
        clean = {}
        for key, item in value.items():
            read = _read_item(self.item, item, (place, key), run)
            if read is not SPOILT:
                clean[key] = read
        return clean

    def _is_one(self, value: dict[str, Any]) -> bool:
        """Whether one object stands in place of a map of them: it has fields of the object."""
        assert isinstance(self.item, ObjectReader)
        known = self.item.fields
        return any(name in known and type(item) is not dict for name, item in value.items())


def _read_item(reader: Reader, value: Any, place: Place, run: Run) -> Any:
    if type(value) not in reader.exact:
        value = reader.read(value, place, run)
    if reader.asked and value is not SPOILT:
        run.pending.append((reader.asked, value, place, None))
    return value


def reader_of(kind: Kind, rule: Rule, orders: Mapping[str, int]) -> Reader:
    """A reader of values of a kind, and of everything below.

    Args:
        rule: broken by a value of another type, at any depth.
        orders: place of each rule in the documented order.
    """
    order = orders.get(rule.id, 0)
    if kind.shape is not None:
        return ObjectReader(kind, rule, order, orders)
    if kind.item is not None:
        item = reader_of(kind.item, rule, orders)
        many = ArrayReader if kind.name == "array" else MapReader
        return many(kind, rule, order, item)
    return Reader(kind, rule, order)


def root_reader(shape: type[Shape], rule: Rule, rules: list[Rule]) -> ObjectReader:
    """A reader of whole documents, with all rules in place.

    Args:
        rule: broken by a document that is no object.

    Raises:
        ValueError: a rule is about a place that the shape does not have.
    """
    orders = {one.id: number for number, one in enumerate(rules)}
    root = ObjectReader(Kind("object", shape=shape), rule, 0, orders)
    for one in rules:
        if one.check is not shape_check:
            _attach(root, one, orders[one.id])
    return root


def _attach(root: ObjectReader, rule: Rule, order: int) -> None:
    """Have a rule asked where its pattern points."""
    reader: Reader = root
    for part in rule.at.split("/")[1:]:
        below = _below(reader, part)
        if below is None:
            raise ValueError(f"{rule.id}: {rule.at}: there is no place {part}")
        reader = below
    asked = (rule.check, order, rule)
    if not rule.when:
        reader.ask(asked)
        return
    field = _below(reader, rule.when)
    if field is None:
        raise ValueError(f"{rule.id}: {rule.at} has no field {rule.when}")
    field.ask(asked, of_holder=True)


def _below(reader: Reader, part: str) -> Reader | None:
    if isinstance(reader, ObjectReader):
        return reader.fields.get(part)
    if isinstance(reader, ArrayReader | MapReader) and part == "*":
        return reader.item
    return None
