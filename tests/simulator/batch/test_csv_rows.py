"""CSV files to rows, as RFC 4180 has it, and what is decided beyond that."""

from __future__ import annotations

import io
from collections import deque

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.batch.csv_rows import Row, read_rows
from tests.simulator.batch.memory import made, peak_bytes


def rows(body: bytes | str, start: int = 1) -> list[Row]:
    return list(
        read_rows(io.BytesIO(body.encode() if isinstance(body, str) else body), start=start)
    )


def cells(body: bytes | str) -> list[list[str]]:
    found = rows(body)
    assert [row.problem for row in found] == [""] * len(found)
    return [row.cells for row in found]


class TestWhatIsDecided:
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("last", [True, False])
    def test_lines_end_in_any_of_the_three_ways(self, end: str, last: bool) -> None:
        assert cells(f"1,2{end}3,4{end if last else ''}") == [["1", "2"], ["3", "4"]]

    def test_a_byte_order_mark_is_passed_over(self) -> None:
        assert cells(b"\xef\xbb\xbf1,2\n") == [["1", "2"]]

    def test_the_first_line_is_a_row_like_others(self) -> None:
        assert cells("a,b\n1,2\n") == [["a", "b"], ["1", "2"]]

    def test_an_empty_line_is_no_row_and_is_not_counted(self) -> None:
        found = rows("\n1\n\r\n\n2\n\n")
        assert [(row.number, row.line, row.cells) for row in found] == [
            (1, 2, ["1"]),
            (2, 5, ["2"]),
        ]

    def test_a_line_of_anything_else_is_a_row(self) -> None:
        assert cells(' \n""\n,\n') == [[" "], [""], ["", ""]]

    def test_nothing_is_stripped(self) -> None:
        assert cells(" a ,\tb\t\n") == [[" a ", "\tb\t"]]

    def test_quotes_hold_commas_quotes_and_line_ends(self) -> None:
        assert cells('"a,b","c""d","e\r\nf"\n"",g\n') == [["a,b", 'c"d', "e\r\nf"], ["", "g"]]

    def test_a_quote_within_a_field_is_a_character(self) -> None:
        assert cells('a"b", "c"\n') == [['a"b"', ' "c"']]

    def test_rows_may_differ_in_length(self) -> None:
        assert cells("1\n1,2,3\n") == [["1"], ["1", "2", "3"]]

    def test_a_file_without_rows(self) -> None:
        assert cells(b"") == cells(b"\xef\xbb\xbf") == cells("\r\n\n") == []


class TestARowThatCannotBeRead:
    @pytest.mark.parametrize(
        ("body", "problem"),
        [
            (b'1\n"a"b\n2\n', "followed by neither a comma nor the row's end"),
            (b"1\n\xff\n2\n", "not UTF-8"),
            (b"1\na,\xe4\xb8\n2\n", "not UTF-8"),
            (b'1\n"a\nb"c\n2\n', "followed by neither a comma nor the row's end"),
        ],
    )
    def test_spoils_no_other(self, body: bytes, problem: str) -> None:
        first, second, third = rows(body)
        assert (first.cells, third.cells) == (["1"], ["2"])
        assert first.problem == third.problem == ""
        assert problem in second.problem
        assert (second.number, second.line, third.number) == (2, 2, 3)

    def test_takes_the_rest_where_its_quote_is_never_closed(self) -> None:
        first, second = rows('1\n"a\n2\n3\n')
        assert first.problem == ""
        assert "not closed before the end of the file" in second.problem
        assert second.line == 2


def test_a_field_may_be_as_long_as_a_file() -> None:
    assert [len(cell) for cell in cells("a" * 3_000_000 + ",b")[0]] == [3_000_000, 1]


def test_the_stream_stays_open() -> None:
    stream = io.BytesIO(b"1\n2\n")
    reading = read_rows(stream)
    next(reading)
    reading.close()
    assert not stream.closed
    assert stream.seek(0) == 0


def test_a_stream_that_was_closed_meanwhile_is_no_trouble() -> None:
    stream = io.BytesIO(b"1\n2\n")
    reading = read_rows(stream)
    next(reading)
    stream.close()
    reading.close()


def by_hand(text: str) -> list[list[str] | None]:
    """The rows of a text by RFC 4180, character by character; None for one with broken quotes, of
    which the rest of its line is lost."""
    found: list[list[str] | None] = []
    at = 0

    def line_end(place: int) -> int:
        """How many characters end a line here."""
        return 2 if text.startswith("\r\n", place) else int(text[place : place + 1] in ("\r", "\n"))

    while at < len(text):
        if line_end(at):
            at += line_end(at)
            continue
        row: list[str] | None = []
        while True:
            field = ""
            if text[at : at + 1] == '"':
                at += 1
                while at < len(text) and (text[at] != '"' or text.startswith('""', at)):
                    field += text[at]
                    at += 2 if text[at] == '"' else 1
                if at == len(text):
                    row = None  # never closed
                    break
                at += 1
                if at < len(text) and text[at] != "," and not line_end(at):
                    row = None  # something behind the quote
                    while at < len(text) and not line_end(at):
                        at += 1
                    break
            else:
                while at < len(text) and text[at] != "," and not line_end(at):
                    field += text[at]
                    at += 1
            assert row is not None
            row.append(field)
            if at == len(text) or text[at] != ",":
                break
            at += 1
        found.append(row)
        at += line_end(at)
    return found


@given(st.text('ab",\r\n é', max_size=30))
@example('"a""b"\r\n"c')
@example('a,"')
@example('""x,\n1')
def test_any_text_is_read_as_rfc_4180_has_it(text: str) -> None:
    found = [None if row.problem else row.cells for row in rows(text)]
    assert found == by_hand(text)


@given(st.text('a",\r\n', max_size=30), st.integers(1, 10))
def test_going_on_in_the_middle_is_as_if_the_rows_before_had_been_read(
    text: str, start: int
) -> None:
    assert rows(text, start) == [row for row in rows(text) if row.number >= start]


@given(
    st.binary(max_size=40)
    | st.lists(st.sampled_from([b"\xff", b"a", b'"', b",", b"\n"])).map(b"".join)
)
def test_no_bytes_whatever_raise_and_rows_are_numbered(body: bytes) -> None:
    assert [row.number for row in rows(body)] == list(range(1, len(rows(body)) + 1))


def test_memory_does_not_depend_on_the_number_of_rows() -> None:
    def read(count: int) -> int:
        pieces = (b'%d,"a b",3.5\r\n' % number for number in range(count))
        return peak_bytes(lambda: deque(read_rows(made(pieces)), maxlen=0))

    read(10)
    assert read(20_000) - read(2_000) < 100_000
