"""What the documents demand of a model's config.json, and of `initial_config`, which has the same
content. Source: Specifications for Editing a Model Configuration File."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from simulator.modelarts.error_codes import CONFIG_JSON, CONFIG_JSON_FIELD, DEPENDENCY, HEALTH
from simulator.modelarts.rules.common import written
from simulator.modelarts.rules.model import ALGORITHM
from simulator.rules import checks
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Check,
    Findings,
    Proof,
    Rule,
    Scope,
    Severity,
    Source,
    at,
    here,
)
from simulator.rules.shape import Shape, Table
from simulator.rules.text import shown

CONFIG_FILE = "config-json"
PAGE = "Specifications for Editing a Model Configuration File"
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
PROTOCOLS = ("http", "https", "ws", "wss")
RESTRAINTS = ("EXACT", "ATLEAST", "ATMOST")
CONTENT_TYPES = ("application/json", "multipart/form-data")
METRICS = ("f1", "recall", "precision", "accuracy")
HEALTH_NUMBER_MAX = 86_400
"""No period, time-out or threshold is larger; a day in seconds."""
_DIGITS = re.compile(r"-?[0-9]{1,9}")
_HEALTH_NUMBERS = {
    "initial_delay_seconds": 0,
    "timeout_seconds": 1,
    "period_seconds": 1,
    "failure_threshold": 1,
}
"""Fields of a health check that are numbers, each with its least value."""


def _source(place: str = "") -> Source:
    return Source(PAGE, place)


@dataclass(frozen=True, kw_only=True)
class ApiEntry(Shape):
    """One inference API."""

    table: ClassVar[Table] = Table("MA", 41, _source("apis"), CONFIG_JSON_FIELD)

    url: Annotated[str | None, "Path; / by default."] = None
    method: Annotated[str | None, "HTTP method; POST by default."] = None
    protocol: Annotated[str | None, "http or https; ws or wss for WebSocket."] = None
    request: Annotated[dict[str, Any] | None, "Content type and schema of the request."] = None
    response: Annotated[dict[str, Any] | None, "Content type and schema of the answer."] = None


@dataclass(frozen=True, kw_only=True)
class HealthEntry(Shape):
    """A health check. Numbers may be strings of digits, as the documents write them."""

    table: ClassVar[Table] = Table("MA", 42, _source("health"), HEALTH)

    url: Annotated[str | None, "Path that is asked."] = None
    protocol: Annotated[str | None, "http or https."] = None
    check_method: Annotated[str | None, "HTTP or EXEC."] = None
    command: Annotated[str | None, "What EXEC runs."] = None
    initial_delay_seconds: Annotated[Any, "Seconds until the first check."] = None
    timeout_seconds: Annotated[Any, "Seconds that an answer may take."] = None
    period_seconds: Annotated[Any, "Seconds between checks."] = None
    failure_threshold: Annotated[Any, "Failures in a row that count."] = None


@dataclass(frozen=True, kw_only=True)
class ConfigFile(Shape):
    """The file."""

    table: ClassVar[Table] = Table("MA", 40, _source("the file"), CONFIG_JSON_FIELD)

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


def whole_number(value: Any) -> int | None:
    """A number, or one in a string as the documents write it; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    return None


def is_image(document: dict[str, Any]) -> bool:
    return bool(document.get("model_type") == "Image")


def _algorithm_given(document: dict[str, Any], scope: Scope) -> Findings:
    if is_image(document) or "model_algorithm" in document:
        return FINE
    return at("model_algorithm", text="is mandatory unless model_type is Image")


def _url(value: str, scope: Scope) -> Findings:
    """Empty means /."""
    if value and not value.startswith("/"):
        return here(f"must begin with /; got {shown(value)}")
    if not value.isascii() or not value.isprintable() or set(value) & {" ", "?", "#"}:
        return here(f"must be a plain URL path without spaces, ? or #; got {shown(value)}")
    return FINE


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


def _uses_exec(check: dict[str, Any]) -> bool:
    return str(check.get("check_method", "HTTP")).upper() == "EXEC"


def _health_url(check: dict[str, Any], scope: Scope) -> Findings:
    if check.get("url") or _uses_exec(check):
        return FINE
    return at("url", text="is mandatory for a check by HTTP")


def _health_method(value: str, scope: Scope) -> Findings:
    if value.upper() in ("HTTP", "EXEC"):
        return FINE
    return here(checks.not_among(value, ("HTTP", "EXEC")))


def _health_command(check: dict[str, Any], scope: Scope) -> Findings:
    if not _uses_exec(check) or check.get("command"):
        return FINE
    return at("command", text="is mandatory for a check by EXEC")


def _health_number(lowest: int) -> Check:
    def check(value: Any, scope: Scope) -> Findings:
        number = whole_number(value)
        if value == "" or (number is not None and lowest <= number <= HEALTH_NUMBER_MAX):
            return FINE
        text = f"must be a whole number from {lowest} to {HEALTH_NUMBER_MAX}"
        return here(f"{text}, not {shown(value)}")

    return check


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


def _health_protocol(value: str, scope: Scope) -> Findings:
    known = PROTOCOLS[:2]
    return FINE if not value or value.lower() in known else here(checks.not_among(value, known))


