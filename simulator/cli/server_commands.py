"""up, serve, down, status, reset, and the dashboard."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.failures import ExitCode, Failure, NotRunning
from simulator.cli.output import Output, confirm, duration
from simulator.cli.services import print_services
from simulator.cli.session import HomeOption, JsonOption, Session, YesOption

if TYPE_CHECKING:
    from simulator.cli.launching import Started

PortOption = Annotated[int | None, typer.Option("--port", help="Port to listen on (default 8780).")]
HostOption = Annotated[
    str | None, typer.Option("--host", help="Address to listen on (default 127.0.0.1).")
]
BackendOption = Annotated[
    str | None,
    typer.Option(
        "--backend", metavar="auto|docker|process", help="Where instances run (default auto)."
    ),
]
ClockOption = Annotated[
    str | None,
    typer.Option("--clock", metavar="real|scaled|manual", help="The platform clock."),
]
SpeedOption = Annotated[
    float | None,
    typer.Option("--speed", help="Platform seconds per real second, with --clock scaled."),
]


def up(
    port: PortOption = None,
    host: HostOption = None,
    backend: BackendOption = None,
    clock: ClockOption = None,
    speed: SpeedOption = None,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Serve here until Ctrl-C, as `drydock serve` does.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start the server in the background.

    Services that were running when it ended start again.
    """
    if foreground:
        serve(port, host, backend, clock, speed, home)
    session = Session(home, as_json)
    flags = {"port": port, "host": host, "backend": backend, "clock": clock, "speed": speed}
    started = start_server(session, flags)
    output = session.output
    if as_json or output.as_json:
        output.document(
            {"address": started.address, "pid": started.pid, "already_running": started.already}
        )
        return
    if started.already:
        output.line(f"Drydock is running already: {started.address} (process {started.pid})")
        if given := [name for name, value in flags.items() if value is not None]:
            names = ", ".join(f"--{name}" for name in given)
            output.note(f"  {names} changed nothing: `drydock down` first, then up again", "yellow")
        return
    output.line(f"Drydock is running: {started.address} (process {started.pid})")
    output.line("  dashboard: drydock    shell exports: drydock env    end: drydock down", "dim")


def start_server(session: Session, flags: dict[str, Any]) -> Started:
    """The running server, or one that is started with these settings.

    Raises:
        ConfigError: a setting is not allowed.
        Failure: the server did not start.
    """
    from simulator.cli.launching import ensure_started  # noqa: PLC0415

    session.settings(**flags)  # a wrong value is said before anything is started
    given = {name: value for name, value in flags.items() if value is not None}
    arguments = [part for name, value in given.items() for part in (f"--{name}", str(value))]
    with session.output.working("starting the server"):
        return ensure_started(session.paths, arguments)


def serve(
    port: PortOption = None,
    host: HostOption = None,
    backend: BackendOption = None,
    clock: ClockOption = None,
    speed: SpeedOption = None,
    home: HomeOption = None,
    tied: Annotated[bool, typer.Option("--tied", hidden=True)] = False,
) -> None:
    """Serve in the foreground until Ctrl-C."""
    from simulator.cli.launching import end_with_stdin  # noqa: PLC0415
    from simulator.server import run  # noqa: PLC0415

    settings = Session(home).settings(
        port=port, host=host, backend=backend, clock=clock, speed=speed
    )
    if tied:
        end_with_stdin()
    raise typer.Exit(run(settings))


