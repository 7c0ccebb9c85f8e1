"""Each figure is written one way, within the width its column has."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import format


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (86399, "23h"),
        (86400, "1d"), (31536000, "365d"), (-5, "0s"), (None, "–"), (float("nan"), "–"),
    ],
)  # fmt: skip
def test_duration(seconds: float | None, text: str) -> None:
    assert format.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45s"), (245, "4m 05s"), (7620, "2h 07m"), (273600, "3d 04h")]
)
def test_long_duration(seconds: float, text: str) -> None:
    assert format.long_duration(seconds) == text


def test_age_is_never_negative_and_unknown_without_a_clock() -> None:
    assert format.age(10_000, 4_000) == "6s"
    assert format.age(4_000, 10_000) == "0s"
    assert format.age(None, 4_000) == "–"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (9999, "9,999"), (12_345, "12.3k"), (123_456, "123k"), (4_560_000, "4.56M"),
     (999_999, "1.00M"), (1_200_000_000, "1.20G"), (None, "–")],
)  # fmt: skip
def test_count(number: int | None, text: str) -> None:
    assert format.count(number) == text


@pytest.mark.parametrize(
    ("per_s", "text"),
    [(0, "0"), (0.001, "0"), (0.04, "0.04"), (3.21, "3.2"), (9.96, "10"), (125, "125"),
     (1250, "1.25k"), (None, "–")],
)  # fmt: skip
def test_rate(per_s: float | None, text: str) -> None:
    assert format.rate(per_s) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0.42, "0.42ms"), (1.94, "1.9ms"), (12.4, "12ms"), (1420, "1.4s"), (59_000, "59s"),
     (180_000, "3m"), (None, "–")],
)  # fmt: skip
def test_latency(milliseconds: float | None, text: str) -> None:
    assert format.latency(milliseconds) == text


@given(st.floats(0, 1e8), st.integers(0, 10**11))
def test_figures_fit_their_columns(value: float, number: int) -> None:
    assert len(format.rate(value)) <= 6 or value >= 1e6
    assert len(format.latency(value)) <= 6
    assert len(format.count(number)) <= 7
    assert len(format.duration(value)) <= 5


def test_share_of_nothing_is_unknown() -> None:
    assert format.share(0, 0) == "–"
    assert format.share(684, 1000) == "68.4%"


@pytest.mark.parametrize(
    ("fraction", "text"), [(0, "░░░░"), (0.01, "█░░░"), (0.5, "██░░"), (1, "████"), (7, "████")]
)
def test_bar(fraction: float, text: str) -> None:
    assert format.bar(fraction, 4) == text


def test_time_of_day_and_an_instant_out_of_range() -> None:
    assert format.time_of_day(1_763_730_000_000, UTC) == "13:00:00"
    assert format.time_of_day(10**30) == "–"


@pytest.mark.parametrize(
    ("identifier", "short"),
    [
        ("my-service-v1-0", "v1-0"),
        ("3f2a91c07d5e", "c07d5e"),
        ("abc", "abc"),
        ("a-b-c-d", "b-c-d"),
    ],
)
def test_short_id(identifier: str, short: str) -> None:
    assert format.short_id(identifier) == short


def test_plural() -> None:
    assert format.plural(1, "line") == "1 line"
    assert format.plural(1200, "line") == "1,200 lines"
