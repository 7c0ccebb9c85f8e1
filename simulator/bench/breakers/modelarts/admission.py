"""Breakers of the rules on what exists: the document is sound, the world is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from simulator.bench.breakers.modelarts.service import DEDICATED, PUBLIC
from simulator.bench.breakers.recipes import NO_READINGS, Recipe, Recipes, either, some
from simulator.bench.cases import Case
from simulator.bench.strategies import words
from simulator.bench.strategies.wish import ANY, KINDS, Document, Wish
from simulator.bench.strategies.worlds import admissible, service_kind, without_nulls
from simulator.modelarts.rules.common import pool_places
from simulator.modelarts.rules.facts import Facts, InboundRule, ModelFacts, Networks
from simulator.modelarts.rules.version import corrected
from simulator.rules.rule import Rule

World = Callable[[st.DrawFn, Document, Facts], Facts]
"""A document without nulls and a world that admits it, to one that does not."""

_CONFIG = Wish().with_("/config").without("/status")
_BATCH = Wish(kinds=("batch",)).without("/status")
_FILES = Wish(kinds=("batch",), mapping=("file",)).without("/status")
_POOLS = Wish(places=("versions", "both")).without("/status")
_PAIRS = Wish(kinds=("real-time",), places=("both",), pools=("pair",)).without("/status")
_NETWORK = Wish(kinds=("real-time",), network=True, places=PUBLIC)


def _in(world: World, wish: Wish = ANY, readings: Mapping[str, str] = NO_READINGS) -> Recipe:
    """Sound documents in a world that does not admit them."""

    @st.composite
    def make(draw: st.DrawFn, rule: Rule) -> Case:
        case = draw(admissible(wish, draw(st.sampled_from(rule.subjects))))
        facts = world(draw, without_nulls(case.document), case.facts)
        return replace(case, facts=facts, readings=readings)

    return make


def _models(change: Callable[[st.DrawFn, ModelFacts, Document], ModelFacts | None]) -> World:
    """Some of the versions' models are otherwise, or, for None, not there."""

    def world(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
        models = dict(facts.models)
        for version in some(draw, document["config"]):
            changed = change(draw, models[version["model_id"]], version)
            if changed is None:
                del models[version["model_id"]]
            else:
                models[version["model_id"]] = changed
        return replace(facts, models=models)

    return world


def _status(draw: st.DrawFn, model: ModelFacts, version: Document) -> ModelFacts:
    return replace(model, status=draw(st.sampled_from(("publishing", "failed"))))


def _no_input(draw: st.DrawFn, model: ModelFacts, version: Document) -> ModelFacts:
    return replace(model, apis={path: {} for path in model.apis})


def _no_api(draw: st.DrawFn, model: ModelFacts, version: Document) -> ModelFacts:
    others = {path: of for path, of in model.apis.items() if path != version["req_uri"]}
    return replace(model, apis={**others, "/another": {"x": "file"}})


def _no_file(draw: st.DrawFn, model: ModelFacts, version: Document) -> ModelFacts:
    wrong = draw(
        st.sampled_from(
            (
                {"x": "number"},
                {"x": "file", "y": "file"},
                {"x": "file", "y": "number"},
                {"x": "File"},
            )
        )
    )
    return replace(model, apis={**model.apis, version["req_uri"]: wrong})


def _no_websocket(draw: st.DrawFn, model: ModelFacts, version: Document) -> ModelFacts:
    is_image, speaks = draw(st.sampled_from(((True, False), (False, True), (False, False))))
    return replace(model, type="Image" if is_image else "Custom", websocket=speaks)


def _other_kinds(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
    kind = service_kind(document)
    others = tuple(other for other in KINDS if other != kind)

    def change(draw: st.DrawFn, model: ModelFacts, version: Document) -> ModelFacts:
        return replace(model, kinds=tuple(draw(st.sampled_from((others, others[:1], ())))))

    return _models(change)(draw, document, facts)


def _pools(**attributes: st.SearchStrategy[str]) -> World:
    """Some of the named pools are otherwise; without attributes, they are not there."""

    def world(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
        names = sorted({name for _, named in pool_places(document) for name in named})
        pools = dict(facts.pools)
        for name in some(draw, names):
            if attributes:
                drawn = {key: draw(value) for key, value in attributes.items()}
                pools[name] = replace(pools[name], **drawn)
            else:
                del pools[name]
        return replace(facts, pools=pools)

    return world


def _generation(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
    names = sorted({name for _, named in pool_places(document) for name in named})
    flipped = {
        name: replace(
            facts.pools[name],
            generation="old" if facts.pools[name].generation == "new" else "new",
        )
        for name in some(draw, names)
    }
    return replace(facts, pools={**facts.pools, **flipped})


def _nodes(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
    pairs = [named for _, named in pool_places(document) if len(named) == 2]
    other = draw(st.sampled_from([name for pair in pairs for name in pair]))
    pools = {**facts.pools, other: replace(facts.pools[other], node="modelarts.vm.ai1.a310")}
    return replace(facts, pools=pools)


def _unavailable(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
    used = sorted({corrected(version["specification"]) for version in document["config"]})
    missing = dict.fromkeys(some(draw, used), "there is no GPU")
    return replace(facts, unavailable={**facts.unavailable, **missing})


def _capped(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
    used = sorted({corrected(version["specification"]) for version in document["config"]})
    return replace(facts, capped=dict.fromkeys(some(draw, used), "capped: this host has 1 vCPU"))


def _name_taken(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
    return replace(facts, names=facts.names | {document["service_name"]})


def _full(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
    room = draw(st.sampled_from((0, 1, 20)))
    used = draw(st.just(room) | st.integers(room, room + 100))
    if document["infer_type"] == "batch":
        return replace(facts, batch_services=used, quotas={**facts.quotas, "batch-services": room})
    quotas = {**facts.quotas, "real-time-services": room}
    return replace(facts, real_time_services=used, quotas=quotas)


def _networks(**changes: Callable[[st.DrawFn, Document, Networks], Any]) -> World:
    """A part of the user's networks is otherwise."""

    def world(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
        assert facts.networks is not None
        drawn = {name: make(draw, document, facts.networks) for name, make in changes.items()}
        return replace(facts, networks=replace(facts.networks, **drawn))

    return world


def _subnets(draw: st.DrawFn, document: Document, networks: Networks) -> Any:
    if draw(st.booleans()):
        return {name: of for name, of in networks.subnets.items() if name != document["vpc_id"]}
    left = networks.subnets[document["vpc_id"]] - {document["subnet_network_id"]}
    return {**networks.subnets, document["vpc_id"]: left}


def _no_group(draw: st.DrawFn, document: Document, networks: Networks) -> Any:
    return {"another": (InboundRule(),)} if draw(st.booleans()) else {}


def _closed(draw: st.DrawFn, document: Document, networks: Networks) -> Any:
    """Rules of which none lets TCP in from everywhere to port 8080; some only just not."""
    ports = st.sampled_from(((8081, 65535), (1, 8079), (22, 22)))
    wrong_port = ports.map(lambda p: InboundRule(first_port=p[0], last_port=p[1]))
    wrong_rule = st.sampled_from(
        (InboundRule(protocol="udp"), InboundRule(source="10.0.0.0/8"), InboundRule(source="::/1"))
    )
    rules = draw(st.lists(wrong_port | wrong_rule, max_size=3))
    return {**networks.security_groups, document["security_group_id"]: tuple(rules)}


def _paths(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
    version = document["config"][0]
    missing = some(draw, [version["src_path"], version["dest_path"]])
    return replace(facts, missing_paths=facts.missing_paths | set(missing))


def _model_taken(draw: st.DrawFn, document: Document, facts: Facts) -> Facts:
    taken = (document["model_name"], document["model_version"])
    return replace(facts, model_versions=facts.model_versions | {taken})


def _unlisted(**changes: Any) -> World:
    return lambda draw, document, facts: replace(facts, **changes)


@st.composite
def _in_workspace(draw: st.DrawFn, rule: Rule) -> Case:
    """A workspace is named that the settings do not list, or could not list."""
    case = draw(admissible(ANY, "create-service"))
    case.document["workspace_id"] = draw(words.plain().map("ws-{}".format))
    listed = None if rule.id.endswith("016") else frozenset(draw(st.sampled_from(((), ("0", "w")))))
    return replace(case, facts=replace(case.facts, workspaces=listed))


RECIPES: Recipes = {
    "MA-ADM-001": _in(_models(lambda draw, model, version: None), _CONFIG),
    "MA-ADM-002": _in(_models(_status), _CONFIG),
    "MA-ADM-003": _in(_other_kinds, _CONFIG),
    "MA-ADM-004": _in(_models(_no_input), _BATCH),
    "MA-ADM-005": _in(_models(_no_api), _BATCH),
    "MA-ADM-006": _in(_models(_no_file), _FILES),
    "MA-ADM-007": _in(
        _models(_no_websocket), Wish(websocket=True).with_("/config").without("/status")
    ),
    "MA-ADM-008": _in(_pools(), _POOLS),
    "MA-ADM-009": _in(_pools(status=st.sampled_from(("abnormal", "creating", ""))), _POOLS),
    "MA-ADM-010": _in(_generation, _POOLS),
    "MA-ADM-011": _in(_nodes, _PAIRS),
    "MA-ADM-012": _in(_unavailable, _CONFIG),
    "MA-ADM-013": _in(_name_taken),
    "MA-ADM-014": either(
        _in(_full, Wish(kinds=("real-time", "batch"), places=PUBLIC)),
        _in(
            _full,
            Wish(kinds=("real-time",), places=DEDICATED),
            {"quota-dedicated": "counted"},
        ),
    ),
    "MA-ADM-015": _in_workspace,
    "MA-ADM-016": _in_workspace,
    "MA-ADM-017": _in(_networks(subnets=_subnets), _NETWORK),
    "MA-ADM-018": _in(_unlisted(networks=None), _NETWORK),
    "MA-ADM-019": _in(_networks(security_groups=_no_group), _NETWORK),
    "MA-ADM-020": _in(_networks(security_groups=_closed), _NETWORK),
    "MA-ADM-021": _in(_model_taken),
    "MA-ADM-022": _in(_paths, _BATCH),
    "MA-ADM-023": _in(_capped, _CONFIG),
}
