"""Worlds in which requests are admitted."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from simulator.bench.cases import Case
from simulator.bench.strategies import words
from simulator.bench.strategies.model_bodies import model
from simulator.bench.strategies.services import NETWORK, change, deploy
from simulator.bench.strategies.wish import ANY, KINDS, Document, Wish
from simulator.facts.specifications import SPECIFICATIONS
from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle.requests import STARTABLE, STOPPABLE
from simulator.modelarts.rules.common import CHANGE, CREATE, kind_of, pool_places
from simulator.modelarts.rules.facts import Facts, InboundRule, ModelFacts, Networks, PoolFacts
from simulator.modelarts.rules.model import CREATE_MODEL, MODEL_TYPES
from simulator.modelarts.rules.version import corrected
from simulator.rules.rule import Scope

UNCHANGEABLE = (ServiceStatus.DEPLOYING, ServiceStatus.STOPPING, ServiceStatus.DELETING)


def facts_for(document: Document) -> st.SearchStrategy[Facts]:
    """Worlds in which a sound document is admitted.

    Args:
        document: breaks no rule by itself: a deploy request (it has `infer_type`), a body that
            creates a model (it has `model_name`), or else an update.
    """
    if "model_name" in document:
        return _facts_for_model(document)
    return _facts(without_nulls(document))


ADMITTED = {CREATE: deploy, CHANGE: change, CREATE_MODEL: model}


@st.composite
def admissible(draw: st.DrawFn, wish: Wish = ANY, subject: str = "") -> Case:
    """Deploy requests, updates and new models, each with a world in which it is admitted.

    Args:
        subject: `create-service`, `update-service` or `create-model`; any when empty.
    """
    subject = subject or draw(st.sampled_from(tuple(ADMITTED)))
    document = draw(ADMITTED[subject](wish))
    return Case(subject, document, facts=draw(facts_for(document)))


def _facts_for_model(request: Document) -> st.SearchStrategy[Facts]:
    name, version = request["model_name"], request["model_version"]
    others = frozenset({(name, f"{version}0"), (f"{name}-2", version)})
    return st.sampled_from((Facts(), Facts(model_versions=others)))


def without_nulls(value: Any) -> Any:
    """What a document says: null is as absent."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def service_kind(document: Document) -> str:
    """Kind of the service that a request makes or changes."""
    return kind_of(Scope(document, {}, None))


@st.composite
def _facts(draw: st.DrawFn, request: Document) -> Facts:
    kind = service_kind(request)
    versions = request.get("config", [])
    used = {corrected(version.get("specification", "")) for version in versions}
    spare = sorted(set(SPECIFICATIONS) - used)
    missing = draw(st.lists(st.sampled_from(spare), max_size=2)) if spare else []
    common: dict[str, Any] = {
        "kind": kind,
        "models": draw(_models(request, kind)),
        "pools": draw(_pools(request)),
        "unavailable": dict.fromkeys(missing, "there is none here"),
    }
    if "infer_type" not in request:
        return Facts(**common, **draw(_service_before(request)))
    workspace = request.get("workspace_id", "0")
    listed = frozenset({workspace, "ws-9"})
    unlisted = (None, frozenset[str](), listed) if workspace == "0" else (listed,)
    name = request["service_name"]
    return Facts(
        **common,
        names=frozenset(draw(st.sampled_from(((), (f"{name}-2", "other"))))) - {name},
        missing_paths=frozenset({"obs://bucket/nothing/"}),
        real_time_services=draw(st.integers(0, 19)),
        batch_services=draw(st.integers(0, 999)),
        workspaces=draw(st.sampled_from(unlisted)),
        networks=draw(_networks(request)),
    )


