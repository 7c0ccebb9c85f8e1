"""faults, faults add | remove: what goes wrong on purpose."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.naming import find_service, find_version
from simulator.cli.output import clock_time
from simulator.cli.session import HomeOption, JsonOption, Session, defaults
from simulator.cli.usage import duration_ms
from simulator.faults.kinds import FaultKind
from tui.clean import clean_line

app = typer.Typer(help="Let things go wrong on purpose.", invoke_without_command=True)

Json = dict[str, Any]

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?)%?")

ServiceArgument = Annotated[
    str, typer.Argument(metavar="SERVICE", help="Name or id; none with --everything.")
]


@app.callback()
def faults(
    context: typer.Context,
    ended: Annotated[bool, typer.Option("--ended", help="Those that have ended too.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what goes wrong on purpose, to whom, and until when (real time)."""
    session = Session(home, as_json)
    if context.invoked_subcommand is not None:
        defaults.home = home or defaults.home
        return
    with session.server() as server:
        found = server.faults(ended=ended)
        services = server.state()["services"] if found else []
    if session.output.as_json:
        session.output.document(found)
        return
    names = {one["service_id"]: one["name"] for one in services}
    session.output.table(
        ["FAULT", "KIND", "~TARGET", "WHAT", "UNTIL"], [_row(one, names) for one in found]
    )


@app.command("add")
def add(
    kind: Annotated[
        FaultKind,
        typer.Argument(
            help="latency: requests come later; abort: they are answered with an HTTP error; "
            "slow: bodies of answers come slowly."
        ),
    ],
    service: ServiceArgument = "",
    everything: Annotated[
        bool, typer.Option("--everything", help="Let it happen to every service.")
    ] = False,
    version: Annotated[
        str | None,
        typer.Option("--version", help="Only to this version: its id, or its model's name."),
    ] = None,
    ms: Annotated[int | None, typer.Option("--ms", help="latency: how much later.")] = None,
    status: Annotated[
        int | None, typer.Option("--status", help="abort: the HTTP status, 400 to 599.")
    ] = None,
    kbps: Annotated[
        int | None, typer.Option("--kbps", help="slow: KiB a second, of each answer.")
    ] = None,
    share: Annotated[
        str | None,
        typer.Option("--share", metavar="PERCENT", help="Of the requests, such as 10%; else all."),
    ] = None,
    lasting: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="TIME", help="Real time, such as 90s or 5min; else for good."
        ),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let something go wrong with the requests to a service, from now on."""
    if bool(service) == everything:
        raise UsageFailure("say whom it happens to", hint="name a service, or give --everything")
    if everything and version is not None:
        raise UsageFailure("--version is of a service", hint="name the service")
    given = {"ms": ms, "status": status, "kbps": kbps}
    wanted: Json = {name: value for name, value in given.items() if value is not None}
    wanted["kind"] = kind.value
    if share is not None:
        wanted["share"] = _percent(share)
    if lasting is not None:
        wanted["for_s"] = duration_ms(lasting) / 1000
    session = Session(home, as_json)
    with session.server() as server:
        if service:
            found = find_service(server.state()["services"], service)
            wanted["service_id"] = found["service_id"]
            if version is not None:
                versions = found["versions"]
                wanted["version_id"] = versions[find_version(versions, version)]["version_id"]
        fault = server.inject_fault(wanted)
    if session.output.as_json:
        session.output.document(fault)
        return
    words = clean_line(fault["text"])
    session.output.line(f"fault {fault['fault_id']}: {words}, until {_until(fault)}")


@app.command("remove")
def remove(
    fault: Annotated[str, typer.Argument(metavar="FAULT", help="Its id.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="All that there are.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a fault happen no more."""
    if bool(fault) == all_:
        raise UsageFailure("say which fault", hint="give its id, or --all")
    session = Session(home, as_json)
    removed = []
    with session.server() as server:
        for one in [one["fault_id"] for one in server.faults()] if all_ else [fault]:
            try:
                server.remove_fault(one)
                removed.append(one)
            except Failure as failure:
                if not all_ or failure.status != 404:  # it has ended meanwhile
                    raise
    if session.output.as_json:
        session.output.document({"removed": removed})
    elif all_:
        session.output.line(f"{len(removed)} faults are removed")
    else:
        session.output.line(f"fault {clean_line(fault)} is removed")


def _percent(text: str) -> float:
    found = _PERCENT.fullmatch(text)
    if found is None:
        raise UsageFailure(f"{text} is no share", hint="write 10% or 0.5%")
    return float(found[1])


def _row(fault: Json, names: dict[str, str]) -> list[object]:
    service_id = fault["service_id"]
    target = str(names.get(service_id, service_id)) if service_id else "every service"
    version = f" {fault['version_id']}" if fault["version_id"] else ""
    return [fault["fault_id"], fault["kind"], target + version, fault["text"], _until(fault)]


def _until(fault: Json) -> str:
    if fault["ended_at_ms"]:
        return f"ended {clock_time(fault['ended_at_ms'])}"
    return clock_time(fault["until_ms"]) if fault["until_ms"] else "it is removed"
