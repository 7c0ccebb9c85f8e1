"""batch run | list | results: batch services and what they have written."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.batch_view import following, left_words, rate_words, summary
from simulator.cli.deploy import put_models_in
from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.naming import find_newest_model, find_service
from simulator.cli.output import speaks_unicode
from simulator.cli.reading import parse_json_object, read_bytes
from simulator.cli.session import HomeOption, JsonOption, ServiceArgument, Session

if TYPE_CHECKING:
    from simulator.cli.output import Output
    from simulator.objects import ObjectStore

Json = dict[str, Any]
MOST_SHOWN = 200
"""Lines of results that are shown to people; programs get all of them."""
_ROW_ERROR = {"row", "error"}
"""What a line of a result file has, of a row that was not answered."""


def run(
    file: Annotated[
        Path, typer.Argument(metavar="REQUEST", help="A ModelArts deploy request; - is stdin.")
    ],
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="Put this model (name or id) in."),
    ] = None,
    watch: Annotated[
        bool | None,
        typer.Option("--watch/--no-watch", help="Follow it to its end (default: in a terminal)."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deploy a batch service and follow its job: inputs, rate, failures and time left.

    Exit status: 0 the job is done, whatever became of single inputs; 1 it failed, or the request
    was refused.
    """
    session = Session(home, as_json)
    output = session.output
    body = read_bytes(file)
    request = parse_json_object(body, "stdin" if str(file) == "-" else str(file))
    if request.get("infer_type") != "batch":
        raise UsageFailure(
            "the request deploys no batch service: its infer_type is not batch",
            hint=f"`drydock deploy {file}` deploys others",
        )
    with session.server() as server:
        if model:
            found = find_newest_model(server.state()["models"], model)
            body = put_models_in(body, [str(found["model_id"])])
        created = server.cloud("POST", "/services", body)
        service_id = str(created["service_id"])
        if not (watch if watch is not None else sys.stdout.isatty()):
            output.document(created) if output.as_json else output.line(service_id)
            return
        detail = following(server, output, service_id)
    if output.as_json:
        output.document(detail)
    else:
        summary(output, detail)


def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Batch services, and how far each is."""
    session = Session(home, as_json)
    with session.server() as server:
        found = [one for one in server.state()["services"] if one["job"] is not None]
    output = session.output
    if output.as_json:
        output.document(found)
        return
    output.table(
        ["NAME", "STATUS", ">DONE", ">OF", ">FAILED", ">RATE", ">LEFT", "~RESULTS", "ID"],
        [
            [
                one["name"],
                one["status"],
                one["job"]["done"],
                one["job"]["total"],
                one["job"]["failed"],
                rate_words(one["job"]),
                left_words(one["job"]),
                one["job"]["results"],
                output.short_id(one["service_id"]),
            ]
            for one in found
        ],
    )


def results(
    service: ServiceArgument,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what failed: inputs, and rows of CSV files.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what became of each input of a batch service, and why some failed.

    With --json one line of JSON an input, as the manifest of results has it; with --failed also one
    for each row that was not answered, `{"source", "row", "error"}`.
    """
    from simulator.cli.object_work import opened  # noqa: PLC0415

    session = Session(home, as_json)
    with session.server() as server:
        found = find_service(server.state()["services"], service)
    job = found["job"]
    if job is None:
        raise Failure(
            f"{found['name']} is no batch service", hint="`drydock batch list` lists them"
        )
    with opened(session) as store:
        lines = _failures(store, job) if failed else _lines(store, job)
        if session.output.as_json:
            for line in lines:
                print(json.dumps(line, ensure_ascii=not speaks_unicode(sys.stdout)))
            return
        _show(session.output, found, lines)


def _show(output: Output, service: Json, lines: Iterator[Json]) -> None:
    job, more = service["job"], 0
    rows: list[list[object]] = []
    for line in lines:
        if len(rows) < MOST_SHOWN:
            rows.append(_cells(line))
        else:
            more += 1
    output.table(["INPUT", "RESULT", "~WHERE, OR WHY"], rows)
    if more:
        output.note(f"and {more} more; --json has all of them", "dim")
    unpublished = job["done"] if not rows and not more else 0
    if unpublished and service["status"] != "finished":
        output.note(
            f"{unpublished} inputs are done; their lines come when the manifest is complete", "dim"
        )


def _cells(line: Json) -> list[object]:
    if "row" in line:
        return [f"{line['source']}, row {line['row']}", "FAILED", _message(line["error"])]
    return [line["source"], line["result"], line.get("inference-loc") or line.get("error_message")]


def _message(error: Any) -> str:
    return str(error.get("message", error) if isinstance(error, dict) else error)


def _lines(store: ObjectStore, job: Json) -> Iterator[Json]:
    """The lines of the manifests that are complete."""
    for manifest in job["manifests"]:
        yield from _objects(store, manifest)


def _failures(store: ObjectStore, job: Json) -> Iterator[Json]:
    """The inputs that failed, and the rows that did of those that did not."""
    for line in _lines(store, job):
        if line["result"] == "FAILED":
            yield line
        elif job["mapping_type"] == "csv":
            for row in _objects(store, line["inference-loc"]):
                if isinstance(row, dict) and row.keys() == _ROW_ERROR:
                    yield {"source": line["source"], **row}


def _objects(store: ObjectStore, path: str) -> Iterator[Any]:
    """The JSON values of an object's lines; nothing where it is not there."""
    from simulator.objectpaths import parse_object_path  # noqa: PLC0415
    from simulator.objects import NoSuchObject  # noqa: PLC0415

    try:
        _, stream = store.open(parse_object_path(path))
    except NoSuchObject:
        return
    with stream:
        for line in stream:
            yield json.loads(line)
