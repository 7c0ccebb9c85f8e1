"""What the demo shows of its results: the request, the digits, the figures, what to try next."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.cli.demo.bundled import bundled
from simulator.cli.demo.digits import GAP, SIZE, Digit, draw
from simulator.cli.demo.traffic import Answer, Figures
from simulator.cli.output import Output, speaks_unicode
from tui.clean import clean_line

Json = dict[str, Any]

SHOWN_WRONG = 4
INDENT = "  "


@dataclass(frozen=True)
class Surroundings:
    """What ran where.

    Attributes:
        state: the server's, as of now.
        detail: the service's.
    """

    state: Json
    detail: Json

    @property
    def backend(self) -> str:
        return str(self.state["backend"]["name"])

    @property
    def ran_in(self) -> str:
        """The first instance in words: `container 4a99a4a41234, on CPU`."""
        instance = self.detail["instances"][0]
        kind = {"docker": "container ", "process": "process "}.get(self.backend, "")
        ref = str(instance["ref"]).removeprefix("pid ")
        return f"{kind}{ref}, on {instance['accelerator']}"


def tell_request(output: Output, text: str) -> None:
    """The deploy request as it is sent."""
    title = "  POST /v1/{project_id}/services   the API reference's own first example:"
    output.line()
    output.line(title, "dim")
    for line in text.strip().splitlines():
        output.line(f"    {clean_line(line)}", "cyan")
    output.line()


def tell_digits(output: Output, digits: Sequence[Digit], answers: Sequence[Answer]) -> None:
    """The digits side by side, and what the model says about each."""
    from rich.text import Text  # noqa: PLC0415

    console = output.out
    colours = bool(console.color_system) and not console.no_color and speaks_unicode(sys.stdout)
    right, wrong = output.marks
    captions = [
        f"{clean_line(answer.label)}  {answer.probability:.1%} {right if answer.right else wrong}"
        for answer in answers
    ]
    output.line()
    for line in draw(digits, colours=colours):
        console.print(Text(INDENT) + line, soft_wrap=True)
    output.line(INDENT + GAP.join(f"{caption:^{SIZE}}" for caption in captions).rstrip())
    output.line()


def tell_figures(output: Output, around: Surroundings, figures: Figures) -> None:
    """Accuracy, latency, and what ran where."""
    right = len(figures.answers) - len(figures.wrong)
    state = around.state
    output.fields(
        [
            ("accuracy", f"{figures.accuracy:.1%} ({right} of {len(figures.answers)} right)"),
            *([("mistakes", _mistakes(figures))] if figures.wrong else []),
            (
                "latency",
                f"p50 {figures.latency_ms(50):.1f} ms, p99 {figures.latency_ms(99):.1f} ms, "
                "as the client sees it",
            ),
            ("model ran in", around.ran_in),
            ("backend", f"{around.backend}: {state['backend']['detail']}"),
            ("gateway", f"{state['gateway']['detail']} at {state['server']['address']}"),
        ]
    )
    output.line()


def _mistakes(figures: Figures) -> str:
    shown = [
        f"{answer.digit.label} read as {answer.label}" for answer in figures.wrong[:SHOWN_WRONG]
    ]
    more = len(figures.wrong) - len(shown)
    return ", ".join(shown) + (f", and {more} more" if more else "")


def tell_what_next(output: Output, service: str, address: str, *, kept: bool) -> None:
    """Commands to go on with.

    Args:
        kept: the service stays, so that they work as they stand.
    """
    name = clean_line(service)
    image = _short(bundled("data/mnist/images/0001_2.png"))
    curl = ['curl -H "X-Auth-Token: $DRYDOCK_TOKEN"', f"-F images=@{image}", address]
    rows = [
        ("drydock", "the dashboard"),
        (f"drydock predict {name} --image {image}", ""),
        (f"drydock logs {name} -f", "what the instances write"),
        ('eval "$(drydock env)"', "addresses, keys and a token, for curl and SDKs"),
        (" \\\n      ".join(curl), ""),
        ("drydock down --remove", "ends it all and leaves nothing"),
    ]
    if not kept:
        rows[-2:] = []
        rows.insert(0, ("drydock demo --keep", "the same, but it stays; and then:"))
    output.line("Try next", "bold")
    if shutil.which("drydock") is None:
        activate = _short(Path(sys.prefix) / "bin" / "activate")
        output.line(f"  . {activate}")
    for command, words in rows:
        output.line(f"  {command:<30}  {words}".rstrip())
    output.line()


def result_document(around: Surroundings, figures: Figures) -> Json:
    """The results for programs."""
    instance = around.detail["instances"][0]
    return {
        "accuracy": round(figures.accuracy, 4),
        "digits": len(figures.answers),
        "wrong": [
            {"file": one.digit.name, "label": one.digit.label, "predicted": one.label}
            for one in figures.wrong
        ],
        "p50_ms": round(figures.latency_ms(50), 2),
        "p99_ms": round(figures.latency_ms(99), 2),
        "backend": around.backend,
        "instance": instance["ref"],
        "accelerator": instance["accelerator"],
    }


def _short(path: Path) -> str:
    """The path from the working directory, where that is shorter."""
    return min(str(path), os.path.relpath(path), key=len)
