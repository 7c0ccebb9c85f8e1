"""The command `drydock`. Heavy libraries are imported by the commands that need them only, so that
`drydock --help` and shell completion answer at once."""


def main() -> None:
    """Entry of the console script `drydock`."""
    from simulator.cli.app import app  # noqa: PLC0415

    app(prog_name="drydock")