def down(
    keep_running: Annotated[
        bool, typer.Option("--keep-running", help="Leave the instances; `up` takes them over.")
    ] = False,
    remove: Annotated[
        bool,
        typer.Option("--remove", help="Leave nothing: no instance, service, model or file."),
    ] = False,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """End the server and its instances.

    What was deployed is remembered: `up` starts the same services again.
    """
    from simulator.cli.launching import stop  # noqa: PLC0415
    from simulator.cli.removal import remove_offline  # noqa: PLC0415

    if keep_running and remove:
        raise typer.BadParameter("--keep-running and --remove exclude each other")
    session = Session(home, as_json)
    output, paths = session.output, session.paths
    if remove:
        question = f"Remove all services, models and data in {paths.home}?"
        if paths.home.exists() and not confirm(output, question, yes=yes):
            raise Failure("nothing was removed")
    mode = "remove" if remove else "keep-running" if keep_running else "stop"
    note, was_running = "", True
    with output.working("ending the server and its instances"):
        try:
            note = stop(paths, mode)
        except NotRunning:
            was_running = False
    removed: list[str] = []
    if remove:
        with output.working("removing what is left"):
            removed = remove_offline(paths)
    if output.as_json:
        output.document({"was_running": was_running, "note": note, "removed": removed})
        return
    output.line("Drydock has ended" if was_running else f"no server is running on {paths.home}")
    if note:
        output.line(f"  note: {note}", "yellow")
    if remove:
        output.line(
            f"  nothing is left in {paths.home}"
            if not paths.home.exists()
            else f"  only files that are not Drydock's are left in {paths.home}"
        )


def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the server and what it runs.

    Exit status 3 when no server is running.
    """
    session = Session(home, as_json)
    output = session.output
    try:
        with session.server() as server:
            state = server.state()
    except NotRunning:
        if not output.as_json:
            raise
        output.document({"running": False, "home": str(session.home)})
        raise typer.Exit(ExitCode.NOT_RUNNING) from None
    if output.as_json:
        output.document({"running": True, **state})
        return
    _print_status(output, state)
    if state["services"]:
        output.line()
        print_services(output, state)


def _print_status(output: Output, state: dict[str, Any]) -> None:
    server, gateway, clock = state["server"], state["gateway"], state["clock"]
    backend, quota = state["backend"], state["quota"]["real_time_services"]
    uptime = duration(time.time() - server["started_at_ms"] / 1000)
    counts = Counter(service["status"] for service in state["services"])
    words = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    pace = f" at {clock['speed']:g} times real time" if clock["mode"] == "scaled" else ""
    problem = f" ({gateway['error']})" if gateway.get("error") else ""
    output.line(f"Drydock {server['version']} is running")
    output.fields(
        [
            ("address", server["address"]),
            ("process", f"{server['pid']}, up {uptime}"),
            ("home", server["home"]),
            ("backend", f"{backend['name']}: {backend['detail']}{_away(backend)}"),
            *(("", _hanging(call)) for call in backend["hanging"]),
            ("store", _store(state["store"])),
            (
                "gateway",
                f"{gateway['status']}: {gateway['detail']}{problem}, "
                f"{gateway['requests_per_s'] or 0:g} requests/s",
            ),
            ("clock", clock["mode"] + pace),
            *_faults(state["faults"]["active"]),
            ("services", f"{quota['used']} of {quota['limit']}" + (f": {words}" if words else "")),
            ("models", len(state["models"])),
        ]
    )


def _faults(active: int) -> list[tuple[str, str]]:
    words = f"{active} injected, `drydock faults` lists them"
    return [("faults", words)] if active else []


def _away(backend: dict[str, Any]) -> str:
    if backend["available"]:
        return ""
    since_ms = backend["away_since_ms"]
    return f" - not available for {_since(since_ms)}" if since_ms else " - not available now"


def _hanging(call: dict[str, Any]) -> str:
    of = f" of {call['subject']}" if call["subject"] else ""
    return f"the call `{call['call']}`{of} has not come back for {duration(call['for_s'])}"


def _store(store: dict[str, Any]) -> str:
    if store["writable"]:
        return "ok"
    words = f"cannot be written for {_since(store['since_ms'])}: {store['error']}"
    return f"{words} ({store['hint']})"


def _since(at_ms: int) -> str:
    return duration(max(0.0, time.time() - at_ms / 1000))


def reset(yes: YesOption = False, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Delete all services and models."""
    session = Session(home, as_json)
    output = session.output
    with session.server() as server:
        state = server.state()
        count = f"{len(state['services'])} services and {len(state['models'])} models"
        if not confirm(output, f"Delete {count} of {session.home}?", yes=yes):
            raise Failure("nothing was deleted")
        with output.working(f"deleting {count}"):
            gone = server.reset()
    if output.as_json:
        output.document(gone)
    else:
        output.line(f"deleted {gone['services']} services and {gone['models']} models")


def dashboard(session: Session) -> None:
    """Open the dashboard on the running server, or on one that is started now and goes on."""
    from simulator.cli.launching import ensure_started  # noqa: PLC0415

    session.settings()
    with session.output.working("starting the server"):
        started = ensure_started(session.paths)
    open_dashboard(session.paths.home, started.address)
    if not started.already:
        session.output.note(f"the server goes on at {started.address}: `drydock down` ends it")


def open_dashboard(home: Path, address: str) -> None:
    """Show the dashboard until the user leaves it."""
    from simulator.config import Paths  # noqa: PLC0415
    from tui.app import run  # noqa: PLC0415

    paths = Paths(home)
    token = paths.admin_token.read_text(encoding="ascii").strip()
    run(address, token, str(paths.control_socket))
