"""The command `demo`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from simulator.cli.session import HomeOption, JsonOption, Session


def demo(
    backend: Annotated[
        str | None,
        typer.Option(
            "--backend",
            metavar="auto|docker|process",
            help="Where the model runs (default auto: Docker where an engine answers).",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="IMAGE", help="Base of the runtime image, with Docker."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the server, the model and the service there.")
    ] = False,
    no_dashboard: Annotated[
        bool, typer.Option("--no-dashboard", help="Do not offer the dashboard at the end.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deploy a real model, send it handwritten digits, clean up.

    The request is the cloud's documented one, the digits are real. Uses the running server, or
    starts one of its own that ends with the demo.
    """
    from simulator.cli.demo.run import Demo  # noqa: PLC0415

    session = Session(home, as_json)
    settings = session.settings(backend=backend, base_image=base)
    Demo(session, keep=keep, offer_dashboard=not no_dashboard).run(settings)
