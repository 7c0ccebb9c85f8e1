"""logs: what the instances of a service wrote, and which requests came."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from simulator.cli.failures import NotRunning, UsageFailure
from simulator.cli.naming import find_service
from simulator.cli.output import Output
from simulator.cli.session import HomeOption, JsonOption, Session
from tui.clean import clean_line

UUID_LENGTH = 36
_STYLES = ("cyan", "magenta", "yellow", "green", "blue")


def logs(
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="Name or id; with --access it may be left out.")
    ] = "",
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new lines until Ctrl-C.")
    ] = False,
    tail: Annotated[
        int, typer.Option("--tail", "-n", min=0, max=10_000, help="Lines of each instance's end.")
    ] = 200,
    instance: Annotated[
        str, typer.Option("--instance", help="Only this one: its number or id.")
    ] = "",
    access: Annotated[
        bool, typer.Option("--access", help="The requests that came, in place of what was written.")
    ] = False,
    status: Annotated[
        str, typer.Option("--status", help="With --access: only these, as 5xx or 404,503.")
    ] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what a service's instances wrote, or with --access which requests came.

    --access reads files of the data directory and needs no server, if services are named by id.
    """
    session = Session(home, as_json)
    if access:
        _access(session, service, instance, status, tail=tail, follow=follow)
        return
    if not service:
        raise UsageFailure("whose logs?", hint="name a service; `drydock services list` shows all")
    if status:
        raise UsageFailure("--status is for --access", hint="add --access")
    _written(session, service, instance, tail=tail, follow=follow)


def _written(session: Session, service: str, instance: str, *, tail: int, follow: bool) -> None:
    with session.server() as server:
        found = find_service(server.state()["services"], service)
        service_id = found["service_id"]
        lines = server.logs(
            service_id, tail=tail, follow=follow, instance_id=_instance_id(service_id, instance)
        )
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


def _access(
    session: Session, service: str, instance: str, status: str, *, tail: int, follow: bool
) -> None:
    from simulator.cli.access import Wanted, entries, printer, read_statuses  # noqa: PLC0415

    statuses = read_statuses(status)
    names = _service_names(session)
    service_id = _service_id(names, service)
    wanted = Wanted(service_id, _instance_id(service_id, instance), statuses)
    show, any_came = printer(session.output, names), False
    for entry in entries(session.paths.access_log, wanted, tail=tail, follow=follow):
        any_came = True
        if session.output.as_json:
            print(json.dumps(entry.document()), flush=follow)
        else:
            show(entry)
    if not any_came and not session.output.as_json:
        session.output.note("no such request came, or the setting access_log is off")


def _service_names(session: Session) -> dict[str, str]:
    """Names of the services by their ids; none without a server."""
    try:
        with session.server() as server:
            return {one["service_id"]: one["name"] for one in server.state()["services"]}
    except NotRunning:
        return {}


def _service_id(names: dict[str, str], service: str) -> str:
    """The id of a service that the user names. One that there is no more can be named by its id."""
    if not service or not names or (len(service) == UUID_LENGTH and service not in names):
        return service
    services = [{"service_id": key, "name": name} for key, name in names.items()]
    return str(find_service(services, service)["service_id"])


def _instance_id(service_id: str, instance: str) -> str:
    if not instance.isdecimal():
        return instance
    if not service_id:
        raise UsageFailure("an instance's number needs its service", hint="name the service, too")
    return f"{service_id}-{instance}"


def _print_line(output: Output, line: dict[str, Any]) -> None:
    from rich.text import Text  # noqa: PLC0415

    number = str(line["instance_id"]).rpartition("-")[2]
    style = _STYLES[(int(number) - 1) % len(_STYLES)] if number.isdecimal() else ""
    text = Text(f"{clean_line(number)} | ", style=style)
    text.append(clean_line(line["text"]), style="default")
    output.out.print(text, soft_wrap=True)
