"""services scale | weights | update: change the configuration of a service, and follow that.

Numbers of instances and weights are changed by PATCH, which names a single version also where two
have the same model, and takes several changes as one. Source: API reference, PatchServiceV2.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.deploy import put_models_in
from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.naming import find_newest_model, find_service, find_version
from simulator.cli.reading import parse_json_object, read_bytes
from simulator.cli.session import HomeOption, JsonOption, ServiceArgument, Session
from simulator.cli.watching import UNDER_WAY, follow_deployment
from tui.clean import clean_line

if TYPE_CHECKING:
    from simulator.cli.client import Server
    from simulator.cli.output import Output

WatchOption = Annotated[
    bool | None,
    typer.Option("--watch/--no-watch", help="Follow it to its end (default: in a terminal)."),
]
Json = dict[str, Any]


def scale(
    service: ServiceArgument,
    count: Annotated[int, typer.Argument(metavar="N", help="How many instances it has then.")],
    version: Annotated[
        str | None,
        typer.Option(
            "--version",
            metavar="VERSION",
            help="Which one (v1, or its model), of a service with several versions.",
        ),
    ] = None,
    watch: WatchOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a service, or one version of it, another number of instances."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_service(server.state()["services"], service)
        place = find_version(found["versions"], version)
        patch = _patch({f"/config/{place}/instance_count": count})
        _change(server, session.output, found, "scale", ("PATCH", patch), watch)


def weights(
    service: ServiceArgument,
    shares: Annotated[
        list[str],
        typer.Argument(
            metavar="VERSION=WEIGHT...",
            help="Versions (v1, or their models) and their percent of the requests.",
        ),
    ],
    watch: WatchOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Divide a service's requests otherwise among its versions. The weights add up to 100."""
    session = Session(home, as_json)
    wanted = [_share(one) for one in shares]
    with session.server() as server:
        found = find_service(server.state()["services"], service)
        places = [(find_version(found["versions"], key), weight) for key, weight in wanted]
        if len(dict(places)) < len(places):
            raise UsageFailure(f"a version of {found['name']} is named twice")
        patch = _patch({f"/config/{place}/weight": weight for place, weight in places})
        _change(server, session.output, found, "weights", ("PATCH", patch), watch)


def update(
    service: ServiceArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A ModelArts update request; - is stdin.")
    ],
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="Put this model (name, name:version or id) in; repeat it for more versions.",
        ),
    ] = None,
    watch: WatchOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Update a service with the request that the cloud takes (PUT), sent as it stands."""
    session = Session(home, as_json)
    body = read_bytes(file)
    parse_json_object(body, "stdin" if str(file) == "-" else str(file))
    with session.server() as server:
        state = server.state()
        found = find_service(state["services"], service)
        if models:
            ids = [str(find_newest_model(state["models"], key)["model_id"]) for key in models]
            body = put_models_in(body, ids)
        _change(server, session.output, found, "update", ("PUT", body), watch)


def _share(text: str) -> tuple[str, int]:
    """Version and weight of `v1=70`.

    Raises:
        UsageFailure: it is not of that form.
    """
    key, _, weight = text.rpartition("=")
    if not key or not weight.isascii() or not weight.isdecimal():
        raise UsageFailure(
            f"{text} is not of the form VERSION=WEIGHT",
            hint="such as `drydock services weights digits v1=70 v2=30`",
        )
    return key, int(weight)


def _patch(values: dict[str, int]) -> bytes:
    """The body that puts values at paths, in one request."""
    patch = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    return json.dumps(patch).encode()


def _change(
    server: Server,
    output: Output,
    service: Json,
    asked: str,
    request: tuple[str, bytes],
    watch: bool | None,
) -> None:
    """Send a change, follow it if that is wanted, and say what came of it.

    Raises:
        Failure: it was refused; or it was followed, and was rolled back or failed.
    """
    service_id, (method, body) = service["service_id"], request
    before = len(_history(server, service_id))
    server.cloud(method, f"/services/{service_id}", body)
    if watch if watch is not None else sys.stdout.isatty():
        detail, seconds = _followed(server, output, service_id, before)
        told: Json = detail
    else:
        detail, seconds = server.service(service_id), 0.0
        told = {"service_id": service_id, "asked": asked}
    if output.as_json:
        output.document(told)
    else:
        output.line(_told(detail, seconds))


def _history(server: Server, service_id: str) -> list[Json]:
    """Updates of the service's configuration, newest first."""
    logs: list[Json] = server.cloud("GET", f"/services/{service_id}/logs")["logs"]
    return logs


def _followed(server: Server, output: Output, service_id: str, before: int) -> tuple[Json, float]:
    """Wait until a change is done; returns the service's detail, and how many real seconds that
    took.

    Args:
        before: length of its history before the change.

    Raises:
        Failure: the change was rolled back: the service then has what it had before. Or the
            service does not run afterwards.
    """
    detail, seconds, failure = server.service(service_id), 0.0, None
    if detail["status"] in UNDER_WAY:
        try:
            with output.working("updating") as working:
                detail, seconds = follow_deployment(server, working, service_id)
        except Failure as error:
            failure = error
    history = _history(server, service_id)
    if len(history) > before and history[0]["result"] == "FAIL":
        # what the service is after it tells less
        failure = Failure(
            f"{detail['name']}: {history[0].get('error_msg') or 'the update failed'}",
            hint=f"`drydock services events {detail['name']}` tells what happened",
        )
    if failure is not None:
        raise failure
    return detail, seconds


def _told(detail: Json, seconds: float) -> str:
    """What a service does after its change, in a line."""
    name, status = clean_line(detail["name"]), detail["status"]
    if status in UNDER_WAY:
        return f"{name} is being updated ({detail['service_id']})"
    if status == "stopped":
        return f"{name} is changed; it is stopped, and has this when it is started"
    ready = f"{detail['instances_ready']} of {detail['instances_wanted']} instances ready"
    after = f" after {seconds:.1f} s" if seconds else ""
    return f"{name} is {status}{after} ({ready})"
