"""Breakers of the rules that follow from shapes: a type, a mandatory field. For every provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from simulator.bench.breakers.recipes import Recipe, holders, name_of, some, take_away
from simulator.bench.cases import Case
from simulator.bench.strategies.wish import Document
from simulator.rules.catalogue import Catalogue, is_about_shape
from simulator.rules.rule import Rule
from simulator.rules.shape import Field, Kind, Shape, fields_of

Base = Callable[[str, str], st.SearchStrategy[Document]]
"""Subject and pattern to sound documents in which something can stand at the pattern."""

_TEXT = st.text(st.characters(codec="utf-8"), max_size=10)
_WORDS = st.text("abcdefghij", min_size=1, max_size=6)
_WHOLE = st.integers(-(2**62), 2**62)
_PARTS = st.floats(allow_nan=False, allow_infinity=False)
_TRUTH = st.booleans()
_ARRAYS = st.lists(st.integers(0, 9) | _WORDS, max_size=2)
_OBJECTS = st.dictionaries(_WORDS, st.integers(0, 9) | _WORDS, max_size=2)


def of_other_type(kind: Kind) -> st.SearchStrategy[Any]:
    """JSON values that a field of a kind does not take; never null, which is as absent."""
    if kind.numeric_text:
        no_digits = st.sampled_from(("", " ", "1.5", "1e2", "0x1", "1234567890", "--1")) | _WORDS
        return no_digits | _PARTS | _TRUTH | _ARRAYS | _OBJECTS
    by_name: dict[str, st.SearchStrategy[Any]] = {
        "text": _WHOLE | _PARTS | _TRUTH | _ARRAYS | _OBJECTS,
        "integer": _TEXT | _PARTS | _TRUTH | _ARRAYS | _OBJECTS,
        "number": _TEXT | _TRUTH | _ARRAYS | _OBJECTS,
        "boolean": _TEXT | _WHOLE | _PARTS | _ARRAYS | _OBJECTS,
        "array": _TEXT | _WHOLE | _PARTS | _TRUTH | _OBJECTS,
    }
    no_object = _TEXT | _WHOLE | _PARTS | _TRUTH | _ARRAYS
    wrong = by_name.get(kind.name, no_object)
    if kind.item is None or kind.item.name == "any":
        return wrong
    item = of_other_type(kind.item) | st.none()
    if kind.name == "array":
        return wrong | st.lists(item, min_size=1, max_size=2)
    return wrong | st.dictionaries(_WORDS, item, min_size=1, max_size=2)


def patterns(shape: type[Shape], prefix: str = "") -> Iterator[tuple[str, Field]]:
    """Every field at every depth, with the pattern of its places."""
    for name, field in fields_of(shape).items():
        place = f"{prefix}/{name}"
        yield place, field
        kind: Kind | None = field.kind
        while kind is not None:
            if kind.shape is not None:
                yield from patterns(kind.shape, place)
            kind, place = kind.item, f"{place}/*"


def shape_recipes(catalogue: Catalogue, base: Base) -> dict[str, Recipe]:
    """A recipe for each rule of a catalogue on a type or a mandatory field."""
    places: dict[str, list[tuple[str, str, Field]]] = {}
    for subject in catalogue.subjects:
        for pattern, field in patterns(subject.shape):
            for rule in (field.type_rule, field.must_rule):
                if rule is not None:
                    places.setdefault(rule.id, []).append((subject.name, pattern, field))
    return {
        rule.id: _recipe(places[rule.id], base)
        for rule in catalogue.rules
        if is_about_shape(rule) and rule.id in places
    }


def _recipe(places: list[tuple[str, str, Field]], base: Base) -> Recipe:
    @st.composite
    def make(draw: st.DrawFn, rule: Rule) -> Case:
        subject, pattern, field = draw(st.sampled_from(places))
        document = draw(base(subject, pattern))
        name = name_of(pattern)
        for holder in some(draw, holders(document, pattern)):
            if rule.id == field.type_rule.id:
                holder[name] = draw(of_other_type(field.kind))
            else:
                take_away(draw, holder, name)
        return Case(subject, document)

    return make
