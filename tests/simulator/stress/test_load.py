"""The plan says what is sent when, before anything is sent."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.stress.load import (
    MAX_CONNECTIONS,
    MAX_DURATION_S,
    MAX_RATE_PER_S,
    MOST_OPENED_BEFORE,
    Load,
    LoadError,
)

rates = st.floats(0.01, 10_000)
durations = st.floats(0.01, 60)


@settings(deadline=None)
@given(rates, durations)
def test_every_request_is_due_before_the_end_and_no_more_would_fit(
    rate: float, duration: float
) -> None:
    load = Load(rate_per_s=rate, duration_s=duration)
    assert load.planned >= 1
    assert load.due_s(0) == 0
    assert load.due_s(load.planned - 1) < duration
    # one more would be due at the end, or later, up to a millionth of a request
    assert load.due_s(load.planned) * rate >= duration * rate - 1e-5


@settings(deadline=None)
@given(rates, st.integers(0, 10_000))
def test_requests_are_evenly_spaced(rate: float, index: int) -> None:
    load = Load(rate_per_s=rate)
    step = load.due_s(index + 1) - load.due_s(index)
    assert math.isclose(step, 1 / rate, rel_tol=1e-6)


def test_thirty_a_second_for_a_tenth_of_a_second_are_three() -> None:
    assert Load(rate_per_s=30, duration_s=0.1).planned == 3


def test_a_closed_loop_plans_no_number_and_has_a_connection_for_each_request() -> None:
    load = Load(concurrency=7, connections=2)
    assert (load.kind, load.planned, load.most_connections, load.opened_before) == (
        "closed",
        0,
        7,
        7,
    )


@settings(deadline=None)
@given(rates, durations, st.integers(1, MAX_CONNECTIONS))
def test_no_more_connections_are_opened_before_than_may_be_or_are_needed(
    rate: float, duration: float, connections: int
) -> None:
    load = Load(rate_per_s=rate, duration_s=duration, connections=connections)
    assert 1 <= load.opened_before <= min(connections, load.planned, MOST_OPENED_BEFORE)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "either a rate or a concurrency"),
        ({"rate_per_s": 1, "concurrency": 1}, "either a rate or a concurrency"),
        ({"rate_per_s": -1}, "rate must be above 0"),
        ({"rate_per_s": math.nan}, "rate must be above 0"),
        ({"rate_per_s": MAX_RATE_PER_S * 2}, "at most 100000 requests/s"),
        ({"concurrency": -1}, "concurrency must be above 0"),
        ({"concurrency": MAX_CONNECTIONS + 1}, "concurrency must be"),
        ({"rate_per_s": 1, "duration_s": 0}, "duration must be above 0"),
        ({"rate_per_s": 1, "duration_s": MAX_DURATION_S + 1}, "at most 3600 s"),
        ({"rate_per_s": 1, "duration_s": math.inf}, "at most 3600 s"),
        ({"rate_per_s": 1, "timeout_s": 0}, "timeout must be above 0"),
        ({"rate_per_s": 1, "connections": 0}, "number of connections must be above 0"),
    ],
)
def test_a_load_that_is_unbounded_or_senseless_is_refused(
    values: dict[str, float], said: str
) -> None:
    with pytest.raises(LoadError, match=said):
        Load(**values)
