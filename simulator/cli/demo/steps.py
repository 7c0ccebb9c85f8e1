"""How the demo tells what it does: a line for each step with a mark and the time it took."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.cli.output import Output, Working
from tui.clean import clean_line

NAME_WIDTH = 30


@dataclass
class Step:
    """A step that is going on.

    Attributes:
        working: its live line.
        note: said behind the time when it is done; may hold outside text.
        name: may be changed to say better what was done.
        seconds: how long it took, once it is done.
    """

    name: str
    working: Working
    note: str = ""
    seconds: float = 0.0


class Steps:
    """Prints the steps; with `--json` it only collects them."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.done: list[Step] = []

    @contextlib.contextmanager
    def step(self, name: str, doing: str) -> Iterator[Step]:
        """Do one step; a line is printed when it is done, nothing when it fails.

        Args:
            name: what was done, in the past.
            doing: shown on a terminal while it is going on.
        """
        began = time.monotonic()
        with self.output.working(doing) as working:
            step = Step(name, working)
            yield step
        step.seconds = time.monotonic() - began
        self.done.append(step)
        if not self.output.as_json:
            self._print(step)

    def say(self, text: str = "", style: str = "") -> None:
        """A line for people; outside text in it is cleaned here."""
        if not self.output.as_json:
            self.output.line(clean_line(text), style)

    def _print(self, step: Step) -> None:
        from rich.text import Text  # noqa: PLC0415

        line = Text(self.output.marks[0], style="bold green")
        line.append(f" {clean_line(step.name):<{NAME_WIDTH}}", style="not bold default")
        line.append(f"{step.seconds:5.1f} s", style="not bold default")
        if step.note:
            line.append(f"  {clean_line(step.note)}", style="not bold dim")
        self.output.out.print(line, soft_wrap=True)
