"""JSON Schema, as OpenAPI 3.1 has it, from shapes and rules.

A schema says what the rules say as far as its keywords can: whatever it refuses, the judge refuses.
The judge refuses more: what several fields say together is in no schema. Null counts as absent, so
that optional fields take it; fields that no document names are allowed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from simulator.rules.catalogue import Catalogue
from simulator.rules.rule import Level, Rule, Severity
from simulator.rules.shape import Field, Kind, Shape, fields_of, wire_name

Schema = dict[str, Any]
Keywords = Mapping[str, Any]

NUMERIC_TEXT = "^ *-?[0-9]{1,9} *$"
"""Strings of digits that are taken for integers."""
COMPONENTS = "#/components/schemas/"

_TYPES: dict[str, Schema] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "json": {"type": "object", "additionalProperties": True},
    "any": {},
}
_HIGHER = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_LOWER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}


def request_schemas(
    catalogue: Catalogue, subjects: Iterable[str], readings: Mapping[str, str] | None = None
) -> dict[str, Schema]:
    """The schemas of some kinds of documents and of the objects in them, by name.

    A shape gives its schema its name. Where rules make one shape differ between two documents, the
    second has the name of its document's shape before its own.

    Args:
        readings: every reading's chosen value; the defaults when absent.
    """
    known: dict[str, Schema] = {}
    for name in subjects:
        subject = catalogue.subject(name)
        keywords = _keywords(catalogue, name, readings or catalogue.defaults)
        _Maker(known, keywords, subject.shape.__name__).component(subject.shape, "")
    return known


def examples(catalogue: Catalogue, subject: str) -> dict[str, Schema]:
    """The sound documents of a kind, as OpenAPI's examples of a body."""
    return {
        name: {"summary": name.replace("-", " "), "value": catalogue.documents[name]}
        for name in catalogue.subject(subject).examples
    }


def reference(name: str) -> Schema:
    """A schema that stands elsewhere in the document."""
    return {"$ref": COMPONENTS + name}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if not schema:
        return {}
    options = schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]
    return {"anyOf": [*options, {"type": "null"}]}


def _keywords(catalogue: Catalogue, subject: str, readings: Mapping[str, str]) -> dict[str, Schema]:
    """What the rules add to a document's schema, by place.

    A rule's keywords say its default reading, so that another one has none.
    """
    found: dict[str, Schema] = {}
    for rule in catalogue.written:
        if subject in rule.subjects and rule.schema and _is_general(rule):
            default = catalogue.defaults.get(rule.reading)
            if readings.get(rule.reading) == default:
                found[rule.at] = merged(found.get(rule.at, {}), rule.schema)
    return found


def _is_general(rule: Rule) -> bool:
    """Whether a rule holds for every document of its kind, whatever else is true."""
    return rule.level is Level.REQUEST and rule.severity is Severity.ERROR and not rule.when


def merged(first: Keywords, second: Keywords) -> Schema:
    """The keywords of both: a document must pass each."""
    result = dict(first)
    for name, value in second.items():
        known = result.get(name)
        if known is None or known == value:
            result[name] = value
        elif name in _HIGHER:
            result[name] = max(known, value)
        elif name in _LOWER:
            result[name] = min(known, value)
        elif name == "items":
            result[name] = merged(known, value)
        else:
            result["allOf"] = [*result.get("allOf", ()), {name: value}]
    return result


class _Maker:
    """Makes the schemas of one kind of document.

    Args:
        known: schemas by name; new ones are put there.
        keywords: what rules add, by place.
        prefix: goes before the name of a shape that stands there otherwise.
    """

    def __init__(self, known: dict[str, Schema], keywords: dict[str, Schema], prefix: str) -> None:
        self._known = known
        self._keywords = keywords
        self._prefix = prefix

    def component(self, shape: type[Shape], place: str) -> Schema:
        """A reference to the schema of an object of a shape, which is made."""
        schema = self._object(shape, place)
        name = shape.__name__
        if self._known.get(name, schema) != schema:
            name = self._prefix + name
        if self._known.setdefault(name, schema) != schema:
            raise ValueError(f"{place}: {name} is the name of another schema already")
        return reference(name)

    def _object(self, shape: type[Shape], place: str) -> Schema:
        rows = fields_of(shape)
        defaults = _defaults(shape)
        schema: Schema = {"type": "object", "description": _first_sentence(shape)}
        must = [name for name, row in rows.items() if row.must_rule is not None]
        if must:
            schema["required"] = must
        schema["properties"] = {
            name: self._field(row, f"{place}/{name}", defaults.get(name))
            for name, row in rows.items()
        }
        return merged(schema, self._keywords.get(place, {}))

    def _field(self, row: Field, place: str, default: Any) -> Schema:
        schema = self._value(row.kind, place)
        if row.must_rule is None:
            schema = nullable(schema)
        if row.about:
            schema = {"description": row.about} | schema
        return schema if default is None else schema | {"default": default}

    def _value(self, kind: Kind, place: str) -> Schema:
        schema = self._of_type(kind, place)
        if kind.one_or_map or kind.numeric_text:
            return schema  # the rules' keywords stand in its parts
        whole = merged(schema, self._keywords.get(place, {}))
        return _by_type(whole) if whole.keys() == {"enum"} else whole

    def _of_type(self, kind: Kind, place: str) -> Schema:
        if kind.shape is not None:
            return self.component(kind.shape, place)
        if kind.name == "array":
            assert kind.item is not None
            return {"type": "array", "items": self._value(kind.item, f"{place}/*")}
        if kind.name == "map":
            assert kind.item is not None
            item = self._value(kind.item, f"{place}/*")
            many: Schema = {"type": "object", "additionalProperties": item}
            return {"anyOf": [item, many]} if kind.one_or_map else many
        if kind.numeric_text:
            number = merged({"type": "integer"}, self._keywords.get(place, {}))
            return {"anyOf": [number, {"type": "string", "pattern": NUMERIC_TEXT}]}
        return dict(_TYPES[kind.name])


def _by_type(schema: Schema) -> Schema:
    """An enumeration of values of several types as one schema a type: generators of clients
    know those."""
    words = [word for word in schema["enum"] if isinstance(word, str)]
    flags = [word for word in schema["enum"] if isinstance(word, bool)]
    if len(flags) != 2 or len(words) + len(flags) != len(schema["enum"]):
        return schema
    return {"anyOf": [{"type": "string", "enum": words}, {"type": "boolean"}]}


def _defaults(shape: type[Shape]) -> dict[str, Any]:
    """What absent fields mean, as far as the shape says."""
    rows = dataclasses.fields(shape)  # type: ignore[arg-type]
    return {wire_name(row): row.default for row in rows if row.default is not dataclasses.MISSING}


def _first_sentence(shape: type[Shape]) -> str:
    text = " ".join((shape.__doc__ or "").split())
    return text.partition(". ")[0].rstrip(".") + "."
