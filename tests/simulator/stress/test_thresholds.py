"""Conditions: a small grammar, clear refusals, and none that passes since nothing was measured."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.stress.figures import Counts
from simulator.stress.histogram import Latency
from simulator.stress.thresholds import Threshold, ThresholdError, check, parse
from tests.simulator.stress.builders import some_figures

FIGURES = some_figures()


@pytest.mark.parametrize(
    ("text", "metric", "sign", "limit", "unit"),
    [
        ("p99>50ms", "p99", ">", 50, "ms"),
        (" p99.9 >= 0.5 s ", "p99.9", ">=", 500, "ms"),
        ("p50<250us", "p50", "<", 0.25, "ms"),
        ("p5<250µs", "p5", "<", 0.25, "ms"),
        ("max>1s", "max", ">", 1000, "ms"),
        ("mean<=3ms", "mean", "<=", 3, "ms"),
        ("min>1ms", "min", ">", 1, "ms"),
        ("errors>1%", "errors", ">", 1, "%"),
        ("errors>0", "errors", ">", 0, ""),
        ("rate<900/s", "rate", "<", 900, "/s"),
        ("rate<900", "rate", "<", 900, "/s"),
    ],
)
def test_what_is_a_condition(text: str, metric: str, sign: str, limit: float, unit: str) -> None:
    assert parse(text) == Threshold(text.strip(), metric, sign, limit, unit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "write a metric"),
        ("p99", "write a metric"),
        ("p99=50ms", "write a metric"),
        ("p99>", "write a metric"),
        ("50ms<p99", "write a metric"),
        ("p99>50ms and errors>1%", "write a metric"),
        ("p99>50", "it needs a unit: us, ms or s"),
        ("p99>50m", "m is no unit of it: us, ms or s"),
        ("p99>50%", "% is no unit of it"),
        ("p99>1.2.3ms", "1.2.3 is no number"),
        ("p99>.ms", ". is no number"),
        ("errors>1ms", "errors are counted, or told in %"),
        ("rate<5ms", "in answers a second"),
        ("p100>1ms", "there is no metric p100"),
        ("p0>1ms", "there is no metric p0"),
        ("latency>1ms", "there is no metric latency; there are percentiles"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ThresholdError) as refused:
        parse(text)
    assert said in str(refused.value)
    assert repr(text) in str(refused.value)


@settings(deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except ThresholdError:
        return
    assert found.limit >= 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("p50>1ms", 50),
        ("p99>1ms", 99),
        ("p12.5>1ms", 13),
        ("max>1ms", 100),
        ("min>1ms", 1),
        ("errors>1%", 20),
        ("errors>1", 25),
        ("rate>1", 100),
    ],
)
def test_a_condition_is_held_against_its_figure(text: str, value: float) -> None:
    figures = some_figures(counts=Counts(planned=125, sent=125, ok=100, refused=20, timeout=5))
    (checked,) = check([parse(text)], figures)
    assert checked.value == pytest.approx(value, rel=2e-3)


@settings(deadline=None)
@given(st.sampled_from(["p50", "p99", "max"]), st.integers(0, 200))
def test_a_condition_and_its_opposite_never_agree(metric: str, limit: int) -> None:
    texts = [f"{metric}>{limit}ms", f"{metric}<={limit}ms"]
    one, other = check([parse(text) for text in texts], FIGURES)
    assert one.crossed is not other.crossed


def test_a_condition_on_latency_holds_when_nothing_was_measured() -> None:
    figures = some_figures(counts=Counts(), latency=Latency())
    found = check([parse("p99>50ms"), parse("p99<50ms"), parse("max>1s")], figures)
    assert [(one.value, one.crossed) for one in found] == [(None, True)] * 3
