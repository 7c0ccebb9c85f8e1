"""transitions, transitions set | release: hold services and models on their way, for tests of
clients that wait."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from simulator.cli.naming import find_model, find_service
from simulator.cli.session import HomeOption, JsonOption, Session, defaults
from simulator.cli.usage import duration_ms
from simulator.lifecycle.transitions import Transition

app = typer.Typer(help="Hold services and models on their way.", invoke_without_command=True)

Json = dict[str, Any]


@app.callback()
def transitions(
    context: typer.Context, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Show how each transition is made: immediate, manual, or the seconds that it takes at least.

    Seconds are of the platform clock. The status is held, and nothing else.
    """
    session = Session(home, as_json)
    if context.invoked_subcommand is not None:
        defaults.home = home or defaults.home
        return
    with session.server() as server:
        _print(session, server.transitions())


@app.command("set")
def set_(
    transition: Annotated[
        Transition, typer.Argument(help="Of services: deploy, stop, delete; of models: publish.")
    ],
    how: Annotated[
        str, typer.Argument(metavar="HOW", help="immediate, manual, or a time such as 90s, 20min.")
    ],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a transition otherwise, until the server ends; the setting `transitions` is for ever."""
    value = how if how in ("immediate", "manual") else duration_ms(how) / 1000
    session = Session(home, as_json)
    with session.server() as server:
        _print(session, server.change_transitions({transition.value: value}))


@app.command("release")
def release(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name or id of a service.")],
    is_model: Annotated[
        bool, typer.Option("--model", help="It is a model: name, name:version, or id.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a service or model go on that is held, or will be."""
    session = Session(home, as_json)
    with session.server() as server:
        state = server.state()
        if is_model:
            key = find_model(state["models"], name)["model_id"]
            server.release("models", key)
        else:
            key = find_service(state["services"], name)["service_id"]
            server.release("services", key)
    if session.output.as_json:
        session.output.document({"id": key, "asked": "release"})
    else:
        session.output.line(f"{name} is released")


def _print(session: Session, shown: Json) -> None:
    if session.output.as_json:
        session.output.document(shown)
        return
    rows = [[name, how if isinstance(how, str) else f"{how:g} s"] for name, how in shown.items()]
    session.output.table(["TRANSITION", "HOW"], rows)
