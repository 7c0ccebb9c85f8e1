"""What the documents demand of a model's config.json, and of `initial_config`, which has the same
content. Source: Specifications for Editing a Model Configuration File."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from simulator.modelarts.error_codes import CONFIG_JSON_FIELD, DEPENDENCY
from simulator.modelarts.rules.config_parts import (
    HTTP2,
    PROTOCOLS,
    config_rule,
    is_image,
    plain_path,
    source,
    whole_number,
)
from simulator.modelarts.rules.health import HealthEntry
from simulator.modelarts.rules.model import ALGORITHM
from simulator.rules import checks
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Findings,
    Proof,
    Scope,
    Severity,
    at,
    here,
)
from simulator.rules.shape import Shape, Table
from simulator.rules.text import shown

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
RESTRAINTS = ("EXACT", "ATLEAST", "ATMOST")
CONTENT_TYPES = ("application/json", "multipart/form-data")
METRICS = ("f1", "recall", "precision", "accuracy")


@dataclass(frozen=True, kw_only=True)
class ApiEntry(Shape):
    """One inference API."""

    table: ClassVar[Table] = Table("MA", 41, source("apis"), CONFIG_JSON_FIELD)

    url: Annotated[str | None, "Path; / by default."] = None
    method: Annotated[str | None, "HTTP method; POST by default."] = None
    protocol: Annotated[str | None, "http or https; ws or wss for WebSocket."] = None
    request: Annotated[dict[str, Any] | None, "Content type and schema of the request."] = None
    response: Annotated[dict[str, Any] | None, "Content type and schema of the answer."] = None


@dataclass(frozen=True, kw_only=True)
class ConfigFile(Shape):
    """The file."""

    table: ClassVar[Table] = Table("MA", 40, source("the file"), CONFIG_JSON_FIELD)

    model_algorithm: Annotated[str | None, "Algorithm; mandatory unless an image."] = None
    model_type: Annotated[str, "Engine, or Image."]
    runtime: Annotated[str | None, "Environment of the engine."] = None
    swr_location: Annotated[str | None, "Image reference."] = None
    metrics: Annotated[dict[str, Any] | None, "Quality of the model."] = None
    apis: Annotated[list[ApiEntry] | None, "Inference APIs."] = None
    dependencies: Annotated[list[dict[str, Any]] | None, "Packages that the model needs."] = None
    health: Annotated[HealthEntry | None, "Health check."] = None
    readiness_health: Annotated[HealthEntry | None, "Check of readiness."] = None
    startup_health: Annotated[HealthEntry | None, "Check at the start."] = None
    port: Annotated[Any, "Where the image listens; 8080 by default."] = None
    protocol: Annotated[str | None, "What the image speaks."] = None


def _algorithm_given(document: dict[str, Any], scope: Scope) -> Findings:
    if is_image(document) or "model_algorithm" in document:
        return FINE
    return at("model_algorithm", text="is mandatory unless model_type is Image")


def _method(value: str, scope: Scope) -> Findings:
    return (
        FINE
        if not value or value.upper() in METHODS
        else here(checks.not_among(value.upper(), METHODS))
    )


def _protocol(value: str, scope: Scope) -> Findings:
    return (
        FINE
        if not value or value.lower() in PROTOCOLS
        else here(checks.not_among(value.lower(), PROTOCOLS))
    )


def _image_protocol(value: str, scope: Scope) -> Findings:
    if value.lower() == HTTP2 and is_image(scope.root):
        return FINE
    if value.lower() in ("grpc", "h2c"):
        return here(f"{shown(value)}: what speaks gRPC or HTTP/2 has the protocol {HTTP2}")
    return _protocol(value, scope)


def _drydocks_own(value: str, scope: Scope) -> Findings:
    if value.lower() != HTTP2:
        return FINE
    return here(f"no document of the cloud names {HTTP2}; only Drydock takes it")


def _only_root_api(document: dict[str, Any], scope: Scope) -> Findings:
    apis = document["apis"]
    if is_image(document) or not apis:
        return FINE
    if len(apis) == 1 and (apis[0].get("url") or "/") == "/":
        return FINE
    return at("apis", text="only a model of type Image may have APIs besides /")


def content_type(side: dict[str, Any]) -> tuple[str, Any]:
    """Key and value of a side's content type; both spellings of the key are seen."""
    for key in ("Content-type", "Content-Type"):
        if side.get(key) is not None:
            return key, side[key]
    return "Content-type", None


def _side(side: dict[str, Any], scope: Scope) -> Findings:
    key, value = content_type(side)
    findings = []
    if value is None and "data" not in side:
        return FINE  # the older shape: the schema itself
    if value is not None and not isinstance(value, str):
        findings.append(((key,), f"must be a string, not {shown(value)}"))
    if not isinstance(side.get("data", {}), dict):
        findings.append((("data",), "must be a JSON schema object"))
    return findings


def _known_content_type(side: dict[str, Any], scope: Scope) -> Findings:
    key, value = content_type(side)
    if not isinstance(value, str) or value.split(";")[0].strip().lower() in CONTENT_TYPES:
        return FINE
    return at(key, text=f"the documents name {' and '.join(CONTENT_TYPES)}; got {shown(value)}")


def _port(value: Any, scope: Scope) -> Findings:
    port = whole_number(value)
    if port is not None and 1 <= port <= 65535:
        return FINE
    return here(f"must be a whole number from 1 to 65535, not {shown(value)}")


