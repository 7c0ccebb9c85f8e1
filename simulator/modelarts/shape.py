"""From JSON to a pydantic model, with every type error as a violation: for query parameters and
Drydock's own requests. Requests of the cloud's API are held against the rules instead."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from simulator.errors import InvalidRequest, Violation
from simulator.rules.text import pointer, readable_path

ShapeT = TypeVar("ShapeT", bound=BaseModel)


def read_shape(shape: type[ShapeT], body: dict[str, Any], source: str) -> ShapeT:
    """The body in its shape.

    Raises:
        InvalidRequest: one violation for each field that is absent or of another type.
    """
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        raise InvalidRequest([_violation(item, source) for item in error.errors()]) from error


def _violation(error: Any, source: str) -> Violation:
    path = error["loc"]
    field = readable_path(path)
    if error["type"] == "missing":
        return Violation("Mandatory", pointer(*path), f"{field}: is mandatory", source)
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    received = repr(error.get("input"))
    if len(received) > 80:
        received = received[:77] + "..."
    return Violation("Type", pointer(*path), f"{field}: must be {message}, not {received}", source)
