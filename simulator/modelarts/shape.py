"""From JSON to a pydantic model, with every type error as a violation: for query parameters, small
requests and Drydock's own. The large requests of the cloud's API are held against the rules
instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from simulator.errors import InvalidRequest, Violation
from simulator.rules.text import pointer, readable_path

ShapeT = TypeVar("ShapeT", bound=BaseModel)

_OTHER_VERBS = re.compile(r"\w+ should ((?:have|match) .*)", re.DOTALL)
"""What pydantic wants of a value, where it does not say what it should be: `List should have x`."""


@dataclass(frozen=True)
class Characters:
    """Says of a text, in an `Annotated`, which characters it may have.

    Attributes:
        pattern: a regular expression for the whole text, in what Python and ECMAScript share.
        words: what is wrong with a text that does not match: `must not hold x`.
    """

    pattern: str
    words: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}

    def _checked(self, text: str) -> str:
        if re.fullmatch(self.pattern, text) is None:
            raise PydanticCustomError("Characters", self.words)
        return text


def read_shape(shape: type[ShapeT], body: dict[str, Any], source: str) -> ShapeT:
    """The body in its shape.

    Raises:
        InvalidRequest: one violation for each field that is absent or of another type. An error of
            our own kind (a capital letter begins it) is the violation's rule.
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
    message = str(error["msg"])
    if error["type"][:1].isupper():
        return Violation(error["type"], pointer(*path), f"{field}: {message}", source)
    other = _OTHER_VERBS.fullmatch(message)
    kind = message.removeprefix("Value error, ").removeprefix("Input should be ")
    wanted = other[1] if other else f"be {kind}"
    received = repr(error.get("input"))
    if len(received) > 80:
        received = received[:77] + "..."
    return Violation("Type", pointer(*path), f"{field}: must {wanted}, not {received}", source)
