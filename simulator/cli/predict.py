"""predict: one request to a service, as a client of the cloud would send it."""

from __future__ import annotations

import json
import mimetypes
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.contract import Api, choose_api, file_key, read_apis
from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.naming import find_service
from simulator.cli.output import Output, milliseconds
from simulator.cli.reading import read_bytes
from simulator.cli.session import HomeOption, ServiceArgument, Session
from tui.clean import clean, clean_line

if TYPE_CHECKING:
    import httpx

    from simulator.cli.client import Server

SHOWN_LINES = 200


_NOT_SERVING = ("ModelArts.4302", "ModelArts.4203")
"""Codes of a service that is stopped, failed, deploying, or has no instance that answers."""


@dataclass(frozen=True)
class Prediction:
    """A service's answer.

    Attributes:
        url: what was called.
        seconds: from the first byte sent to the last received, as the client saw it.
        version, instance: who answered; empty when the answer does not say.
    """

    answer: httpx.Response
    url: str
    seconds: float

    @property
    def version(self) -> str:
        return str(self.answer.headers.get("x-drydock-version", ""))

    @property
    def instance(self) -> str:
        return str(self.answer.headers.get("x-drydock-instance", ""))

    @property
    def body(self) -> Any:
        """The answer as JSON, or its text."""
        try:
            return self.answer.json()
        except ValueError:
            return self.answer.text


def predict(
    service: ServiceArgument,
    image: Annotated[
        Path | None,
        typer.Option("--image", metavar="FILE", help="Send a file in the API's form field."),
    ] = None,
    body_json: Annotated[
        str | None, typer.Option("--json", metavar="TEXT", help="Send this JSON.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FILE", help="Send a file as the body; - is stdin."),
    ] = None,
    api: Annotated[
        str | None,
        typer.Option(
            "--api", "--path", metavar="PATH", help="Path to call (default: the model's only API)."
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Send a request to a service and print its answer.

    Without --image, --json and --data it is a GET. To have the answer with its status and latency
    as one JSON document, put --json before the command: drydock --json predict ...
    """
    session = Session(home)
    given = [one for one in (image, body_json, data) if one is not None]
    if len(given) > 1:
        raise UsageFailure("--image, --json and --data exclude each other")
    with session.server() as server:
        found = find_service(server.state()["services"], service)
        prediction = call(server, found, image=image, body_json=body_json, data=data, path=api)
    show(session.output, prediction)
    if not prediction.answer.is_success:
        raise typer.Exit(1)


def call(
    server: Server,
    service: dict[str, Any],
    *,
    image: Path | None = None,
    body_json: str | None = None,
    data: Path | None = None,
    path: str | None = None,
) -> Prediction:
    """Send one request with the token.

    Raises:
        UsageFailure: a file cannot be read, or several APIs fit.
        Failure: the service could not be reached.
    """
    with_body = not (image is None and body_json is None and data is None)
    address, apis = http_address(service), declared_apis(server, service)
    api = choose_api(apis, path, with_body=with_body, with_file=image is not None)
    url = address + ("" if api.path == "/" else api.path)
    body: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if image is not None:
        kind = mimetypes.guess_type(image.name)[0] or "application/octet-stream"
        body["files"] = {file_key(api): (image.name, read_bytes(image), kind)}
    elif body_json is not None:
        body["content"] = body_json.encode()
        headers["Content-Type"] = "application/json"
    elif data is not None:
        body["content"] = read_bytes(data)
        headers["Content-Type"] = mimetypes.guess_type(data.name)[0] or "application/octet-stream"
    server.env()  # the token is not part of the latency
    began = time.perf_counter()
    answer = server.infer(api.method, url, headers, **body)
    return Prediction(answer, url, time.perf_counter() - began)


def http_address(service: dict[str, Any]) -> str:
    """Where the service takes requests.

    Raises:
        Failure: it takes none, for it speaks WebSocket.
    """
    address = str(service["access_address"])
    if address.startswith(("ws:", "wss:")):
        raise Failure(
            f"{service['name']} speaks WebSocket, not HTTP",
            hint=f"open {address} with a WebSocket client, the token in X-Auth-Token",
        )
    return address


def declared_apis(server: Server, service: dict[str, Any]) -> tuple[Api, ...]:
    """The APIs of the model that a service's first version runs; none when it was deleted since."""
    model_id = service["versions"][0]["model_id"]
    try:
        return read_apis(server.cloud("GET", f"/models/{model_id}")["apis"])
    except Failure as failure:
        if failure.status != 404:
            raise
        return ()


def show(output: Output, prediction: Prediction) -> None:
    """Print an answer: its body to stdout, everything about it to stderr."""
    answer = prediction.answer
    if output.as_json:
        output.document(
            {
                "url": prediction.url,
                "status": answer.status_code,
                "latency_ms": round(prediction.seconds * 1000, 3),
                "version": prediction.version,
                "instance": prediction.instance,
                "body": prediction.body,
            }
        )
        return
    if not answer.is_success:
        from simulator.cli.client import refusal  # noqa: PLC0415

        failure = refusal(answer)
        failure.message = f"the service refused: {failure.message}"
        if not failure.hint and any(code in failure.code for code in _NOT_SERVING):
            failure.hint = "`drydock services list` shows how it is, `drydock services show` why"
        output.failure(failure)
    elif not sys.stdout.isatty():
        sys.stdout.write(answer.text if answer.text.endswith("\n") else answer.text + "\n")
    else:
        body = prediction.body
        text = body if isinstance(body, str) else pretty(body)
        output.line(clean(text, max_lines=SHOWN_LINES))
    parts = [f"HTTP {answer.status_code}", milliseconds(prediction.seconds * 1000)]
    if prediction.version:
        parts.append(f"version {clean_line(prediction.version)}")
    if prediction.instance:
        parts.append(f"instance {clean_line(prediction.instance).rpartition('-')[2]}")
    output.note(" · ".join(parts), "dim")


def pretty(value: Any, indent: str = "") -> str:
    """JSON for people: one line for whatever fits one, nested blocks for the rest."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= 76 and not _nests_twice(value):
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        rows = [
            f"{inner}{json.dumps(k, ensure_ascii=False)}: {pretty(v, inner)}"
            for k, v in value.items()
        ]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list):
        rows = [inner + pretty(one, inner) for one in value]
        return "[\n" + ",\n".join(rows) + f"\n{indent}]"
    return flat


def _nests_twice(value: Any) -> bool:
    """Whether lists or objects stand inside of it: those read better one a line."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(part, dict | list) for part in parts)
