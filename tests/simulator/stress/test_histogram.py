"""Latencies are kept to three digits, and percentiles are those of the latencies themselves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.stress.histogram import LONGEST_US, Latencies, Latency

seconds = st.lists(st.floats(1e-6, 100), min_size=1, max_size=60)


def counted(values: list[float]) -> Latencies:
    made = Latencies()
    made.add(np.array(values))
    return made


def nearest_rank(values: list[float], percent: float) -> float:
    """As HdrHistogram has it: so many of the values, rounded, and at least one."""
    rank = max(1, int(percent / 100 * len(values) + 0.5))
    return sorted(values)[rank - 1]


@settings(deadline=None)
@given(seconds, st.floats(0.1, 100))
def test_a_percentile_is_that_of_the_values_to_three_digits(
    values: list[float], percent: float
) -> None:
    found = counted(values).percentile_ms(percent)
    assert found is not None
    assert math.isclose(found, nearest_rank(values, percent) * 1000, rel_tol=1.1e-3, abs_tol=1e-3)


@settings(deadline=None)
@given(seconds, seconds)
def test_merged_is_the_same_as_counted_together(one: list[float], other: list[float]) -> None:
    merged = Latencies().merge([counted(one), counted(other)])
    assert merged.summary() == counted(one + other).summary()


@settings(deadline=None)
@given(seconds)
def test_a_histogram_comes_out_of_its_text_as_it_went_in(values: list[float]) -> None:
    made = counted(values)
    before, after = made.summary(), Latencies.decode(made.encoded()).summary()
    assert after.mean_ms == pytest.approx(before.mean_ms, rel=1e-3, abs=1e-3)
    assert replace(after, mean_ms=before.mean_ms) == before


@settings(deadline=None)
@given(seconds)
def test_the_numbers_of_a_summary_are_in_order(values: list[float]) -> None:
    summary = counted(values).summary()
    ordered = [
        summary.min_ms,
        summary.p50_ms,
        summary.p90_ms,
        summary.p99_ms,
        summary.p999_ms,
        summary.max_ms,
    ]
    assert ordered == sorted(ordered, key=lambda value: value or 0)
    assert summary.count == len(values)


def test_nothing_counted_is_nothing_told() -> None:
    empty = Latencies()
    assert empty.summary() == Latency()
    assert empty.percentiles_ms([50, 99]) == [None, None]
    assert Latencies.decode("").count == 0


def test_what_takes_hours_counts_as_an_hour_and_what_takes_no_time_as_a_microsecond() -> None:
    summary = counted([0.0, 1e6]).summary()
    assert summary.count == 2
    assert summary.min_ms == 0.001
    assert summary.max_ms == pytest.approx(LONGEST_US / 1000, rel=1e-3)


def test_what_is_no_histogram_is_said() -> None:
    with pytest.raises(ValueError, match="not an HDR histogram"):
        Latencies.decode("nonsense")
