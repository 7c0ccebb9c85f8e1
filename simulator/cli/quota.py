"""quota, quota set | reset: what a user may have."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from simulator.cli.output import Output
from simulator.cli.session import HomeOption, JsonOption, Session, defaults
from tui.clean import clean_line

app = typer.Typer(help="Show and change the quotas.", invoke_without_command=True)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A quota, such as real-time-services.")
]
SizeArgument = Annotated[int, typer.Argument(metavar="SIZE", help="How much may be used.")]
Json = dict[str, Any]


@app.callback()
def quota(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show what the user may have, and has; or change it.

    Sizes are the documented ones until they are set; `quota set` stands in for a service ticket.
    """
    session = Session(home, as_json)
    if context.invoked_subcommand is not None:
        defaults.home = home or defaults.home
        return
    with session.server() as server:
        quotas = server.quotas()
    if session.output.as_json:
        session.output.document(quotas)
        return
    session.output.table(
        ["NAME", ">USED", ">SIZE", ">DEFAULT", "~MEANING"],
        [[one[key] for key in ("name", "used", "size", "default", "statement")] for one in quotas],
    )


@app.command("set")
def set_(
    name: NameArgument, size: SizeArgument, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Give a quota another size. What is there already stays, also where it is more."""
    session = Session(home, as_json)
    with session.server() as server:
        changed = server.set_quota(name, size)
    _print_changed(session.output, changed)


@app.command("reset")
def reset(name: NameArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Give a quota its documented size again."""
    session = Session(home, as_json)
    with session.server() as server:
        changed = server.reset_quota(name)
    _print_changed(session.output, changed)


def _print_changed(output: Output, changed: Json) -> None:
    if output.as_json:
        output.document(changed)
        return
    name = clean_line(str(changed["name"]))
    output.line(f"{name} is {changed['size']} now; {changed['used']} used")
