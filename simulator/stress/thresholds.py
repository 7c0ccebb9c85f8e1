"""Conditions under which a load test fails, such as `p99>50ms`.

condition  = metric operator number unit
operator   = ">" | ">=" | "<" | "<="
metric     = "p50", "p99.9", any percentile below 100, "min", "mean" or "max"; unit: us, ms or s
           | "errors"; unit: none for a number of requests, or %
           | "rate": answers with 2xx a second; unit: none, or /s
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.stress.figures import Figures
from simulator.stress.histogram import Latencies

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_MILLISECONDS = {"us": 0.001, "µs": 0.001, "μs": 0.001, "ms": 1.0, "s": 1000.0}
_SHAPE = re.compile(r"\s*([A-Za-z][\w.]*)\s*(>=|<=|>|<)\s*([0-9.]+)\s*(\S*)\s*")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_PERCENTILE = re.compile(r"p([0-9]{1,2}(\.[0-9]+)?)")
_EXTREMES = ("min", "mean", "max")
EXAMPLES = "p99>50ms, errors>1%, rate<900/s"


class ThresholdError(ValueError):
    """Not a condition; the text says what is wrong with it."""


@dataclass(frozen=True)
class Threshold:
    """One condition, in the unit that its figure is kept in.

    Attributes:
        text: as it was written.
        limit: milliseconds of a latency; a number of requests, or percent; requests/s.
        unit: `ms`, empty, `%` or `/s`.
    """

    text: str
    metric: str
    sign: str
    limit: float
    unit: str


@dataclass(frozen=True)
class Checked:
    """A condition held against figures.

    Attributes:
        value: of its metric, in `unit`; None when nothing was measured.
        crossed: whether the test fails by it; also when nothing was measured.
    """

    text: str
    value: float | None
    unit: str
    crossed: bool


def parse(text: str) -> Threshold:
    """Read one condition.

    Raises:
        ThresholdError: it is none.
    """
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ThresholdError(
            f"{text!r} is no condition: write a metric, one of > >= < <=, and a value, "
            f"such as {EXAMPLES}"
        )
    metric, sign, number, unit = found.groups()
    if not _NUMBER.fullmatch(number):
        raise ThresholdError(f"{text!r}: {number} is no number")
    limit, unit = _in_unit(text, metric, float(number), unit)
    return Threshold(text.strip(), metric, sign, limit, unit)


def _in_unit(text: str, metric: str, number: float, unit: str) -> tuple[float, str]:
    percentile = _PERCENTILE.fullmatch(metric)
    if metric in _EXTREMES or (percentile and float(percentile[1]) > 0):
        if unit not in _MILLISECONDS:
            wrong = f"{unit} is no unit of it" if unit else "it needs a unit"
            raise ThresholdError(f"{text!r}: {metric} is a latency, and {wrong}: us, ms or s")
        return number * _MILLISECONDS[unit], "ms"
    if metric == "errors":
        if unit not in ("", "%"):
            raise ThresholdError(f"{text!r}: errors are counted, or told in %; not in {unit}")
        return number, unit
    if metric == "rate":
        if unit not in ("", "/s"):
            raise ThresholdError(f"{text!r}: the rate is in answers a second (/s), not in {unit}")
        return number, "/s"
    raise ThresholdError(
        f"{text!r}: there is no metric {metric}; there are percentiles such as p50, p99 and p99.9, "
        "min, mean, max, errors and rate"
    )


def check(thresholds: Sequence[Threshold], figures: Figures) -> tuple[Checked, ...]:
    """Hold all conditions against figures."""
    latencies = Latencies.decode(figures.latency.histogram)
    return tuple(_checked(one, _value(one, figures, latencies)) for one in thresholds)


def _checked(threshold: Threshold, value: float | None) -> Checked:
    crossed = value is None or _OPERATORS[threshold.sign](value, threshold.limit)
    return Checked(threshold.text, value, threshold.unit, crossed)


def _value(threshold: Threshold, figures: Figures, latencies: Latencies) -> float | None:
    match threshold.metric:
        case "errors":
            share = 100 * figures.counts.error_share
            return share if threshold.unit == "%" else float(figures.counts.errors)
        case "rate":
            return figures.ok_per_s
        case "min":
            return figures.latency.min_ms
        case "mean":
            return figures.latency.mean_ms
        case "max":
            return figures.latency.max_ms
        case percentile:
            return latencies.percentile_ms(float(percentile[1:]))
