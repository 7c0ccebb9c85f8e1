"""Ways to write a number into a sound document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulator.bench.boundaries import Limit, Write

NOTHING: Mapping[str, Any] = {}


def number_at(place: str) -> Write:
    """The number itself."""
    return lambda number: {place: number}


def text_at(place: str, letter: str = "a") -> Write:
    """A text of so many characters."""
    return lambda number: {place: letter * number}


def count_of(place: str, items: Callable[[int], list[Any]]) -> Write:
    """An array of so many items."""
    return lambda number: {place: items(number)}


def both(
    rule: str,
    place: str,
    unit: str,
    *,
    bases: tuple[str, str],
    fixed: Mapping[str, Any] = NOTHING,
    **more: Any,
) -> Iterator[Limit]:
    """A limit of a number in deploy requests and in updates alike.

    Args:
        bases: a sound deploy request and a sound update.
        fixed: what else stands in the document.
    """
    for subject, base in zip(("create-service", "update-service"), bases, strict=True):
        yield Limit(
            rule=rule,
            subject=subject,
            base=base,
            unit=unit,
            write=lambda number: {**fixed, place: number},
            **more,
        )


def text_or_number(rule: str, place: str, unit: str, low: int, high: int) -> Iterator[Limit]:
    """A limit of a number in config.json, which may be written as a string."""
    for write in (number_at(place), lambda number: {place: str(number)}):
        yield Limit(
            rule=rule,
            subject="config-json",
            base="config-json-image",
            unit=unit,
            low=low,
            high=high,
            write=write,
        )
