"""services list | show | events | start | stop | scale | weights | update | limits | collection
| delete."""

from __future__ import annotations

from typing import Any

import typer

from simulator.cli import changing, collection, limits
from simulator.cli.naming import find_service
from simulator.cli.output import Output, age, clock_time, milliseconds
from simulator.cli.session import HomeOption, JsonOption, ServiceArgument, Session
from tui.clean import clean_line

app = typer.Typer(help="List, show, start, stop, change and delete services.", no_args_is_help=True)

Json = dict[str, Any]


@app.command("list")
def list_services(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """All services."""
    session = Session(home, as_json)
    with session.server() as server:
        state = server.state()
    if session.output.as_json:
        session.output.document(state["services"])
    elif not state["services"]:
        session.output.line("no services yet: `drydock deploy FILE` makes one")
    else:
        print_services(session.output, state)


def print_services(output: Output, state: Json) -> None:
    """The table of services of a state."""
    now_ms = state["clock"]["now_ms"]
    output.table(
        ["~NAME", "STATUS", ">READY", ">REQ", ">P50", ">P99", "FOR", "ID"],
        [
            [
                service["name"],
                service["status"],
                f"{service['instances_ready']}/{service['instances_wanted']}",
                service["requests_total"],
                milliseconds(service["p50_ms"]),
                milliseconds(service["p99_ms"]),
                age(service["transition_at_ms"], now_ms),
                output.short_id(service["service_id"]),
            ]
            for service in state["services"]
        ],
    )


@app.command("show")
def show(service: ServiceArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """One service in full: address, versions, instances, and why it failed."""
    session = Session(home, as_json)
    with session.server() as server:
        state = server.state()
        detail = server.service(find_service(state["services"], service)["service_id"])
    if session.output.as_json:
        session.output.document(detail)
        return
    _print_detail(session.output, detail, state["clock"]["now_ms"])


def _fault(fault: Json) -> str:
    version = f"version {fault['version_id']}: " if fault["version_id"] else ""
    return f"{version}{fault['text']} ({fault['fault_id']})"


def _print_detail(output: Output, detail: Json, now_ms: int) -> None:
    ready = f"{detail['instances_ready']} of {detail['instances_wanted']} ready"
    apis = ", ".join(f"{api['method'].upper()} {api['path']}" for api in detail["apis"])
    output.fields(
        [
            ("name", detail["name"]),
            ("id", detail["service_id"]),
            ("status", detail["status"]),
            *([("reason", detail["reason"])] if detail["reason"] else []),
            *([("message", detail["message"])] if detail["message"] else []),
            ("for", age(detail["transition_at_ms"], now_ms)),
            ("address", detail["access_address"]),
            ("APIs", apis),
            ("instances", ready),
            ("requests", f"{detail['requests_total']}, {detail['errors_total']} of them failed"),
            ("p50, p99", f"{milliseconds(detail['p50_ms'])}, {milliseconds(detail['p99_ms'])}"),
            *(("fault", _fault(one)) for one in detail["faults"]),
        ]
    )
    output.line()
    output.table(
        ["VERSION", "~MODEL", ">WEIGHT", "SPECIFICATION", ">READY", ">REQ"],
        [
            [
                version["version_id"],
                f"{version['model_name']}:{version['model_version']}",
                version["weight"],
                version["specification"],
                f"{version['instances_ready']}/{version['instances_wanted']}",
                version["requests_total"],
            ]
            for version in detail["versions"]
        ],
    )
    if detail["instances"]:
        output.line()
        output.table(
            ["INSTANCE", "VERSION", "STATE", "RUNS AS", "~ON", ">RESTARTS", "~WHY"],
            [
                [
                    instance["instance_id"].rpartition("-")[2],
                    instance["version_id"],
                    instance["state"],
                    instance["ref"],
                    instance["accelerator"],
                    instance["restarts"],
                    instance["message"] or instance["reason"],
                ]
                for instance in detail["instances"]
            ],
        )
    if detail["evidence"]:
        output.note("evidence:")
        output.block(detail["evidence"])


@app.command("events")
def events(service: ServiceArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What happened to a service, oldest first."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_service(server.state()["services"], service)
        rows = server.events(found["service_id"])[::-1]
    if session.output.as_json:
        session.output.document(rows)
        return
    session.output.table(
        ["AT", "KIND", "~WHAT"],
        [[clock_time(row["at_ms"]), row["kind"], row["text"]] for row in rows],
    )


@app.command("start")
def start(service: ServiceArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Start a service that is stopped or has failed."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_service(server.state()["services"], service)
        server.start(found["service_id"])
    _done(session.output, found, "start", "is being started")


@app.command("stop")
def stop(service: ServiceArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Stop a service; its requests are refused until it is started again."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_service(server.state()["services"], service)
        server.stop(found["service_id"])
    _done(session.output, found, "stop", "is being stopped")


app.command("scale")(changing.scale)
app.command("weights")(changing.weights)
app.command("update")(changing.update)
app.command("limits")(limits.limits)
app.command("collection")(collection.collection)


@app.command("delete")
def delete(service: ServiceArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Delete a service and its instances."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_service(server.state()["services"], service)
        server.delete_service(found["service_id"])
    _done(session.output, found, "delete", "is being deleted")


def _done(output: Output, service: Json, asked: str, words: str) -> None:
    if output.as_json:
        output.document({"service_id": service["service_id"], "asked": asked})
    else:
        output.line(f"{clean_line(service['name'])} {words} ({service['service_id']})")
