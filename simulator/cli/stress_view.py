"""The live view of a load test in the terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from simulator.cli.output import Output, speaks_unicode
from simulator.cli.stress_report import latency_words
from tui.clean import clean_line

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from simulator.stress.figures import Snapshot
    from simulator.stress.histogram import Latency
    from simulator.stress.load import Load

_BARS = "▁▂▃▄▅▆▇█"
SPARKS = 50
MOST_ERRORS = 5
BAR_COLUMNS = 30


def sparkline(values: Sequence[float | None], width: int = SPARKS) -> str:
    """The last values as bars; a gap where there is none. The highest is a full bar."""
    shown = values[-width:]
    highest = max((value for value in shown if value is not None), default=0.0)
    if highest <= 0:
        return ""
    top = len(_BARS) - 1
    return "".join(" " if value is None else _BARS[round(value / highest * top)] for value in shown)


class LiveView:
    """Shows snapshots one after the other in the same place, on stderr; nothing where that is no
    terminal."""

    def __init__(self, output: Output, title: str, load: Load, wanted: dict[str, float]) -> None:
        """
        Args:
            wanted: shares of the versions by their weights, 0 to 1.
        """
        self._output, self._title, self._load, self._wanted = output, title, load, wanted
        self._stack = contextlib.ExitStack()
        self._bars = speaks_unicode(sys.stderr)
        self._live: Live | None = None

    def __enter__(self) -> LiveView:
        if self._output.err.is_terminal and not self._output.as_json:
            from rich import live as rich_live  # noqa: PLC0415

            live = rich_live.Live(console=self._output.err, auto_refresh=False, transient=True)
            self._live = self._stack.enter_context(live)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def show(self, snapshot: Snapshot) -> None:
        if self._live is not None:
            shown = picture(self._title, self._load, self._wanted, snapshot, bars=self._bars)
            self._live.update(shown, refresh=True)


def picture(
    title: str, load: Load, wanted: dict[str, float], snapshot: Snapshot, *, bars: bool
) -> RenderableType:
    """One snapshot, as it is shown; with bars where the terminal has the characters."""
    from rich.console import Group  # noqa: PLC0415
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    head = Table.grid(padding=(0, 2))
    done = min(snapshot.at_s, load.duration_s)
    head.add_row(
        Text(clean_line(title), "bold"),
        ProgressBar(
            total=load.duration_s, completed=done, width=BAR_COLUMNS, complete_style="green"
        ),
        Text(f"{done:.0f} of {load.duration_s:g} s", "dim"),
    )
    body = Table.grid(padding=(0, 2))
    for name, text, style in _lines(snapshot, wanted, bars=bars):
        body.add_row(Text(f"  {clean_line(name)}", "dim"), Text(clean_line(text), style))
    return Group(head, body)


def _lines(
    snapshot: Snapshot, wanted: dict[str, float], *, bars: bool
) -> Iterator[tuple[str, str, str]]:
    """Name, value and style of each line."""
    counts, latency = snapshot.counts, snapshot.latency
    waiting = f", {snapshot.waiting} without a connection" if snapshot.waiting else ""
    yield "answers", f"{snapshot.ok_per_s:,.0f}/s, {counts.ok:,} so far", "green"
    yield (
        "errors",
        f"{snapshot.errors_per_s:,.0f}/s, {counts.errors:,} so far ({counts.error_share:.1%})",
        "red" if counts.errors else "",
    )
    yield (
        "latency",
        f"{_percentiles(latency)}   max {latency_words(latency.max_ms)}",
        "bold",
    )
    if bars and (line := sparkline([one.p99_ms for one in snapshot.intervals])):
        yield "p99", line, "cyan"
    for one in snapshot.versions:
        if one.name:
            share = wanted.get(one.name)
            of = "" if share is None else f" (wanted {share:.0%})"
            yield f"version {one.name}", f"{one.share:.1%}{of}   {_percentiles(one.latency)}", ""
    for failed in snapshot.failed[:MOST_ERRORS]:
        yield failed.label, f"{failed.count:,}  {failed.message}", "red"
    yield (
        "generator",
        f"{snapshot.cpu_share:.0%} of a core, {snapshot.in_flight} under way{waiting}",
        "dim",
    )


def _percentiles(latency: Latency) -> str:
    values = (("p50", latency.p50_ms), ("p90", latency.p90_ms), ("p99", latency.p99_ms))
    return "   ".join(f"{name} {latency_words(value)}" for name, value in values)
