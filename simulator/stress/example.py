"""A value that fits a JSON schema, for a request that an API's description is an example of."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

PICTURE_SIDE = 28
_DEEPEST = 20
_PLAIN: dict[str, Any] = {
    "number": 1.0,
    "integer": 1,
    "string": "text",
    "boolean": True,
    "null": None,
}


def example_value(schema: Any, depth: int = 0) -> Any:
    """The example or default that the schema gives, the first of an enumeration, or the smallest
    value that has its type."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    for name in ("example", "default", "const"):
        if name in schema:
            return schema[name]
    return schema["enum"][0] if schema.get("enum") else _smallest(schema, depth)


def _smallest(schema: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object" or (kind is None and "properties" in schema):
        properties = schema.get("properties") or {}
        return {name: example_value(each, depth + 1) for name, each in properties.items()}
    if kind == "array":
        return _example_list(schema, depth)
    if kind in ("number", "integer") and isinstance(schema.get("minimum"), int | float):
        return schema["minimum"]
    return _PLAIN.get(str(kind))


def _example_list(schema: Mapping[str, Any], depth: int) -> list[Any]:
    """Items that are listed one by one, or as many as there must be of one kind."""
    items = schema.get("items")
    kinds = list(items) if isinstance(items, list) else [items] if items is not None else []
    least = schema.get("minItems")
    if isinstance(least, int) and kinds:
        kinds += [kinds[-1]] * min(max(0, least - len(kinds)), 10_000)
    return [example_value(each, depth + 1) for each in kinds]


def example_picture() -> bytes:
    """A small grey PNG with something on it."""
    from PIL import Image  # noqa: PLC0415

    picture = Image.radial_gradient("L").resize((PICTURE_SIDE, PICTURE_SIDE))
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
