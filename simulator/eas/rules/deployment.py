"""What is deployed: an image, or a model with a processor. Source: EAS overview, Deployment
methods; the JSON page, parameters."""

from __future__ import annotations

from typing import Any

from simulator.eas.rules.common import has_image, has_processor, page, type_of, written
from simulator.eas.vocabulary import NAME_MAX, NAME_MIN, OVERVIEW
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

_DEPLOYED_TYPES = ("Standard", "Async")
"""Kinds of services that certainly run an image or a processor; the others bring their own."""

_NAME = checks.spelt("[a-z0-9_]*", "has lowercase letters, digits and _ only")


def _named(root: dict[str, Any], scope: Scope) -> Findings:
    if "metadata" not in root or root["metadata"].get("name") or root.get("name"):
        return FINE
    return at("metadata", "name", text="is mandatory: a service has a name")


def _one_name(root: dict[str, Any], scope: Scope) -> Findings:
    newer = root.get("metadata", {}).get("name")
    if not newer or root["name"] == newer:
        return FINE
    return at("name", text=f"is not metadata.name, which is {newer}")


def _name_length(told: str) -> Check:
    def check(root: dict[str, Any], scope: Scope) -> Findings:
        path = ("metadata", "name") if root.get("metadata", {}).get("name") else ("name",)
        name = root["metadata"]["name"] if len(path) == 2 else root.get("name", "")
        if scope.readings["name-length"] != told or not name:
            return FINE
        if NAME_MIN <= len(name) <= NAME_MAX:
            return FINE
        return at(*path, text=f"has {NAME_MIN} to {NAME_MAX} characters; got {len(name)}")

    return check


def _something_deployed(root: dict[str, Any], scope: Scope) -> Findings:
    if type_of(scope) not in _DEPLOYED_TYPES or has_image(root) or has_processor(root):
        return FINE
    return here("needs containers with an image, or a model with a processor; it has neither")


def _image_beside_processor(root: dict[str, Any], scope: Scope) -> Findings:
    if not has_image(root) or not has_processor(root):
        return FINE
    text = "a service deploys an image or a processor; beside the processor this may be ignored"
    return at("containers", text=text)


def _web_app(metadata: dict[str, Any], scope: Scope) -> Findings:
    if not metadata["enable_webservice"] or has_image(scope.root):
        return FINE
    if not has_processor(scope.root):
        return FINE
    return at("enable_webservice", text="a web app is deployed by an image, not by a processor")


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    return written(number, statement, where, changes, more)


_INFERRED_WARNING = {"severity": Severity.WARNING, "proof": Proof.INFERRED}
_NO_CONTAINERS = {"/containers": REMOVED}

RULES = (
    _rule(
        1,
        "A service has a name.",
        "",
        {"/metadata/name": REMOVED},
        source=page("metadata.name"),
        reads=("metadata/name", "name"),
        check=_named,
    ),
    _rule(
        2,
        "A service's name has lowercase letters, digits and _ only.",
        "/metadata/name",
        {"/metadata/name": "My-Service"},
        source=page("metadata.name"),
        **_NAME,
    ),
    _rule(
        3,
        "In the older form too, a service's name has lowercase letters, digits and _ only.",
        "/name",
        {"/name": "My-Service"},
        base="older-form",
        source=page("name"),
        **_NAME,
    ),
    _rule(
        4,
        "name is metadata.name in the older form.",
        "",
        {"/name": "another"},
        source=page("name"),
        when="name",
        check=_one_name,
        **_INFERRED_WARNING,
    ),
    _rule(
        5,
        "A service's name has 3 to 63 characters.",
        "",
        {"/metadata/name": "ab"},
        readings={"name-length": "refused"},
        source=Source("PAI-EAS skills", "service name"),
        proof=Proof.INFERRED,
        check=_name_length("refused"),
        reading="name-length",
    ),
    _rule(
        6,
        "A name of fewer than 3 or more than 63 characters may be refused.",
        "",
        {"/metadata/name": "ab"},
        source=Source("PAI-EAS skills", "service name"),
        check=_name_length("warned"),
        reading="name-length",
        **_INFERRED_WARNING,
    ),
    _rule(
        7,
        "A service deploys an image, or a model with a processor.",
        "",
        _NO_CONTAINERS,
        source=Source(OVERVIEW, "Deployment methods"),
        reads=(
            "containers",
            "processor",
            "processor_path",
            "processor_type",
            "processor_entry",
            "processor_mainclass",
            "metadata/type",
        ),
        check=_something_deployed,
    ),
    _rule(
        8,
        "An image and a processor are not deployed together.",
        "",
        {"/processor": "pmml", "/model_path": "oss://bucket/model/"},
        source=Source(OVERVIEW, "Deployment methods"),
        when="containers",
        check=_image_beside_processor,
        **_INFERRED_WARNING,
    ),
    _rule(
        21,
        "A web app is deployed by an image.",
        "/metadata",
        {"/metadata/enable_webservice": True},
        base="built-in-processor",
        source=Source(OVERVIEW, "Step 2, deployment methods"),
        when="enable_webservice",
        check=_web_app,
        **_INFERRED_WARNING,
    ),
)