@st.composite
def _models(draw: st.DrawFn, request: Document, kind: str) -> dict[str, ModelFacts]:
    websocket = (request.get("additional_properties") or {}).get("websocket_upgrade")
    models = {"unused": ModelFacts(status="publishing")} if draw(st.booleans()) else {}
    for version in request.get("config", []):
        others = draw(st.lists(st.sampled_from(KINDS), max_size=2))
        kinds = draw(st.permutations(sorted({kind, *others})))
        models[version["model_id"]] = ModelFacts(
            type="Image" if websocket else draw(st.sampled_from(MODEL_TYPES)),
            websocket=bool(websocket) or draw(st.booleans()),
            kinds=tuple(kinds),
            apis=draw(_apis(version)),
        )
    return models


@st.composite
def _apis(draw: st.DrawFn, version: Document) -> dict[str, dict[str, str]]:
    """APIs of a model: that which is called, with what its mapping type asks for, and others."""
    parameters = st.dictionaries(
        words.plain(), st.sampled_from(("file", "number", "string")), min_size=1, max_size=3
    )
    apis = draw(st.dictionaries(st.sampled_from(("/other", "/ping")), parameters, max_size=2))
    if "req_uri" in version:
        is_file = version.get("mapping_type") == "file"
        called = draw(words.plain().map(lambda n: {n: "file"}) if is_file else parameters)
        apis[version["req_uri"]] = called
    return apis


@st.composite
def _pools(draw: st.DrawFn, request: Document) -> dict[str, PoolFacts]:
    node = draw(st.sampled_from(("modelarts.vm.cpu.2u", "modelarts.vm.gpu.p4")))
    pools = {"abnormal": PoolFacts(status="abnormal")} if draw(st.booleans()) else {}
    for path, names in pool_places(request):
        generation = "new" if path[-1] == "pool_name" else "old"
        pools |= {name: PoolFacts(generation=generation, node=node) for name in names}
    return pools


@st.composite
def _networks(draw: st.DrawFn, request: Document) -> Networks | None:
    vpc, subnet, group = (request.get(name, "") for name in NETWORK)
    if not vpc:
        return draw(st.sampled_from((None, Networks())))
    open_ = InboundRule(
        protocol=draw(st.sampled_from(("tcp", "TCP", "any", "all"))),
        source="0.0.0.0/0",
        first_port=draw(st.integers(1, 8080)),
        last_port=draw(st.integers(8080, 65535)),
    )
    closed = InboundRule(first_port=22, last_port=22)
    rules = draw(st.permutations((open_, closed)))
    return Networks(
        subnets={vpc: frozenset({subnet, "other"}), "vpc-other": frozenset()},
        security_groups={group: tuple(rules)},
    )


@st.composite
def _service_before(draw: st.DrawFn, update: Document) -> dict[str, Any]:
    """The service that an update may change so: its status, its pool and how it was requested."""
    before: Document = {name: update[name] for name in NETWORK if update.get(name)}
    attributes = update.get("additional_properties", {})
    kept: Document = {"smn_notification": {}}
    if "websocket_upgrade" in attributes:
        kept["websocket_upgrade"] = attributes["websocket_upgrade"]
    if "log_report_channels" in attributes and draw(st.booleans()):
        kept["log_report_channels"] = attributes["log_report_channels"]
    if set(kept) > {"smn_notification"} or draw(st.booleans()):
        before["additional_properties"] = kept
    statuses = {"running": STARTABLE, "stopped": STOPPABLE}.get(
        update.get("status", ""), set(ServiceStatus) - set(UNCHANGEABLE)
    )
    return {
        "request": before,
        "status": draw(st.sampled_from(sorted(statuses))).value,
        "pool": draw(st.sampled_from(("0123abcd",) if _needs_pool(update) else ("", "0123abcd"))),
    }


def _needs_pool(update: Document) -> bool:
    """Whether a version is sound only in a dedicated pool, and names none itself."""
    for version in update.get("config", []):
        specification = SPECIFICATIONS.get(corrected(version.get("specification", "")))
        attributes = version.get("additional_properties", {})
        needs = specification is None or specification.npus or attributes.get("log_volume")
        if needs and not (version.get("cluster_id") or version.get("pool_name")):
            return True
    return False
