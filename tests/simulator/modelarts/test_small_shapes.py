"""Small requests and queries in their shapes: what is said of a value that is wrong."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, field_validator

from simulator.errors import InvalidRequest
from simulator.modelarts.shape import Characters, read_shape


class Thing(BaseModel):
    word: Annotated[str, Characters("[ab]*", "must hold only a and b")] = "a"
    maybe: Annotated[str, Characters("[ab]*", "must hold only a and b")] | None = None
    short: str = Field("", max_length=3)
    few: list[int] = Field(default=[1], min_length=1)
    number: int = 0
    even: int = 0

    @field_validator("even")
    @classmethod
    def is_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("an even number")
        return value


class Must(BaseModel):
    inner: Thing


def said(body: dict[str, Any], shape: type[BaseModel] = Thing) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidRequest) as refused:
        read_shape(shape, body, "the page")
    assert {one.source for one in refused.value.violations} == {"the page"}
    return [(one.rule, one.path, one.message) for one in refused.value.violations]


@pytest.mark.parametrize(
    ("body", "rule", "message"),
    [
        ({"word": "abc"}, "Characters", "word: must hold only a and b"),
        ({"word": "ab\n"}, "Characters", "word: must hold only a and b"),
        ({"maybe": "c"}, "Characters", "maybe: must hold only a and b"),
        ({"short": "four"}, "Type", "short: must have at most 3 characters, not 'four'"),
        ({"few": []}, "Type", "few: must have at least 1 item after validation, not 0, not []"),
        ({"number": "x"}, "Type", "number: must be a valid integer, unable to parse"),
        ({"even": 3}, "Type", "even: must be an even number, not 3"),
    ],
)
def test_it_is_said_in_a_sentence(body: dict[str, Any], rule: str, message: str) -> None:
    ((found, path, text),) = said(body)
    assert (found, path) == (rule, f"/{next(iter(body))}")
    assert text.startswith(message)


def test_everything_that_is_wrong_is_said_with_its_place() -> None:
    assert [
        (rule, path) for rule, path, _ in said({"inner": {"word": "c", "few": ["x"]}}, Must)
    ] == [
        ("Characters", "/inner/word"),
        ("Type", "/inner/few/0"),
    ]
    assert said({}, Must) == [("Mandatory", "/inner", "inner: is mandatory")]


def test_a_long_value_is_cut() -> None:
    ((_, _, text),) = said({"short": "x" * 1000})
    assert text.endswith("...")
    assert len(text) < 150


def test_characters_are_a_pattern_in_the_schema() -> None:
    fields = Thing.model_json_schema()["properties"]
    assert fields["word"]["pattern"] == "^[ab]*$"
    assert fields["maybe"]["anyOf"][0]["pattern"] == "^[ab]*$"
    assert re.search(fields["word"]["pattern"], "abab")
    assert read_shape(Thing, {"word": "", "maybe": None}, "").maybe is None
