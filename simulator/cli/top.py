"""top: what the gateway serves now, by service, version and instance."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.failures import NotRunning
from simulator.cli.output import SHORT_ID, UNBOUNDED
from simulator.cli.session import HomeOption, JsonOption, Session
from tui.clean import clean_line

if TYPE_CHECKING:
    from rich.console import RenderableType

    from simulator.cli.client import Server

Json = dict[str, Any]

COLUMNS = ("SERVICE", "REQ/S", "ERR/S", "BUSY", "P50", "P90", "P99", "SPLIT", "REQUESTS", "ERRORS")
"""What each row has. BUSY: requests that instances are working on. Latencies in ms. SPLIT: the part
of the service's requests that a version got in the last minute, and the wanted one."""
TAIL_COLUMNS = 2
"""Columns at the end that are left out of a narrow terminal."""
NARROW = 100
WIDEST = 130


def top(
    service: Annotated[
        str, typer.Argument(metavar="[SERVICE]", help="Only this: name or id.")
    ] = "",
    once: Annotated[bool, typer.Option("--once", help="Print it once and exit.")] = False,
    every_s: Annotated[
        float, typer.Option("--every", min=0.5, max=60, help="Seconds between two looks.")
    ] = 1.0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what each service, version and instance serves, until Ctrl-C.

    Prints it once where stdout is no terminal, and with --json.
    """
    session = Session(home, as_json)
    output = session.output
    with session.server() as server:
        if output.as_json:
            output.document({"services": _ask(server, service)})
            return
        # the first look only begins to count: rates are between two
        services = _ask(server, service)
        if once or not output.out.is_terminal:
            time.sleep(min(every_s, 1.0))
            _print(session, _ask(server, service))
            return
        _live(session, server, service, every_s, services)


def _print(session: Session, services: list[Json]) -> None:
    console = session.output.out
    if console.is_terminal:
        console.print(frame(services, console.width))
        return
    with console.capture() as captured:
        console.print(frame(services, console.width))
    for line in captured.get().splitlines():
        session.output.line(line.rstrip())


def _live(
    session: Session, server: Server, service: str, every_s: float, services: list[Json]
) -> None:
    from rich.live import Live  # noqa: PLC0415

    console = session.output.out
    # by hand: what does not fit on the screen is cut, and the last picture stays when it ends
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        try:
            while True:
                live.update(frame(services, console.width), refresh=True)
                time.sleep(every_s)
                services = _ask(server, service)
        except KeyboardInterrupt:
            return
        except NotRunning:
            session.output.note("the server has ended")


def _ask(server: Server, service: str) -> list[Json]:
    from simulator.cli.naming import find_service  # noqa: PLC0415

    services = server.traffic()
    return [find_service(services, service)] if service else services


def frame(services: Sequence[Json], width: int) -> RenderableType:
    """One picture, for a terminal of so many columns."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if not services:
        return Text("no service is deployed")
    columns = COLUMNS if width >= NARROW else COLUMNS[:-TAIL_COLUMNS]
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold",
        width=min(width, WIDEST) if width < UNBOUNDED else None,
    )
    # the first column takes what the figures leave, and is cut there
    table.add_column(columns[0], no_wrap=True, overflow="ellipsis", ratio=1)
    for name in columns[1:]:
        table.add_column(name, justify="right", no_wrap=True)
    for style, cells in _rows(services):
        table.add_row(*(Text(cell, style) for cell in cells[: len(columns)]))
    return table


def _rows(services: Sequence[Json]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Style and cells of each row: a service, below it its versions, below each its instances."""
    for service in services:
        status = "" if service["status"] == "running" else f" ({service['status']})"
        name = clean_line(f"{service['name']}{status}")
        yield "bold", (name, *_figures(service), "", *_totals(service))
        for version in service["versions"]:
            model = f"{version['model_name']}:{version['model_version']}"
            name = clean_line(f"  {_short(version['version_id'])} {model}")
            yield "", (name, *_figures(version), _split(version), *_totals(version))
            for instance in version["instances"]:
                yield "dim", _instance(instance)


def _instance(instance: Json) -> tuple[str, ...]:
    number = str(instance["instance_id"]).rpartition("-")[2]
    return (
        clean_line(f"    instance {number} {instance['state']}"),
        _rate(instance["requests_per_s"]),
        "",
        str(instance["in_flight"]),
        *("", "", "", ""),
        *_totals(instance),
    )


def _figures(row: Json) -> tuple[str, ...]:
    return (
        _rate(row["requests_per_s"]),
        _rate(row["errors_per_s"]),
        str(row["in_flight"]),
        *(_ms(row[name]) for name in ("p50_ms", "p90_ms", "p99_ms")),
    )


def _totals(row: Json) -> tuple[str, str]:
    return f"{row['requests_total']:,}", f"{row['errors_total']:,}"


def _split(version: Json) -> str:
    measured = version["measured_share"]
    got = "-" if measured is None else f"{measured:.0%}"
    return f"{got} of {version['wanted_share']:.0%}"


def _rate(per_s: float) -> str:
    return f"{per_s:.1f}" if 0 < per_s < 100 else f"{per_s:.0f}"


def _ms(value: float | None) -> str:
    """Envoy counts whole milliseconds."""
    if value is None:
        return "-"
    if not value:
        return "<1"
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _short(version_id: str) -> str:
    return version_id[:SHORT_ID]
