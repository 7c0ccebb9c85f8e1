"""What a model's config.json says about its APIs, as far as a caller needs it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.cli.failures import Failure, UsageFailure

Json = dict[str, Any]


@dataclass(frozen=True)
class Api:
    """One API of a model.

    Attributes:
        path: begins with a slash.
        method: in upper case.
        file_keys: names of the form fields that take a file.
        schema: of the request body; empty where none is declared.
    """

    path: str
    method: str
    file_keys: tuple[str, ...] = ()
    schema: Json = field(default_factory=dict, compare=False)


def read_apis(text: str) -> tuple[Api, ...]:
    """The APIs from a model detail's `apis`, which is a JSON string.

    A request's schema stands in `data` or directly; both shapes are documented.
    """
    apis = []
    for one in json.loads(text):
        request = one.get("request") or {}
        schema = request.get("data") if isinstance(request.get("data"), dict) else request
        properties = (schema or {}).get("properties") or {}
        files = [
            key
            for key, value in properties.items()
            if isinstance(value, dict) and value.get("type") == "file"
        ]
        method = one.get("method", "post").upper()
        apis.append(Api(one.get("url", "/"), method, tuple(files), schema or {}))
    return tuple(apis)


def choose_api(apis: Sequence[Api], path: str | None, *, with_body: bool, with_file: bool) -> Api:
    """The API to call: the named one, or the only one that fits what is sent.

    A path that no API declares is called as it is: the service then answers as the cloud would.

    Raises:
        UsageFailure: several fit.
    """
    method = "POST" if with_body else "GET"
    if path is not None:
        path = "/" + path.lstrip("/")
        same = [api for api in apis if api.path.split("?")[0] == path.split("?")[0]]
        fitting = [api for api in same if api.method == method] or same
        return Api(path, fitting[0].method, fitting[0].file_keys) if fitting else Api(path, method)
    candidates = [api for api in apis if (api.method != "GET") == with_body]
    if with_file:
        candidates = [api for api in candidates if api.file_keys] or candidates
    if len(candidates) > 1:
        choices = " or ".join(f"--api {api.path}" for api in candidates)
        raise UsageFailure("the model has several APIs", hint=f"choose one: {choices}")
    if candidates:
        return candidates[0]
    if not with_body and apis:
        raise UsageFailure(
            "the model's API takes a request body",
            hint="give it one of --image FILE, --json TEXT, --data FILE",
        )
    return Api("/", method)


def file_key(api: Api) -> str:
    """The form field that takes the file.

    Raises:
        Failure: the API declares none.
    """
    if api.file_keys:
        return api.file_keys[0]
    raise Failure(
        f"the API {api.method} {api.path} declares no file",
        hint="send what it takes with --json TEXT, or a raw body with --data FILE",
    )
