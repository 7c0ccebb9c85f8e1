"""How an input becomes a request to the model.

A file is sent under the one file parameter of the API, as multipart/form-data; or, where the API
declares no parameters or another content type than a form, as the body itself. A row is sent as
JSON, whatever the API's content type is: the documents' own example declares a form there.
Source: Deploying Services, table 5, req_uri and mapping_type; Deploying as a Batch Service, Example
Mapping; Specifications for Editing a Model Configuration File, apis.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from simulator.errors import DrydockError
from simulator.rules.text import listed

JSON = "application/json"
FORM = "multipart/form-data"
ANY = "application/octet-stream"
ROOT = "/"
_TYPES = mimetypes.MimeTypes()
"""Python's own table, the same on every host."""
_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


class UnusableApi(DrydockError):
    """The model has no such API, or it cannot take what the job sends."""


class DeclaredApi(Protocol):
    """An API as a model's config.json declares it (`modelarts.config_json.ModelApi`)."""

    @property
    def url(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    @property
    def request(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Request:
    """One request to an instance.

    Attributes:
        path: of the API, with its leading slash.
    """

    method: str
    path: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Sender:
    """Makes the requests of one job. Plain values, which can be kept with the job.

    Attributes:
        method, path: of the API.
        parameter: name of the form's field; empty where there is no form.
        content_type: of a body that is no form; empty to go by the file's name.
    """

    method: str
    path: str
    parameter: str = ""
    content_type: str = ""

    def of_file(self, name: str, content: bytes) -> Request:
        """The request of a file.

        Args:
            name: the file's, without folders.
        """
        kind = self.content_type or _TYPES.guess_type(name)[0] or ANY
        if not self.parameter:
            return Request(self.method, self.path, kind, content)
        boundary = _boundary(content)
        head = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{self.parameter.translate(_ESCAPES)}"; '
            f'filename="{name.translate(_ESCAPES)}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        body = b"".join((head.encode(), content, f"\r\n--{boundary}--\r\n".encode()))
        return Request(self.method, self.path, f"{FORM}; boundary={boundary}", body)

    def of_row(self, request: Any) -> Request:
        """The request of a row, as `mapping.MappingRule` made it."""
        body = json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
        return Request(self.method, self.path, JSON, body)


def sender(apis: Iterable[DeclaredApi], req_uri: str, mapping_type: str) -> Sender:
    """What makes the requests of a job.

    Args:
        apis: of the model; one that declares none answers `POST /`, as the built-in runtime does.
        mapping_type: `file` or `csv`.

    Raises:
        UnusableApi: req_uri is none of them, or the API cannot take a file.
    """
    api = find_api(apis, req_uri)
    if api is None:
        return Sender("POST", ROOT)
    if mapping_type == "csv":
        return Sender(api.method, api.url)
    kind = api.content_type.split(";")[0].strip().lower()
    parameters = api.request.get("properties") or {}
    if not parameters:
        if kind == FORM:
            raise UnusableApi(f"{api.url} takes a form and declares no parameter for the file")
        return Sender(api.method, api.url, content_type="" if kind == JSON else api.content_type)
    files = [name for name, schema in parameters.items() if _is_file(schema)]
    if len(parameters) > 1 or not files:
        raise UnusableApi(
            f"{api.url} has the parameters {listed(parameters)}; "
            "with the mapping type file it has one, of type file"
        )
    if kind in (FORM, JSON):  # JSON is also what stands where none is declared
        return Sender(api.method, api.url, parameter=files[0])
    return Sender(api.method, api.url, content_type=api.content_type)


def find_api(apis: Iterable[DeclaredApi], req_uri: str) -> DeclaredApi | None:
    """The API at a path, the one that takes a body where there are several; None at the root of a
    model that declares no API at all.

    Raises:
        UnusableApi: there is none.
    """
    apis = list(apis)
    if not apis and req_uri == ROOT:
        return None
    here = [api for api in apis if api.url == req_uri]
    if not here:
        there = listed(dict.fromkeys(api.url for api in apis)) or "/"
        raise UnusableApi(f"req_uri is one of the model's APIs: {there}; got {req_uri}")
    usable = [api for api in here if api.protocol.lower() not in ("ws", "wss")]
    if not usable:
        raise UnusableApi(f"{req_uri} is a WebSocket API; a batch service sends HTTP requests")
    return next((api for api in usable if api.method not in ("GET", "HEAD")), usable[0])


def _is_file(schema: Any) -> bool:
    return isinstance(schema, dict) and str(schema.get("type", "")).lower() == "file"


def _boundary(content: bytes) -> str:
    """A boundary that the content does not have."""
    number = 0
    while (boundary := f"drydock-batch-{number}").encode() in content:
        number += 1
    return boundary
