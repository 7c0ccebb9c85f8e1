"""The picture is well-formed SVG that shows what the report says."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.stress.figures import Interval
from simulator.stress.histogram import Latency
from simulator.stress.plot import HEIGHT, WIDTH, svg
from simulator.stress.report import Report
from tests.simulator.stress.builders import a_latency, a_report, some_figures

SVG = "{http://www.w3.org/2000/svg}"
milliseconds = st.floats(0.001, 3_000_000)


def drawn(report: Report, before: Report | None = None) -> ElementTree.Element:
    return ElementTree.fromstring(svg(report, before))


def lines(picture: ElementTree.Element) -> list[str]:
    return [one.findtext(f"{SVG}title") or "" for one in picture.iter(f"{SVG}polyline")]


def texts(picture: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in picture.iter(f"{SVG}text")]


@settings(deadline=None, max_examples=50)
@given(
    st.text(),
    st.lists(milliseconds, max_size=10),
    st.lists(st.tuples(st.integers(1, 9), st.none() | milliseconds), max_size=10),
)
def test_whatever_was_measured_is_drawn_within_the_picture(
    name: str, latencies: list[float], over_time: list[tuple[int, float | None]]
) -> None:
    intervals = tuple(
        Interval(index * 0.5, count, 1, each, each, each, each)
        for index, (count, each) in enumerate(over_time)
    )
    figures = some_figures(latency=a_latency(*latencies), intervals=intervals)
    picture = drawn(a_report(service=name, figures=figures))
    for one in picture.iter(f"{SVG}polyline"):
        for x, y in re.findall(r"([-\d.]+),([-\d.]+)", one.get("points", "")):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT


def test_percentiles_and_their_axis() -> None:
    picture = drawn(a_report())
    assert lines(picture) == ["this test"]
    assert {"0%", "50%", "90%", "99%", "mnist"} <= set(texts(picture))
    assert "99.9%" not in texts(picture)  # of a hundred requests there is no such percentile


def test_the_earlier_test_is_drawn_beside_it() -> None:
    assert lines(drawn(a_report(), a_report())) == ["the earlier test", "this test"]


def test_time_has_gaps_where_nothing_was_measured_and_bars_where_requests_failed() -> None:
    values = (5.0, 5.0, None, 5.0, 5.0)
    intervals = tuple(
        Interval(index * 1.0, 10, 5 if value is None else 0, value, value, value, value)
        for index, value in enumerate(values)
    )
    picture = drawn(a_report(figures=some_figures(intervals=intervals)))
    assert lines(picture).count("p99") == 2
    bars = [one for one in picture.iter(f"{SVG}rect") if one.get("class") == "errors"]
    assert [bar.findtext(f"{SVG}title") for bar in bars] == ["5 of 10 failed"]


def test_an_empty_test_says_so() -> None:
    picture = drawn(a_report(figures=some_figures(latency=Latency())))
    assert texts(picture).count("nothing was measured") == 2


def test_doubts_are_in_the_picture() -> None:
    assert any("careful" in one for one in texts(drawn(a_report(generator_limits=("slow",)))))
