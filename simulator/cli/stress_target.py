"""What stress sends: a service's address and token, and bodies as its API takes them."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cli.contract import Api, choose_api, file_key
from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.predict import declared_apis, http_address
from simulator.cli.reading import read_bytes
from simulator.stress.example import example_picture, example_value
from simulator.stress.target import Body, Part, Target, TargetError, multipart

if TYPE_CHECKING:
    from simulator.cli.client import Server

TOKEN_HEADER = "X-Auth-Token"
PICTURE_TYPE = "image/png"


@dataclass(frozen=True)
class Wanted:
    """What the user asked to send.

    Attributes:
        body: a file that is the body.
        image: a picture, or a folder of pictures that are sent in turn, in the API's form field.
        example: a body made from the API's description.
        path: of the API.
    """

    body: Path | None = None
    image: Path | None = None
    example: bool = False
    path: str | None = None

    @property
    def is_body_given(self) -> bool:
        return self.body is not None or self.image is not None or self.example


def service_target(server: Server, service: dict[str, Any], wanted: Wanted) -> tuple[Target, str]:
    """A service of the running server, called with the development user's token; and in words
    where the bodies come from.

    Raises:
        UsageFailure: a file cannot be read, or several APIs fit.
        Failure: the API takes nothing of this kind.
    """
    address = http_address(service)
    api, with_body = _chosen_api(declared_apis(server, service), wanted)
    url = address + ("" if api.path == "/" else api.path)
    return _target(url, api, wanted, str(server.env()["token"]), with_body=with_body)


def address_target(url: str, wanted: Wanted, token: str) -> tuple[Target, str]:
    """An address that a user gave; without a token none is sent.

    Raises:
        UsageFailure: a file cannot be read, or it is no address.
        Failure: a form or an example is asked for, which only a service's API can describe.
    """
    if wanted.path is not None:
        url = url.rstrip("/") + "/" + wanted.path.lstrip("/")
    api = Api("/", "POST" if wanted.is_body_given else "GET")
    return _target(url, api, wanted, token, with_body=wanted.is_body_given)


def _chosen_api(apis: Sequence[Api], wanted: Wanted) -> tuple[Api, bool]:
    """The API to call, and whether with a body: with the example where nothing is said and the API
    takes one."""
    with_file = wanted.image is not None
    if wanted.is_body_given:
        return choose_api(apis, wanted.path, with_body=True, with_file=with_file), True
    takes_body = any(api.method != "GET" for api in apis)
    api = choose_api(apis, wanted.path, with_body=takes_body, with_file=False)
    return api, api.method != "GET" and api in apis


def _target(
    url: str, api: Api, wanted: Wanted, token: str, *, with_body: bool
) -> tuple[Target, str]:
    bodies, source = _bodies(api, wanted) if with_body else ((Body(),), "no body")
    headers = {TOKEN_HEADER: token} if token else {}
    try:
        return Target(url, api.method, headers, bodies), source
    except TargetError as error:
        raise UsageFailure(str(error)) from error


def _bodies(api: Api, wanted: Wanted) -> tuple[tuple[Body, ...], str]:
    if wanted.body is not None:
        kind = mimetypes.guess_type(wanted.body.name)[0] or "application/octet-stream"
        return (Body(read_bytes(wanted.body), kind, wanted.body.name),), wanted.body.name
    if wanted.image is not None:
        field = file_key(api)
        pictures = list(_pictures(wanted.image))
        bodies = [
            multipart([Part(field, read_bytes(file), kind, file.name)], file.name)
            for file, kind in pictures
        ]
        count = f"{len(bodies)} files of " if len(bodies) > 1 else ""
        return tuple(bodies), f"{count}{wanted.image.name}"
    return (_example(api),), "the API's example"


def _pictures(place: Path) -> Iterator[tuple[Path, str]]:
    """A picture, or those in a folder by name, with their media types.

    Raises:
        UsageFailure: there is none.
    """
    if not place.is_dir():
        yield place, mimetypes.guess_type(place.name)[0] or "application/octet-stream"
        return
    found = False
    for file in sorted(place.iterdir()):
        kind = mimetypes.guess_type(file.name)[0] or ""
        if kind.startswith("image/") and file.is_file():
            found = True
            yield file, kind
    if not found:
        raise UsageFailure(f"there are no pictures in {place}")


def _example(api: Api) -> Body:
    """A body as the API describes it.

    Raises:
        Failure: it does not.
    """
    if not api.schema:
        raise Failure(
            f"nothing describes what {api.method} {api.path} takes",
            hint="give it a body with --body FILE, or pictures with --image DIR",
        )
    if not api.file_keys:
        return Body(json.dumps(example_value(api.schema)).encode(), "application/json", "example")
    parts = []
    for name, schema in (api.schema.get("properties") or {}).items():
        if name in api.file_keys:
            parts.append(Part(name, example_picture(), PICTURE_TYPE, "example.png"))
        else:
            value = example_value(schema)
            text = value if isinstance(value, str) else json.dumps(value)
            parts.append(Part(name, text.encode()))
    return multipart(parts, "example")
