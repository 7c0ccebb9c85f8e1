"""Checks that many rules are made of: what each takes, what it refuses and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.rules import checks
from simulator.rules.rule import Scope

SCOPE = Scope({}, {}, None)


def told(parts: checks.Parts, value: Any) -> str:
    """What is wrong with a value; empty when it is fine."""
    found = parts["check"](value, SCOPE)
    if not found:
        return ""
    ((path, text),) = found
    assert path == ()
    return str(text)


@pytest.mark.parametrize(
    ("parts", "fine", "wrong"),
    [
        (checks.length(1, 3), ["a", "abc"], ["", "abcd"]),
        (checks.length(0, 3), ["", "abc"], ["abcd"]),
        (checks.length(2, 2), ["ab"], ["a", "abc"]),
        (checks.between(1, 3), [1, 3, 1.5], [0, 0.999, 3.001, 4]),
        (checks.between(1), [1, 10**9], [0, 0.999]),
        (checks.between(0.01), [0.01], [0.009, 0]),
        (checks.above(0), [0.001, 1], [0, -1]),
        (checks.one_of("a", "b"), ["a", "b"], ["", "A", "ab", "c"]),
        (checks.spelt("a+", "has a only"), ["a", "aa"], ["", "ab", "ba", "a\n"]),
        (checks.without("<&"), ["", "abc", ">"], ["<", "a&b", "&&"]),
    ],
)
def test_what_is_fine_and_what_is_not(
    parts: checks.Parts, fine: list[Any], wrong: list[Any]
) -> None:
    assert [value for value in fine if told(parts, value)] == []
    assert [value for value in wrong if not told(parts, value)] == []


@pytest.mark.parametrize(
    ("parts", "value", "text"),
    [
        (checks.length(1, 3), "abcd", "has 1 to 3 characters; got 4"),
        (checks.length(0, 3), "abcd", "has at most 3 characters; got 4"),
        (checks.length(2, 2), "abc", "has 2 characters; got 3"),
        (checks.between(1, 3), 4, "is 1 to 3; got 4"),
        (checks.between(1, 3, "seconds"), 4, "is 1 to 3 seconds; got 4"),
        (checks.between(1), 0, "is at least 1; got 0"),
        (checks.between(1, unit="GB"), 0, "is at least 1 GB; got 0"),
        (checks.above(0), 0, "is greater than 0; got 0"),
        (checks.one_of("stop", "go"), "stopp", 'is stop or go; got "stopp"; did you mean stop?'),
        (checks.spelt("a+", "has a only"), "b", 'has a only; got "b"'),
        (checks.without("<&"), "&x&<", "must not contain & <; got & <"),
        (checks.without("<&"), "&x&", "must not contain & <; got &"),
    ],
)
def test_what_is_told_says_what_is_allowed_and_what_was_received(
    parts: checks.Parts, value: Any, text: str
) -> None:
    assert told(parts, value) == text


@pytest.mark.parametrize(
    ("parts", "schema"),
    [
        (checks.length(1, 3), {"minLength": 1, "maxLength": 3}),
        (checks.length(0, 3), {"maxLength": 3}),
        (checks.between(1, 3), {"minimum": 1, "maximum": 3}),
        (checks.between(1), {"minimum": 1}),
        (checks.above(0), {"exclusiveMinimum": 0}),
        (checks.one_of("a", "b"), {"enum": ["a", "b"]}),
        (checks.spelt("a+", "has a only"), {"pattern": "^(?:a+)$"}),
        (checks.without("<&"), {"pattern": "^[^<\\&]*$"}),
    ],
)
def test_the_schema_says_the_same(parts: checks.Parts, schema: dict[str, Any]) -> None:
    assert parts["schema"] == schema
