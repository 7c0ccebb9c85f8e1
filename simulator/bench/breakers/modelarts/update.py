"""Breakers of the rules on updates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from simulator.bench.breakers.recipes import Recipe, Recipes, base, other_words
from simulator.bench.cases import Case
from simulator.bench.strategies import words
from simulator.bench.strategies.subjects import documents
from simulator.bench.strategies.wish import Document, Wish
from simulator.bench.strategies.worlds import UNCHANGEABLE, admissible, facts_for, without_nulls
from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle.requests import STARTABLE, STOPPABLE_JOB
from simulator.modelarts.rules.facts import Facts
from simulator.rules.rule import Rule

UPDATE = "update-service"
_ATTRIBUTES = "/additional_properties"
_OTHER_FIELDS = ("/description", "/config", "/additional_properties", "/vpc_id", "/service_secrets")


@st.composite
def _unknown_status(draw: st.DrawFn, rule: Rule) -> Case:
    document: Document = {"status": draw(other_words("running", "stopped"))}
    for name in ("description", "config", "priority"):
        if draw(st.booleans()):
            document[name] = None
    return Case(UPDATE, document)


@st.composite
def _status_and_more(draw: st.DrawFn, rule: Rule) -> Case:
    wish = Wish().with_(draw(st.sampled_from(_OTHER_FIELDS))).without("/status")
    document = draw(documents(UPDATE, wish))
    document["status"] = draw(st.sampled_from(("running", "stopped")))
    return Case(UPDATE, document)


def _before(facts: Facts, **changes: Any) -> Facts:
    """The world in which the service was requested otherwise."""
    return replace(facts, request={**facts.request, **changes})


def _other_network(name: str) -> Recipe:
    @st.composite
    def make(draw: st.DrawFn, rule: Rule) -> Case:
        _, document = base(draw, rule, rule.at)
        now = document[name] = draw(st.just("") | words.plain())
        facts = draw(facts_for(document))
        before = f"{now}{draw(words.plain())}" if not now or draw(st.booleans()) else ""
        return Case(UPDATE, document, facts=_before(facts, **{name: before}))

    return make


@st.composite
def _websocket(draw: st.DrawFn, rule: Rule) -> Case:
    now = draw(st.booleans())
    wish = Wish(kinds=("real-time",), websocket=now)
    _, document = base(draw, rule, rule.at, wish)
    document["additional_properties"]["websocket_upgrade"] = now
    facts = draw(facts_for(document))
    kept = {**facts.request.get("additional_properties", {}), "websocket_upgrade": not now}
    if now and draw(st.booleans()):
        del kept["websocket_upgrade"]
    return Case(UPDATE, document, facts=_before(facts, additional_properties=kept))


@st.composite
def _log_channels(draw: st.DrawFn, rule: Rule) -> Case:
    wish = Wish().with_(f"{_ATTRIBUTES}/log_report_channels").without("/status")
    document = draw(documents(UPDATE, wish))
    attributes = document["additional_properties"]
    if draw(st.booleans()):
        attributes["log_report_channels"] = []
    facts = draw(facts_for(document))
    before = [*without_nulls(attributes["log_report_channels"]), {"type": "LTS"}]
    kept = {**facts.request.get("additional_properties", {}), "log_report_channels": before}
    return Case(UPDATE, document, facts=_before(facts, additional_properties=kept))


@st.composite
def _status_forbids(draw: st.DrawFn, rule: Rule) -> Case:
    case = draw(admissible(Wish().with_("/status"), UPDATE))
    allowed = {"running": STARTABLE, "stopped": STOPPABLE_JOB}[case.document["status"]]
    status = draw(st.sampled_from(sorted(set(ServiceStatus) - allowed)))
    return replace(case, facts=replace(case.facts, status=status.value))


@st.composite
def _config_forbidden(draw: st.DrawFn, rule: Rule) -> Case:
    case = draw(admissible(Wish().with_("/config"), UPDATE))
    status = draw(st.sampled_from(UNCHANGEABLE))
    return replace(case, facts=replace(case.facts, status=status.value))


RECIPES: Recipes = {
    "MA-UPD-001": _unknown_status,
    "MA-UPD-002": _status_and_more,
    "MA-UPD-003": _other_network("vpc_id"),
    "MA-UPD-004": _other_network("subnet_network_id"),
    "MA-UPD-005": _other_network("security_group_id"),
    "MA-UPD-006": _websocket,
    "MA-UPD-007": _log_channels,
    "MA-UPD-008": _status_forbids,
    "MA-UPD-009": _config_forbidden,
}
