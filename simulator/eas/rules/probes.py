"""What the documents demand of the checks of a container's health. Source: the JSON page,
containers; Health check, which says that the mechanism is that of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.eas.rules.common import HEALTH, PROBES, USE_IMAGE, page, written
from simulator.eas.vocabulary import ENGINE_PORTS, PROBE_METHODS
from simulator.rules import checks
from simulator.rules.rule import (
    FINE,
    Findings,
    Proof,
    Rule,
    Scope,
    Severity,
    at,
    here,
)
from simulator.rules.text import listed, shown

PROBE_NAMES = ("startup_check", "liveness_check", "health_check")
_ONE_SUCCESS = ("startup_check", "liveness_check")
"""Kubernetes takes no other success_threshold than 1 for these."""


def _one_method(probe: dict[str, Any], scope: Scope) -> Findings:
    given = [name for name in PROBE_METHODS if name in probe]
    if len(given) == 1:
        return FINE
    return here(f"has one of {listed(PROBE_METHODS)}; got {' and '.join(given) or 'none'}")


def _path(value: str, scope: Scope) -> Findings:
    if not value or (value.startswith("/") and not set(value) & set(" \t\n")):
        return FINE
    return here(f"is a path that begins with /; got {shown(value)}")


def _one_success(value: int, scope: Scope) -> Findings:
    return FINE if value == 1 else here(f"is 1 for this check; got {value}")


def _words(value: Any, scope: Scope) -> Findings:
    words = [value] if isinstance(value, str) else value
    if isinstance(words, list) and words and all(isinstance(w, str) and w for w in words):
        return FINE
    return here(f"is a text, or a list of texts; got {shown(value)}")


def _threshold_stated(probe: dict[str, Any], scope: Scope) -> Findings:
    if scope.readings["failure-threshold"] == "3" or "failure_threshold" in probe:
        return FINE
    return at("failure_threshold", text="should be stated: the sources disagree on its default")


def _asks_the_engine(probe: dict[str, Any], scope: Scope) -> Findings:
    return [
        (
            (name, "port"),
            f"is the engine's: the check does not ask the container's server; got {port}",
        )
        for name in ("http_get", "tcp_socket")
        if (port := probe.get(name, {}).get("port")) in ENGINE_PORTS
    ]


def _readiness(container: dict[str, Any], scope: Scope) -> Findings:
    if scope.readings["readiness-check"] == "both":
        return FINE
    return at("readiness_check", text="is called health_check in the guides; it may be ignored")


HTTP_PROBE = {"http_get": {"path": "/health", "port": 8000}}
TCP_PROBE = {"tcp_socket": {"port": 8000}}

_INFERRED: dict[str, Any] = {"proof": Proof.INFERRED}
_KUBERNETES = _INFERRED | {"source": PROBES}
_PORT = _INFERRED | checks.between(1, 65535)
_Template = tuple[str, str, Mapping[str, Any], Mapping[str, Any]]
"""Statement with {} for the check's name, place below it, what is sent that breaks it, the rest."""

_METHODS: tuple[_Template, ...] = (
    (
        "{} asks in exactly one way: http_get, tcp_socket or exec.",
        "",
        HTTP_PROBE | TCP_PROBE,
        {"reads": PROBE_METHODS, "check": _one_method},
    ),
    (
        "The path of {} begins with /.",
        "/http_get/path",
        {"http_get": {"path": "health", "port": 8000}},
        _INFERRED | {"source": HEALTH, "check": _path},
    ),
    (
        "The port of {} by HTTP is 1 to 65535.",
        "/http_get/port",
        {"http_get": {"path": "/health", "port": 65536}},
        _PORT,
    ),
    (
        "The port of {} by TCP is 1 to 65535.",
        "/tcp_socket/port",
        {"tcp_socket": {"port": 0}},
        _PORT,
    ),
    (
        "The command of {} is a text, or a list of texts.",
        "/exec/command",
        {"exec": {"command": []}},
        _INFERRED | {"check": _words},
    ),
)

_TOLD: tuple[_Template, ...] = (
    (
        "{} states its failure_threshold, because the sources disagree on the default.",
        "",
        HTTP_PROBE,
        _INFERRED
        | {
            "severity": Severity.WARNING,
            "readings": {"failure-threshold": "unknown"},
            "reads": ("failure_threshold",),
            "check": _threshold_stated,
            "reading": "failure-threshold",
        },
    ),
    (
        "{} asks the container's server, not the engine.",
        "",
        {"tcp_socket": {"port": 8080}},
        _INFERRED | {"severity": Severity.WARNING, "source": USE_IMAGE, "check": _asks_the_engine},
    ),
)


def _at_least(field: str, low: int) -> _Template:
    """The rule on the least value of a number; it is that of Kubernetes."""
    sent = {**HTTP_PROBE, field: low - 1}
    return (
        f"{field} of {{}} is at least {low}.",
        f"/{field}",
        sent,
        checks.between(low) | _KUBERNETES,
    )


def _numbers(name: str) -> tuple[_Template, ...]:
    """The rules on the numbers of one of the checks, in the page's order."""
    successes = _at_least("success_threshold", 1)
    if name in _ONE_SUCCESS:
        parts = _KUBERNETES | {"check": _one_success, "schema": {"const": 1}}
        sent = {**HTTP_PROBE, "success_threshold": 2}
        successes = ("success_threshold of {} is 1.", "/success_threshold", sent, parts)
    return (
        _at_least("initial_delay_seconds", 0),
        _at_least("period_seconds", 1),
        _at_least("timeout_seconds", 1),
        successes,
        _at_least("failure_threshold", 1),
    )


def _probe_rules(first: int, name: str) -> Iterator[Rule]:
    """The rules on one of the three checks."""
    templates = (*_METHODS, *_numbers(name), *_TOLD)
    for number, (statement, where, sent, parts) in enumerate(templates, start=first):
        changes = {f"/containers/0/{name}": sent}
        place = f"/containers/*/{name}{where}"
        source = page(f"containers.{name}")
        yield written(number, statement.format(name), place, changes, dict(parts), source=source)


RULES = (
    *(
        rule
        for place, name in enumerate(PROBE_NAMES)
        for rule in _probe_rules(110 + 20 * place, name)
    ),
    written(
        170,
        "The check of readiness is called health_check.",
        "/containers/*",
        {"/containers/0/readiness_check": HTTP_PROBE},
        {},
        source=HEALTH,
        severity=Severity.WARNING,
        when="readiness_check",
        check=_readiness,
        reading="readiness-check",
    ),
)
