"""What the rules of several files need: the subject's name, sources, questions about a service."""

from __future__ import annotations

import re
from typing import Any

from simulator.eas.error_codes import INVALID_PARAMETER
from simulator.eas.vocabulary import HEALTH_PAGE, JSON_PAGE, KUBERNETES, OVERVIEW, SDK
from simulator.rules import written as rules
from simulator.rules.rule import FINE, Check, Findings, Rule, Scope, Source, here
from simulator.rules.text import shown

SERVICE = "eas-service"
"""The one subject: service.json."""

USE_IMAGE = Source(OVERVIEW, "Deployment methods, Use an image")
USE_PROCESSOR = Source(OVERVIEW, "Deployment methods, Use a processor")
TERMS = Source(OVERVIEW, "Terms")
HEALTH = Source(HEALTH_PAGE)
PROBES = Source(KUBERNETES)
CLIENT = Source(SDK)

PERCENT = re.compile(r"(?:100|[1-9]?[0-9])%")

_BUCKET_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)?oss-([a-z]+(?:-[a-z0-9]+)+?)(-internal)?\.aliyuncs\.com"
)


def page(place: str) -> Source:
    """A part of the JSON page."""
    return Source(JSON_PAGE, place)


def metadata_of(scope: Scope) -> dict[str, Any]:
    """The document's metadata; empty when it has none."""
    found: dict[str, Any] = scope.root.get("metadata", {})
    return found


def type_of(scope: Scope) -> str:
    """Kind of the service."""
    return metadata_of(scope).get("type") or "Standard"


def has_image(root: dict[str, Any]) -> bool:
    """Whether an image is deployed."""
    return bool(root.get("containers"))


def has_custom_processor(root: dict[str, Any]) -> bool:
    """Whether a custom processor is deployed: any field that only those have."""
    names = ("processor_path", "processor_type", "processor_entry", "processor_mainclass")
    return any(root.get(name) for name in names)


def has_processor(root: dict[str, Any]) -> bool:
    """Whether a processor is deployed, built in or custom."""
    return bool(root.get("processor")) or has_custom_processor(root)


def has_machines(root: dict[str, Any]) -> bool:
    """Whether the document says on which machines the service runs."""
    computing = root.get("cloud", {}).get("computing", {})
    return bool(computing.get("instance_type") or computing.get("instances"))


def is_public(scope: Scope) -> bool:
    """Whether the service runs in the public resource group."""
    metadata = metadata_of(scope)
    return not metadata.get("resource") and not metadata.get("quota_id")


def dedicated_gateway(scope: Scope) -> str:
    """The dedicated gateway; empty for the shared one. The newer place goes first."""
    newer = scope.root.get("networking", {}).get("gateway")
    return newer or metadata_of(scope).get("gateway") or ""


def oss_region(endpoint: str) -> tuple[str, bool] | None:
    """Region of an endpoint of the object storage, and whether it is the internal one; None for
    what is no such endpoint."""
    host = re.sub(r"^https?://", "", endpoint).rstrip("/")
    found = _BUCKET_HOST.fullmatch(host)
    return (found[1], bool(found[2])) if found else None


def count_or_share(low: int) -> Check:
    """A check of what is a count from `low`, or a share such as 20%."""

    def check(value: Any, scope: Scope) -> Findings:
        is_count = isinstance(value, int) and not isinstance(value, bool) and value >= low
        if is_count or (isinstance(value, str) and PERCENT.fullmatch(value)):
            return FINE
        return here(f"is a whole number from {low}, or a share such as 20%; got {shown(value)}")

    return check


def written(
    number: int,
    statement: str,
    where: str,
    changes: dict[str, Any],
    more: dict[str, Any],
    **defaults: Any,
) -> Rule:
    """A rule from its parts; `more` goes before `defaults`.

    Args:
        changes: what makes the example of a sound document that breaks none; `base` in `more` names
            that document, `facts` and `readings` what else the example needs.
    """
    parts = {
        "answer": INVALID_PARAMETER,
        "base": "image",
        "subjects": (SERVICE,),
        **defaults,
        **more,
    }
    return rules.written(f"EAS-SVC-{number:03d}", statement, where, changes, parts)
