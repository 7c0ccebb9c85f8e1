"""logs: what the instances of a service wrote."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from simulator.cli.naming import find_service
from simulator.cli.output import Output
from simulator.cli.services import ServiceArgument
from simulator.cli.session import HomeOption, JsonOption, Session
from tui.clean import clean_line

_STYLES = ("cyan", "magenta", "yellow", "green", "blue")


def logs(
    service: ServiceArgument,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new lines until Ctrl-C.")
    ] = False,
    tail: Annotated[
        int, typer.Option("--tail", "-n", min=0, max=10_000, help="Lines of each instance's end.")
    ] = 200,
    instance: Annotated[
        str, typer.Option("--instance", help="Only this one: its number or id.")
    ] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what a service's instances wrote."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_service(server.state()["services"], service)
        service_id = found["service_id"]
        if instance.isdecimal():
            instance = f"{service_id}-{instance}"
        lines = server.logs(service_id, tail=tail, follow=follow, instance_id=instance)
        wrote = False
        for line in lines:
            wrote = True
            if session.output.as_json:
                print(json.dumps(line), flush=follow)
            else:
                _print_line(session.output, line)
    if not wrote and not session.output.as_json:
        name = clean_line(found["name"])
        session.output.note(
            f"no instance wrote anything; `drydock services events {name}` tells what happened"
        )


def _print_line(output: Output, line: dict[str, Any]) -> None:
    from rich.text import Text  # noqa: PLC0415

    number = str(line["instance_id"]).rpartition("-")[2]
    style = _STYLES[(int(number) - 1) % len(_STYLES)] if number.isdecimal() else ""
    text = Text(f"{clean_line(number)} | ", style=style)
    text.append(clean_line(line["text"]), style="default")
    output.out.print(text, soft_wrap=True)
