"""Words for messages."""

from __future__ import annotations

import pytest

from simulator.rules.text import (
    MESSAGE_CHARS,
    cut,
    did_you_mean,
    listed,
    nearest,
    pointer,
    readable_path,
    shown,
)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ((), "the body"),
        (("name",), "name"),
        (("config", 0, "weight"), "config[0].weight"),
        (("config", 0), "config[0]"),
        ((3, "a"), "[3].a"),
        (("envs", "x" * 61), f"envs.{'x' * 57}..."),
    ],
)
def test_a_path_reads_as_people_write_it(path: tuple[str | int, ...], words: str) -> None:
    assert readable_path(path) == words


@pytest.mark.parametrize(
    ("parts", "text"),
    [((), ""), (("a", 0, "b"), "/a/0/b"), (("a/b", "c~d", ""), "/a~1b/c~0d/"), (("~1",), "/~01")],
)
def test_a_pointer_has_its_slashes_and_tildes_escaped(
    parts: tuple[str | int, ...], text: str
) -> None:
    assert pointer(*parts) == text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("x" * 60, '"' + "x" * 60 + '"'),
        ("x" * 61, '"' + "x" * 57 + '..."'),
        ("é", '"é"'),
        (True, "true"),
        (None, "null"),
        (1.50, "1.5"),
        ({}, "an object of 0"),
        ({"a": 1, "b": 2}, "an object of 2"),
        ([1, 2, 3], "an array of 3"),
        (10**59, "1" + "0" * 59),
        (10**60, "1" + "0" * 56 + "..."),
        (object, "<class 'object'>"),
    ],
)
def test_a_received_value_is_shown_as_json_and_cut(value: object, words: str) -> None:
    assert shown(value) == words


def test_a_long_message_keeps_its_beginning() -> None:
    assert cut("a" * MESSAGE_CHARS, MESSAGE_CHARS) == "a" * MESSAGE_CHARS
    assert cut("a" * 1001, MESSAGE_CHARS) == "a" * 997 + "..."


@pytest.mark.parametrize(
    ("words", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", 2, "c"], "a, 2 or c")],
)
def test_choices_are_listed(words: list[object], text: str) -> None:
    assert listed(words) == text


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("realtime", "real-time"),
        ("REAL-TIME", "real-time"),
        ("bach", "Batch"),
        ("batch", "Batch"),
        ("round_robin", "ROUND_ROBIN"),
        ("something", ""),
        ("", ""),
        ("real-time" + "e" * 51, ""),
        ("real-time" + "e" * 52, ""),
    ],
)
def test_the_known_word_nearest_to_a_misspelt_one_is_found(word: str, meant: str) -> None:
    assert nearest(word, ["real-time", "Batch", "edge", "ROUND_ROBIN"]) == meant


def test_words_up_to_60_characters_are_compared() -> None:
    assert nearest("a" * 60, ["a" * 59]) == "a" * 59
    assert nearest("a" * 61, ["a" * 60]) == ""


def test_words_that_are_six_tenths_alike_are_near() -> None:
    assert nearest("abcxy", ["abcde"]) == "abcde"
    assert nearest("abxyz", ["abcde"]) == ""


def test_a_word_that_is_known_is_not_suggested_for_itself() -> None:
    assert did_you_mean("edge", ["edge"]) == ""
    assert did_you_mean("edgy", ["edge"]) == "; did you mean edge?"
    assert did_you_mean("nothing of the kind", ["edge"]) == ""
