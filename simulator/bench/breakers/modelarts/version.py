"""Breakers of the rules on one version of a service."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from simulator.bench.breakers.modelarts.service import OTHERS, PUBLIC
from simulator.bench.breakers.recipes import (
    Recipes,
    as_is,
    base,
    either,
    holders,
    other_words,
    outside,
    put,
    some,
    take_away,
)
from simulator.bench.cases import Case
from simulator.bench.strategies import parts, words
from simulator.bench.strategies.wish import Document, Wish
from simulator.facts.specifications import CUSTOM
from simulator.modelarts.rules.common import pool_of
from simulator.modelarts.rules.version import CORRECTED, MISPRINTED, SPECIFICATION_NAMES
from simulator.rules.rule import Rule

CREATE = ("create-service",)
_ONE_POOL = Wish(pools=("old", "new"))
_PLAIN = Wish(custom=False)
_NPUS = Wish(custom=False, places=("service", "both"))
"""Where a specification with NPUs is nothing to be told."""
_PAIR = Wish(kinds=("real-time",), places=("service", "both"), pools=("pair",))


def thirds(least: int) -> st.SearchStrategy[float]:
    """Numbers of which the third decimal is not 0.

    Args:
        least: hundredths.
    """
    digits = st.integers(1, 9)
    return st.builds(lambda n, digit: (n * 10 + digit) / 1000, st.integers(least, 3200), digits)


@st.composite
def _no_custom_spec(draw: st.DrawFn, rule: Rule) -> Case:
    subject, document = base(draw, rule, "/config/*/custom_spec", Wish(custom=True))
    custom = [v for v in document["config"] if v["specification"] == CUSTOM]
    for version in some(draw, custom):
        take_away(draw, version, "custom_spec")
    return Case(subject, document)


@st.composite
def _two_accelerators(draw: st.DrawFn, rule: Rule) -> Case:
    subject, document = base(draw, rule, "/config/*/custom_spec/gpu_p4")
    for spec in some(draw, holders(document, "/config/*/custom_spec/gpu_p4")):
        spec["gpu_p4"] = draw(st.just(0.01) | words.sizes(0.01, 8))
        spec["ascend_a310"] = draw(st.integers(1, 8))
    return Case(subject, document)


@st.composite
def _gpu_thirds(draw: st.DrawFn, rule: Rule) -> Case:
    subject, document = base(draw, rule, rule.at)
    for spec in some(draw, holders(document, rule.at)):
        spec["gpu_p4"] = draw(thirds(0))
        take_away(draw, spec, "ascend_a310", 0)
    return Case(subject, document)


@st.composite
def _bad_variables(draw: st.DrawFn) -> dict[str, str]:
    """Environment variables, one of which at least no process can be given."""
    found = draw(words.environment())
    value = st.text(words.HARMLESS + " =\n", max_size=5)
    start = st.sampled_from("0123456789.-=é ")
    bad_start = st.builds(str.__add__, start, st.text(words.HARMLESS, max_size=4))
    bad_middle = st.builds(
        "{}{}{}".format,
        st.sampled_from(words.HARMLESS + "_"),
        st.sampled_from("= +/$é\x00\n"),
        st.text(words.HARMLESS, max_size=4),
    )
    if draw(st.booleans()):
        found[draw(st.just("") | bad_start | bad_middle)] = draw(value)
    else:
        found[draw(words.variable_names())] = draw(value) + "\x00" + draw(value)
    return found


@st.composite
def _secrets(draw: st.DrawFn) -> dict[str, str]:
    found = draw(words.environment())
    secret = draw(
        st.sampled_from(("password", "PASSWD", "pass", "secret", "Token", "api_key", "apikey"))
        | st.sampled_from(("ACCESS_KEY", "privatekey", "credential", "credentials", "sk"))
    )
    before = draw(st.sampled_from(("", "_", "DB_", "my.app_")))
    after = draw(st.sampled_from(("", "_", "_1", "_file")))
    found[f"{before}{secret}{after}"] = draw(st.text(words.HARMLESS, min_size=1, max_size=9))
    return found


def _bad_pairs(first: str, second: str) -> st.SearchStrategy[str]:
    """Two pools and more, in ways that are not two different pools."""
    return st.sampled_from(
        (
            f"{first},{first}",
            f"{first}, {first} ",
            f"{first},",
            f",{second}",
            f"{first}, ",
            f"{first},{second},0",
            f"{first},,{second}",
            f"{first},{second},",
            ",",
            " , ",
        )
    )


@st.composite
def _wrong_pair(draw: st.DrawFn, rule: Rule) -> Case:
    """Wherever the right pair stood, the wrong one stands."""
    subject, document = base(draw, rule, "/config/*/cluster_id", _PAIR)
    places: list[Document] = [document, *document["config"]]
    for name in ("cluster_id", "pool_name"):
        named = [place for place in places if "," in (place.get(name) or "")]
        if named:
            first, second = (part.strip() for part in named[0][name].split(","))
            wrong = draw(_bad_pairs(first, second))
            for place in named:
                place[name] = wrong
    return Case(subject, document)


def _odd(highest: int, readings: dict[str, str]) -> Any:
    @st.composite
    def make(draw: st.DrawFn, rule: Rule) -> Case:
        subject, document = base(draw, rule, "/config/*/instance_count", _PAIR)
        paired = [v for v in document["config"] if "," in pool_of(v, document)]
        for version in some(draw, paired):
            version["instance_count"] = draw(st.integers(0, highest // 2).map(lambda n: 2 * n + 1))
        return Case(subject, document, readings)

    return make


@st.composite
def _no_nodes(draw: st.DrawFn, rule: Rule) -> Case:
    subject, document = base(draw, rule, "/config/*/nodes", Wish(kinds=("edge",)))
    version = document["config"][0]
    if subject == "create-service":
        take_away(draw, version, "nodes", [])
    else:
        # that it is an edge service is seen from the field, and from no weight being there
        version["nodes"] = []
        version.pop("weight", None)
    return Case(subject, document)


def _idle_fields(kind: str, subject: str) -> dict[str, st.SearchStrategy[Any]]:
    """Fields that mean nothing in a service of a kind, with values that are right elsewhere."""
    batch: dict[str, st.SearchStrategy[Any]] = {
        "dest_path": words.object_paths("/"),
        "req_uri": st.just("/predict"),
        "mapping_rule": words.mapping_rules(),
        "src_path": words.object_paths("/"),
        "mapping_type": st.just("file"),
    }
    nodes = {"nodes": st.lists(words.plain(), min_size=1, max_size=2)}
    weight = {"weight": st.integers(1, 100).flatmap(words.numeric)}
    if subject == "update-service":
        # these would make it the update of a batch service
        del batch["src_path"], batch["mapping_type"]
        nodes = {}
    if kind == "batch":
        return weight | {"nodes": st.lists(words.plain(), min_size=1, max_size=2)}
    return batch | (nodes if kind == "real-time" else weight)


@st.composite
def _idle(draw: st.DrawFn, rule: Rule) -> Case:
    kind = draw(st.sampled_from(("real-time", "batch", "edge")))
    subject, document = base(draw, rule, "/config/*/nodes", Wish(kinds=(kind,)))
    for version in some(draw, document["config"]):
        fields = _idle_fields(kind, subject)
        for name in some(draw, sorted(fields)):
            version[name] = draw(fields[name])
    return Case(subject, document)


RECIPES: Recipes = {
    "MA-SVC-030": put(outside(low=1), _ONE_POOL),
    "MA-SVC-031": either(
        put(outside(high=5), _ONE_POOL),
        put(outside(high=128), _ONE_POOL, readings={"instance-count": "128"}),
        put(st.integers(3, 500).map(lambda n: 2 * n)),
    ),
    "MA-SVC-032": either(
        put(other_words(*SPECIFICATION_NAMES, MISPRINTED), _PLAIN),
        put(st.just(MISPRINTED), _NPUS, readings={"specification-name": "corrected"}),
        put(st.just(CORRECTED), _NPUS, readings={"specification-name": "as-printed"}),
    ),
    "MA-SVC-033": either(
        put(st.just(MISPRINTED), _NPUS),
        put(st.just(MISPRINTED), Wish(kinds=OTHERS.kinds, custom=False)),
    ),
    "MA-SVC-034": _no_custom_spec,
    "MA-SVC-035": either(
        as_is(Wish(kinds=("real-time", "batch"), custom=True, places=PUBLIC), subjects=CREATE),
        as_is(
            Wish(kinds=("edge",), custom=True, places=PUBLIC),
            subjects=CREATE,
            readings={"custom-pool": "always"},
        ),
    ),
    "MA-SVC-036": put(parts.custom_specs(), _PLAIN, at="/config/*/custom_spec"),
    "MA-SVC-037": put(st.sampled_from((0, 0.0, -0.01)) | words.sizes(-64, 0)),
    "MA-SVC-038": put(outside(low=1)),
    "MA-SVC-039": put(st.just(-0.01) | words.sizes(-8, -0.01)),
    "MA-SVC-040": put(outside(low=0)),
    "MA-SVC-041": _two_accelerators,
    "MA-SVC-042": put(thirds(1)),
    "MA-SVC-043": _gpu_thirds,
    "MA-SVC-044": either(
        put(outside(180, 7200)),
        put(outside(3, 120), readings={"deploy-timeout": "minutes"}),
    ),
    "MA-SVC-045": put(_bad_variables()),
    "MA-SVC-046": put(_secrets()),
    "MA-SVC-047": _wrong_pair,
    "MA-SVC-048": either(_odd(5, {}), _odd(127, {"instance-count": "128"})),
    "MA-SVC-049": _no_nodes,
    "MA-SVC-050": _idle,
    "MA-SVC-051": put(
        st.just(CORRECTED),
        Wish(kinds=("real-time",), custom=False, places=PUBLIC),
        at="/config/*/specification",
        subjects=CREATE,
    ),
}
