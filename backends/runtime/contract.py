"""What `model/config.json` declares: the apis of a model, as typed data. Pure.

Both documented shapes of a request or response are read: `{"Content-type": ..., "data": schema}`,
and the schema itself in its place (older batch examples). Schemas are JSON-Schema-like with the
documents' own habits: `items` is a schema, a list with one schema, or is called `item`; a list of
several schemas describes an array with just these places; a type may be `file`.
Source: ModelArts, specifications for writing the model configuration file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from backends.runtime.errors import StartError

JSON = "application/json"
FORM = "multipart/form-data"
CONFIG = "model/config.json"
MAX_DEPTH = 32
"""Deeper schemas are refused: no model has them, and walking them must end."""


class Kind(StrEnum):
    """Types of a schema, the wire word as value."""

    OBJECT = "object"
    ARRAY = "array"
    NUMBER = "number"
    INTEGER = "integer"
    STRING = "string"
    BOOLEAN = "boolean"
    FILE = "file"


@dataclass(frozen=True)
class Schema:
    """One node of a declared schema.

    Attributes:
        kind: its type.
        where: dotted path within the body, for messages; empty at the top.
        properties: of an object, in declared order.
        items: of an array: one schema for every place, or several, one a place; empty if not given.
    """

    kind: Kind
    where: str
    properties: Mapping[str, Schema]
    items: tuple[Schema, ...] = ()

    @property
    def is_scalar(self) -> bool:
        return self.kind not in (Kind.OBJECT, Kind.ARRAY)

    @property
    def is_tensor(self) -> bool:
        """An array, of arrays if need be, of scalars; undeclared items may be anything."""
        if self.kind is not Kind.ARRAY or len(self.items) > 1:
            return False
        return all(item.is_scalar or item.is_tensor for item in self.items)

    def leaves(self) -> Iterator[tuple[str, Schema]]:
        """Every (name, schema) below that is no object, outermost first."""
        for name, child in self.properties.items():
            if child.kind is not Kind.OBJECT:
                yield name, child
            yield from child.leaves()
        for child in self.items:
            yield from child.leaves()


@dataclass(frozen=True)
class Api:
    """One declared api.

    Attributes:
        url: path below the service's address, with its leading slash.
        method: upper case.
        media_type: what a request body must be: `JSON` or `FORM`.
        request: schema of the body; None when nothing is declared.
        response: schema of the answer; None when nothing is declared.
        where: its place in the configuration file, for messages.
    """

    url: str
    method: str
    media_type: str
    request: Schema | None
    response: Schema | None
    where: str

    @property
    def file_keys(self) -> tuple[str, ...]:
        """Names of the properties of type `file` in the request."""
        if self.request is None:
            return ()
        return tuple(name for name, leaf in self.request.leaves() if leaf.kind is Kind.FILE)


def read_apis(config: object) -> tuple[Api, ...]:
    """The apis that a parsed configuration file declares; one `POST /` when it declares none.

    Raises:
        StartError: something in it cannot be understood; names the place.
    """
    if not isinstance(config, dict):
        raise _refuse("", f"it holds {_type(config)}, not an object", "make it a JSON object")
    declared = config.get("apis")
    if declared is None or declared == []:
        return (Api("/", "POST", JSON, None, None, "apis"),)
    if not isinstance(declared, list):
        raise _refuse("apis", f"it is {_type(declared)}, not a list", "make it a list of apis")
    apis = tuple(_read_api(api, f"apis[{i}]") for i, api in enumerate(declared))
    seen: dict[tuple[str, str], str] = {}
    for api in apis:
        other = seen.setdefault((api.url, api.method), api.where)
        if other != api.where:
            why = f"{api.method} {api.url} is declared already by {other}"
            raise _refuse(api.where, why, "remove one, or change its url or method")
    return apis


def _read_api(api: object, where: str) -> Api:
    if not isinstance(api, dict):
        raise _refuse(where, f"it is {_type(api)}, not an object", "describe the api as an object")
    url, method = api.get("url", "/"), api.get("method", "post")
    for key, value in (("url", url), ("method", method)):
        if not isinstance(value, str) or not value:
            raise _refuse(f"{where}.{key}", f"it is {_type(value)}", "give a non-empty string")
    declared_type, request = _read_side(api.get("request"), f"{where}.request")
    _, response = _read_side(api.get("response"), f"{where}.response")
    has_file = request is not None and any(s.kind is Kind.FILE for _, s in request.leaves())
    media_type = declared_type or (FORM if has_file else JSON)
    if media_type not in (JSON, FORM):
        why = f"Content-type is {media_type!r}"
        raise _refuse(f"{where}.request", why, f"use {JSON} or {FORM}")
    if has_file and media_type == JSON:
        why = f"a property of type file cannot come in {JSON}"
        raise _refuse(f"{where}.request", why, f"set Content-type to {FORM}")
    if not has_file and request is not None:
        # a documented batch example declares a form and then sends JSON rows
        media_type = JSON
    return Api("/" + url.lstrip("/"), method.upper(), media_type, request, response, where)


def _read_side(side: object, where: str) -> tuple[str, Schema | None]:
    """(content type in lower case or empty, schema or None) of a request or response."""
    if side is None or side == {}:
        return "", None
    if not isinstance(side, dict):
        raise _refuse(where, f"it is {_type(side)}, not an object", "describe it as an object")
    by_lower = {str(key).lower(): value for key, value in side.items()}
    if "content-type" not in by_lower and "data" not in by_lower:
        return "", _read_schema(side, where, "", 0)
    media_type = by_lower.get("content-type", "")
    if not isinstance(media_type, str):
        raise _refuse(f"{where}.Content-type", f"it is {_type(media_type)}", "give a string")
    schema = by_lower.get("data")
    media_type = media_type.split(";")[0].strip().lower()
    if schema is None or schema == {}:
        return media_type, None
    return media_type, _read_schema(schema, f"{where}.data", "", 0)


def _read_schema(raw: object, config_at: str, where: str, depth: int) -> Schema:
    if not isinstance(raw, dict) or depth > MAX_DEPTH:
        why = "it is nested too deep" if isinstance(raw, dict) else f"it is {_type(raw)}"
        raise _refuse(config_at, why, 'write a schema such as {"type": "number"}')
    kind = _read_kind(raw, config_at)
    if kind is Kind.OBJECT:
        properties = raw.get("properties", {})
        if not isinstance(properties, dict):
            raise _refuse(f"{config_at}.properties", f"it is {_type(properties)}", "use an object")
        children = {
            name: _read_schema(
                child, f"{config_at}.properties.{name}", f"{where}.{name}".lstrip("."), depth + 1
            )
            for name, child in properties.items()
        }
        return Schema(kind, where, children)
    if kind is Kind.ARRAY:
        items = raw.get("items", raw.get("item", []))
        places = items if isinstance(items, list) else [items]
        return Schema(
            kind,
            where,
            {},
            tuple(_read_schema(i, f"{config_at}.items", f"{where}[]", depth + 1) for i in places),
        )
    return Schema(kind, where, {})


def _read_kind(raw: Mapping[object, object], config_at: str) -> Kind:
    if "type" not in raw:
        if "properties" in raw:
            return Kind.OBJECT
        if "items" in raw or "item" in raw:
            return Kind.ARRAY
    name = raw.get("type")
    try:
        return Kind(str(name).lower())
    except ValueError:
        why = "type is missing" if name is None else f"type is {name!r}"
        raise _refuse(config_at, why, f"use one of {', '.join(Kind)}") from None


def _type(value: object) -> str:
    names = {type(None): "null", dict: "an object", list: "a list", str: "a string", bool: "a bool"}
    return names.get(type(value), "a number") if value != "" else "empty"


def _refuse(where: str, why: str, hint: str) -> StartError:
    place = f"{CONFIG}, {where}" if where else CONFIG
    return StartError("cannot use the model package", where=place, why=why, hint=hint)
