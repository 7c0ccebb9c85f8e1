"""The application: all commands, the options before them, and one place where failures end."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from simulator.cli import (
    apps,
    batch,
    check,
    clock,
    conform,
    deploy,
    doctor,
    environment,
    faults,
    hardware,
    images,
    logs,
    models,
    objects,
    pools,
    predict,
    quota,
    rules,
    server_commands,
    services,
    stress,
    top,
    transitions,
    usage,
    why,
)
from simulator.cli.demo import command as demo
from simulator.cli.failures import ExitCode, Failure
from simulator.cli.output import Output
from simulator.cli.session import HomeOption, JsonOption, Session, defaults


class ReportingGroup(TyperGroup):
    """Turns every failure of a command into words and an exit status; never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Failure as failure:
            raise typer.Exit(self._report(failure)) from failure
        except KeyboardInterrupt as error:
            if not defaults.as_json:
                Output().note("drydock: interrupted")
            raise typer.Exit(ExitCode.INTERRUPTED) from error
        except OSError as error:
            if isinstance(error, BrokenPipeError):  # the reader of our output has gone: typer's way
                raise
            raise typer.Exit(self._report(_os_failure(error))) from error
        except Exception as error:
            if os.environ.get("DRYDOCK_DEBUG") or _is_typers(error):
                raise
            raise typer.Exit(self._report(_failure_of(error))) from error

    def _report(self, failure: Failure) -> int:
        Output(defaults.as_json).failure(failure)
        return int(failure.exit_code)


def _is_typers(error: Exception) -> bool:
    """Wrong usage, an exit, an abort: typer knows what to do with its own."""
    return type(error).__module__.split(".")[0] in ("typer", "click")


def _os_failure(error: OSError) -> Failure:
    place = f"{error.filename}: " if error.filename else ""
    return Failure(f"{place}{error.strerror or error}")


def _failure_of(error: Exception) -> Failure:
    from backends.errors import BackendError  # noqa: PLC0415
    from simulator.errors import ConfigError, DrydockError  # noqa: PLC0415

    if isinstance(error, BackendError):
        return Failure(error.message, hint=error.hint, evidence=error.evidence, code=error.reason)
    if isinstance(error, ConfigError):
        return Failure(error.message, hint=error.hint)
    if isinstance(error, DrydockError):
        return Failure(str(error))
    return Failure(
        f"unexpected {type(error).__name__}: {error}",
        hint="this is a mistake of Drydock's: DRYDOCK_DEBUG=1 shows where; please report it",
    )


app = typer.Typer(
    cls=ReportingGroup,
    help="A local simulator and test bench for cloud model-serving services.\n\n"
    "Without a command: starts the server, or attaches to it, and opens the dashboard.",
    invoke_without_command=True,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback()
def root(
    context: typer.Context,
    home: HomeOption = None,
    as_json: JsonOption = False,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    """A local simulator and test bench for cloud model-serving services.

    Without a command: starts the server, or attaches to it, and opens the dashboard.
    """
    defaults.home, defaults.as_json = home, as_json
    if version:
        from importlib.metadata import version as version_of  # noqa: PLC0415

        typer.echo(f"drydock {version_of('drydock')}")
        raise typer.Exit(ExitCode.OK)
    if context.invoked_subcommand is None:
        if sys.stdout.isatty() and sys.stdin.isatty():
            server_commands.dashboard(Session())
        else:
            typer.echo(context.get_help())


app.command("demo")(demo.demo)
app.command("up")(server_commands.up)
app.command("serve")(server_commands.serve)
app.command("down")(server_commands.down)
app.command("status")(server_commands.status)
app.command("reset")(server_commands.reset)
app.command("deploy")(deploy.deploy)
app.command("check")(check.check)
app.command("rules")(rules.rules)
app.command("conform")(conform.conform)
app.command("predict")(predict.predict)
app.command("stress")(stress.stress)
app.command("logs")(logs.logs)
app.command("top")(top.top)
app.command("why")(why.why)
app.command("doctor")(doctor.doctor)
app.command("hardware")(hardware.hardware)
app.command("specifications")(hardware.specifications)
app.command("env")(environment.env)
app.command("usage")(usage.usage)
app.add_typer(services.app, name="services")
app.add_typer(models.app, name="models")
app.add_typer(objects.app, name="objects")
app.add_typer(images.app, name="images")
app.add_typer(clock.app, name="clock")
app.add_typer(transitions.app, name="transitions")
app.add_typer(faults.app, name="faults")
app.add_typer(batch.app, name="batch")
app.add_typer(pools.app, name="pools")
app.add_typer(apps.app, name="apps")
app.add_typer(quota.app, name="quota")
