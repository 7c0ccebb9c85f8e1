"""Names of result files: no two inputs have one, and the same inputs have the same."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.batch.naming import NAME_MAX_BYTES, ResultNames


def named(names: Iterable[str]) -> list[str]:
    given_out = ResultNames()
    return [given_out.take(name, position) for position, name in enumerate(names, start=1)]


def test_the_documented_names() -> None:
    assert named(["1.jpg", "2.jpg"]) == ["1.jpg_result.txt", "2.jpg_result.txt"]


def test_a_name_that_is_taken_gets_the_position_of_its_input() -> None:
    assert named(["a", "1.jpg", "1.jpg", "b", "1.jpg"])[1:] == [
        "1.jpg_result.txt",
        "1.jpg_3_result.txt",
        "b_result.txt",
        "1.jpg_5_result.txt",
    ]


def test_an_input_that_is_called_like_that_is_not_lost() -> None:
    assert named(["a_3", "a", "a", "a_3_2", "a_3"]) == [
        "a_3_result.txt",
        "a_result.txt",
        "a_3_2_result.txt",
        "a_3_2_4_result.txt",
        "a_3_5_result.txt",
    ]


@pytest.mark.parametrize(("one", "other"), [("A.jpg", "a.jpg"), ("\u00e9", "e\u0301"), ("ß", "SS")])
def test_names_that_some_file_systems_take_for_one_are_told_apart(one: str, other: str) -> None:
    first, second = named([one, other])
    assert first == f"{one}_result.txt"
    assert second == f"{other}_2_result.txt"


@pytest.mark.parametrize("letter", ["a", "é", "字", "🙂"])
def test_a_long_name_is_cut_between_two_characters_and_unique_all_the_same(letter: str) -> None:
    found = named([letter * 300, letter * 300 + "x"])
    assert len(set(found)) == 2
    for name in found:
        assert len(name.encode()) <= 255
        assert name.startswith(letter * (NAME_MAX_BYTES // len(letter.encode())))


_stems = st.text("aA_12éÉ.", min_size=1, max_size=4) | st.integers(1, 12).map("a_{}".format)


@given(st.lists(_stems, max_size=12))
@example(["a", "a", "a_2", "a_2_2"])
def test_no_two_inputs_whatever_have_one_name(names: list[str]) -> None:
    found = named(names)
    assert len({name.casefold() for name in found}) == len(names)
    assert found == named(names)
    for name, result in zip(names, found, strict=True):
        assert result.startswith(name)
        assert result.endswith("_result.txt")


def test_of_many_names_none_is_taken_for_another() -> None:
    found = named(f"{number}.jpg" for number in range(100_000))
    assert [name for name in found if name.count("_") > 1] == []
