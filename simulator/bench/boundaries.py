"""Numeric limits and the deliberate values on both sides of each: made of data, not drawn.

A limit is a range of numbers with a way to write one of them into a sound document. Of each limit
come the values at its ends, one step inside, and one step outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from typing import Any

from simulator.bench.cases import Case
from simulator.rules.catalogue import Catalogue, changed

Write = Callable[[Any], Mapping[str, Any]]
"""A number to the changes of the sound document, as JSON pointer to value."""

_MODULES = {"modelarts": ("simulator.bench.limits.modelarts", "LIMITS", "CATALOGUE")}


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One numeric limit in one kind of document.

    Attributes:
        rule: the rule that is broken outside.
        subject, base: kind and name of the sound document.
        unit: what is counted: `characters`, `seconds`, `bytes`.
        low, high: least and greatest number that is accepted; None where there is no such end.
        step: the distance to the nearest other number that is tried.
        write: puts a number into the document.
        readings: those that are chosen.
        world: a number to what exists, by names of the facts; None where the document alone counts.
        also_accepted, also_refused: numbers that the ends do not give.
    """

    rule: str
    subject: str
    base: str
    unit: str
    low: float | None = None
    high: float | None = None
    step: float = 1
    write: Write = lambda number: {}
    readings: Mapping[str, str] = field(default_factory=dict)
    world: Callable[[Any], Mapping[str, Any]] | None = None
    also_accepted: tuple[float, ...] = ()
    also_refused: tuple[float, ...] = ()

    def numbers(self) -> Iterator[tuple[float, bool]]:
        """Each number that is tried, and whether it is accepted."""
        low, high = self.low, self.high
        ends = [(low, 1), (high, -1)]
        inside = {
            _near(end, n * way * self.step) for end, way in ends if end is not None for n in (0, 1)
        }
        outside = {_near(end, -way * self.step) for end, way in ends if end is not None}
        within = {n for n in inside if (low is None or n >= low) and (high is None or n <= high)}
        for number in sorted(within | set(self.also_accepted)):
            yield number, True
        for number in sorted(outside | set(self.also_refused)):
            yield number, False


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """A value at a limit.

    Attributes:
        accepted: whether it is; if not, its rule is broken and no other. For a rule that only
            warns: whether nothing is told.
    """

    limit: Limit
    number: float
    accepted: bool
    case: Case

    @property
    def title(self) -> str:
        """Such as `MA-SVC-002 create-service: 65 characters`."""
        limit = self.limit
        chosen = "".join(f" {name}={option}" for name, option in limit.readings.items())
        return f"{limit.rule} {limit.subject}{chosen}: {self.number} {limit.unit}"


def boundaries(provider: str = "modelarts") -> Sequence[Boundary]:
    """All deliberate values of a provider's limits.

    Args:
        provider: only `modelarts` so far.
    """
    return _boundaries(provider)


def refused(rule_id: str, provider: str = "modelarts") -> tuple[Case, ...]:
    """The cases just outside the limits of a rule; none for a rule without numeric limits."""
    return _refused(provider).get(rule_id, ())


@cache
def _boundaries(provider: str) -> Sequence[Boundary]:
    module, limits, catalogue = _MODULES[provider]
    found = import_module(module)
    return tuple(
        Boundary(limit=limit, number=number, accepted=accepted, case=_case(limit, number, known))
        for known in (getattr(found, catalogue),)
        for limit in getattr(found, limits)
        for number, accepted in limit.numbers()
    )


@cache
def _refused(provider: str) -> Mapping[str, tuple[Case, ...]]:
    cases: dict[str, tuple[Case, ...]] = {}
    for boundary in _boundaries(provider):
        if not boundary.accepted:
            rule = boundary.limit.rule
            cases[rule] = (*cases.get(rule, ()), boundary.case)
    return cases


def _near(end: float, distance: float) -> float:
    """A number beside another, without the dust of binary fractions."""
    near = end + distance
    return near if isinstance(near, int) else round(near, 6)


def _case(limit: Limit, number: float, catalogue: Catalogue) -> Case:
    document = changed(catalogue.documents[limit.base], limit.write(number))
    facts = None
    if limit.world is not None:
        facts = replace(catalogue.facts, **limit.world(number))
    return Case(limit.subject, document, limit.readings, facts)
