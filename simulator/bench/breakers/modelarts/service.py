"""Breakers of the rules on a service as a whole."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.bench.breakers.recipes import (
    Recipes,
    as_is,
    base,
    either,
    lose,
    other_words,
    outside,
    put,
    some,
    strings_around,
)
from simulator.bench.cases import Case
from simulator.bench.strategies import parts, words
from simulator.bench.strategies.services import shares
from simulator.bench.strategies.wish import KINDS, Wish
from simulator.facts.specifications import SPECIFICATIONS
from simulator.rules.rule import Rule

REAL_TIME = Wish(kinds=("real-time",))
OTHERS = Wish(kinds=("batch", "edge"))
DEDICATED = ("service", "versions", "both")
PUBLIC = ("none",)
FREE = tuple(name for name, spec in SPECIFICATIONS.items() if spec.is_free)
_IN_NETWORK = Wish(kinds=("real-time",), network=True, places=PUBLIC)


def forbidden(characters: str) -> st.SearchStrategy[str]:
    """Descriptions with at least one of some characters."""
    found = st.text(characters, min_size=1, max_size=3)
    return strings_around(found, words.descriptions(0, 40))


@st.composite
def _no_weight(draw: st.DrawFn, rule: Rule) -> Case:
    wish = REAL_TIME.without(
        "/config/*/nodes"
    )  # by which an update could be that of an edge service
    subject, document = base(draw, rule, "/config/*/weight", wish)
    for version in some(draw, document["config"]):
        if draw(st.booleans()):
            version["weight"] = None
        else:
            del version["weight"]
    return Case(subject, document)


@st.composite
def _weights(draw: st.DrawFn, rule: Rule) -> Case:
    """One weight is below 0 and one above it by as much more, so that the sum stays 100."""
    wish = Wish(kinds=("real-time",), versions=(2, 4))
    subject, document = base(draw, rule, "/config/*/weight", wish)
    weights = draw(shares(len(document["config"])))
    low, high = draw(st.permutations(range(len(weights))))[:2]
    moved = weights[low] + draw(st.just(1) | st.integers(1, 1000))
    weights[low] -= moved
    weights[high] += moved
    for version, weight in zip(document["config"], weights, strict=True):
        version["weight"] = draw(words.numeric(weight))
    return Case(subject, document)


@st.composite
def _sum(draw: st.DrawFn, rule: Rule) -> Case:
    """One weight is another than it should be, by 1 often."""
    subject, document = base(draw, rule, "/config/*/weight", REAL_TIME)
    version = draw(st.sampled_from(document["config"]))
    right = int(version["weight"])
    near = st.just(right + 1 if right < 100 else 99)
    others = st.integers(0, 99).map(lambda weight: weight if weight < right else weight + 1)
    version["weight"] = draw((near | others).flatmap(words.numeric))
    return Case(subject, document)


@st.composite
def _twice(draw: st.DrawFn, rule: Rule) -> Case:
    wish = Wish(kinds=("real-time",), versions=(2, 5))
    subject, document = base(draw, rule, "/config/*/model_id", wish)
    one, other = draw(st.permutations(document["config"]))[:2]
    one["model_id"] = other["model_id"]
    return Case(subject, document)


@st.composite
def _other_pool(draw: st.DrawFn, rule: Rule) -> Case:
    wish = Wish(places=("both",), pools=("old", "new"))
    subject, document = base(draw, rule, "/config/*/cluster_id", wish)
    name = "cluster_id" if document.get("cluster_id") else "pool_name"
    for version in some(draw, [v for v in document["config"] if v.get(name)]):
        version[name] += draw(st.text(words.HEX, min_size=1, max_size=4))
    return Case(subject, document)


@st.composite
def _both_pools(draw: st.DrawFn, rule: Rule) -> Case:
    subject, document = base(draw, rule, "/cluster_id", Wish(places=("service",)))
    if document.get("pool_name"):
        document["cluster_id"] = draw(words.old_pools())
    else:
        document["pool_name"] = draw(words.new_pools())
    return Case(subject, document)


@st.composite
def _free(draw: st.DrawFn, rule: Rule) -> Case:
    wish = Wish(kinds=("real-time",), versions=(2, 4), custom=False)
    subject, document = base(draw, rule, "/config/*/specification", wish)
    for version in some(draw, document["config"]):
        version["specification"] = draw(st.sampled_from(FREE))
    return Case(subject, document)


BAD_IN_NAMES = st.text(
    " .,/:;@#$%&()[]{}!?'\"\\|<>=+*~^`éßЖア\n\x00🙂\u33ff\u4dc0\u4dff\ua000", min_size=1, max_size=3
)

RECIPES: Recipes = {
    "MA-SVC-001": either(
        put(other_words(*KINDS), Wish(custom=False)),
        put(other_words(*KINDS), Wish(kinds=("real-time", "batch"))),
        as_is(Wish(kinds=("edge",)), readings={"edge": "refused"}),
    ),
    "MA-SVC-002": put(st.just("") | words.names(65, 80)),
    "MA-SVC-003": put(strings_around(BAD_IN_NAMES, words.names(0, 30))),
    "MA-SVC-004": put(words.descriptions(101, 101) | words.descriptions(102, 160)),
    "MA-SVC-005": either(
        put(forbidden("!<>+&\"'")),
        put(forbidden("=!<>&\"'"), readings={"description-characters": "api-definition"}),
    ),
    "MA-SVC-006": put(st.builds(list)),
    "MA-SVC-007": as_is(Wish(kinds=OTHERS.kinds, versions=(2, 4))),
    "MA-SVC-008": put(parts.schedules(1), OTHERS),
    "MA-SVC-009": put(other_words("stop")),
    "MA-SVC-010": put(other_words("DAYS", "HOURS", "MINUTES")),
    "MA-SVC-011": put(outside(low=1)),
    "MA-SVC-012": _no_weight,
    "MA-SVC-013": _weights,
    "MA-SVC-014": _sum,
    "MA-SVC-015": _twice,
    "MA-SVC-016": lose("/subnet_network_id", _IN_NETWORK, blank=""),
    "MA-SVC-017": lose("/security_group_id", _IN_NETWORK, blank=""),
    "MA-SVC-018": as_is(Wish(kinds=("real-time",), network=True, places=DEDICATED)),
    "MA-SVC-019": as_is(Wish(kinds=OTHERS.kinds, network=True, places=PUBLIC)),
    "MA-SVC-020": _other_pool,
    "MA-SVC-021": _both_pools,
    "MA-SVC-022": put(other_words(*parts.POLICIES), REAL_TIME),
    "MA-SVC-023": put(st.sampled_from(parts.POLICIES), OTHERS),
    "MA-SVC-024": put(outside(1, 3), Wish(kinds=("real-time", "batch"))),
    "MA-SVC-025": _free,
    "MA-SVC-026": as_is(
        Wish(kinds=("batch",), places=DEDICATED), readings={"batch-pool": "public-only"}
    ),
    "MA-SVC-027": put(st.integers(1, 3), Wish(kinds=("edge",))),
}
