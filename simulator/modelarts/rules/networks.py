"""What the documents demand of VPCs and security groups, in the request and given what exists.

Source: Deploying Services, table 3.
"""

from __future__ import annotations

from typing import Any

from simulator.modelarts.error_codes import SECURITY_GROUP
from simulator.modelarts.rules.common import (
    OTHER_KINDS,
    a_service,
    admission_rule,
    kind_of,
    pool_of,
    service_rule,
    table,
)
from simulator.modelarts.rules.facts import InboundRule, Networks
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Check,
    Findings,
    Proof,
    Scope,
    Severity,
    Source,
    at,
)

_IN_NETWORK = {"/vpc_id": "vpc-1", "/subnet_network_id": "net-1", "/security_group_id": "sg-1"}
SERVICE_PORT = 8080
EVERYWHERE = "0.0.0.0/0"
_NETWORKS = {
    "networks": Networks(
        subnets={"vpc-1": frozenset({"net-1"})},
        security_groups={
            "sg-1": (InboundRule(),),
            "sg-closed": (InboundRule(first_port=22, last_port=22),),
        },
    )
}


def _needs(name: str) -> Check:
    def check(request: dict[str, Any], scope: Scope) -> Findings:
        if not request["vpc_id"] or request.get(name):
            return FINE
        return at(name, text="is mandatory when vpc_id is given")

    return check


def _network_beside_pool(request: dict[str, Any], scope: Scope) -> Findings:
    versions = request.get("config") or []
    if not request["vpc_id"] or not any(pool_of(version, request) for version in versions):
        return FINE
    return at("vpc_id", text="has no effect: the dedicated pool brings its own network")


def _network_kind(request: dict[str, Any], scope: Scope) -> Findings:
    kind = kind_of(scope)
    if not request["vpc_id"] or kind not in OTHER_KINDS:
        return FINE
    return at("vpc_id", text=f"has no effect in {a_service(kind)}")


def _network(request: dict[str, Any], scope: Scope) -> Findings:
    networks = scope.facts.networks
    vpc, subnet = request["vpc_id"], request.get("subnet_network_id", "")
    if networks is None or not vpc:
        return FINE
    if vpc not in networks.subnets:
        return at("vpc_id", text=f"VPC {vpc} does not exist")
    if subnet not in networks.subnets[vpc]:
        return at("subnet_network_id", text=f"VPC {vpc} has no subnet {subnet}")
    return FINE


def _network_unlisted(request: dict[str, Any], scope: Scope) -> Findings:
    if scope.facts.networks is not None or not request["vpc_id"]:
        return FINE
    return at("vpc_id", text="is not checked: the settings list no networks")


def _security_group(request: dict[str, Any], scope: Scope) -> Findings:
    networks, group = scope.facts.networks, request.get("security_group_id", "")
    if networks is None or not request["vpc_id"] or group in networks.security_groups:
        return FINE
    return at("security_group_id", text=f"security group {group} does not exist")


def _port_open(request: dict[str, Any], scope: Scope) -> Findings:
    networks, group = scope.facts.networks, request.get("security_group_id", "")
    if networks is None or not request["vpc_id"] or group not in networks.security_groups:
        return FINE
    if any(_lets_in(rule) for rule in networks.security_groups[group]):
        return FINE
    text = f"security group {group} must let in TCP from 0.0.0.0/0 to port {SERVICE_PORT}"
    return at("security_group_id", text=text)


def _lets_in(rule: InboundRule) -> bool:
    return (
        rule.protocol.lower() in ("tcp", "any", "all")
        and rule.source == EVERYWHERE
        and rule.first_port <= SERVICE_PORT <= rule.last_port
    )


RULES = (
    service_rule(
        16,
        "With vpc_id, subnet_network_id is mandatory.",
        "",
        {**_IN_NETWORK, "/subnet_network_id": ""},
        source=table(3, "subnet_network_id"),
        when="vpc_id",
        check=_needs("subnet_network_id"),
    ),
    service_rule(
        17,
        "With vpc_id, security_group_id is mandatory.",
        "",
        {**_IN_NETWORK, "/security_group_id": ""},
        source=table(3, "security_group_id"),
        when="vpc_id",
        check=_needs("security_group_id"),
    ),
    service_rule(
        18,
        "In a dedicated pool, vpc_id has no effect.",
        "",
        _IN_NETWORK,
        base="dedicated-custom",
        source=table(3, "vpc_id"),
        severity=Severity.WARNING,
        when="vpc_id",
        check=_network_beside_pool,
    ),
    service_rule(
        19,
        "Only the instances of a real-time service are put into a network by vpc_id.",
        "",
        {**_IN_NETWORK, "/cluster_id": REMOVED},
        base="batch-file",
        source=table(3, "vpc_id"),
        severity=Severity.WARNING,
        when="vpc_id",
        check=_network_kind,
    ),
    admission_rule(
        17,
        "The VPC exists and has the subnet.",
        "",
        {**_IN_NETWORK, "/subnet_network_id": "net-9"},
        facts=_NETWORKS,
        source=table(3, "vpc_id"),
        when="vpc_id",
        check=_network,
    ),
    admission_rule(
        18,
        "Where the settings list no networks, a network is not checked.",
        "",
        _IN_NETWORK,
        source=Source("Drydock", "settings"),
        severity=Severity.WARNING,
        proof=Proof.INFERRED,
        when="vpc_id",
        check=_network_unlisted,
    ),
    admission_rule(
        19,
        "The security group exists.",
        "",
        {**_IN_NETWORK, "/security_group_id": "sg-9"},
        facts=_NETWORKS,
        source=table(3, "security_group_id"),
        when="vpc_id",
        check=_security_group,
    ),
    admission_rule(
        20,
        "The security group lets in TCP from 0.0.0.0/0 to port 8080.",
        "",
        {**_IN_NETWORK, "/security_group_id": "sg-closed"},
        facts=_NETWORKS,
        source=table(3, "security_group_id"),
        answer=SECURITY_GROUP,
        when="vpc_id",
        check=_port_open,
    ),
)
