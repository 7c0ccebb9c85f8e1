"""Two load tests side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.stress.report import Report


@dataclass(frozen=True)
class Row:
    """One figure of both.

    Attributes:
        unit: `ms`, `/s`, `%`.
        ratio: after to before; None where there is none.
    """

    name: str
    unit: str
    before: float | None
    after: float | None

    @property
    def ratio(self) -> float | None:
        if self.before is None or self.after is None or self.before == 0:
            return None
        return self.after / self.before


@dataclass(frozen=True)
class Comparison:
    """Attributes:
    differences: sentences on what was not the same in both tests, so that the ratios tell of it
        too; none when only the service can have changed.
    """

    rows: tuple[Row, ...]
    differences: tuple[str, ...]


def compare(before: Report, after: Report) -> Comparison:
    """The figures of both, and in what the tests themselves differ."""
    return Comparison(tuple(_rows(before, after)), tuple(_differences(before, after)))


def _rows(before: Report, after: Report) -> Iterator[Row]:
    old, new = before.figures, after.figures
    yield Row("answers", "/s", old.ok_per_s, new.ok_per_s)
    yield Row("errors", "%", 100 * old.counts.error_share, 100 * new.counts.error_share)
    for name in ("min", "mean", "p50", "p90", "p99", "p999", "max"):
        field, label = f"{name}_ms", "p99.9" if name == "p999" else name
        yield Row(label, "ms", getattr(old.latency, field), getattr(new.latency, field))
    yield Row("p99 from send", "ms", old.from_send.p99_ms, new.from_send.p99_ms)
    yield Row("generator's CPU", "%", 100 * old.generator.cpu_share, 100 * new.generator.cpu_share)


def _differences(before: Report, after: Report) -> Iterator[str]:
    old, new = before.load, after.load
    if (old.rate_per_s, old.concurrency) != (new.rate_per_s, new.concurrency):
        yield f"load: {_load(before)} before, {_load(after)} now"
    for what, then, now, unit in (
        ("duration", old.duration_s, new.duration_s, " s"),
        ("timeout", old.timeout_s, new.timeout_s, " s"),
        ("connections", old.most_connections, new.most_connections, " at most"),
    ):
        if then != now:
            yield f"{what}: {then:g}{unit} before, {now:g}{unit} now"
    if before.service != after.service:
        yield f"another service: {_name(before)} before, {_name(after)} now"
    if before.sent.digest != after.sent.digest:
        yield f"other requests: {_sent(before)} before, {_sent(after)} now"
    if before.machine != after.machine:
        yield "the generator ran on another machine, system or Python"
    for which, report in (("the earlier test", before), ("this test", after)):
        if report.stopped:
            yield f"{which} was ended early"
        if report.generator_limits:
            yield f"the generator was the limit in {which}"


def _load(report: Report) -> str:
    load = report.load
    if load.is_open:
        return f"{load.rate_per_s:g} requests/s (open loop)"
    return f"{load.concurrency} at a time (closed loop)"


def _name(report: Report) -> str:
    return report.service or report.sent.url


def _sent(report: Report) -> str:
    return f"{report.sent.method} with {report.sent.source}, {report.sent.bytes:,} bytes"
