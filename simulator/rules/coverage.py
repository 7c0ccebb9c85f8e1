"""Which statement of which document which rule holds: so that none is forgotten unseen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statement:
    """What a document states, in our own words.

    Attributes:
        document: title of the page, as the sources of rules have it.
        place: table, section or row of it.
        rules: ids of the rules that hold it.
        why: why there is no rule, or what the rules leave out; empty when they hold all of it.
    """

    document: str
    place: str
    statement: str
    rules: tuple[str, ...]
    why: str = ""


def says(document: str) -> Callable[..., Statement]:
    """Makes statements of one document: `say(place, statement, *rule_ids, why="")`."""

    def say(place: str, statement: str, *rules: str, why: str = "") -> Statement:
        return Statement(document, place, statement, rules, why)

    return say
