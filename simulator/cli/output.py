"""What a command prints: results to stdout, everything else to stderr.

Text from outside (names, messages, logs) passes `tui.clean` here, and nothing is ever read as rich
markup. Progress is shown on a terminal only.
"""

from __future__ import annotations

import contextlib
import json
import sys
import textwrap
import time
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from simulator.cli.failures import Failure
from tui.clean import clean, clean_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

_STATUS_STYLES = {
    "running": "green",
    "published": "green",
    "ready": "green",
    "deploying": "cyan",
    "publishing": "cyan",
    "starting": "cyan",
    "concerning": "yellow",
    "unhealthy": "yellow",
    "backoff": "yellow",
    "failed": "red",
    "abnormal": "red",
}
"""Colour of a status word; others have none."""


SHORT_ID = 8
"""Characters of a UUID that tell it from others."""

UNBOUNDED = 10_000
"""Width of an output that is no terminal, columns."""


class Output:
    """Where and how a command prints.

    Args:
        as_json: results are JSON documents, failures a JSON object on stderr, and no progress.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self._consoles: dict[bool, Console] = {}

    @property
    def out(self) -> Console:
        """The console of stdout."""
        return self._console(to_stderr=False)

    @property
    def err(self) -> Console:
        """The console of stderr."""
        return self._console(to_stderr=True)

    def short_id(self, key: str) -> str:
        """An id's beginning on a terminal, where every command takes that; else all of it."""
        return key[:SHORT_ID] if self.out.is_terminal else key

    @property
    def marks(self) -> tuple[str, str]:
        """Marks for right and wrong that stdout's encoding has."""
        return ("✓", "✗") if speaks_unicode(sys.stdout) else ("ok", "XX")

    def document(self, value: Any) -> None:
        """A result for programs: one JSON document."""
        print(json.dumps(value, indent=2, ensure_ascii=not speaks_unicode(sys.stdout)))

    def line(self, text: str = "", style: str = "") -> None:
        """A line of the result; outside text in it must be cleaned already."""
        self.out.print(_text(text, style), soft_wrap=True)

    def paragraph(self, text: str, style: str = "", indent: int = 2) -> None:
        """A sentence of the result, indented; on a terminal broken between words only."""
        room = max(20, self.out.width - indent) if self.out.is_terminal else UNBOUNDED
        rows = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
        for row in rows or [""]:
            self.line(f"{' ' * indent}{row}", style)

    def note(self, text: str, style: str = "") -> None:
        """A remark beside the result, on stderr; outside text in it must be cleaned already."""
        self.err.print(_text(text, style))

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        dim: Collection[int] = (),
    ) -> None:
        """Rows under headings; those whose numbers are in `dim` are grey.

        A column whose heading starts with `>` is aligned to the right; one with `~` gives way where
        a terminal is too narrow. Elsewhere every cell is whole.
        """
        from rich.table import Table  # noqa: PLC0415

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for name in columns:
            table.add_column(
                name.lstrip(">~"),
                justify="right" if name.startswith(">") else "left",
                overflow="ellipsis",
                no_wrap=not name.startswith("~"),
            )
        for number, row in enumerate(rows):
            style = "dim" if number in dim else None
            table.add_row(*(_cell(value) for value in row), style=style)
        if self.out.is_terminal:
            self.out.print(table)
            return
        with self.out.capture() as captured:
            self.out.print(table)
        for line in captured.get().splitlines():
            self.line(line.rstrip())

    def fields(self, pairs: Sequence[tuple[str, object]]) -> None:
        """Names and values, one pair a line; long sentences go on below, addresses stay whole."""
        from rich.text import Text  # noqa: PLC0415

        indent = 4 + max(len(name) for name, _ in pairs)
        room = max(20, self.out.width - indent) if self.out.is_terminal else UNBOUNDED
        for name, value in pairs:
            line = Text(f"  {name}".ljust(indent), style="dim")
            cell = _cell(value)
            rows = textwrap.wrap(cell.plain, room, break_long_words=False, break_on_hyphens=False)
            text = f"\n{' ' * indent}".join(rows)
            line.append(text, style=cell.style or "not dim")
            self.out.print(line, soft_wrap=True)

    def block(self, text: str, indent: str = "    ") -> None:
        """Outside text of several lines, such as the end of a log, on stderr."""
        for row in clean(text.rstrip("\n")).split("\n"):
            self.note(f"{indent}{row}", "dim")

    def failure(self, failure: Failure) -> None:
        """Say what failed, why, and what to do."""
        if self.as_json:
            error = {
                "code": failure.code,
                "message": failure.message,
                "hint": failure.hint,
                "details": list(failure.details),
                "evidence": failure.evidence,
            }
            print(json.dumps({"error": error}), file=sys.stderr)
            return
        code = f" ({failure.code})" if failure.code else ""
        self.note(f"drydock: {clean_line(failure.message)}{clean_line(code)}", "bold red")
        for detail in failure.details:
            self.note(f"  {clean_line(detail)}")
        if failure.evidence:
            self.block(failure.evidence)
        if failure.hint:
            self.note(
                f"  → {clean_line(failure.hint)}"
                if speaks_unicode(sys.stderr)
                else f"  -> {clean_line(failure.hint)}"
            )

    @contextlib.contextmanager
    def working(self, text: str) -> Iterator[Working]:
        """A line that shows what is going on, for as long as the block runs."""
        if self.as_json or not self.err.is_terminal:
            yield Working(None)
            return
        status = self.err.status(_text(text), spinner="dots" if self._dots else "line")
        with status:
            yield Working(status)

    @property
    def _dots(self) -> bool:
        return speaks_unicode(sys.stderr)

    def _console(self, *, to_stderr: bool) -> Console:
        if to_stderr not in self._consoles:
            from rich.console import Console  # noqa: PLC0415

            console = Console(stderr=to_stderr, markup=False, emoji=False, highlight=False)
            if not console.is_terminal:
                console.width = UNBOUNDED
            self._consoles[to_stderr] = console
        return self._consoles[to_stderr]


