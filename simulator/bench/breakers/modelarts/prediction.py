"""Breakers of the rules on predictions."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.bench.breakers.recipes import Recipes, base, either, outside, put
from simulator.bench.cases import Case
from simulator.facts import limits
from simulator.rules.rule import Rule


def _late(seconds: int) -> st.SearchStrategy[float]:
    return st.integers(seconds + 1, 10_000) | st.floats(seconds + 0.001, 10_000)


@st.composite
def _too_many(draw: st.DrawFn, rule: Rule) -> Case:
    subject, document = base(draw, rule, "/traffic_limit")
    limit = document.get("traffic_limit") or limits.TRAFFIC_LIMIT_PER_S
    document["calls_in_this_second"] = draw(outside(high=limit))
    return Case(subject, document)


RECIPES: Recipes = {
    "MA-RUN-001": put(outside(0, limits.REQUEST_BODY_MAX_BYTES)),
    "MA-RUN-002": either(put(_late(60)), put(_late(40), readings={"predict-timeout": "40"})),
    "MA-RUN-003": _too_many,
}
