"""An example fits the schema that it was made from."""

from __future__ import annotations

import io
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from simulator.stress.example import example_picture, example_value

plain = st.sampled_from(
    [
        {"type": "number"},
        {"type": "integer"},
        {"type": "integer", "minimum": 5},
        {"type": "string"},
        {"type": "boolean"},
        {"type": "null"},
        {"enum": ["a", "b"]},
        {"type": ["string", "null"]},
        {"type": "number", "default": 7},
    ]
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.dictionaries(st.text(max_size=5), inner, max_size=3).map(
            lambda properties: {
                "type": "object",
                "properties": properties,
                "required": list(properties),
            }
        ),
        st.tuples(inner, st.integers(0, 3)).map(
            lambda pair: {"type": "array", "items": pair[0], "minItems": pair[1]}
        ),
    )


@settings(deadline=None)
@given(st.recursive(plain, containers, max_leaves=8))
def test_the_example_is_valid(schema: Any) -> None:
    jsonschema.validate(example_value(schema), schema)


def test_the_documents_own_shape_lists_one_schema_for_each_item() -> None:
    rows = {"type": "array", "items": [{"type": "object", "properties": {"x": {"type": "number"}}}]}
    data = {"type": "object", "properties": {"req_data": rows}}
    schema = {"type": "object", "properties": {"data": data}}
    assert example_value(schema) == {"data": {"req_data": [{"x": 1.0}]}}


@pytest.mark.parametrize("name", ["example", "default", "const"])
def test_what_the_schema_gives_is_taken(name: str) -> None:
    assert example_value({"type": "string", name: "given"}) == "given"


@pytest.mark.parametrize("schema", [None, 5, "text", [], {}, {"type": "unheard of"}])
def test_what_is_no_schema_has_no_example(schema: Any) -> None:
    assert example_value(schema) is None


def test_a_schema_that_contains_itself_ends() -> None:
    schema: dict[str, Any] = {"type": "array", "minItems": 1}
    schema["items"] = schema
    assert isinstance(example_value(schema), list)


def test_the_picture_can_be_opened() -> None:
    with Image.open(io.BytesIO(example_picture())) as picture:
        assert (picture.format, picture.size) == ("PNG", (28, 28))
        low, high = picture.getextrema()
        assert low != high
