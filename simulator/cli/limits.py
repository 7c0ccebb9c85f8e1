"""services limits: how requests reach a service."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from simulator.cli.failures import UsageFailure
from simulator.cli.naming import find_service
from simulator.cli.output import Output
from simulator.cli.session import HomeOption, JsonOption, ServiceArgument, Session

Json = dict[str, Any]
DEFAULT = "default"


def limits(
    service: ServiceArgument,
    rate: Annotated[
        str | None,
        typer.Option("--rate", metavar="N", help="Requests a second; `none`, or `default`."),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option(
            "--timeout", metavar="SECONDS", help="Until an answer's first byte; or `default`."
        ),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(
            "--body", metavar="BYTES", help="Largest request; `none`, or `default` (12 MB)."
        ),
    ] = None,
    direct: Annotated[
        bool | None,
        typer.Option(
            "--direct/--no-direct", help="Whether instances can be called past the gateway."
        ),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a service's limits, or change them; the gateway keeps to them at once."""
    changes = _changes(rate, timeout, body, direct)
    session = Session(home, as_json)
    with session.server() as server:
        service_id = find_service(server.state()["services"], service)["service_id"]
        shown = (
            server.change_routing(service_id, changes) if changes else server.routing(service_id)
        )
        addresses = server.addresses(service_id) if shown["direct"] else []
    if session.output.as_json:
        session.output.document(shown | {"addresses": addresses})
    else:
        _print(session.output, shown, addresses)


def _changes(rate: str | None, timeout: str | None, body: str | None, direct: bool | None) -> Json:
    changes: Json = {}
    if rate is not None:
        changes["requests_per_s"] = _number(rate, int, none=0)
    if timeout is not None:
        changes["timeout_s"] = _number(timeout, float)
    if body is not None:
        changes["max_body_bytes"] = _number(body, int, none=0)
    if direct is not None:
        changes["direct"] = direct
    return changes


def _number(text: str, kind: type[int] | type[float], none: int | None = None) -> float | None:
    """Raises `UsageFailure` for what is no number."""
    if text == DEFAULT:
        return None
    if text == "none" and none is not None:
        return none
    try:
        return kind(text)
    except ValueError:
        hint = "write a number, `none` or `default`" if none is not None else "write seconds"
        raise UsageFailure(f"{text} is no limit", hint=hint) from None


def _size(body_bytes: int) -> str:
    return f"{body_bytes} bytes" if body_bytes else "no limit: passed on as it comes"


def _print(output: Output, shown: Json, addresses: list[Json]) -> None:
    rate, timeout, body = shown["requests_per_s"], shown["timeout_s"], shown["max_body_bytes"]
    by_setting = "as the server's setting says"
    rate_words = by_setting if rate is None else f"{rate} requests/s"
    output.fields(
        [
            ("traffic limit", "none" if rate == 0 else rate_words),
            (
                "first byte within",
                "as the server's setting says" if timeout is None else f"{timeout:g} s",
            ),
            ("largest request", "12 MB, as documented" if body is None else _size(body)),
            ("balancing", shown["balancing"]),
            ("WebSocket", "yes" if shown["websocket"] else "no"),
            ("direct", "yes" if shown["direct"] else "no"),
        ]
    )
    for one in addresses:
        output.line(f"  {one['instance_id']}  {one['url'] or one['address']}")
