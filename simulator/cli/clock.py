"""clock, clock set | advance: the platform clock, on which the simulated cloud's timers run."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from simulator.cli.output import clock_time
from simulator.cli.session import HomeOption, JsonOption, Session, defaults
from simulator.cli.usage import duration_ms

app = typer.Typer(help="The platform clock.", invoke_without_command=True)


class Mode(StrEnum):
    REAL = "real"
    SCALED = "scaled"
    MANUAL = "manual"


@app.callback()
def clock(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show what the platform clock shows, or let it go otherwise.

    Deploy timeouts, schedules and the meter run on it. Models and containers run in real time.
    """
    session = Session(home, as_json)
    if context.invoked_subcommand is not None:
        defaults.home = home or defaults.home
        return
    with session.server() as server:
        _print(session, server.clock())


@app.command("set")
def set_(
    mode: Annotated[Mode, typer.Argument(help="real, scaled, or manual.")],
    speed: Annotated[
        float, typer.Option("--speed", help="Platform seconds a real second, when scaled.")
    ] = 1.0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the clock go otherwise from now on; nothing jumps."""
    session = Session(home, as_json)
    with session.server() as server:
        _print(session, server.change_clock(mode.value, speed))


@app.command("advance")
def advance(
    by: Annotated[str, typer.Argument(metavar="TIME", help="Such as 90s, 20min, 24h or 7d.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move a manual clock on. What falls due meanwhile happens."""
    seconds = duration_ms(by) / 1000
    session = Session(home, as_json)
    with session.server() as server:
        server.advance_clock(seconds)
        _print(session, server.clock())


def _print(session: Session, shown: dict[str, object]) -> None:
    if session.output.as_json:
        session.output.document(shown)
        return
    now_ms, speed = shown["now_ms"], shown["speed"]
    assert isinstance(now_ms, int)
    pace = f" at {speed:g} times real time" if shown["mode"] == "scaled" else ""
    session.output.line(f"{clock_time(now_ms)} ({shown['mode']}{pace})")
