"""The command `drydock`. Heavy libraries are imported by the commands that need them only, so that
`drydock --help` and shell completion answer at once."""

import sys
from io import TextIOWrapper


def main() -> None:
    """Entry of the console script `drydock`."""
    from simulator.cli.app import app  # noqa: PLC0415

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # what the terminal's encoding lacks shows as `?`
            stream.reconfigure(errors="replace")
    app(prog_name="drydock")
