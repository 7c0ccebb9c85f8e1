"""deploy: send a request as it would go to the cloud, and follow the service."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.naming import find_newest_model
from simulator.cli.reading import parse_json_object, read_bytes
from simulator.cli.session import HomeOption, JsonOption, Session
from simulator.cli.watching import follow_deployment
from tui.clean import clean_line

if TYPE_CHECKING:
    from simulator.cli.client import Server
    from simulator.cli.output import Output

Json = dict[str, Any]


def deploy(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A ModelArts deploy request; - is stdin.")
    ],
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="Put this model (name, name:version or id) in; repeat it for more versions.",
        ),
    ] = None,
    watch: Annotated[
        bool | None,
        typer.Option("--watch/--no-watch", help="Follow it to running (default: in a terminal)."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deploy a service with the request that the cloud takes.

    The request is sent as it stands, and refused where the cloud would refuse it.
    """
    session = Session(home, as_json)
    output = session.output
    body = read_bytes(file)
    parse_json_object(body, "stdin" if str(file) == "-" else str(file))
    with session.server() as server:
        if models:
            body = put_models_in(body, [_model_id(server, key) for key in models])
        try:
            created = server.cloud("POST", "/services", body)
        except Failure as failure:
            raise _with_model_hint(failure) from failure
        service_id = str(created["service_id"])
        if not output.as_json:  # JSON has them itself
            for warning in created.get("warnings", ()):
                output.note(f"warning: {clean_line(str(warning['message']))}", "yellow")
        if watch if watch is not None else sys.stdout.isatty():
            _follow(server, output, service_id)
            return
    if output.as_json:
        output.document(created)
    else:
        output.line(service_id)
        output.note(
            f"it is being deployed; follow it with `drydock services show {service_id}`", "dim"
        )


def put_models_in(body: bytes, model_ids: list[str]) -> bytes:
    """The request with the model ids of its `config` replaced, in order.

    Raises:
        UsageFailure: `config` is no list of that many objects.
    """
    request = parse_json_object(body, "the request")
    versions = request.get("config")
    if not isinstance(versions, list) or not all(isinstance(one, dict) for one in versions):
        raise UsageFailure("--model needs a request whose `config` is a list of objects")
    if len(versions) != len(model_ids):
        raise UsageFailure(
            f"the request has {len(versions)} in `config`, and --model is given "
            f"{len(model_ids)} times",
            hint="give --model once for each, in their order",
        )
    for version, model_id in zip(versions, model_ids, strict=True):
        version["model_id"] = model_id
    return json.dumps(request).encode()


def _model_id(server: Server, key: str) -> str:
    return str(find_newest_model(server.state()["models"], key)["model_id"])


def _with_model_hint(failure: Failure) -> Failure:
    """A request copied from the documents names a model that is not here: say what to do."""
    if "ModelArts.3507" in failure.code and not failure.hint:
        failure.hint = "`drydock models list` shows the models; --model NAME puts one in"
    return failure


def _follow(server: Server, output: Output, service_id: str) -> None:
    with output.working("deploying") as working:
        detail, seconds = follow_deployment(server, working, service_id)
    if output.as_json:
        output.document(detail)
        return
    output.line(
        f"{clean_line(detail['name'])} is {detail['status']} after {seconds:.1f} s "
        f"({detail['instances_ready']} of {detail['instances_wanted']} instances ready)"
    )
    if detail["job"] is not None:
        output.note(
            f"`drydock batch results {clean_line(detail['name'])}` shows its results", "dim"
        )
        return
    output.fields(
        [
            ("id", service_id),
            ("address", detail["access_address"]),
            ("try", f"drydock predict {detail['name']} …"),
        ]
    )
