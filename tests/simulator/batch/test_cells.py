"""Cells to values: what each type takes, and what is said of anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.batch.cells import CONVERTERS
from simulator.modelarts.rules.batch import LEAVES

number, integer = CONVERTERS["number"], CONVERTERS["integer"]
boolean, string = CONVERTERS["boolean"], CONVERTERS["string"]


def same(found: Any, expected: Any) -> bool:
    return found == expected and type(found) is type(expected)


def test_every_type_of_a_mapping_rule_has_its_conversion() -> None:
    assert tuple(CONVERTERS) == LEAVES


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("5.1", 5.1),
        ("3.0", 3.0),
        ("5", 5),
        ("-2", -2),
        ("+2", 2),
        ("007", 7),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        (" \t5.1 ", 5.1),
        ("-9007199254740991", -9007199254740991),
        ("9007199254740992", 9007199254740992.0),
        ("9007199254740993", 9007199254740992.0),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
    ],
)
def test_numbers(cell: str, value: float) -> None:
    assert same(number(cell), value)


@pytest.mark.parametrize(
    "cell",
    ["", " ", "x", "1,5", "1 5", "1_000", "0x10", "nan", "inf", "-Infinity", "1e", "e3", "."],
)
@pytest.mark.parametrize("around", ["", " "])
def test_what_is_no_number(cell: str, around: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        number(around + cell)


@pytest.mark.parametrize("cell", ["--1", "٣", "１", "true", "5.1\n", "\xa05"])
def test_what_is_no_number_either(cell: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        number(cell)


def test_a_number_beyond_float64_is_told_to_be_too_large() -> None:
    for cell in ("1e999", "-1e999", "9" * 400):
        with pytest.raises(ValueError, match="too large"):
            number(cell)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_through_as_json_writes_it(value: float) -> None:
    assert number(json.dumps(value)) == value


@pytest.mark.parametrize(("cell", "value"), [("5", 5), ("-5", -5), ("+5", 5), (" 5 ", 5)])
def test_integers(cell: str, value: int) -> None:
    assert same(integer(cell), value)


@given(st.integers())
def test_every_integer_comes_through_exactly(value: int) -> None:
    assert same(integer(str(value)), value)


@pytest.mark.parametrize("cell", ["", "5.0", "1e3", "x", "1_000", "٣", "0x1", "true"])
def test_what_is_no_integer(cell: str) -> None:
    with pytest.raises(ValueError, match="no integer"):
        integer(cell)


def test_an_integer_of_more_digits_than_python_reads() -> None:
    with pytest.raises(ValueError, match="too many digits"):
        integer("9" * 5000)


@pytest.mark.parametrize("cell", ["true", "True", "TRUE", " true\t"])
def test_true(cell: str) -> None:
    assert boolean(cell) is True


@pytest.mark.parametrize("cell", ["false", "False", "FALSE"])
def test_false(cell: str) -> None:
    assert boolean(cell) is False


@pytest.mark.parametrize("cell", ["", "1", "0", "yes", "t", "true.", "ｔｒｕｅ"])
def test_what_is_no_boolean(cell: str) -> None:
    with pytest.raises(ValueError, match="no boolean; write true or false"):
        boolean(cell)


@given(st.text())
def test_a_string_is_the_cell_as_it_is(cell: str) -> None:
    assert string(cell) == cell


def test_an_empty_cell_is_told_to_be_empty() -> None:
    with pytest.raises(ValueError, match="is empty, and no number"):
        number("")
