"""models list | show | import | delete."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.naming import find_model
from simulator.cli.output import age, clock_time
from simulator.cli.reading import read_json_object
from simulator.cli.session import HomeOption, JsonOption, Session
from tui.clean import clean_line

if TYPE_CHECKING:
    from simulator.cli.client import Server

app = typer.Typer(help="Import, list, show and delete models.", no_args_is_help=True)

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="Name, name:version, or id.")]
Json = dict[str, Any]

PUBLISH_LIMIT_S = 600.0
POLL_S = 0.05


@app.command("list")
def list_models(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """All models."""
    session = Session(home, as_json)
    with session.server() as server:
        state = server.state()
    if session.output.as_json:
        session.output.document(state["models"])
    elif not state["models"]:
        session.output.line("no models yet: `drydock models import DIR` makes one")
    else:
        now_ms = state["clock"]["now_ms"]
        session.output.table(
            ["~NAME", "VERSION", "TYPE", "STATUS", "AGE", "ID"],
            [
                [
                    model["name"],
                    model["version"],
                    model["type"],
                    model["status"],
                    age(model["created_at_ms"], now_ms),
                    session.output.short_id(model["model_id"]),
                ]
                for model in state["models"]
            ],
        )


@app.command("show")
def show(model: ModelArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """One model in full, with the APIs that its config.json declares."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_model(server.state()["models"], model)
        detail = server.cloud("GET", f"/models/{found['model_id']}")
        events = server.model_events(found["model_id"])
    if session.output.as_json:
        session.output.document(detail)
        return
    apis = [
        f"{api.get('method', 'post').upper()} {api.get('url', '/')}"
        for api in json.loads(detail["apis"])
    ]
    session.output.fields(
        [
            ("name", detail["model_name"]),
            ("version", detail["model_version"]),
            ("id", detail["model_id"]),
            ("type", detail["model_type"]),
            ("status", detail["model_status"]),
            *([("message", detail["error_msg"])] if detail["error_msg"] else []),
            ("source", detail["source_location"]),
            ("bytes", detail["model_size"]),
            ("created", clock_time(detail["create_at"])),
            ("APIs", ", ".join(apis)),
        ]
    )
    for event in reversed(events):
        session.output.line(f"  {clock_time(event['at_ms'])}  {clean_line(event['text'])}")


@app.command("import")
def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="DIR|IMAGE", help="A package (a directory with model/config.json), or an image."
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Default: the directory's or the image's name.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="Default: the next free 0.0.N.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="config.json of an image: its APIs, health check and port."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a model of a local package or of an image in the engine, and publish it."""
    session = Session(home, as_json)
    wanted = import_request(source, name=name, version=version, config=config)
    with session.server() as server:
        imported = server.import_model(wanted)
        label = f"{imported['name']}:{imported['version']}"
        with session.output.working(f"publishing {label}"):
            model = wait_until_published(server, imported["model_id"])
    if session.output.as_json:
        session.output.document({**imported, "status": model["status"]})
    else:
        session.output.line(f"{label} is published ({imported['model_id']})")


def import_request(
    source: str, *, name: str | None, version: str | None, config: Path | None
) -> Json:
    """What to ask the server for: a directory is a package, everything else an image reference.

    Raises:
        UsageFailure: a path that does not exist, or a configuration file that cannot be read.
    """
    directory = Path(source).expanduser()
    wanted: Json = {}
    if directory.is_dir():
        if config is not None:
            raise UsageFailure("--config is for images; a package has its own model/config.json")
        wanted["path"] = str(directory.resolve())
    elif _is_path(source):
        why = "is a file" if directory.exists() else "does not exist"
        raise UsageFailure(
            f"cannot import {source}: it {why}",
            hint="name a directory that has model/config.json, or a container image",
        )
    else:
        wanted["image"] = source
        if config is not None:
            wanted["config"] = read_json_object(config)
    if name is not None:
        wanted["name"] = name
    if version is not None:
        wanted["version"] = version
    return wanted


def _is_path(source: str) -> bool:
    """Whether a name that is no directory was meant as a path, and not as an image reference."""
    path = Path(source)
    in_folder = len(path.parts) > 1 and path.parent.is_dir() and ":" not in source
    return in_folder or path.is_file() or source.startswith((".", "/", "~"))


def wait_until_published(server: Server, model_id: str) -> Json:
    """Wait until the model can be deployed.

    Raises:
        Failure: publishing failed, or the model was deleted meanwhile.
    """
    deadline = time.monotonic() + PUBLISH_LIMIT_S
    while time.monotonic() < deadline:
        models = {model["model_id"]: model for model in server.state()["models"]}
        model: Json | None = models.get(model_id)
        if model is None:
            raise Failure(f"model {model_id} was deleted while it was published")
        if model["status"] == "published":
            return model
        if model["status"] == "failed":
            raise Failure(
                f"{model['name']}:{model['version']} could not be published: {model['message']}",
                hint=f"mend it, `drydock models delete {model_id}`, and import it again",
            )
        time.sleep(POLL_S)
    raise Failure(
        f"model {model_id} is not published after {PUBLISH_LIMIT_S:.0f} s",
        hint="`drydock models list` shows its status",
    )


@app.command("delete")
def delete(model: ModelArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Delete a model that no service uses."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_model(server.state()["models"], model)
        server.delete_model(found["model_id"])
    if session.output.as_json:
        session.output.document({"model_id": found["model_id"], "asked": "delete"})
    else:
        label = clean_line(f"{found['name']}:{found['version']}")
        session.output.line(f"{label} is deleted ({found['model_id']})")
