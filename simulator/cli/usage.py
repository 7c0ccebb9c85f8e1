"""usage: how long instances ran, as a table or as CSV."""

from __future__ import annotations

import csv
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from simulator.cli.failures import UsageFailure
from simulator.cli.output import Output, clock_time
from simulator.cli.session import HomeOption, JsonOption, Session
from tui.clean import clean_line

if TYPE_CHECKING:
    from simulator.cli.client import Server

Json = dict[str, Any]

COLUMNS = ("kind", "id", "name", "specification", "seconds", "runs", "running_now")
"""Columns of the CSV export. Kind is service or pool: a service's seconds are those of its
instances in the public pool, a pool's those of its nodes, of which some are there now."""
FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes a cell for a formula by. Source: OWASP, CSV Injection."""

_UNIT_MS = {"s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_AGO = re.compile(r"([0-9]{1,9})(s|m|min|h|d)")
_INSTANTS = "2026-05-01, 2026-05-01T12:30, or how long ago: 90min, 24h, 7d"


def usage(
    since: Annotated[
        str,
        typer.Option("--since", metavar="WHEN", help=f"From then on, platform time: {_INSTANTS}."),
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="WHEN", help="Before then; default: up to now.")
    ] = "",
    to_csv: Annotated[
        str, typer.Option("--csv", metavar="FILE|-", help="Write CSV to a file; - is stdout.")
    ] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """How long instances ran in the public pool, by service, and dedicated pools had nodes; deleted
    ones too."""
    session = Session(home, as_json)
    output = session.output
    if to_csv and output.as_json:
        raise UsageFailure("--csv and --json cannot be had at once", hint="choose one of them")
    with session.server() as server:
        found = _ask(server, since, until)
    if output.as_json:
        output.document(found)
    elif to_csv:
        _export(output, found, to_csv)
    elif not found["services"] and not found["pools"]:
        output.line("no instance ran in the public pool, and there was no dedicated pool")
    else:
        _print(output, found)


def duration_ms(text: str) -> int:
    """What a user means by a duration, such as `90min`; milliseconds.

    Raises:
        UsageFailure: it is none.
    """
    found = _AGO.fullmatch(text)
    if found is None:
        raise UsageFailure(f"{text} is no duration", hint="write 90s, 20min, 24h or 7d")
    return int(found[1]) * _UNIT_MS[found[2]]


def instant_ms(text: str, now_ms: int) -> int:
    """What a user means by an instant: a date or time of this machine's zone unless it has one of
    its own, or how long ago; epoch milliseconds.

    Raises:
        UsageFailure: it is neither, or before 1970.
    """
    if _AGO.fullmatch(text):
        return max(0, now_ms - duration_ms(text))
    try:
        since_1970 = datetime.fromisoformat(text).astimezone() - datetime.fromtimestamp(0, UTC)
    except (ValueError, OverflowError, OSError):
        since_1970 = timedelta(-1)
    if since_1970 < timedelta(0):
        raise UsageFailure(f"{text} is no instant", hint=f"write {_INSTANTS}")
    return since_1970 // timedelta(milliseconds=1)


def as_hours(seconds: float) -> str:
    """A duration as `h:mm:ss`; what is left of a second is cut."""
    minutes, whole_s = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole_s:02}"


def safe_cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: one that begins like it gets a leading '."""
    if isinstance(value, str) and value.startswith(FORMULA_BEGINS):
        return f"'{value}"
    return value


def write_csv(found: Json, file: TextIO) -> None:
    """A heading, and a line for each service and specification, and for each pool. No total: that
    is for the reader to add up. Texts are quoted, also because Python 3.11 leaves a bare carriage
    return unquoted."""
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(COLUMNS)
    for row in (*_service_rows(found), *_pool_rows(found)):
        writer.writerow([safe_cell(cell) for cell in row])


def _service_rows(found: Json) -> list[list[object]]:
    names = ("service_id", "service_name", "specification", "instance_seconds", "runs")
    return [
        ["service", *(one[name] for name in names), one["running_now"]] for one in found["services"]
    ]


def _pool_rows(found: Json) -> list[list[object]]:
    names = ("pool_id", "pool_id", "specification", "node_seconds")
    return [
        ["pool", *(one[name] for name in names), "", one["nodes_now"]] for one in found["pools"]
    ]


def _ask(server: Server, since: str, until: str) -> Json:
    now_ms = int(server.state()["clock"]["now_ms"]) if since or until else 0
    since_ms = instant_ms(since, now_ms) if since else 0
    return server.usage(since_ms, instant_ms(until, now_ms) if until else None)


def _export(output: Output, found: Json, to_csv: str) -> None:
    if to_csv == "-":
        write_csv(found, sys.stdout)
        return
    with Path(to_csv).open("w", encoding="utf-8", newline="") as file:
        write_csv(found, file)
    lines = len(found["services"]) + len(found["pools"])
    output.note(f"{lines} lines are in {clean_line(to_csv)}", "dim")


def _print(output: Output, found: Json) -> None:
    rows: list[list[object]] = [
        [
            one["service_name"],
            one["specification"],
            as_hours(one["instance_seconds"]),
            one["runs"],
            one["running_now"],
            output.short_id(one["service_id"]),
        ]
        for one in found["services"]
    ]
    sums = [sum(one[name] for one in found["services"]) for name in ("runs", "running_now")]
    total = ["total", "", as_hours(found["total_instance_seconds"]), *sums, ""]
    if rows:
        headings = ["~SERVICE", "SPECIFICATION", ">TIME", ">RUNS", ">RUNNING", "ID"]
        output.table(headings, [*rows, total])
    if found["pools"]:
        output.table(
            ["~POOL", "SPECIFICATION", ">NODE TIME", ">NODES"],
            [
                [
                    one["pool_id"],
                    one["specification"],
                    as_hours(one["node_seconds"]),
                    one["nodes_now"],
                ]
                for one in found["pools"]
            ],
        )
    begin = f"from {clock_time(found['since_ms'])} " if found["since_ms"] else ""
    output.note(f"time that instances ran {begin}until {clock_time(found['until_ms'])}", "dim")
