"""How cases that break one rule of service.json are made: a sound document, varied where it does
not matter, with a few places changed."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from simulator.bench.cases import Case
from simulator.eas.rules import CATALOGUE
from simulator.eas.rules.common import SERVICE
from simulator.rules.catalogue import changed
from simulator.rules.rule import REMOVED

Cases = st.SearchStrategy[Case]
Values = st.SearchStrategy[Any]

MANY = 1_000_000
"""As far from a limit as drawn numbers go."""

NAME_LETTERS = string.ascii_lowercase + string.digits + "_"

IMAGES = ("image", "web-app", "async", "dedicated", "gpu-slice", "autoscaled", "spot", "full")
CUSTOM = ("custom-processor", "java-processor", "full-processor")
BUILT_IN = ("built-in-processor", "batching", "triton", "older-form")
PROCESSORS = (*CUSTOM, *BUILT_IN)
ALL = (*IMAGES, *PROCESSORS)
PUBLIC = ("image", "web-app", "async", "autoscaled", "spot", *PROCESSORS)
"""Documents of services in the public resource group."""

ABSENT = st.sampled_from((REMOVED, "", None))
"""A text that is not there, in each of three ways."""


def breaking(
    bases: tuple[str, ...],
    changes: Mapping[str, Any],
    *,
    readings: Mapping[str, str] | None = None,
    facts: Any = None,
) -> Cases:
    """Cases made of a sound document.

    Args:
        bases: names of the sound documents of which one is drawn.
        changes: JSON pointer to the value that is put there, or to a strategy for it.
    """

    @st.composite
    def make(draw: st.DrawFn) -> Case:
        document = _varied(draw, draw(st.sampled_from(bases)), changes)
        drawn = {
            place: draw(value) if isinstance(value, st.SearchStrategy) else value
            for place, value in changes.items()
        }
        return Case(SERVICE, changed(document, drawn), readings or {}, facts)

    return make()


def sound(*bases: str) -> st.SearchStrategy[dict[str, Any]]:
    """Sound documents, varied where it does not matter."""

    @st.composite
    def make(draw: st.DrawFn) -> dict[str, Any]:
        return _varied(draw, draw(st.sampled_from(bases)), {})

    return make()


def _varied(draw: st.DrawFn, base: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """A sound document with other values where no rule minds."""
    document = CATALOGUE.documents[base]
    varied: dict[str, Any] = {"/labels": draw(st.dictionaries(words(), words(), max_size=2))}
    varied["/metadata/instance"] = draw(st.integers(1, 10))
    place = "/metadata/name" if "name" in document["metadata"] else "/name"
    varied[place] = draw(names())
    return changed(document, {at: value for at, value in varied.items() if at not in changes})


def names(least: int = 3, most: int = 63) -> st.SearchStrategy[str]:
    """Names of services."""
    return st.text(NAME_LETTERS, min_size=least, max_size=most)


def words(least: int = 1) -> st.SearchStrategy[str]:
    """Short words of lower-case letters."""
    return st.text(string.ascii_lowercase, min_size=least, max_size=8)


def none_of(*known: str, empty: bool = True) -> st.SearchStrategy[str]:
    """Texts that are not among some words, near misses of these too.

    Args:
        empty: the empty text is one of them.
    """
    near = [text for word in known for text in (f"{word}x", word.upper(), f" {word}", word[:-1])]
    texts = {*near, "other", "*"} - set(known) - {""}
    return st.sampled_from(sorted(texts | ({""} if empty and "" not in known else set())))


def below(limit: int) -> st.SearchStrategy[int]:
    """Whole numbers below a limit, the first one often."""
    return st.just(limit - 1) | st.integers(limit - MANY, limit - 1)


def above(limit: int) -> st.SearchStrategy[int]:
    """Whole numbers above a limit, the first one often."""
    return st.just(limit + 1) | st.integers(limit + 1, limit + MANY)


def not_positive() -> st.SearchStrategy[float]:
    """Numbers that are not above 0."""
    return st.sampled_from((0, 0.0, -0.001)) | st.integers(-MANY, 0) | st.floats(-MANY, 0)


def other_ports() -> st.SearchStrategy[int]:
    """Numbers that are no ports."""
    return below(1) | above(65535)


def objects() -> st.SearchStrategy[dict[str, Any]]:
    """Small JSON objects."""
    return st.dictionaries(words(), st.integers() | words(), max_size=2)
