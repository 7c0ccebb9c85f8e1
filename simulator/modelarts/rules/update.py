"""What the documents demand of an update: what may be sent, and what cannot be changed any more."""

from __future__ import annotations

from typing import Any

from simulator.facts.statuses import ServiceKind
from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.requests import STARTABLE, STOPPABLE, STOPPABLE_JOB
from simulator.modelarts.error_codes import STATUS_FORBIDS
from simulator.modelarts.rules.common import CHANGE, REAL_TIME_2, UPDATE_PAGE, table, written
from simulator.modelarts.rules.facts import Facts
from simulator.rules import checks
from simulator.rules.rule import FINE, Check, Findings, Level, Rule, Scope, Severity, Source, here

_SDK_GUIDE = Source("SDK reference", "starting and stopping a service")
_UNCHANGEABLE = frozenset({S.DEPLOYING, S.STOPPING, S.DELETING})
"""While one of these, nothing is changed."""


def _status_alone(status: str, scope: Scope) -> Findings:
    others = sorted(set(scope.root) - {"status"})
    if not others:
        return FINE
    return here(f"is applied alone; not applied: {', '.join(others)}")


def _status_allowed(status: str, scope: Scope) -> Findings:
    now = scope.facts.status
    stoppable = STOPPABLE_JOB if scope.facts.kind == ServiceKind.BATCH else STOPPABLE
    allowed = {"running": STARTABLE, "stopped": stoppable}.get(status)
    if allowed is None or now in allowed:
        return FINE
    return here(f"the service is {now}; it becomes {status} from {', '.join(sorted(allowed))} only")


def _config_allowed(config: list[Any], scope: Scope) -> Findings:
    if "status" in scope.root or scope.facts.status not in _UNCHANGEABLE:
        return FINE
    return here(f"the service is {scope.facts.status}; its configuration cannot be changed now")


def _unchanged(name: str) -> Check:
    def check(value: str, scope: Scope) -> Findings:
        before = scope.facts.request.get(name) or ""
        if value == before:
            return FINE
        return here(
            f"cannot be changed after the service was deployed; it is {before or 'not set'}"
        )

    return check


def _attributes_before(facts: Facts) -> dict[str, Any]:
    return facts.request.get("additional_properties") or {}


def _websocket_unchanged(value: bool, scope: Scope) -> Findings:
    before = bool(_attributes_before(scope.facts).get("websocket_upgrade"))
    if value == before:
        return FINE
    return here(f"cannot be changed after the service was deployed; it is {str(before).lower()}")


def _log_channels_unchanged(channels: list[Any], scope: Scope) -> Findings:
    before = _attributes_before(scope.facts).get("log_report_channels")
    if not before or channels == before:
        return FINE
    return here("cannot be changed once logs are reported")


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on an update, given what it changes."""
    parts = {
        "source": UPDATE_PAGE,
        "subjects": (CHANGE,),
        "base": "update-description",
        "level": Level.UPDATE,
    }
    return written(f"MA-UPD-{number:03d}", statement, where, changes, more, **parts)


_OTHER_CHANNEL = [{"type": "LTS"}]

RULES = (
    _rule(
        1,
        "status is running or stopped.",
        "/status",
        {"/status": "paused", "/description": None},
        level=Level.REQUEST,
        **checks.one_of("running", "stopped"),
    ),
    _rule(
        2,
        "Where status is sent, nothing else is applied.",
        "/status",
        {"/status": "stopped"},
        level=Level.REQUEST,
        severity=Severity.WARNING,
        check=_status_alone,
    ),
    *(
        _rule(
            number,
            f"{name} cannot be changed.",
            f"/{name}",
            {f"/{name}": "another"},
            source=table(3, name),
            check=_unchanged(name),
        )
        for number, name in enumerate(("vpc_id", "subnet_network_id", "security_group_id"), 3)
    ),
    _rule(
        6,
        "WebSocket cannot be switched on or off after the deployment.",
        "/additional_properties/websocket_upgrade",
        {"/additional_properties": {"smn_notification": {}, "websocket_upgrade": True}},
        source=Source(REAL_TIME_2, "table 2, WebSocket"),
        check=_websocket_unchanged,
    ),
    _rule(
        7,
        "Log channels cannot be changed once there are any.",
        "/additional_properties/log_report_channels",
        {"/additional_properties": {"smn_notification": {}, "log_report_channels": []}},
        facts={"request": {"additional_properties": {"log_report_channels": _OTHER_CHANNEL}}},
        source=table(10, "log_report_channels"),
        check=_log_channels_unchanged,
    ),
    _rule(
        8,
        "A service is started from stopped, failed or finished, and stopped from running, "
        "concerning, failed or waiting.",
        "/status",
        {"/status": "running", "/description": None},
        source=_SDK_GUIDE,
        answer=STATUS_FORBIDS,
        check=_status_allowed,
    ),
    _rule(
        9,
        "The configuration of a service that deploys, stops or is deleted cannot be changed.",
        "/config",
        {},
        base="update-weights",
        facts={"status": "deploying"},
        source=_SDK_GUIDE,
        answer=STATUS_FORBIDS,
        check=_config_allowed,
    ),
)
