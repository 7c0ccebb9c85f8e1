"""What the documents demand of additional_properties.

Source: Deploying Services, tables 7 to 13.
"""

from __future__ import annotations

from typing import Any

from simulator.facts import limits
from simulator.modelarts.rules.common import (
    API_DEFINITION,
    BOTH,
    REAL_TIME_2,
    has_pool,
    table,
    written,
)
from simulator.modelarts.rules.service import only_real_time
from simulator.rules import checks
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
from simulator.rules.text import shown

STATUS_EVENTS = {1: "failed", 3: "running", 7: "concerning", 11: "pending"}
_SYSTEM_DIRECTORIES = ("/", "/var/run")
_OF_VERSION = "/config/0/additional_properties"


def _log_volume_pool(version: dict[str, Any], scope: Scope) -> Findings:
    if not version["additional_properties"].get("log_volume"):
        return FINE
    if has_pool(version, scope) is not False:
        return FINE
    text = "needs a dedicated resource pool; in the public pool it cannot be configured"
    return at("additional_properties", "log_volume", text=text)


def _max_unavailable(value: float, scope: Scope) -> Findings:
    if value > 0 or (value == 0 and scope.readings["max-unavailable"] == "zero-allowed"):
        return FINE
    zero = scope.readings["max-unavailable"] == "zero-allowed"
    return here(f"is {'at least' if zero else 'greater than'} 0; got {shown(value)}")


def _grace_period(value: int, scope: Scope) -> Findings:
    low, high = limits.TERMINATION_GRACE_MIN_S, limits.TERMINATION_GRACE_MAX_S
    if scope.readings["grace-period"] == "any":
        return FINE if value >= 0 else here(f"is at least 0 seconds; got {value}")
    return FINE if low <= value <= high else here(f"is {low} to {high} seconds; got {value}")


def _mount_path(value: str, scope: Scope) -> Findings:
    if (value.rstrip("/") or "/") not in _SYSTEM_DIRECTORIES:
        return FINE
    return here(f"a system directory is no place for a volume; got {shown(value)}")


def _smn_notification(extra: dict[str, Any], scope: Scope) -> Findings:
    if "smn_notification" in extra or scope.readings["smn-notification"] == "optional":
        return FINE
    return at("smn_notification", text="is mandatory in additional_properties")


def _events(events: list[int], scope: Scope) -> Findings:
    known = ", ".join(f"{number} ({status})" for number, status in STATUS_EVENTS.items())
    return [
        ((index,), f"is one of {known}; got {event}")
        for index, event in enumerate(events)
        if event not in STATUS_EVENTS
    ]


def _log_id(value: str, scope: Scope) -> Findings:
    exact = scope.readings["log-id-length"] == "64"
    if len(value) == limits.LOG_ID_CHARACTERS or (
        not exact and 1 <= len(value) < limits.LOG_ID_CHARACTERS
    ):
        return FINE
    allowed = f"{limits.LOG_ID_CHARACTERS}" if exact else f"1 to {limits.LOG_ID_CHARACTERS}"
    return here(f"has {allowed} characters; got {len(value)}")


def _no_traffic_limit(settings: dict[str, Any], scope: Scope) -> Findings:
    return _not_with_websocket("traffic_limit", scope)


def _no_data_collection(settings: dict[str, Any], scope: Scope) -> Findings:
    if not settings["data_collection"]:
        return FINE
    return _not_with_websocket("data_collection", scope)


def _not_with_websocket(name: str, scope: Scope) -> Findings:
    if not scope.root.get("additional_properties", {}).get("websocket_upgrade"):
        return FINE
    return at(name, text="cannot be set for a WebSocket service")


def _version_rule(
    number: int, statement: str, where: str, changes: dict[str, Any], **more: Any
) -> Rule:
    """A rule on the additional properties of a version."""
    place = f"/config/*/additional_properties{where}"
    changes = {f"{_OF_VERSION}{place_}": value for place_, value in changes.items()}
    parts = {"source": table(7), "subjects": BOTH}
    return written(f"MA-SVC-{number:03d}", statement, place, changes, more, **parts)


def _service_rule(
    number: int, statement: str, where: str, changes: dict[str, Any], **more: Any
) -> Rule:
    """A rule on the additional properties of a service."""
    place = f"/additional_properties{where}"
    changes = {f"/additional_properties{place_}": value for place_, value in changes.items()}
    parts = {"source": table(10), "subjects": BOTH, "base": "notified"}
    return written(f"MA-SVC-{number:03d}", statement, place, changes, more, **parts)


def _console_rule(
    number: int, statement: str, where: str, changes: dict[str, Any], **more: Any
) -> Rule:
    """A rule on what only the console can set."""
    source = Source(REAL_TIME_2, "table 2, WebSocket")
    parts = {"source": source, "subjects": ("create-service",), "base": "websocket"}
    return written(f"MA-SVC-{number:03d}", statement, f"/x-drydock{where}", changes, more, **parts)


