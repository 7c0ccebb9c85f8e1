"""services collection: which requests and answers are kept, and where."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from simulator.cli.failures import UsageFailure
from simulator.cli.naming import find_service
from simulator.cli.output import Output
from simulator.cli.session import HomeOption, JsonOption, ServiceArgument, Session

Json = dict[str, Any]
ANY = "any"
_STATES = {
    "on": "on",
    "off": "off",
    "full": "on, but its budget is used up: raise it, or delete files",
    "paused": "on, but requests come faster than they can be written",
    "failed": "on, but nothing can be written",
}


def collection(
    service: ServiceArgument,
    on: Annotated[
        bool | None, typer.Option("--on/--off", help="Whether requests are collected.")
    ] = None,
    share: Annotated[
        float | None, typer.Option("--share", metavar="PERCENT", help="Of the requests.")
    ] = None,
    only_failed: Annotated[
        bool | None,
        typer.Option("--only-failed/--all", help="Only those answered with 400 or above."),
    ] = None,
    content_type: Annotated[
        list[str] | None,
        typer.Option(
            "--content-type", metavar="TYPE", help="Only such requests: `image/*`; or `any`."
        ),
    ] = None,
    max_body: Annotated[
        str | None,
        typer.Option("--max-body", metavar="SIZE", help="What is kept of a body: `64KiB`."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option("--budget", metavar="SIZE", help="For all files together: `1GiB`."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="FOLDER", help="`obs://bucket/folder/`.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is collected of a service's requests and answers, or change it.

    Exchanges become lines of JSON in files of the object store: `drydock objects ls` and
    `drydock objects cat` show them.
    """
    values = {
        "enabled": on,
        "share_percent": share,
        "only_failed": only_failed,
        "content_types": _types(content_type),
        "max_body_bytes": _bytes("--max-body", max_body),
        "budget_bytes": _bytes("--budget", budget),
        "destination": to,
    }
    changes = {name: value for name, value in values.items() if value is not None}
    session = Session(home, as_json)
    with session.server() as server:
        service_id = find_service(server.state()["services"], service)["service_id"]
        if changes:
            shown = server.change_collection(service_id, changes)
        else:
            shown = server.collection(service_id)
    if session.output.as_json:
        session.output.document(shown)
    else:
        _print(session.output, shown)


def _types(said: list[str] | None) -> list[str] | None:
    return [] if said == [ANY] else said


def _bytes(option: str, said: str | None) -> int | None:
    """Raises `UsageFailure` for what is no size."""
    if said is None:
        return None
    from pydantic import ByteSize, TypeAdapter, ValidationError  # noqa: PLC0415

    try:
        return int(TypeAdapter(ByteSize).validate_python(said))
    except ValidationError:
        hint = "write bytes, or a number with KiB, MiB or GiB"
        raise UsageFailure(f"{option} {said} is no size", hint=hint) from None


def _print(output: Output, shown: Json) -> None:
    status = shown["status"]
    what = "failed requests" if shown["only_failed"] else "requests"
    used = "" if status["used_bytes"] is None else f"{_size(status['used_bytes'])} of "
    state = _STATES[status["state"]]
    output.fields(
        [
            ("collection", f"{state}: {status['trouble']}" if status["trouble"] else state),
            ("collects", f"{shown['share_percent']:g}% of the {what}"),
            ("content types", ", ".join(shown["content_types"]) or "any"),
            ("of each body", f"at most {_size(shown['max_body_bytes'])}"),
            ("takes", f"{used}{_size(shown['budget_bytes'])}"),
            ("files in", shown["folder"]),
            ("written", f"{status['exchanges']} since the server started"),
        ]
    )


def _size(size_bytes: int) -> str:
    from pydantic import ByteSize  # noqa: PLC0415

    return ByteSize(size_bytes).human_readable(separator=" ")
