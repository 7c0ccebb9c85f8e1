"""What the documents demand of containers. Source: EAS overview, Use an image; the JSON page,
containers."""

from __future__ import annotations

import re
from typing import Any

from simulator.eas.rules.common import USE_IMAGE, page, written
from simulator.eas.vocabulary import ENGINE_PORTS, OTHER_REGISTRIES, OTHER_REGISTRY_DOMAINS
from simulator.rules import checks, environment
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Findings,
    Proof,
    Rule,
    Scope,
    Severity,
    Source,
    at,
    here,
)
from simulator.rules.text import listed, shown

_ENGINE_PORT = re.compile(r"(?:--?p(?:ort)?[ =]|PORT=|(?:0\.0\.0\.0|\[::\]):)(8080|9090)(?![0-9])")
"""A server that is told to listen on one of the engine's ports."""


def engine_port(value: int, scope: Scope) -> Findings:
    """A check of the port of a container's server."""
    if value not in ENGINE_PORTS:
        return FINE
    return here(f"is not {listed(ENGINE_PORTS)}: the engine listens on these; got {value}")


def _command(container: dict[str, Any], scope: Scope) -> Findings:
    if container.get("command") or container.get("script"):
        return FINE
    return here("needs command or script: what the container runs")


def _two_commands(container: dict[str, Any], scope: Scope) -> Findings:
    if not container["command"] or not container.get("script"):
        return FINE
    return at("script", text="command is given too; which of the two runs is not documented")


def _port_in_command(container: dict[str, Any], scope: Scope) -> Findings:
    findings = []
    for name in ("command", "script"):
        found = _ENGINE_PORT.search(container.get(name, ""))
        if found:
            text = f"seems to listen on {found[1]}, where the engine listens"
            findings.append(((name,), text))
    return findings


def registry_of(image: str) -> str:
    """Host of the registry that an image reference means; docker.io when it names none."""
    host, slash, _ = image.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        return "docker.io"
    return host.rpartition(":")[0] or host


def _registry(image: str, scope: Scope) -> Findings:
    host = registry_of(image)
    if host not in OTHER_REGISTRIES and not host.endswith(OTHER_REGISTRY_DOMAINS):
        return FINE
    return here(
        f"is in the registry {host}; an image is uploaded to Container Registry (ACR) before, "
        "otherwise EAS may fail to pull it"
    )


def _variables(container: dict[str, Any], scope: Scope) -> Findings:
    return [
        (("env", index, "name"), f"{environment.BAD_VARIABLE}; got {shown(one['name'])}")
        for index, one in enumerate(container["env"])
        if "name" in one
        and ("\x00" in one.get("value", "") or not environment.is_name(one["name"]))
    ]


def _secrets(container: dict[str, Any], scope: Scope) -> Findings:
    return [
        (("env", index, "value"), environment.LOOKS_SECRET)
        for index, one in enumerate(container["env"])
        if one.get("value") and environment.is_secret_name(one.get("name", ""))
    ]


def _twice(container: dict[str, Any], scope: Scope) -> Findings:
    seen: set[str] = set()
    findings = []
    for index, one in enumerate(container["env"]):
        name = one.get("name", "")
        if name in seen:
            findings.append((("env", index, "name"), f"{name} is set already, above"))
        seen.add(name)
    return findings


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on each container."""
    changed = {f"/containers/0{place}": value for place, value in changes.items()}
    source = page(f"containers.{where[1:].partition('/')[0]}" if where else "containers")
    return written(number, statement, f"/containers/*{where}", changed, more, source=source)


_INFERRED_WARNING = {"severity": Severity.WARNING, "proof": Proof.INFERRED}

RULES = (
    _rule(
        100,
        "A container's server does not listen on 8080 and 9090, which the engine has.",
        "/port",
        {"/port": 8080},
        source=USE_IMAGE,
        check=engine_port,
        schema={"not": {"enum": list(ENGINE_PORTS)}},
    ),
    _rule(
        101,
        "A port is 1 to 65535.",
        "/port",
        {"/port": 65536},
        proof=Proof.INFERRED,
        **checks.between(1, 65535),
    ),
    _rule(
        102,
        "A container has a command or a script.",
        "",
        {"/script": REMOVED},
        source=page("containers.command"),
        reads=("command", "script"),
        check=_command,
    ),
    _rule(
        103,
        "A container has a command or a script, not both.",
        "",
        {"/command": "python app.py"},
        source=page("containers.command"),
        when="command",
        check=_two_commands,
        **_INFERRED_WARNING,
    ),
    _rule(
        104,
        "A custom image is uploaded to Container Registry (ACR) before it is deployed.",
        "/image",
        {"/image": "docker.io/library/python:3.11"},
        source=USE_IMAGE,
        severity=Severity.WARNING,
        check=_registry,
    ),
    _rule(
        105,
        "The command does not start a server on 8080 and 9090, which the engine has.",
        "",
        {"/script": "python app.py --port 8080"},
        source=USE_IMAGE,
        check=_port_in_command,
        **_INFERRED_WARNING,
    ),
    _rule(
        106,
        "An image reference has no spaces.",
        "/image",
        {"/image": "registry.cn-hangzhou.aliyuncs.com/team/model 1"},
        proof=Proof.INFERRED,
        **checks.spelt(r"\S+", "is an image reference without spaces"),
    ),
    _rule(
        107,
        "An environment variable has a name that a process can be given, and no NUL in its value.",
        "",
        {"/env": [{"name": "1ST", "value": "x"}]},
        source=Source("POSIX.1", "environment variables"),
        proof=Proof.INFERRED,
        when="env",
        check=_variables,
    ),
    _rule(
        108,
        "Environment variables are no place for secrets.",
        "",
        {"/env": [{"name": "DB_PASSWORD", "value": "hunter2"}]},
        source=page("containers.env"),
        when="env",
        check=_secrets,
        **_INFERRED_WARNING,
    ),
    _rule(
        109,
        "An environment variable is set once.",
        "",
        {"/env": [{"name": "MODE", "value": "a"}, {"name": "MODE", "value": "b"}]},
        source=page("containers.env"),
        when="env",
        check=_twice,
        **_INFERRED_WARNING,
    ),
)