RULES = (
    written(
        "MA-SVC-060",
        "log_volume needs a dedicated resource pool.",
        "/config/*",
        {f"{_OF_VERSION}/log_volume": [{"host_path": "/var/log/x", "mount_path": "/logs"}]},
        {},
        source=table(7, "log_volume"),
        subjects=BOTH,
        when="additional_properties",
        check=_log_volume_pool,
    ),
    _version_rule(
        61,
        "max_surge is greater than 0: below 1 a fraction, from 1 on a count.",
        "/max_surge",
        {"/max_surge": 0},
        source=table(7, "max_surge"),
        **checks.above(0),
    ),
    _version_rule(
        62,
        "max_unavailable is at least 0: below 1 a fraction, from 1 on a count.",
        "/max_unavailable",
        {"/max_unavailable": -0.1},
        source=table(7, "max_unavailable"),
        check=_max_unavailable,
        schema={"minimum": 0},
        reading="max-unavailable",
    ),
    _version_rule(
        63,
        "termination_grace_period_seconds is 30 to 300.",
        "/termination_grace_period_seconds",
        {"/termination_grace_period_seconds": 29},
        source=API_DEFINITION,
        check=_grace_period,
        schema={
            "minimum": limits.TERMINATION_GRACE_MIN_S,
            "maximum": limits.TERMINATION_GRACE_MAX_S,
        },
        reading="grace-period",
    ),
    _version_rule(
        64,
        "A volume is not mounted on a system directory.",
        "/persistent_volumes/*/mount_path",
        {"/persistent_volumes": [{"name": "data", "mount_path": "/var/run"}]},
        source=API_DEFINITION,
        severity=Severity.WARNING,
        check=_mount_path,
    ),
    _version_rule(
        65,
        "A persistent volume's storage_type is sfs_turbo.",
        "/persistent_volumes/*/storage_type",
        {"/persistent_volumes": [{"mount_path": "/data", "storage_type": "nfs"}]},
        source=API_DEFINITION,
        **checks.one_of("sfs_turbo"),
    ),
    _service_rule(
        66,
        "additional_properties has smn_notification.",
        "",
        {"/smn_notification": REMOVED},
        source=table(10, "smn_notification"),
        check=_smn_notification,
        reading="smn-notification",
    ),
    _service_rule(
        67,
        "A notification's events are 1, 3, 7 and 11.",
        "/smn_notification/*/events",
        {"/smn_notification/status/events": [1, 2]},
        source=table(11, "events"),
        check=_events,
        schema={"items": {"type": "integer", "enum": list(STATUS_EVENTS)}},
    ),
    _service_rule(
        68,
        "A log channel's type is LTS.",
        "/log_report_channels/*/type",
        {"/log_report_channels/0/type": "OBS"},
        source=table(12, "type"),
        **checks.one_of("LTS"),
    ),
    _service_rule(
        69,
        "A log group's id has 64 characters.",
        "/log_report_channels/*/configuration/log_group_id",
        {"/log_report_channels/0/configuration/log_group_id": "g" * 65},
        source=table(13, "log_group_id"),
        check=_log_id,
        schema={"minLength": 64, "maxLength": 64},
        reading="log-id-length",
    ),
    _service_rule(
        70,
        "A log stream's id has 64 characters.",
        "/log_report_channels/*/configuration/log_stream_id",
        {"/log_report_channels/0/configuration/log_stream_id": "s" * 65},
        source=table(13, "log_stream_id"),
        check=_log_id,
        schema={"minLength": 64, "maxLength": 64},
        reading="log-id-length",
    ),
    written(
        "MA-SVC-071",
        "Only real-time services can be WebSocket services.",
        "/additional_properties/websocket_upgrade",
        {"/additional_properties": {"smn_notification": {}, "websocket_upgrade": True}},
        {"base": "batch-file"},
        source=Source(REAL_TIME_2, "table 2, WebSocket"),
        subjects=BOTH,
        check=only_real_time("only real-time services speak WebSocket"),
    ),
    _console_rule(
        72,
        "A WebSocket service has no traffic limit.",
        "",
        {"/x-drydock": {"traffic_limit": 100}},
        when="traffic_limit",
        check=_no_traffic_limit,
    ),
    _console_rule(
        73,
        "A WebSocket service has no data collection.",
        "",
        {"/x-drydock": {"data_collection": True}},
        when="data_collection",
        check=_no_data_collection,
    ),
    _console_rule(
        74,
        "A traffic limit is at least 1 request a second.",
        "/traffic_limit",
        {"/x-drydock": {"traffic_limit": 0}},
        base="real-time",
        proof=Proof.INFERRED,
        **checks.between(1, 1_000_000, "requests a second"),
    ),
)
