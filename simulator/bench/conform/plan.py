"""Which rules can be shown at an endpoint, with what requests, and why the others cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from simulator.bench.boundaries import boundaries, refused
from simulator.bench.breakers import breakers
from simulator.bench.cases import Case
from simulator.bench.conform.trial import SUBJECTS
from simulator.bench.conform.world import World
from simulator.bench.strategies import ANY, Document, Wish, documents
from simulator.facts.specifications import CUSTOM
from simulator.modelarts.rules.common import CHANGE, CREATE
from simulator.rules.rule import Level, Rule, Severity

Cases = st.SearchStrategy[Case]

PLAIN_SPECIFICATION = "modelarts.vm.cpu.2u"
UNKNOWN_ELSEWHERE = ("/workspace_id",)
"""What names things of which nothing is known."""
PLAIN = Wish(
    kinds=("real-time",),
    places=("none",),
    versions=(1, 1),
    custom=False,
    websocket=False,
    network=False,
    lacking=frozenset(
        {
            *UNKNOWN_ELSEWHERE,
            "/schedule",
            "/load_balancer_policy",
            "/x-drydock",
            "/additional_properties",
            "/config/*/additional_properties",
        }
    ),
)
"""Deploy requests that need nothing but a model."""


@dataclass(frozen=True)
class Planned:
    """One rule.

    Attributes:
        cases: None where it cannot be shown; `reason` says why then.
        first: deliberate ones: just outside the limits.
    """

    rule: Rule
    cases: Cases | None = None
    reason: str = ""
    first: Sequence[Case] = ()


def planned(world: World, rule: Rule) -> Planned:
    """How one rule is shown, or why it is not."""
    reason = _hopeless(world, rule)
    if reason:
        return Planned(rule, reason=reason)
    if rule.level is Level.REQUEST:
        provider = world.catalogue.provider
        return Planned(rule, breakers(provider)[rule.id], first=refused(rule.id, provider))
    make = _IN_THE_WORLD.get(rule.id)
    if make is None:
        return Planned(rule, reason=_NEEDS.get(rule.id, "it depends on what exists there"))
    made = make(world)
    return Planned(rule, reason=made) if isinstance(made, str) else Planned(rule, made)


def _hopeless(world: World, rule: Rule) -> str:
    """Why no request whatever can show a rule here."""
    if rule.level is Level.RUNTIME:
        return "it is about what happens later: predictions, inputs of batch services"
    if not set(rule.subjects) & set(SUBJECTS):
        title = world.catalogue.subject(rule.subjects[0]).title
        return f"it is about a file ({title}), which no request of the API carries"
    if rule.severity is Severity.WARNING:
        return "a request that breaks it is not refused, and so would create something"
    needed = rule.example.readings if rule.example is not None else {}
    for name, option in needed.items():
        if world.readings[name] != option:
            return f"the reading {name}={world.readings[name]} has no such rule"
    if set(rule.subjects) & set(SUBJECTS) == {CHANGE} and not world.service:
        return world.why_none
    return ""


_NEEDS: Mapping[str, str] = {
    "MA-UPD-007": "it needs a service that reports logs",
    "MA-UPD-009": "it needs a service that is just being deployed or stopped",
    "MA-ADM-003": "it needs a model that is not meant for real-time services",
    "MA-ADM-004": "it needs a model without input",
    "MA-ADM-005": "it needs a model whose APIs are known to be those of batch services",
    "MA-ADM-006": "it needs a model whose APIs are known to be those of batch services",
    "MA-ADM-009": "it needs a dedicated pool that does not run",
    "MA-ADM-010": "it needs dedicated pools",
    "MA-ADM-011": "it needs two dedicated pools",
    "MA-ADM-014": "it needs as many services as are allowed",
    "MA-ADM-015": "whether the endpoint lists its workspaces cannot be seen",
    "MA-ADM-017": "whether the endpoint lists its networks cannot be seen",
    "MA-ADM-019": "whether the endpoint lists its networks cannot be seen",
    "MA-ADM-020": "whether the endpoint lists its networks cannot be seen",
    "MA-ADM-021": "it needs a source that a model can be made of",
    "MA-ADM-022": "it needs a model whose APIs are known to be those of batch services",
}
"""What rules on what exists need that the suite cannot have."""

NO_MODEL = "it needs a published model: --model ID"


def _unknown_model(world: World) -> Cases:
    return deploying(PLAIN) | deploying(_without_the_unknown(Wish(kinds=("real-time",))))


def _unpublished_model(world: World) -> Cases | str:
    waiting = sorted(set(world.models) - {world.model})
    if not world.model:
        return NO_MODEL
    if not waiting:
        return "it needs a model that is not published"
    return st.tuples(documents(CREATE, PLAIN), st.sampled_from(waiting)).map(
        lambda drawn: _case(with_model(*drawn))
    )


def _unknown_pool(world: World) -> Cases | str:
    wish = Wish(
        kinds=("real-time",),
        places=("service", "versions", "both"),
        pools=("old", "new"),
        versions=(1, 1),
        websocket=False,
        network=False,
        lacking=PLAIN.lacking,
    )
    return _with_the_model(world, wish)


def _sold_out(world: World) -> Cases | str:
    if not world.model:
        return NO_MODEL
    if not world.sold_out:
        return "the endpoint lists no specification as sold out"
    known = st.sampled_from(sorted(world.sold_out))
    return st.tuples(documents(CREATE, PLAIN), known).map(
        lambda drawn: _case(with_model(drawn[0], world.model, specification=drawn[1]))
    )


def _taken_name(world: World) -> Cases | str:
    if not world.model:
        return NO_MODEL
    if not world.names:
        return "it needs a service whose name is taken: --create"
    names = st.sampled_from(sorted(world.names))
    return st.tuples(documents(CREATE, PLAIN), names).map(
        lambda drawn: _case(with_model(drawn[0], world.model) | {"service_name": drawn[1]})
    )


def _websocket_of_another_model(world: World) -> Cases | str:
    if not world.model:
        return NO_MODEL
    model = world.models[world.model]
    if model.type == "Image" and model.websocket:
        return "it needs a model that does not speak WebSocket"
    drawn = st.tuples(documents(CREATE, PLAIN), _websocket)
    return drawn.map(
        lambda one: _case(with_model(one[0], world.model) | {"additional_properties": one[1]})
    )


def _changing(place: str, values: st.SearchStrategy[Any]) -> Callable[[World], Cases]:
    """Changes of a plain service, one of which is not allowed."""

    def make(world: World) -> Cases:
        kept = ("description", "priority")
        sound = documents(CHANGE, Wish(kinds=("real-time",), lacking=frozenset({"/status"})))
        others = sound.map(lambda made: {name: made[name] for name in kept if name in made})
        changes = st.tuples(others, values)
        return changes.map(lambda drawn: Case(CHANGE, drawn[0] | {place: drawn[1]}))

    return make


def _forbidden_status(world: World) -> Cases:
    return st.sampled_from(("running", "stopped")).map(
        lambda status: Case(CHANGE, {"status": status})
    )


_words = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=36)
_websocket = st.just({"smn_notification": {}, "websocket_upgrade": True})

_IN_THE_WORLD: Mapping[str, Callable[[World], Cases | str]] = {
    "MA-UPD-003": _changing("vpc_id", _words),
    "MA-UPD-004": _changing("subnet_network_id", _words),
    "MA-UPD-005": _changing("security_group_id", _words),
    "MA-UPD-006": _changing("additional_properties", _websocket),
    "MA-UPD-008": _forbidden_status,
    "MA-ADM-001": _unknown_model,
    "MA-ADM-002": _unpublished_model,
    "MA-ADM-007": _websocket_of_another_model,
    "MA-ADM-008": _unknown_pool,
    "MA-ADM-012": _sold_out,
    "MA-ADM-013": _taken_name,
}
"""Rules on what exists for which the endpoint has what is needed, or may have."""


def sound(world: World) -> Cases:
    """Deploy requests that are sound and name models that do not exist. Of an endpoint that does
    not name the rules, only plain ones: it may look at what exists in another order."""
    return deploying(_without_the_unknown(ANY)) if world.extension else deploying(PLAIN)


def inside_the_limits(world: World) -> list[Case]:
    """Deploy requests with values that only just are allowed."""
    known = boundaries(world.catalogue.provider) if world.extension else ()
    return [one.case for one in known if one.accepted and one.case.subject == CREATE]


def valid(world: World, names: Iterator[str]) -> Cases:
    """Deploy requests of real-time services that the endpoint should accept.

    Args:
        names: for the services, never one twice: a deleted one's may not be free at once.
    """
    wish = Wish(kinds=("real-time",), places=("none",), versions=(1, 1), network=False)
    made = documents(CREATE, _without_the_unknown(wish))
    return made.map(
        lambda request: _case(with_model(request, world.model) | {"service_name": next(names)})
    )


def deploying(wish: Wish) -> Cases:
    """Sound deploy requests of models that do not exist."""
    return documents(CREATE, wish).map(lambda made: _case(with_model(made)))


def _with_the_model(world: World, wish: Wish) -> Cases | str:
    if not world.model:
        return NO_MODEL
    return documents(CREATE, wish).map(lambda made: _case(with_model(made, world.model)))


def _without_the_unknown(wish: Wish) -> Wish:
    return Wish(
        kinds=wish.kinds,
        places=wish.places,
        versions=wish.versions,
        network=False,
        lacking=frozenset(UNKNOWN_ELSEWHERE),
    )


def with_model(
    request: Document, model: str = "", *, specification: str = PLAIN_SPECIFICATION
) -> Document:
    """A deploy request with a size that is to be had, of one instance each, and of this model."""
    own = {"model_id": model, "instance_count": 1} if model else {}
    versions = [
        version
        | own
        | ({} if version["specification"] == CUSTOM else {"specification": specification})
        for version in request["config"]
    ]
    return request | {"config": versions}


def _case(request: Document) -> Case:
    return Case(CREATE, request)