def _metrics(metrics: dict[str, Any], scope: Scope) -> Findings:
    return [((name,), checks.not_among(name, METRICS)) for name in metrics if name not in METRICS]


def _restraints(dependency: dict[str, Any], scope: Scope) -> Findings:
    packages = dependency.get("packages")
    return [
        (("packages", index, "restraint"), checks.not_among(str(restraint), RESTRAINTS))
        for index, package in enumerate(packages if isinstance(packages, list) else ())
        if isinstance(package, dict)
        and (restraint := package.get("restraint")) is not None
        and restraint not in RESTRAINTS
    ]


def _installer(dependency: dict[str, Any], scope: Scope) -> Findings:
    installer = dependency.get("installer")
    if installer == "pip":
        return FINE
    return at("installer", text=f"is pip; got {shown(installer)}")


def _image_health(document: dict[str, Any], scope: Scope) -> Findings:
    if not is_image(document) or "health" in document:
        return FINE
    text = "an image should declare it; Drydock takes one that answers HTTP at all for ready"
    return at("health", text=text)


def _image_dependencies(document: dict[str, Any], scope: Scope) -> Findings:
    if not document["dependencies"] or not is_image(document):
        return FINE
    return at("dependencies", text="an image brings its own packages; have none here")


RULES = (
    config_rule(
        1,
        "Unless the model is an image, model_algorithm is mandatory.",
        "",
        {"/model_algorithm": REMOVED},
        source=source("model_algorithm"),
        reads=("model_type",),
        check=_algorithm_given,
    ),
    config_rule(
        2,
        "model_algorithm begins with a letter, has at most 36 characters and none of "
        "& ! ' \\ \" < > =.",
        "/model_algorithm",
        {"/model_algorithm": "3d"},
        **checks.spelt(
            ALGORITHM,
            "begins with a letter, has at most 36 characters and none of & ! ' \\ \" < > =",
        ),
    ),
    config_rule(
        3,
        "The url of an API is a plain path that begins with /.",
        "/apis/*/url",
        {"/apis/0/url": "predict"},
        base="config-json-image",
        check=plain_path,
        schema={"pattern": "^(?:/[!-~]*)?$"},
    ),
    config_rule(
        4,
        "The method of an API is an HTTP method.",
        "/apis/*/method",
        {"/apis/0/method": "FETCH"},
        check=_method,
    ),
    config_rule(
        5,
        "The protocol of an API is http, https, ws or wss.",
        "/apis/*/protocol",
        {"/apis/0/protocol": "grpc"},
        check=_protocol,
    ),
    config_rule(
        6,
        "Only a model of type Image has APIs besides /.",
        "",
        {"/apis/0/url": "/classify"},
        source=source("apis"),
        when="apis",
        reads=("model_type",),
        check=_only_root_api,
    ),
    *(
        rule
        for side, number in (("request", 7), ("response", 9))
        for rule in (
            config_rule(
                number,
                f"The {side} of an API has a content type and a schema, or is the schema.",
                f"/apis/*/{side}",
                {f"/apis/0/{side}": {"data": []}},
                answer=CONFIG_JSON_FIELD,
                check=_side,
            ),
            config_rule(
                number + 1,
                f"The content type of a {side} is application/json or multipart/form-data.",
                f"/apis/*/{side}",
                {f"/apis/0/{side}": {"Content-type": "text/plain", "data": {}}},
                severity=Severity.WARNING,
                check=_known_content_type,
            ),
        )
    ),
    config_rule(
        11,
        "The port is a whole number from 1 to 65535.",
        "/port",
        {"/port": 0},
        base="config-json-image",
        check=_port,
        proof=Proof.INFERRED,
    ),
    config_rule(
        12,
        "Metrics are f1, recall, precision and accuracy.",
        "/metrics",
        {"/metrics": {"loss": 0.1}},
        severity=Severity.WARNING,
        check=_metrics,
    ),
    config_rule(
        13,
        "An image model has no dependencies.",
        "",
        {"/dependencies": [{"installer": "pip", "packages": []}]},
        base="config-json-image",
        source=source("dependencies"),
        when="dependencies",
        check=_image_dependencies,
    ),
    config_rule(
        14,
        "Dependencies are installed by pip.",
        "/dependencies/*",
        {"/dependencies": [{"installer": "conda", "packages": []}]},
        answer=DEPENDENCY,
        check=_installer,
    ),
    config_rule(
        15,
        "A package's restraint is EXACT, ATLEAST or ATMOST.",
        "/dependencies/*",
        {"/dependencies": [{"installer": "pip", "packages": [{"restraint": "NEWEST"}]}]},
        answer=DEPENDENCY,
        check=_restraints,
    ),
    config_rule(
        16,
        "An image model declares its health check.",
        "",
        {"/health": REMOVED},
        base="config-json-image",
        source=source("health"),
        severity=Severity.WARNING,
        check=_image_health,
    ),
    config_rule(
        17,
        "The protocol of an image is http, https, ws or wss, or Drydock's own http2.",
        "/protocol",
        {"/protocol": "grpc"},
        base="config-json-image",
        proof=Proof.INFERRED,
        check=_image_protocol,
    ),
    config_rule(
        18,
        "The documents name no protocol for images that speak HTTP/2 or gRPC: http2 is "
        "Drydock's own.",
        "/protocol",
        {"/protocol": "http2"},
        base="config-json-image",
        proof=Proof.INFERRED,
        severity=Severity.WARNING,
        check=_drydocks_own,
    ),
)
