"""Outside text cannot control the terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.clean import CUT_MARK, MAX_LINE_BYTES, clean, clean_line


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b2Jgone", "gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]52;c;aGk=\x1b\\text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r\x1b\\text", "text"),
        ("\x1b_hidden\x1b\\text", "text"),
        ("\x1b(Btext", "text"),
        ("\x1b]0;never ended", "\\x1b]0;never ended"),
        ("\x1b\x1b[0m[31m", "\\x1b[31m"),
        ("bell\x07 nul\x00 del\x7f", "bell\\x07 nul\\x00 del\\x7f"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("lone \ud800", "lone \\ud800"),
        ("50%\rdone", "50%\\x0ddone"),
    ],
)
def test_control_is_removed_or_shown_visibly(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown


@pytest.mark.parametrize("text", ["plain", "ünïcödé 数字 ✓", "[bold]not markup[/bold]", ""])
def test_harmless_text_is_left_alone(text: str) -> None:
    assert clean(text) == text


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    assert clean(b"a\xffb") == "a\ufffdb"


def test_lines_are_kept_and_tabs_too() -> None:
    assert clean("one\r\ntwo\n\tthree") == "one\ntwo\n\tthree"


def test_a_text_for_one_line_has_no_line_ends_and_no_tabs() -> None:
    assert clean_line("one\r\ntwo\tthree\n") == "one⏎two    three"


def test_a_long_line_is_cut_with_a_mark() -> None:
    cut = clean("é" * MAX_LINE_BYTES)
    assert cut.endswith(CUT_MARK)
    assert len(cut.removesuffix(CUT_MARK).encode()) == MAX_LINE_BYTES


def test_a_line_at_the_limit_is_not_cut() -> None:
    assert clean("a" * MAX_LINE_BYTES) == "a" * MAX_LINE_BYTES


def test_a_text_of_too_many_lines_says_how_many_are_missing() -> None:
    assert clean("x\n" * 5, max_lines=2).splitlines() == ["x", "x", "…[4 more lines cut]"]


@given(st.text(st.characters(codec=None), max_size=200))
def test_nothing_gets_through_that_a_terminal_obeys(text: str) -> None:
    for character in clean(text):
        assert character in "\t\n" or unicodedata.category(character) not in {
            "Cc", "Cf", "Cs", "Zl", "Zp",
        }  # fmt: skip
    assert not set(clean_line(text)) & {"\n", "\t"}


@given(st.binary(max_size=200))
def test_any_bytes_can_be_shown(data: bytes) -> None:
    clean(data).encode("utf-8")
