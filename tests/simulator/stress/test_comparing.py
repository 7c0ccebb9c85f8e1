"""Two tests side by side: ratios, and everything in which the tests themselves differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.stress.comparing import Row, compare
from simulator.stress.load import Load
from simulator.stress.report import Machine
from tests.simulator.stress.builders import a_latency, a_report, some_figures


def test_ratios_are_of_now_to_before() -> None:
    before = a_report(figures=some_figures(ok_per_s=100.0, latency=a_latency(10.0)))
    after = a_report(figures=some_figures(ok_per_s=50.0, latency=a_latency(20.0)))
    rows = {row.name: row for row in compare(before, after).rows}
    assert rows["answers"].ratio == 0.5
    for name in ("min", "mean", "p50", "p90", "p99", "p99.9", "max"):
        assert rows[name].ratio == pytest.approx(2, rel=2e-3)


def test_a_report_compared_with_itself_shows_no_difference() -> None:
    report = a_report()
    comparison = compare(report, report)
    assert comparison.differences == ()
    assert {row.ratio for row in comparison.rows} <= {1.0, None}


@pytest.mark.parametrize("pair", [(None, 1.0), (1.0, None), (0.0, 1.0)])
def test_there_is_not_always_a_ratio(pair: tuple[float | None, float | None]) -> None:
    assert Row("p50", "ms", *pair).ratio is None


LOAD = a_report().load


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"load": replace(LOAD, rate_per_s=200)}, "load: 100 requests/s (open loop) before, 200"),
        ({"load": Load(concurrency=3, duration_s=1)}, "3 at a time (closed loop) now"),
        ({"load": replace(LOAD, duration_s=9)}, "duration: 1 s before, 9 s now"),
        ({"load": replace(LOAD, timeout_s=9)}, "timeout: 10 s before, 9 s now"),
        ({"load": replace(LOAD, connections=9)}, "connections: 256 at most before, 9 at most now"),
        ({"service": "iris"}, "another service: mnist before, iris now"),
        ({"sent": replace(a_report().sent, digest="e" * 64)}, "other requests: POST"),
        ({"machine": Machine(64, "Linux", "3.11")}, "another machine"),
        ({"stopped": True}, "this test was ended early"),
        ({"generator_limits": ("slow",)}, "the generator was the limit in this test"),
    ],
)
def test_what_differs_is_said(changes: dict[str, Any], said: str) -> None:
    differences = compare(a_report(), a_report(**changes)).differences
    assert any(said in one for one in differences)


def test_a_doubt_about_the_earlier_test_is_said_too() -> None:
    earlier = a_report(stopped=True, generator_limits=("slow",))
    assert compare(earlier, a_report()).differences == (
        "the earlier test was ended early",
        "the generator was the limit in the earlier test",
    )
