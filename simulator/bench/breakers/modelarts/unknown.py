"""Breaker of the rule on fields that no document names."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.bench.breakers.recipes import Recipes, base, holders, json_values, some
from simulator.bench.breakers.shapes import patterns
from simulator.bench.cases import Case
from simulator.bench.strategies.wish import holder_of
from simulator.modelarts.rules import CATALOGUE
from simulator.rules.rule import Rule


@st.composite
def _unknown(draw: st.DrawFn, rule: Rule) -> Case:
    """A misspelt or invented field, at any depth."""
    subject = draw(st.sampled_from(rule.subjects))
    places: dict[str, list[str]] = {}
    for pattern, field in patterns(CATALOGUE.subject(subject).shape):
        places.setdefault(holder_of(pattern), []).append(field.name)
    above = draw(st.sampled_from(sorted(places)))
    known = places[above]
    near = sorted({f"{name}s" for name in known} | {name.upper() for name in known} - set(known))
    name = draw(st.sampled_from(near) | st.text(max_size=8).map("zz_{}".format))
    _, document = base(draw, rule, f"{above}/{name}", subjects=(subject,))
    for holder in some(draw, holders(document, f"{above}/x")):
        holder[name] = draw(json_values())
    return Case(subject, document)


RECIPES: Recipes = {"MA-UNKNOWN": _unknown}
