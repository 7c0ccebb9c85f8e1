"""Where files come from: model_path, processor_path, endpoints and registries. Source: the JSON
page, parameters."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

from simulator.eas.rules.common import metadata_of, oss_region, page, written
from simulator.eas.vocabulary import ARCHIVES, SINKS
from simulator.rules import checks
from simulator.rules.rule import FINE, Check, Findings, Proof, Rule, Scope, Severity, at, here
from simulator.rules.text import listed, shown


def _is_mounted(path: str, scope: Scope) -> bool:
    """Whether a path of the instance lies below something that is mounted."""
    for entry in scope.root.get("storage", ()):
        mount = entry.get("mount_path", "").rstrip("/")
        if mount and (path == mount or path.startswith(mount + "/")):
            return True
    return False


def _reachable(value: str, scope: Scope) -> Findings:
    if not value or value.startswith(("oss://", "http://", "https://")):
        return FINE
    if _is_mounted(value, scope):
        return FINE
    return here(
        "is a path of the object storage (oss://...) or the HTTP address of an archive; "
        f"got {shown(value)}; a local path works with eascmd test only"
    )


def _archive(value: str, scope: Scope) -> Findings:
    if not value.startswith(("http://", "https://")):
        return FINE
    try:
        path = urlsplit(value).path
    except ValueError:  # brackets that hold no address
        path = ""
    if path.lower().endswith(ARCHIVES):
        return FINE
    return here(f"by HTTP, an archive is fetched: {listed(ARCHIVES)}; got {shown(value)}")


def _oss_endpoint(value: str, scope: Scope) -> Findings:
    reading, found = scope.readings["oss-endpoint"], oss_region(value)
    if found is None:
        return here(f"is an endpoint such as oss-cn-beijing.aliyuncs.com; got {shown(value)}")
    region, is_internal = found
    own = metadata_of(scope).get("region", region if is_internal else "")
    if reading == "own-internal" and not (is_internal and region == own):
        return here(f"is the internal endpoint of the service's own region; got {shown(value)}")
    if reading == "other-public" and (is_internal or region == own):
        return here(f"is the public endpoint of the files' region; got {shown(value)}")
    return FINE


def _registry_login(value: str, scope: Scope) -> Findings:
    try:
        login = base64.b64decode(value, validate=True).decode()
    except ValueError:  # no base64, or no text in it
        login = ""
    # what was sent is a password: it is not repeated
    return FINE if ":" in login[1:] or not value else here("is user:password in base64")


def _generate_token(value: Any, scope: Scope) -> Findings:
    if value in ("true", "false") or isinstance(value, bool):
        return FINE
    return here(f'is "true" or "false"; got {shown(value)}')


def _sink_settings(sinker: dict[str, Any], scope: Scope) -> Findings:
    kind = sinker["type"]
    if kind not in SINKS or kind in sinker.get("config", {}):
        return FINE
    return at("config", kind, text=f"is mandatory with the type {kind}")


def _grace_period(value: Any, scope: Scope) -> Findings:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return FINE
    return here(f"is a whole number of seconds from 0; got {shown(value)}")


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    return written(
        number, statement, where, changes, more, source=page(where[1:].partition("/")[0])
    )


def _package_rules(first: int, name: str, base: str) -> tuple[Rule, ...]:
    """The rules on model_path or processor_path: both take the same."""

    def rule(number: int, statement: str, value: str, check: Check, **more: Any) -> Rule:
        parts = {"base": base, "check": check, **more}
        return _rule(first + number, statement, f"/{name}", {f"/{name}": value}, **parts)

    return (
        rule(
            0,
            f"{name} is a path of the object storage or an HTTP address.",
            "./files/package.tar.gz",
            _reachable,
        ),
        rule(
            1,
            f"Where {name} is an HTTP address, it names an archive.",
            "https://example.com/package.rar",
            _archive,
            severity=Severity.WARNING,
        ),
    )


RULES = (
    *_package_rules(30, "model_path", "built-in-processor"),
    *_package_rules(32, "processor_path", "custom-processor"),
    _rule(
        34,
        "oss_endpoint is an endpoint of the object storage.",
        "/oss_endpoint",
        {"/oss_endpoint": "storage.example.com"},
        base="full-processor",
        severity=Severity.WARNING,
        check=_oss_endpoint,
        reading="oss-endpoint",
    ),
    _rule(
        35,
        "dockerAuth is user:password in base64.",
        "/dockerAuth",
        {"/dockerAuth": "user:password"},
        base="full",
        check=_registry_login,
    ),
    _rule(
        36,
        "generate_token is true or false, as a text.",
        "/generate_token",
        {"/generate_token": "yes"},
        base="older-form",
        check=_generate_token,
    ),
    _rule(
        37,
        "Requests and answers are kept in maxcompute or sls.",
        "/sinker/type",
        {"/sinker/type": "kafka"},
        base="full",
        **checks.one_of(*SINKS),
    ),
    _rule(
        38,
        "The kind of store that keeps requests and answers has its settings.",
        "/sinker",
        {"/sinker/config": {}},
        base="full",
        proof=Proof.INFERRED,
        when="type",
        reads=("config",),
        check=_sink_settings,
    ),
    _rule(
        39,
        "An instance has at least 1 machine.",
        "/unit/size",
        {"/unit/size": 0},
        base="full",
        proof=Proof.INFERRED,
        **checks.between(1),
    ),
    _rule(
        40,
        "runtime.termination_grace_period is a number of seconds.",
        "/runtime/termination_grace_period",
        {"/runtime/termination_grace_period": "30s"},
        base="full",
        proof=Proof.INFERRED,
        check=_grace_period,
    ),
)
