"""What a run of the suite is to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

EXAMPLES = 20
TIME_S = 60.0


@dataclass(frozen=True)
class Saved:
    """A case that failed once, as a replay file keeps it.

    Attributes:
        rule: id of the rule or the check.
    """

    rule: str
    subject: str
    document: dict[str, Any]


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    round: int
    rounds: int
    rule: str
    requests: int
    failed: int


def _nobody(progress: Progress) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Options:
    """A run.

    Attributes:
        seed: decides what is drawn.
        examples: requests for each rule, at most.
        time_s: after so many seconds nothing new is begun.
        create: valid services are created too, and deleted again.
        model: id of a published model that requests may name; without one, none that could be
            admitted is sent.
        readings: those that the endpoint takes, where it is not the default.
        rules: only these rules and checks; empty for all.
        replay: cases that are sent first.
        fail_fast: the first finding ends the run.
        progress: told how far the run is.
    """

    seed: int
    examples: int = EXAMPLES
    time_s: float = TIME_S
    create: bool = False
    model: str = ""
    readings: Mapping[str, str] = field(default_factory=dict)
    rules: frozenset[str] = frozenset()
    replay: tuple[Saved, ...] = ()
    fail_fast: bool = False
    progress: Callable[[Progress], None] = _nobody