class Working:
    """The live line of `Output.working`; does nothing where there is no terminal."""

    def __init__(self, status: Status | None) -> None:
        self._status = status

    def show(self, text: str) -> None:
        """Replace the line; `text` is cleaned here. May be called from any thread."""
        if self._status is not None:
            self._status.update(_text(clean_line(text)))

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Take the line away for as long as the block runs, for a question to the user."""
        if self._status is not None:
            self._status.stop()
        try:
            yield
        finally:
            if self._status is not None:
                self._status.start()


def confirm(output: Output, question: str, *, yes: bool) -> bool:
    """Ask before something is lost.

    Raises:
        UsageFailure: there is nobody to ask.
    """
    from simulator.cli.failures import UsageFailure  # noqa: PLC0415

    if yes or output.as_json:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageFailure(
            "this asks for a confirmation, and nobody is at the terminal",
            hint="add --yes to go on without being asked",
        )
    output.note(f"{question} [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def speaks_unicode(stream: TextIO) -> bool:
    """Whether the stream takes characters beyond ASCII."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "") == "utf8"


def age(since_ms: int | None, now_ms: int | None = None) -> str:
    """How long ago an instant was, in the largest fitting unit: `12 s`, `3 min`, `2 h`, `5 d`."""
    if not since_ms:
        return "-"
    now_ms = int(time.time() * 1000) if now_ms is None else now_ms
    return duration(max(0, now_ms - since_ms) / 1000)


def duration(seconds: float) -> str:
    """Seconds in the largest fitting unit."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def clock_time(at_ms: int | None) -> str:
    """An instant as local date and time."""
    if not at_ms:
        return "-"
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_ms / 1000))


def milliseconds(value: float | None) -> str:
    """A latency with three significant digits; the gateway counts whole milliseconds."""
    if value is None:
        return "-"
    return f"{value:.3g} ms" if value else "<1 ms"


def _text(text: str, style: str = "") -> Any:
    from rich.text import Text  # noqa: PLC0415

    return Text(text, style=style)


def _cell(value: object) -> Any:
    text = "-" if value is None or value == "" else clean_line(str(value))
    return _text(text, _STATUS_STYLES.get(text, ""))
