"""The engine's log frames become lines."""

from __future__ import annotations

import io
import struct

from hypothesis import given
from hypothesis import strategies as st

from backends.docker_logs import (
    CUT_MARK,
    LINE_LIMIT_BYTES,
    Since,
    TimedLine,
    lines_of,
    split_frames,
)

T1, T2 = "2025-01-01T00:00:00.000000001Z", "2025-01-01T00:00:00.000000002Z"
NS = 1_735_689_600_000_000_000


def message(text: str, at: str = T1) -> bytes:
    return f"{at} {text}".encode()


def texts(*frames: tuple[int, bytes]) -> list[str]:
    return [line.text for line in lines_of(frames)]


def test_a_message_is_a_line_with_its_time() -> None:
    assert list(lines_of([(1, message("hello\n"))])) == [TimedLine(NS + 1, "hello")]


def test_pieces_of_a_line_are_joined_and_keep_the_first_time() -> None:
    frames = [(1, message("one ", T1)), (1, message("two\n", T2))]
    assert list(lines_of(frames)) == [TimedLine(NS + 1, "one two")]


def test_streams_do_not_mix() -> None:
    frames = [(1, message("out ")), (2, message("err\n")), (1, message("put\n"))]
    assert texts(*frames) == ["err", "out put"]


def test_last_line_without_line_end_is_kept() -> None:
    assert texts((1, message("the end"))) == ["the end"]


def test_empty_line_is_a_line() -> None:
    assert texts((1, message("\n")), (1, message("x\n"))) == ["", "x"]


def test_windows_line_end_is_a_line_end() -> None:
    assert texts((1, message("x\r\n"))) == ["x"]


def test_longest_line_is_whole_and_one_byte_more_is_cut() -> None:
    longest = "a" * LINE_LIMIT_BYTES
    whole, cut = texts((1, message(longest + "\n")), (1, message(longest + "a\n")))
    assert whole == longest
    assert len(cut) == LINE_LIMIT_BYTES
    assert cut.endswith(CUT_MARK)


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert texts((1, f"{T1} ".encode() + b"\xff\n")) == ["\ufffd"]


def test_message_without_time_is_kept_whole() -> None:
    assert list(lines_of([(1, b"no time here\n")])) == [TimedLine(None, "no time here")]


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=50)), max_size=10),
    st.integers(min_value=0, max_value=600),
    st.integers(min_value=1, max_value=9),
)
def test_frames_survive_any_reading_and_a_cut_off_one_is_left_out(
    frames: list[tuple[int, bytes]], cut: int, chunk: int
) -> None:
    encoded = [struct.pack(">BxxxL", stream, len(data)) + data for stream, data in frames]
    source = io.BytesIO(b"".join(encoded)[:cut])
    found = list(split_frames(lambda size: source.read(min(size, chunk))))
    sizes = [len(frame) for frame in encoded]
    complete = sum(sum(sizes[: i + 1]) <= cut for i in range(len(sizes)))
    assert found == frames[:complete]


def test_reading_again_lets_each_line_through_once() -> None:
    since = Since()
    first = [TimedLine(1, "a"), TimedLine(2, "b"), TimedLine(2, "c")]
    assert [since.is_new(line) for line in first] == [True, True, True]
    assert since.at_ns == 2
    since.rewind()
    again = [TimedLine(2, "b"), TimedLine(2, "c"), TimedLine(2, "d"), TimedLine(3, "e")]
    assert [since.is_new(line) for line in again] == [False, False, True, True]
    since.rewind()
    assert [since.is_new(line) for line in (TimedLine(3, "e"), TimedLine(4, "f"))] == [False, True]


def test_line_completed_late_is_not_lost() -> None:
    since = Since()
    assert since.is_new(TimedLine(5, "whole"))
    assert since.is_new(TimedLine(4, "was in pieces"))
