"""A model's config.json: what it declares, in both documented shapes.

Source: ModelArts, specifications for editing a model configuration file. In the newer shape
`request` holds `Content-type` and `data` (the schema); in the older one `request` *is* the schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.errors import InvalidRequest, Violation
from simulator.facts import limits
from simulator.modelarts.shape import readable_path
from simulator.strict_json import pointer

SOURCE = "Specifications for Editing a Model Configuration File"
JSON_TYPE = "application/json"
HEALTH_NUMBER_MAX = 86_400
"""No period, time-out or threshold is larger; a day in seconds."""
_DIGITS = re.compile(r"-?[0-9]{1,9}")
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class ModelApi:
    """One inference API.

    Attributes:
        request, response: JSON schemas, empty when not declared.
    """

    url: str
    method: str
    protocol: str
    content_type: str
    request: dict[str, Any]
    response: dict[str, Any]


@dataclass(frozen=True)
class ModelConfig:
    """What a config.json declares.

    Attributes:
        health: fields of `lifecycle.objects.HealthCheck` that are declared; empty for none.
        port: where an image listens.
        document: the file as it was.
    """

    model_type: str
    model_algorithm: str
    apis: tuple[ModelApi, ...] = ()
    runtime: str = ""
    swr_location: str = ""
    health: dict[str, Any] = field(default_factory=dict)
    port: int = 8080
    document: dict[str, Any] = field(default_factory=dict)


def read_config(document: dict[str, Any], where: str) -> ModelConfig:
    """Read a config.json.

    Args:
        where: named in messages: `model/config.json` or `initial_config`.

    Raises:
        InvalidRequest: everything that is wrong with it, each with its place.
    """
    reader = _Reader(where)
    is_image = document.get("model_type") == "Image"
    config = ModelConfig(
        model_type=reader.text(document, ("model_type",), mandatory=True),
        model_algorithm=reader.text(document, ("model_algorithm",), mandatory=not is_image),
        apis=tuple(reader.apis(document.get("apis"))),
        runtime=reader.text(document, ("runtime",)),
        swr_location=reader.text(document, ("swr_location",)),
        health=reader.health(document.get("health")),
        port=reader.port(document.get("port")),
        document=document,
    )
    if not is_image and config.apis and (len(config.apis) > 1 or config.apis[0].url != "/"):
        reader.wrong(("apis",), "only a model of type Image may have APIs besides /")
    if reader.found:
        raise InvalidRequest(reader.found)
    return config


class _Reader:
    """Collects what is wrong, so that all of it is told at once."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.found: list[Violation] = []

    def wrong(self, path: tuple[str | int, ...], text: str) -> None:
        message = f"{self.where}: {readable_path(path)}: {text}"
        self.found.append(Violation("MA-CFG-001", pointer(*path), message, SOURCE))

    def text(
        self, holder: dict[str, Any], path: tuple[str | int, ...], *, mandatory: bool = False
    ) -> str:
        value = holder.get(str(path[-1]))
        if value is None:
            if mandatory:
                self.wrong(path, "is mandatory")
            return ""
        if not isinstance(value, str):
            self.wrong(path, f"must be a string, not {value!r}")
            return ""
        return value

    def apis(self, value: Any) -> Iterator[ModelApi]:
        if value is None:
            return
        if not isinstance(value, list):
            self.wrong(("apis",), "must be an array of APIs")
            return
        for index, api in enumerate(value):
            if isinstance(api, dict):
                yield self._api(api, ("apis", index))
            else:
                self.wrong(("apis", index), "must be an object")

    def _api(self, api: dict[str, Any], path: tuple[str | int, ...]) -> ModelApi:
        url = self.text(api, (*path, "url")) or "/"
        self._check_path(url, (*path, "url"))
        method = (self.text(api, (*path, "method")) or "POST").upper()
        if method not in _METHODS:
            self.wrong((*path, "method"), f"is one of {', '.join(_METHODS)}; got {method!r}")
        content_type, request = self._side(api.get("request"), (*path, "request"))
        _, response = self._side(api.get("response"), (*path, "response"))
        return ModelApi(
            url=url,
            method=method,
            protocol=self.text(api, (*path, "protocol")) or "http",
            content_type=content_type,
            request=request,
            response=response,
        )

    def _check_path(self, url: str, path: tuple[str | int, ...]) -> None:
        if not url.startswith("/"):
            self.wrong(path, f"must begin with /; got {url!r}")
        if not url.isascii() or not url.isprintable() or set(url) & {" ", "?", "#"}:
            self.wrong(path, f"must be a plain URL path without spaces, ? or #; got {url!r}")

    def _side(self, value: Any, path: tuple[str | int, ...]) -> tuple[str, dict[str, Any]]:
        """`request` or `response`, in either shape: content type and schema."""
        if value is None:
            return JSON_TYPE, {}
        if not isinstance(value, dict):
            self.wrong(path, "must be an object")
            return JSON_TYPE, {}
        content_type = value.get("Content-type", value.get("Content-Type"))
        if content_type is None and "data" not in value:
            return JSON_TYPE, value  # the older shape: the schema itself
        schema = value.get("data", {})
        if not isinstance(schema, dict):
            self.wrong((*path, "data"), "must be a JSON schema object")
            schema = {}
        if content_type is not None and not isinstance(content_type, str):
            self.wrong((*path, "Content-type"), "must be a string")
            content_type = JSON_TYPE
        return content_type or JSON_TYPE, schema

    def health(self, value: Any) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(("health",), "must be an object")
            return {}
        if str(value.get("check_method", "HTTP")).upper() != "HTTP":
            self.wrong(
                ("health", "check_method"), "only HTTP checks are simulated so far, not EXEC"
            )
        url = self.text(value, ("health", "url"), mandatory=True)
        if url:
            self._check_path(url, ("health", "url"))
        return {
            "path": url,
            "initial_delay_s": self._number(
                value, "initial_delay_seconds", limits.HEALTH_INITIAL_DELAY_S, 0
            ),
            "period_s": self._number(value, "period_seconds", limits.HEALTH_PERIOD_S, 1),
            "timeout_s": self._number(value, "timeout_seconds", limits.HEALTH_TIMEOUT_S, 1),
            "failure_threshold": self._number(
                value, "failure_threshold", limits.HEALTH_FAILURE_THRESHOLD, 1
            ),
        }

    def _number(self, holder: dict[str, Any], name: str, default: int, lowest: int) -> int:
        """The documents write these numbers as strings; numbers are taken too."""
        value = holder.get(name)
        if value is None or value == "":
            return default
        number = _whole_number(value)
        if number is None or not lowest <= number <= HEALTH_NUMBER_MAX:
            text = f"must be a whole number from {lowest} to {HEALTH_NUMBER_MAX}"
            self.wrong(("health", name), f"{text}, not {_shown(value)}")
            return default
        return number

    def port(self, value: Any) -> int:
        if value is None:
            return 8080
        port = _whole_number(value)
        if port is None or not 1 <= port <= 65535:
            self.wrong(("port",), f"must be a whole number from 1 to 65535, not {_shown(value)}")
            return 8080
        return port


def _whole_number(value: Any) -> int | None:
    """A number, or one in a string as the documents write it; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    return None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
