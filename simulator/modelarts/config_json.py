"""A model's config.json: what it declares, in both documented shapes.

Source: ModelArts, specifications for editing a model configuration file. In the newer shape
`request` holds `Content-type` and `data` (the schema); in the older one `request` *is* the schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.errors import InvalidRequest, NotSimulated, Violation
from simulator.facts import limits
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.config_json import content_type
from simulator.modelarts.rules.config_parts import CONFIG_FILE, HTTP2, whole_number

JSON_TYPE = "application/json"


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
        http2: an image speaks HTTP/2 from the first byte on, and not HTTP/1.1.
        document: the file as it was.
    """

    model_type: str
    model_algorithm: str
    apis: tuple[ModelApi, ...] = ()
    runtime: str = ""
    swr_location: str = ""
    health: dict[str, Any] = field(default_factory=dict)
    port: int = 8080
    http2: bool = False
    document: dict[str, Any] = field(default_factory=dict)


def read_config(document: dict[str, Any], where: str) -> ModelConfig:
    """Read a config.json.

    Args:
        where: named in messages: `model/config.json` or `initial_config`.

    Raises:
        InvalidRequest: everything that is wrong with it, each with its place.
        NotSimulated: it asks for a health check by EXEC, or for WebSocket over HTTP/2.
    """
    report = CATALOGUE.judge(CONFIG_FILE, document)
    if report.violations:
        raise InvalidRequest([_in(where, violation) for violation in report.violations])
    clean = report.clean
    http2 = clean.get("protocol", "").lower() == HTTP2
    apis = tuple(_api(api) for api in clean.get("apis", ()))
    if http2 and any(api.protocol.lower() in ("ws", "wss") for api in apis):
        raise NotSimulated("WebSocket over HTTP/2")
    return ModelConfig(
        model_type=clean["model_type"],
        model_algorithm=clean.get("model_algorithm", ""),
        apis=apis,
        runtime=clean.get("runtime", ""),
        swr_location=clean.get("swr_location", ""),
        health=_health(clean["health"]) if "health" in clean else {},
        port=whole_number(clean.get("port")) or 8080,
        http2=http2,
        document=document,
    )


def apis_of(config: dict[str, Any]) -> tuple[ModelApi, ...]:
    """The APIs of a config.json that was read before."""
    return tuple(_api(entry) for entry in config.get("apis") or ())


def parameters_by_api(config: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The path of each API to its parameters and their types, from a config.json that was read."""
    return {
        api.url: {
            name: str(schema.get("type", "object")) if isinstance(schema, dict) else "object"
            for name, schema in (api.request.get("properties") or {}).items()
        }
        for api in apis_of(config)
    }


def _in(where: str, violation: Violation) -> Violation:
    message = f"{where}: {violation.message}"
    return Violation(violation.rule, violation.path, message, violation.source)


def _api(api: dict[str, Any]) -> ModelApi:
    request_type, request = _side(api.get("request"))
    _, response = _side(api.get("response"))
    return ModelApi(
        url=api.get("url") or "/",
        method=(api.get("method") or "POST").upper(),
        protocol=api.get("protocol") or "http",
        content_type=request_type,
        request=request,
        response=response,
    )


def _side(side: dict[str, Any] | None) -> tuple[str, dict[str, Any]]:
    """`request` or `response`, in either shape: content type and schema."""
    if side is None:
        return JSON_TYPE, {}
    _, kind = content_type(side)
    if kind is None and "data" not in side:
        return JSON_TYPE, side
    return kind or JSON_TYPE, side.get("data", {})


def _health(check: dict[str, Any]) -> dict[str, Any]:
    if str(check.get("check_method", "HTTP")).upper() == "EXEC":
        raise NotSimulated("checking the health of a model by EXEC")

    def number(name: str, default: int) -> int:
        value = whole_number(check.get(name, ""))
        return default if value is None else value

    return {
        "path": check["url"],
        "initial_delay_s": number("initial_delay_seconds", limits.HEALTH_INITIAL_DELAY_S),
        "period_s": number("period_seconds", limits.HEALTH_PERIOD_S),
        "timeout_s": number("timeout_seconds", limits.HEALTH_TIMEOUT_S),
        "failure_threshold": number("failure_threshold", limits.HEALTH_FAILURE_THRESHOLD),
    }