def _image_dependencies(document: dict[str, Any], scope: Scope) -> Findings:
    if not document["dependencies"] or not is_image(document):
        return FINE
    return at("dependencies", text="an image brings its own packages; have none here")


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    parts = {
        "source": _source(where.split("/")[1] if where else ""),
        "subjects": (CONFIG_FILE,),
        "base": "config-json",
        "answer": CONFIG_JSON,
    }
    return written(f"MA-CFG-{number:03d}", statement, where, changes, more, **parts)


def _health_rules(first: int, name: str) -> tuple[Rule, ...]:
    """The rules on one of the three checks."""

    def rule(number: int, statement: str, where: str, sent: dict[str, Any], **more: Any) -> Rule:
        changes = {f"/{name}": {"url": "/health"} | sent}
        parts = {"base": "config-json-image", "answer": HEALTH}
        return _rule(first + number, statement, f"/{name}{where}", changes, **parts | more)

    return (
        rule(
            0,
            f"{name} by HTTP has a url.",
            "",
            {"url": ""},
            reads=("check_method",),
            check=_health_url,
        ),
        rule(
            1,
            f"The url of {name} is a plain path.",
            "/url",
            {"url": "health"},
            check=_url,
            schema={"pattern": "^(?:/[!-~]*)?$"},
        ),
        rule(
            2,
            f"{name} is checked by HTTP or EXEC.",
            "/check_method",
            {"check_method": "TCP"},
            check=_health_method,
        ),
        rule(
            3,
            f"{name} by EXEC has a command.",
            "",
            {"check_method": "EXEC"},
            check=_health_command,
        ),
        *(
            rule(
                4 + place,
                f"{field_} of {name} is a whole number from {lowest}.",
                f"/{field_}",
                {field_: "often"},
                check=_health_number(lowest),
            )
            for place, (field_, lowest) in enumerate(_HEALTH_NUMBERS.items())
        ),
        rule(
            8,
            f"The protocol of {name} is http or https.",
            "/protocol",
            {"protocol": "tcp"},
            check=_health_protocol,
        ),
    )


RULES = (
    _rule(
        1,
        "Unless the model is an image, model_algorithm is mandatory.",
        "",
        {"/model_algorithm": REMOVED},
        source=_source("model_algorithm"),
        reads=("model_type",),
        check=_algorithm_given,
    ),
    _rule(
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
    _rule(
        3,
        "The url of an API is a plain path that begins with /.",
        "/apis/*/url",
        {"/apis/0/url": "predict"},
        base="config-json-image",
        check=_url,
        schema={"pattern": "^(?:/[!-~]*)?$"},
    ),
    _rule(
        4,
        "The method of an API is an HTTP method.",
        "/apis/*/method",
        {"/apis/0/method": "FETCH"},
        check=_method,
    ),
    _rule(
        5,
        "The protocol of an API is http, https, ws or wss.",
        "/apis/*/protocol",
        {"/apis/0/protocol": "grpc"},
        check=_protocol,
    ),
    _rule(
        6,
        "Only a model of type Image has APIs besides /.",
        "",
        {"/apis/0/url": "/classify"},
        source=_source("apis"),
        when="apis",
        reads=("model_type",),
        check=_only_root_api,
    ),
    *(
        rule
        for side, number in (("request", 7), ("response", 9))
        for rule in (
            _rule(
                number,
                f"The {side} of an API has a content type and a schema, or is the schema.",
                f"/apis/*/{side}",
                {f"/apis/0/{side}": {"data": []}},
                answer=CONFIG_JSON_FIELD,
                check=_side,
            ),
            _rule(
                number + 1,
                f"The content type of a {side} is application/json or multipart/form-data.",
                f"/apis/*/{side}",
                {f"/apis/0/{side}": {"Content-type": "text/plain", "data": {}}},
                severity=Severity.WARNING,
                check=_known_content_type,
            ),
        )
    ),
    _rule(
        11,
        "The port is a whole number from 1 to 65535.",
        "/port",
        {"/port": 0},
        base="config-json-image",
        check=_port,
        proof=Proof.INFERRED,
    ),
    _rule(
        12,
        "Metrics are f1, recall, precision and accuracy.",
        "/metrics",
        {"/metrics": {"loss": 0.1}},
        severity=Severity.WARNING,
        check=_metrics,
    ),
    _rule(
        13,
        "An image model has no dependencies.",
        "",
        {"/dependencies": [{"installer": "pip", "packages": []}]},
        base="config-json-image",
        source=_source("dependencies"),
        when="dependencies",
        check=_image_dependencies,
    ),
    _rule(
        14,
        "Dependencies are installed by pip.",
        "/dependencies/*",
        {"/dependencies": [{"installer": "conda", "packages": []}]},
        answer=DEPENDENCY,
        check=_installer,
    ),
    _rule(
        15,
        "A package's restraint is EXACT, ATLEAST or ATMOST.",
        "/dependencies/*",
        {"/dependencies": [{"installer": "pip", "packages": [{"restraint": "NEWEST"}]}]},
        answer=DEPENDENCY,
        check=_restraints,
    ),
    _rule(
        16,
        "An image model declares its health check.",
        "",
        {"/health": REMOVED},
        base="config-json-image",
        source=_source("health"),
        severity=Severity.WARNING,
        check=_image_health,
    ),
    _rule(
        17,
        "The protocol of an image is http, https, ws or wss.",
        "/protocol",
        {"/protocol": "grpc"},
        base="config-json-image",
        proof=Proof.INFERRED,
        check=_protocol,
    ),
    *_health_rules(20, "health"),
    *_health_rules(30, "readiness_health"),
    *_health_rules(40, "startup_health"),
)
