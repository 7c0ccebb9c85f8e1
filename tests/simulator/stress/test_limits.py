"""The report says so when it tells of the generator and not of the service, and only then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.stress.figures import Counts, Figures
from simulator.stress.limits import generator_limits, remarks
from simulator.stress.load import Load
from tests.simulator.stress.builders import a_latency, some_figures

OPEN = Load(rate_per_s=100, duration_s=1, connections=8)
CLOSED = Load(concurrency=4)


def figures_of(**generator: Any) -> Figures:
    made = some_figures()
    return replace(made, generator=replace(made.generator, **generator))


@pytest.mark.parametrize("load", [OPEN, CLOSED])
def test_nothing_is_said_when_all_is_well(load: Load) -> None:
    assert generator_limits(load, some_figures()) == remarks(load, some_figures()) == ()


@pytest.mark.parametrize("load", [OPEN, CLOSED])
def test_a_processor_core_that_is_used_up(load: Load) -> None:
    (said,) = generator_limits(load, figures_of(cpu_share=0.97))
    assert "97% of the one processor core" in said


def test_requests_that_were_not_sent_in_time() -> None:
    (said,) = generator_limits(OPEN, some_figures(sent_per_s=80.0))
    assert "sent 80 of 100 requests/s" in said


def test_of_a_few_requests_one_less_is_no_lagging_behind() -> None:
    load = Load(rate_per_s=1.5, duration_s=1)
    assert generator_limits(load, some_figures(sent_per_s=1.0, counts=Counts(2, 2))) == ()


@pytest.mark.parametrize(
    ("cpu_share", "reason"),
    [(0.2, "used 20% of one"), (0.9, "could not keep up with its plan")],
)
def test_lateness_that_is_much_of_the_latency(cpu_share: float, reason: str) -> None:
    said = generator_limits(OPEN, figures_of(cpu_share=cpu_share, late=a_latency(60.0)))[-1]
    assert "sent 60 ms late or more" in said
    assert reason in said


@pytest.mark.parametrize("late", [0.9, 20.0])
def test_lateness_that_is_little_of_it_or_little_at_all_is_not_worth_a_word(late: float) -> None:
    assert generator_limits(OPEN, figures_of(late=a_latency(late))) == ()


def test_connections_that_were_all_in_use() -> None:
    waiting = {"waited": 50, "waited_latency": a_latency(30.0), "connections_opened": 8}
    figures = figures_of(**waiting)
    (said,) = remarks(OPEN, figures)
    assert "50 requests waited until one of the 8 connections was free" in said
    assert generator_limits(OPEN, figures) == ()  # it is the service that held them
    # waiting for a connection to be opened is another matter, and a closed loop has its own
    assert remarks(OPEN, figures_of(**waiting | {"connections_opened": 7})) == ()
    assert remarks(CLOSED, figures) == ()


def test_a_closed_loop_that_came_late_to_its_answers() -> None:
    lagging = figures_of(lagging_share=0.5, loop_lag_max_ms=40.0)
    (said,) = generator_limits(CLOSED, lagging)
    assert "40 ms at most" in said
    assert generator_limits(OPEN, lagging) == ()
