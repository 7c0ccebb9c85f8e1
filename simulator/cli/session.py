"""What every command starts from: the data directory, how to print, and the server if needed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.output import Output

if TYPE_CHECKING:
    from simulator.cli.client import Server
    from simulator.config import Paths, Settings

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", metavar="DIR", help="Data directory (default: DRYDOCK_HOME, else the platform's)."
    ),
]
ServiceArgument = Annotated[str, typer.Argument(metavar="SERVICE", help="Name or id.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


@dataclass
class Defaults:
    """The options that stood before the command's name; `as_json` also notes that a command got it,
    so that failures are printed the same way as results."""

    home: Path | None = None
    as_json: bool = False


defaults = Defaults()


class Session:
    """One run of one command."""

    def __init__(self, home: Path | None = None, as_json: bool = False) -> None:
        self._home = home or defaults.home
        defaults.as_json = as_json or defaults.as_json
        self.output = Output(defaults.as_json)

    @property
    def home(self) -> Path:
        """The data directory, absolute."""
        return self.paths.home

    @property
    def paths(self) -> Paths:
        """Where things lie in the data directory."""
        from simulator.config import Paths, default_home  # noqa: PLC0415

        return Paths(self._home or default_home())

    def settings(self, **flags: object) -> Settings:
        """The settings as a server on this data directory would have them.

        Raises:
            ConfigError: a value is not allowed.
        """
        from simulator.config import load_settings  # noqa: PLC0415

        return load_settings(home=self.home, **flags)

    @contextlib.contextmanager
    def server(self) -> Iterator[Server]:
        """The running server.

        Raises:
            NotRunning: there is none on this data directory.
        """
        from simulator.cli.client import Server  # noqa: PLC0415

        with contextlib.closing(Server.running(self.paths)) as server:
            yield server
