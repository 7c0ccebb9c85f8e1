"""What the documents demand of the three health checks of config.json.

Source: Specifications for Editing a Model Configuration File, health.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from simulator.modelarts.error_codes import HEALTH
from simulator.modelarts.rules.config_parts import (
    PROTOCOLS,
    config_rule,
    plain_path,
    source,
    whole_number,
)
from simulator.rules import checks
from simulator.rules.rule import FINE, Check, Findings, Rule, Scope, at, here
from simulator.rules.shape import Shape, Table
from simulator.rules.text import shown

HEALTH_NUMBER_MAX = 86_400
"""No period, time-out or threshold is larger; a day in seconds."""
_NUMBERS = {
    "initial_delay_seconds": 0,
    "timeout_seconds": 1,
    "period_seconds": 1,
    "failure_threshold": 1,
}
"""Fields of a health check that are numbers, each with its least value."""


@dataclass(frozen=True, kw_only=True)
class HealthEntry(Shape):
    """A health check. Numbers may be strings of digits, as the documents write them."""

    table: ClassVar[Table] = Table("MA", 42, source("health"), HEALTH)

    url: Annotated[str | None, "Path that is asked."] = None
    protocol: Annotated[str | None, "http or https."] = None
    check_method: Annotated[str | None, "HTTP or EXEC."] = None
    command: Annotated[str | None, "What EXEC runs."] = None
    initial_delay_seconds: Annotated[Any, "Seconds until the first check."] = None
    timeout_seconds: Annotated[Any, "Seconds that an answer may take."] = None
    period_seconds: Annotated[Any, "Seconds between checks."] = None
    failure_threshold: Annotated[Any, "Failures in a row that count."] = None


def _uses_exec(check: dict[str, Any]) -> bool:
    return str(check.get("check_method", "HTTP")).upper() == "EXEC"


def _url(check: dict[str, Any], scope: Scope) -> Findings:
    if check.get("url") or _uses_exec(check):
        return FINE
    return at("url", text="is mandatory for a check by HTTP")


def _method(value: str, scope: Scope) -> Findings:
    if value.upper() in ("HTTP", "EXEC"):
        return FINE
    return here(checks.not_among(value, ("HTTP", "EXEC")))


def _command(check: dict[str, Any], scope: Scope) -> Findings:
    if not _uses_exec(check) or check.get("command"):
        return FINE
    return at("command", text="is mandatory for a check by EXEC")


def _number(lowest: int) -> Check:
    def check(value: Any, scope: Scope) -> Findings:
        number = whole_number(value)
        if value == "" or (number is not None and lowest <= number <= HEALTH_NUMBER_MAX):
            return FINE
        text = f"must be a whole number from {lowest} to {HEALTH_NUMBER_MAX}"
        return here(f"{text}, not {shown(value)}")

    return check


def _protocol(value: str, scope: Scope) -> Findings:
    known = PROTOCOLS[:2]
    return FINE if not value or value.lower() in known else here(checks.not_among(value, known))


def _rules(first: int, name: str) -> tuple[Rule, ...]:
    """The rules on one of the three checks."""

    def rule(number: int, statement: str, where: str, sent: dict[str, Any], **more: Any) -> Rule:
        changes = {f"/{name}": {"url": "/health"} | sent}
        parts = {"base": "config-json-image", "answer": HEALTH}
        return config_rule(first + number, statement, f"/{name}{where}", changes, **parts | more)

    return (
        rule(
            0,
            f"{name} by HTTP has a url.",
            "",
            {"url": ""},
            reads=("check_method",),
            check=_url,
        ),
        rule(
            1,
            f"The url of {name} is a plain path.",
            "/url",
            {"url": "health"},
            check=plain_path,
            schema={"pattern": "^(?:/[!-~]*)?$"},
        ),
        rule(
            2,
            f"{name} is checked by HTTP or EXEC.",
            "/check_method",
            {"check_method": "TCP"},
            check=_method,
        ),
        rule(
            3,
            f"{name} by EXEC has a command.",
            "",
            {"check_method": "EXEC"},
            check=_command,
        ),
        *(
            rule(
                4 + place,
                f"{field_} of {name} is a whole number from {lowest}.",
                f"/{field_}",
                {field_: "often"},
                check=_number(lowest),
            )
            for place, (field_, lowest) in enumerate(_NUMBERS.items())
        ),
        rule(
            8,
            f"The protocol of {name} is http or https.",
            "/protocol",
            {"protocol": "tcp"},
            check=_protocol,
        ),
    )


RULES = (
    *_rules(20, "health"),
    *_rules(30, "readiness_health"),
    *_rules(40, "startup_health"),
)
