"""Checks that many rules are made of. Each gives a rule's `check` and the JSON Schema keywords that
say the same: `Rule(..., **length(1, 64))`."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from simulator.rules.rule import FINE, Findings, Scope, here
from simulator.rules.text import did_you_mean, listed, shown

Parts = dict[str, Any]


def length(low: int, high: int) -> Parts:
    """A text of `low` to `high` characters."""
    allowed = f"has {low} to {high} characters" if low < high else f"has {low} characters"
    allowed = f"has at most {high} characters" if not low else allowed

    def check(value: str, scope: Scope) -> Findings:
        if low <= len(value) <= high:
            return FINE
        return here(f"{allowed}; got {len(value)}")

    schema = {"maxLength": high} | ({"minLength": low} if low else {})
    return {"check": check, "schema": schema}


def between(low: float, high: float | None = None, unit: str = "") -> Parts:
    """A number from `low` to `high`, both allowed; without an upper end when `high` is None."""
    words = f" {unit}" if unit else ""
    allowed = f"is at least {low:g}{words}" if high is None else f"is {low:g} to {high:g}{words}"

    def check(value: float, scope: Scope) -> Findings:
        if value >= low and (high is None or value <= high):
            return FINE
        return here(f"{allowed}; got {shown(value)}")

    schema = {"minimum": low} | ({} if high is None else {"maximum": high})
    return {"check": check, "schema": schema}


def above(low: float) -> Parts:
    """A number greater than `low`."""

    def check(value: float, scope: Scope) -> Findings:
        return FINE if value > low else here(f"is greater than {low:g}; got {shown(value)}")

    return {"check": check, "schema": {"exclusiveMinimum": low}}


def one_of(*known: str) -> Parts:
    """One of some words."""

    def check(value: str, scope: Scope) -> Findings:
        return FINE if value in known else here(not_among(value, known))

    return {"check": check, "schema": {"enum": list(known)}}


def not_among(value: str, known: Collection[str]) -> str:
    """What to say of a word that is none of those known."""
    return f"is {listed(known)}; got {shown(value)}{did_you_mean(value, known)}"


def spelt(pattern: str, words: str) -> Parts:
    """A text that a regular expression matches in full.

    Args:
        words: what the expression means, as the sentence `field: {words}; got ...`.
    """
    compiled = re.compile(pattern)

    def check(value: str, scope: Scope) -> Findings:
        return FINE if compiled.fullmatch(value) else here(f"{words}; got {shown(value)}")

    return {"check": check, "schema": {"pattern": f"^(?:{pattern})$"}}


def without(characters: str) -> Parts:
    """A text that has none of some characters."""
    forbidden = frozenset(characters)

    def check(value: str, scope: Scope) -> Findings:
        return FINE if forbidden.isdisjoint(value) else here(holds_forbidden(value, forbidden))

    return {"check": check, "schema": {"pattern": f"^[^{re.escape(characters)}]*$"}}


def holds_forbidden(value: str, forbidden: Collection[str]) -> str:
    """What to say of a text with characters that are not allowed."""
    found = sorted(set(value) & set(forbidden))
    return f"must not contain {' '.join(sorted(forbidden))}; got {' '.join(found)}"
