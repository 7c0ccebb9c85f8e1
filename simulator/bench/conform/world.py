"""What is known of the endpoint: what exists there, and so what a request would be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from simulator.bench.conform.judging import names_rules
from simulator.bench.conform.options import Options
from simulator.bench.conform.target import Target
from simulator.errors import Violation
from simulator.facts.statuses import ModelStatus
from simulator.modelarts.rules.common import CHANGE, CREATE
from simulator.modelarts.rules.facts import Facts, ModelFacts
from simulator.modelarts.rules.model import INSTALL_TYPES
from simulator.rules.catalogue import Catalogue
from simulator.strict_json import parse

LISTED = 100


class NotAllowed(Exception):
    """The endpoint does not let the user in, or has no such model; the text says so."""


@dataclass
class World:
    """What is known.

    Attributes:
        readings: every reading's value, as the endpoint is said to take them.
        extension: whether it names the broken rules.
        model: id of the model that may be used; empty for none.
        models: what is known of some models, by id.
        names: of services that exist.
        sold_out: specifications that are offered and not to be had.
        service: id of a service of our own that may be changed; empty for none.
        request: what that service was asked for with.
        status: its status.
        why_none: why there is no such service.
    """

    catalogue: Catalogue
    readings: dict[str, str]
    extension: bool = False
    model: str = ""
    models: dict[str, ModelFacts] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    sold_out: frozenset[str] = frozenset()
    service: str = ""
    request: dict[str, Any] = field(default_factory=dict)
    status: str = ""
    why_none: str = "it changes a service, and in a dry run there is none: --create"

    def facts(self) -> Facts:
        """For deploy requests."""
        return Facts(
            models=self.models, names=self.names, unavailable=dict.fromkeys(self.sold_out, "sold")
        )

    def violations(self, subject: str, document: dict[str, Any]) -> list[Violation]:
        """What the endpoint should say is wrong with a request: the document alone first, and only
        where that is sound what exists."""
        facts = None
        if subject == CHANGE:
            facts = replace(self.facts(), status=self.status, request=self.request)
        report = self.catalogue.judge(subject, document, self.readings, facts)
        if report.violations or subject not in (CREATE, CHANGE):
            return report.violations
        known = replace(facts or self.facts(), missing_paths=_paths(document))
        return self.catalogue.admit(subject, document, known, self.readings).violations


def look(target: Target, options: Options, catalogue: Catalogue) -> World:
    """Ask what there is. Nothing is changed.

    Raises:
        NotAllowed: the user is not let in, or the model that may be used does not exist.
        NothingThere, Unanswered: there is no answer.
        UnknownReading: the options name a reading that there is not.
    """
    world = World(catalogue, catalogue.read(options.readings))
    answer = target.ask("GET", f"/services?limit={LISTED}")
    if answer.status in (401, 403):
        said = answer.object.get("error_msg") or answer.status
        raise NotAllowed(f"the endpoint does not let this user in: {said}")
    if options.model:  # without one, nothing is sent that could be admitted
        listed = _objects(answer.object.get("services"))
        world.names = frozenset(str(one.get("service_name")) for one in listed)
        _look_at_models(target, options.model, world)
        listed = _objects(
            target.ask("GET", "/services/specifications").object.get("specifications")
        )
        world.sold_out = frozenset(
            str(one.get("specification")) for one in listed if one.get("spec_status") == "sellout"
        )
    world.extension = names_rules(target.ask("POST", "/services", b"{}"))
    return world


def _look_at_models(target: Target, model_id: str, world: World) -> None:
    answer = target.ask("GET", f"/models/{quote(model_id, safe='')}")
    if answer.status != 200:
        raise NotAllowed(f"the endpoint has no model {model_id}: it answers {answer.status}")
    world.model = model_id
    world.models[model_id] = _model_facts(answer.object)
    if world.models[model_id].status != ModelStatus.PUBLISHED:
        raise NotAllowed(f"the model {model_id} is {world.models[model_id].status}, not published")
    listed = target.ask("GET", f"/models?limit={LISTED}").object.get("models")
    for one in _objects(listed):
        if one.get("model_status") != ModelStatus.PUBLISHED:
            world.models[str(one.get("model_id"))] = _model_facts(one)


def _model_facts(model: dict[str, Any]) -> ModelFacts:
    sent = model.get("install_type") or INSTALL_TYPES
    kinds = tuple("real-time" if kind == "realtime" else str(kind) for kind in sent)
    protocols = {str(api.get("protocol", "")).lower() for api in _apis(model.get("apis"))}
    return ModelFacts(
        status=str(model.get("model_status")),
        type=str(model.get("model_type")),
        kinds=kinds,
        websocket=bool(protocols & {"ws", "wss"}),
    )


def _apis(text: Any) -> Iterable[dict[str, Any]]:
    """A model's APIs, which are a JSON string in its details."""
    try:
        return _objects(parse(text.encode())) if isinstance(text, str) else ()
    except Exception:  # whatever the endpoint sends there, it is not what is tried here
        return ()


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _paths(document: dict[str, Any]) -> frozenset[str]:
    """The object paths of a deploy request; what is drawn for them is nowhere."""
    versions = document.get("config", ())
    return frozenset(
        version[name]
        for version in versions
        for name in ("src_path", "dest_path")
        if version.get(name)
    )
