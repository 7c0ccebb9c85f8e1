"""What stress prints when it is over: what was asked for, what came of it, and what to doubt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.cli.output import milliseconds
from tui.clean import clean_line

if TYPE_CHECKING:
    from simulator.cli.output import Output
    from simulator.stress.comparing import Comparison
    from simulator.stress.figures import Failed
    from simulator.stress.histogram import Latency
    from simulator.stress.load import Load
    from simulator.stress.report import Report
    from simulator.stress.thresholds import Checked

_HINTS = {
    "429": "429 is the service's traffic limit, not the model's speed",
    "401": "the token is not accepted for this address",
}


def load_words(load: Load) -> str:
    """How requests were sent, in a few words."""
    if load.is_open:
        return f"open loop, {load.rate_per_s:g} requests/s for {load.duration_s:g} s"
    return f"closed loop, {load.concurrency} at a time for {load.duration_s:g} s"


def show(output: Output, report: Report, comparison: Comparison | None = None) -> None:
    """Print the report."""
    name = report.service or report.sent.url
    output.line(clean_line(f"{name} · {load_words(report.load)}"), "bold")
    output.fields(list(_summary(report)))
    output.line()
    _latencies(output, report)
    if report.figures.failed:
        output.line()
        _failures(output, report)
    if report.versions_from:
        output.line()
        _versions(output, report)
    if comparison is not None:
        output.line()
        _comparison(output, comparison)
    _doubts(output, report)
    _thresholds(output, report.thresholds)


def _summary(report: Report) -> Iterator[tuple[str, object]]:
    figures, counts, sent = report.figures, report.figures.counts, report.sent
    address = "" if not report.service else f" {sent.url}"
    yield "called", f"{sent.method}{address or ' ' + sent.url}, {sent.source}"
    told = [f"{counts.sent:,} sent", f"{counts.ok:,} answered"]
    if report.load.is_open and counts.sent < counts.planned:
        told.insert(0, f"{counts.planned:,} planned")
    if counts.unfinished:
        told.append(f"{counts.unfinished:,} under way when it ended, not counted")
    yield "requests", ", ".join(told)
    planned = f" of {report.load.rate_per_s:g}/s planned" if report.load.is_open else ""
    yield "answers", f"{figures.ok_per_s:,.1f}/s{planned}"
    errors = f"{counts.errors:,} ({counts.error_share:.2%})" if counts.errors else "none"
    yield "errors", errors
    yield (
        "generator",
        f"{figures.generator.cpu_share:.0%} of a processor core, "
        f"{figures.generator.connections_opened} connections opened",
    )


def _latencies(output: Output, report: Report) -> None:
    figures = report.figures
    columns = ["LATENCY", ">P50", ">P90", ">P99", ">P99.9", ">MAX", ">MEAN"]
    if report.load.is_open:
        rows = [
            _row("from when it was due", figures.latency),
            _row("from when it was sent", figures.from_send),
        ]
    else:
        rows = [_row("from when it was sent", figures.latency)]
    output.table(columns, rows)
    if not report.load.is_open:
        output.line(
            "  a closed loop waits while the service does: a stall counts once, whoever it kept "
            "waiting; --rate counts it in full",
            "dim",
        )


def _row(name: str, latency: Latency) -> list[object]:
    values = (
        latency.p50_ms,
        latency.p90_ms,
        latency.p99_ms,
        latency.p999_ms,
        latency.max_ms,
        latency.mean_ms,
    )
    return [name, *(latency_words(value) for value in values)]


def _failures(output: Output, report: Report) -> None:
    ended = report.figures.counts.ended
    output.table(
        ["ERROR", ">COUNT", ">SHARE", "~SAYS"],
        [_failure(one, ended) for one in report.figures.failed],
    )
    for code, hint in _HINTS.items():
        if any(one.label.split(" ")[0] == code for one in report.figures.failed):
            output.line(f"  {hint}", "dim")


def _failure(failed: Failed, ended: int) -> list[object]:
    return [failed.label, f"{failed.count:,}", f"{failed.count / ended:.2%}", failed.message]


def _versions(output: Output, report: Report) -> None:
    rows = []
    for one in report.versions:
        wanted = "-" if one.wanted_share is None else f"{one.wanted_share:.0%}"
        rows.append(
            [
                one.name or "not told",
                f"{one.requests:,}",
                f"{one.share:.1%}",
                wanted,
                f"{one.errors:,}" if report.versions_from == "answers" else "-",
                latency_words(one.latency.p50_ms),
                latency_words(one.latency.p90_ms),
                latency_words(one.latency.p99_ms),
            ]
        )
    columns = ["VERSION", ">ANSWERS", ">SHARE", ">WANTED", ">ERRORS", ">P50", ">P90", ">P99"]
    output.table(columns, rows)
    if report.versions_from == "gateway":
        output.line(
            "  by the gateway's counters, which count everybody's requests: "
            "the answers do not say which version made them",
            "dim",
        )


def _comparison(output: Output, comparison: Comparison) -> None:
    rows = []
    for row in comparison.rows:
        ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
        rows.append([row.name, _value(row.before, row.unit), _value(row.after, row.unit), ratio])
    output.table(["COMPARED", ">BEFORE", ">NOW", ">RATIO"], rows)
    for text in comparison.differences:
        output.line(f"  not the same test: {clean_line(text)}", "yellow")


def latency_words(value_ms: float | None) -> str:
    """A latency with three significant digits, in seconds from one second on."""
    if value_ms is not None and value_ms >= 999.5:
        return f"{value_ms / 1000:.3g} s"
    return milliseconds(value_ms)


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "ms":
        return latency_words(value)
    return f"{value:,.1f}{unit}" if unit == "/s" else f"{value:.3g}{unit}"


def _doubts(output: Output, report: Report) -> None:
    """Where the figures do not tell of the service."""
    if report.stopped:
        output.line()
        output.line("ended early: the figures are of what was sent until then", "yellow")
    for text in report.remarks:
        output.line()
        output.paragraph(text, "yellow", indent=0)
    if report.generator_limits:
        output.line()
        output.line(
            "the generator was a limit: not all of this is the service's doing", "bold yellow"
        )
        for text in report.generator_limits:
            output.paragraph(text, "yellow")


def _thresholds(output: Output, checked: tuple[Checked, ...]) -> None:
    if not checked:
        return
    right, wrong = output.marks
    output.line()
    for one in checked:
        value = "nothing was measured" if one.value is None else _value(one.value, one.unit)
        if one.crossed:
            output.line(f"{wrong} fails by {one.text}: {value}", "bold red")
        else:
            output.line(f"{right} not {one.text}: {value}", "green")
