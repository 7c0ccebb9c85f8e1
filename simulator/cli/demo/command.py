"""The command `demo`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from simulator.cli.session import HomeOption, JsonOption, Session


def demo(
    backend: Annotated[
        str, typer.Option("--backend", metavar="auto|docker|process", help="Where the model runs.")
    ] = "auto",
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the server, the model and the service there.")
    ] = False,
    no_dashboard: Annotated[
        bool, typer.Option("--no-dashboard", help="Do not offer the dashboard at the end.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deploy a model with the cloud's documented request and send it real handwritten digits.

    Uses the running server, or starts one of its own; cleans up what it started.
    """
    from simulator.cli.demo.run import Demo  # noqa: PLC0415

    session = Session(home, as_json)
    Demo(session, keep=keep, offer_dashboard=not no_dashboard).run(backend)
