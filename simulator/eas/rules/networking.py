"""What the documents demand of gateways and load balancers. Source: the JSON page, networking."""

from __future__ import annotations

from typing import Any

from simulator.eas.rules.common import page, written
from simulator.eas.rules.metadata import gateway_id
from simulator.eas.vocabulary import LISTENER_PORT_TAKEN
from simulator.rules import checks
from simulator.rules.rule import FINE, REMOVED, Findings, Proof, Rule, Scope, Severity, at, here


def _listener_port(value: int, scope: Scope) -> Findings:
    return FINE if value != LISTENER_PORT_TAKEN else here(f"is not {LISTENER_PORT_TAKEN}")


def _limit_given(policy: dict[str, Any], scope: Scope) -> Findings:
    if not policy["enable"] or "limit" in policy:
        return FINE
    return at("limit", text="is mandatory when the limit is enabled")


def _rule(number: int, statement: str, where: str, changes: dict[str, Any], **more: Any) -> Rule:
    """A rule on networking."""
    changed = {f"/networking{place}": value for place, value in changes.items()}
    parts = {"source": page(f"networking.{where[1:].partition('/')[0]}"), "base": "full"}
    return written(number, statement, f"/networking{where}", changed, more, **parts)


def _limit_rules(first: int, name: str) -> tuple[Rule, Rule]:
    """The rules on one of the gateway's limits."""
    place = f"/gateway_policy/{name}"
    return (
        _rule(
            first,
            f"{name} has a limit when it is enabled.",
            place,
            {f"{place}/limit": REMOVED},
            proof=Proof.INFERRED,
            when="enable",
            reads=("limit",),
            check=_limit_given,
        ),
        _rule(
            first + 1,
            f"The limit of {name} is at least 1.",
            f"{place}/limit",
            {f"{place}/limit": 0},
            proof=Proof.INFERRED,
            **checks.between(1),
        ),
    )


RULES = (
    _rule(
        210,
        "The id of a dedicated gateway begins with gw-.",
        "/gateway",
        {"/gateway": "my-gateway"},
        base="image",
        severity=Severity.WARNING,
        check=gateway_id,
    ),
    *_limit_rules(211, "rate_limit"),
    *_limit_rules(213, "concurrency_limit"),
    _rule(
        215,
        "A load balancer does not listen on 8080.",
        "/nlb/*/listener_port",
        {"/nlb/0/listener_port": 8080},
        check=_listener_port,
        schema={"not": {"const": LISTENER_PORT_TAKEN}},
    ),
    _rule(
        216,
        "A load balancer's port is 1 to 65535.",
        "/nlb/*/listener_port",
        {"/nlb/0/listener_port": 65536},
        proof=Proof.INFERRED,
        **checks.between(1, 65535),
    ),
    _rule(
        217,
        "A load balancer is reached from the intranet or the internet.",
        "/nlb/*/netType",
        {"/nlb/0/netType": "vpc"},
        **checks.one_of("intranet", "internet"),
    ),
)
