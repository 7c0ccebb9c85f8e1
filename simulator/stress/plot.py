"""A picture of a load test as SVG: how many requests took how long, and when."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape

from simulator.stress.figures import Interval
from simulator.stress.histogram import Latencies
from simulator.stress.report import Report

WIDTH, HEIGHT = 960, 640
_LEFT, _RIGHT = 70.0, 940.0
_UPPER = (100.0, 322.0)
_LOWER = (400.0, 590.0)
_PERCENTS = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999)
_STEPS = 160
_COLOURS = {"p50": "#2f7ed8", "p99": "#d9822b", "max": "#9aa4b2", "before": "#9aa4b2"}
_STYLE = """
text { font: 13px system-ui, "DejaVu Sans", sans-serif; fill: #334; }
.title { font-size: 17px; font-weight: 600; }
.small { font-size: 12px; fill: #667; }
.grid { stroke: #e3e6ea; }
.axis { stroke: #99a; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.errors { fill: #d64545; }
"""

Point = tuple[float, float]
Scale = Callable[[float], float]


def svg(report: Report, before: Report | None = None) -> str:
    """The picture: latency by percentile (logarithmic, and beside it an earlier test's), and
    latency and errors over time."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_heading(report),
        *_by_percentile(report, before),
        *_over_time(report),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _heading(report: Report) -> Iterator[str]:
    load, figures = report.load, report.figures
    kind = (
        f"open loop, {load.rate_per_s:g} requests/s"
        if load.is_open
        else f"closed loop, {load.concurrency} at a time"
    )
    counts = figures.counts
    yield _text(_LEFT, 28, report.service or report.sent.url, "title")
    yield _text(
        _LEFT,
        48,
        f"{kind} for {load.duration_s:g} s · {report.started_at} · {counts.ok:,} answers, "
        f"{counts.errors:,} errors, {figures.ok_per_s:,.1f}/s",
        "small",
    )
    if report.generator_limits:
        yield _text(_LEFT, 66, "careful: the generator was a limit; the report says how", "small")


# -- by percentile ----------------------------------------------------------------------------


def _by_percentile(report: Report, before: Report | None) -> Iterator[str]:
    curves = [("this test", "p50", _curve(report))]
    if before is not None:
        curves.insert(0, ("the earlier test", "before", _curve(before)))
    curves = [one for one in curves if one[2]]
    since = "due" if report.load.is_open else "sent"
    yield _text(_LEFT, _UPPER[0] - 10, f"latency from when it was {since}, by percentile, ms")
    if not curves:
        yield _nothing(_UPPER)
        return
    furthest = max(points[-1][0] for _, _, points in curves)
    across = _linear((0.0, max(1.0, furthest)), (_LEFT, _RIGHT))
    values = [value for _, _, points in curves for _, value in points]
    up, ticks = _logarithmic(values, _UPPER)
    yield from _horizontal(up, ticks)
    for percent in _PERCENTS:
        if (at := _nines(percent)) <= furthest:
            yield from _vertical(across(at), _UPPER, f"{percent:g}%")
    for number, (name, colour, points) in enumerate(curves):
        yield _line([(across(x), up(y)) for x, y in points], _COLOURS[colour], name)
        yield from _legend(number, _UPPER, name, _COLOURS[colour])


def _curve(report: Report) -> list[Point]:
    """(nines, milliseconds) along the percentiles, as far as there are requests."""
    latencies = Latencies.decode(report.figures.latency.histogram)
    if not latencies.count:
        return []
    last = math.log10(latencies.count) if latencies.count > 1 else 1.0
    nines = [last * step / _STEPS for step in range(_STEPS + 1)]
    percents = [100 * (1 - 10**-each) for each in nines]
    found = latencies.percentiles_ms(percents)
    return [(x, y) for x, y in zip(nines, found, strict=True) if y is not None]


def _nines(percent: float) -> float:
    """Where a percentile lies on the axis: 90% at 1, 99% at 2."""
    return -math.log10(1 - percent / 100)


# -- over time --------------------------------------------------------------------------------


def _over_time(report: Report) -> Iterator[str]:
    intervals, width_s = report.figures.intervals, _width_s(report.figures.intervals)
    since = "due" if report.load.is_open else "sent"
    yield _text(_LEFT, _LOWER[0] - 10, f"latency by when the request was {since}, ms")
    values = [one.max_ms for one in intervals if one.max_ms is not None]
    lowest = [one.p50_ms for one in intervals if one.p50_ms is not None]
    end_s = max((one.start_s + width_s for one in intervals), default=0.0)
    across = _linear((0.0, end_s or 1.0), (_LEFT, _RIGHT))
    yield from _errors(intervals, width_s, across)
    if values:
        up, ticks = _logarithmic([*values, *lowest], _LOWER)
        yield from _horizontal(up, ticks)
        for number, name in enumerate(("max", "p99", "p50")):
            for points in _runs(intervals, f"{name}_ms"):
                moved = [(across(x + width_s / 2), up(y)) for x, y in points]
                yield _line(moved, _COLOURS[name], name)
            yield from _legend(number, _LOWER, name, _COLOURS[name])
    else:
        yield _nothing(_LOWER)
    for second in _even(end_s):
        yield from _vertical(across(second), _LOWER, f"{second:g} s")


def _width_s(intervals: Sequence[Interval]) -> float:
    return intervals[1].start_s - intervals[0].start_s if len(intervals) > 1 else 1.0


def _runs(intervals: Sequence[Interval], name: str) -> Iterator[list[Point]]:
    """Stretches without a gap."""
    points: list[Point] = []
    for one in intervals:
        value = getattr(one, name)
        if value is not None:
            points.append((one.start_s, value))
        elif points:
            yield points
            points = []
    if points:
        yield points


def _errors(intervals: Sequence[Interval], width_s: float, across: Scale) -> Iterator[str]:
    """A bar for each interval with errors, as high as their share."""
    for one in intervals:
        if one.errors:
            left, right = across(one.start_s), across(one.start_s + width_s)
            height = max(2.0, (_LOWER[1] - _LOWER[0]) * one.errors / one.requests)
            yield (
                f'<rect class="errors" x="{left:.1f}" y="{_LOWER[1] - height:.1f}" '
                f'width="{max(1.0, right - left):.1f}" height="{height:.1f}" opacity="0.35">'
                f"<title>{one.errors} of {one.requests} failed</title></rect>"
            )
    if any(one.errors for one in intervals):
        yield from _legend(3, _LOWER, "share of errors", "#d64545")


# -- parts ------------------------------------------------------------------------------------


def _linear(domain: Point, room: Point) -> Scale:
    (low, high), (start, end) = domain, room
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _logarithmic(values: Sequence[float], room: Point) -> tuple[Scale, list[float]]:
    """A scale from bottom to top, and round values on it."""
    low, high = max(0.001, min(values)), max(0.001, *values)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [digit * 10.0**exponent for exponent in exponents for digit in (1, 2, 5)]
    below = max((tick for tick in ticks if tick <= low), default=ticks[0])
    above = min((tick for tick in ticks if tick >= high and tick > below), default=ticks[-1])
    scale = _linear((math.log10(below), math.log10(above)), (room[1], room[0]))
    shown = [tick for tick in ticks if below <= tick <= above]
    return (lambda value: scale(math.log10(max(value, below)))), shown


def _even(end: float) -> list[float]:
    """Round values from 0 to the end, about ten of them."""
    if end <= 0:
        return []
    size = 10.0 ** math.floor(math.log10(end / 10))
    step = next(size * factor for factor in (1, 2, 5, 10) if end / (size * factor) <= 10)
    return [round(step * count, 6) for count in range(int(end / step + 1e-9) + 1)]


def _horizontal(up: Scale, ticks: Sequence[float]) -> Iterator[str]:
    for tick in ticks:
        y = up(tick)
        yield f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_RIGHT}" y2="{y:.1f}"/>'
        yield _text(_LEFT - 8, y + 4, f"{tick:g}", "small", "end")


def _vertical(x: float, room: Point, label: str) -> Iterator[str]:
    yield f'<line class="grid" x1="{x:.1f}" y1="{room[0]}" x2="{x:.1f}" y2="{room[1]}"/>'
    yield _text(x, room[1] + 18, label, "small", "middle")


def _legend(number: int, room: Point, name: str, colour: str) -> Iterator[str]:
    x = _RIGHT - 120 * (number + 1)
    y = room[0] - 14
    yield f'<rect x="{x}" y="{y - 5:.1f}" width="14" height="4" fill="{colour}"/>'
    yield _text(x + 20, y + 1, name, "small")


def _line(points: Sequence[Point], colour: str, name: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    if len(points) == 1:
        ((x, y),) = points
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>'
    return (
        f'<polyline class="line" stroke="{colour}" points="{path}">'
        f"<title>{escape(name)}</title></polyline>"
    )


def _nothing(room: Point) -> str:
    return _text((_LEFT + _RIGHT) / 2, sum(room) / 2, "nothing was measured", "small", "middle")


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    shown = "".join(char if char.isprintable() else " " for char in text)
    kind = f' class="{kind}"' if kind else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(shown)}</text>'
