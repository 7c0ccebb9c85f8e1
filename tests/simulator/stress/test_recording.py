"""Figures follow from the records alone, and nothing is lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.stress.load import Load
from simulator.stress.outcomes import Ending
from simulator.stress.recording import MOST_INTERVALS, interval_width_s
from tests.simulator.stress.builders import Told, a_tick

LOAD = Load(rate_per_s=100, duration_s=2)

seconds = st.floats(0, 0.5, width=32)
request = st.fixed_dictionaries(
    {
        "due_s": st.floats(0, 1.99),
        "late_s": seconds,
        "waited_s": seconds,
        "took_s": seconds,
        "ending": st.sampled_from([one.value for one in Ending]),
        "version": st.sampled_from(["", "v1", "v2"]),
    }
)
requests = st.lists(request, min_size=1, max_size=40)


def recorded(told: Told, each: list[dict[str, object]]) -> list[bytes]:
    return [told.request(label=str(one["ending"]), **one) for one in each]


@settings(deadline=None)
@given(requests)
def test_every_request_is_counted_once(each: list[dict[str, object]]) -> None:
    told = Told(LOAD)
    told.records(*recorded(told, each))
    told.tick(a_tick(2.0, sent=len(each), sent_in_time=len(each)))
    figures = told.recording.figures()
    assert figures.counts.ended == len(each)
    assert sum(one.count for one in figures.failed) == figures.counts.errors
    assert sum(one.requests for one in figures.intervals) == len(each)
    assert sum(one.errors for one in figures.intervals) == figures.counts.errors
    answers = figures.counts.ok + figures.counts.refused
    assert sum(one.requests for one in figures.versions) == answers
    assert figures.latency.count == figures.counts.ok + figures.counts.timeout
    assert figures.from_send.count == figures.latency.count
    assert figures.generator.late.count == len(each)


@settings(deadline=None)
@given(requests, st.integers(0, 40))
def test_it_does_not_matter_in_how_many_pieces_records_come(
    each: list[dict[str, object]], cut: int
) -> None:
    whole, pieces = Told(LOAD), Told(LOAD)
    whole.records(*recorded(whole, each))
    records = recorded(pieces, each)
    for part in (records[:cut], records[cut:]):
        if part:
            pieces.records(*part)
    assert whole.recording.figures() == pieces.recording.figures()


@settings(deadline=None)
@given(requests)
def test_latency_from_when_it_was_due_is_never_less_than_from_when_it_was_sent(
    each: list[dict[str, object]],
) -> None:
    told = Told(LOAD)
    told.records(*recorded(told, each))
    figures = told.recording.figures()
    for name in ("min_ms", "p50_ms", "p99_ms", "max_ms"):
        due, sent = getattr(figures.latency, name), getattr(figures.from_send, name)
        assert (due is None) == (sent is None)
        assert due is None or due >= sent


def test_latency_is_lateness_and_waiting_and_the_answer_together() -> None:
    told = Told(LOAD)
    told.records(told.request(late_s=0.1, waited_s=0.2, took_s=0.3))
    figures = told.recording.figures()
    assert figures.latency.max_ms == pytest.approx(600, rel=1e-3)
    assert figures.from_send.max_ms == pytest.approx(300, rel=1e-3)
    assert figures.generator.late.max_ms == pytest.approx(100, rel=1e-3)
    assert figures.generator.waited_latency.max_ms == pytest.approx(200, rel=1e-3)


def test_a_request_that_was_given_up_makes_the_latency_worse_and_never_better() -> None:
    told = Told(LOAD)
    told.records(*[told.request(took_s=0.01)] * 9)
    told.records(told.request(took_s=2.0, ending="timeout", label="no answer in time"))
    figures = told.recording.figures()
    assert figures.latency.max_ms == pytest.approx(2000, rel=1e-3)
    assert figures.counts.timeout == 1


def test_a_quick_refusal_does_not_make_the_latency_better() -> None:
    told = Told(LOAD)
    told.records(told.request(took_s=0.1), *[told.request(took_s=0.001, ending="refused")] * 9)
    assert told.recording.figures().latency.p50_ms == pytest.approx(100, rel=1e-3)


def test_versions_share_the_answers_that_name_one() -> None:
    told = Told(LOAD)
    told.records(*[told.request(version="v1")] * 3, told.request(version="v2", ending="refused"))
    told.records(*[told.request(version="", ending="refused")] * 6)
    versions = {one.name: one for one in told.recording.figures().versions}
    assert {name: one.share for name, one in versions.items()} == {"": 0, "v1": 0.75, "v2": 0.25}
    assert (versions["v2"].errors, versions["v2"].latency.count) == (1, 0)
    assert versions["v1"].latency.count == 3


def test_an_interval_tells_of_the_requests_that_were_due_in_it() -> None:
    told = Told(LOAD)
    width = told.recording.width_s
    told.records(told.request(0.0, took_s=5), told.request(2.5 * width, took_s=0.001))
    first, second, third = told.recording.figures().intervals
    assert (first.start_s, first.requests) == (0, 1)
    assert first.max_ms == pytest.approx(5000, rel=0.02)
    assert (second.requests, second.max_ms) == (0, None)
    assert third.start_s == pytest.approx(2 * width)


@settings(deadline=None)
@given(st.floats(0.01, 3600), st.floats(0.1, 100_000))
def test_there_are_never_too_many_intervals(duration: float, rate: float) -> None:
    for load in (
        Load(rate_per_s=rate, duration_s=duration),
        Load(concurrency=1, duration_s=duration),
    ):
        assert duration / interval_width_s(load) <= MOST_INTERVALS + 1


def test_rates_are_over_the_planned_time_when_all_was_sent() -> None:
    told = Told(LOAD)
    told.records(*[told.request(at / 100) for at in range(200)])
    told.tick(a_tick(1.995, sent=200, sent_in_time=200))
    figures = told.recording.figures()
    assert figures.elapsed_s == pytest.approx(2.0, abs=0.02)
    assert (figures.sent_per_s, figures.ok_per_s) == (100, pytest.approx(100, rel=0.01))


def test_answers_that_come_late_lower_the_rate() -> None:
    told = Told(LOAD)
    told.records(*[told.request(1.0, took_s=3.0)] * 200)
    told.tick(a_tick(4.0, sent=200, sent_in_time=200))
    figures = told.recording.figures()
    assert figures.elapsed_s == pytest.approx(4.0)
    assert figures.ok_per_s == pytest.approx(50)


def test_a_test_that_was_stopped_has_the_time_until_then() -> None:
    told = Told(LOAD)
    told.records(*[told.request(at / 100) for at in range(50)])
    told.tick(a_tick(0.6, sent=50, sent_in_time=50, unsent=150, unfinished=0))
    figures = told.recording.figures()
    assert figures.elapsed_s == pytest.approx(0.6)
    assert (figures.counts.planned, figures.counts.unsent) == (200, 150)


def test_a_snapshot_tells_of_the_last_second() -> None:
    told = Told(LOAD)
    told.tick(a_tick(0.0))
    told.records(*[told.request(at / 100) for at in range(100)])
    told.tick(a_tick(1.0, sent=100, cpu_s=0.2))
    told.records(*[told.request(1 + at / 100, ending="refused") for at in range(50)])
    told.tick(a_tick(2.0, sent=150, cpu_s=0.7, in_flight=3))
    snapshot = told.recording.snapshot()
    assert (snapshot.ok_per_s, snapshot.errors_per_s) == (0, 50)
    assert snapshot.cpu_share == pytest.approx(0.5)
    assert (snapshot.counts.ok, snapshot.counts.errors, snapshot.in_flight) == (100, 50, 3)


def test_the_first_snapshot_counts_from_the_beginning() -> None:
    told = Told(LOAD)
    told.records(*[told.request(at / 100) for at in range(10)])
    told.tick(a_tick(0.1, sent=10, cpu_s=0.05))
    snapshot = told.recording.snapshot()
    assert (snapshot.ok_per_s, snapshot.cpu_share) == (pytest.approx(100), pytest.approx(0.5))


def test_the_generators_own_delays_are_told() -> None:
    told = Told(LOAD)
    for lag in (0.0, 0.0, 0.0, 0.02):
        told.tick(a_tick(2.0, loop_lag_s=lag, cpu_s=1.0, opened=9))
    generator = told.recording.figures().generator
    assert (generator.lagging_share, generator.loop_lag_max_ms) == (0.25, 20)
    assert (generator.cpu_share, generator.connections_opened) == (0.5, 9)


def test_a_closed_loop_has_no_plan_to_be_late_for() -> None:
    told = Told(Load(concurrency=1))
    told.records(told.request(took_s=0.1))
    told.tick(a_tick(1.0, sent=1, sent_in_time=1))
    figures = told.recording.figures()
    assert figures.generator.late.count == 0
    assert figures.counts.planned == 1
