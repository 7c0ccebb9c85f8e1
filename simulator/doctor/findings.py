"""What the doctor says. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Drydock works; the user should know."""
    FAILURE = "failure"
    """Drydock, or a part of it, does not work."""
    UNKNOWN = "unknown"
    """It could not be looked at."""


@dataclass(frozen=True)
class Finding:
    """One check.

    Attributes:
        check: its name, lower-case words.
        text: what was found, a sentence without a full stop.
        fix: what to do about it; empty where there is nothing to do.
    """

    check: str
    verdict: Verdict
    text: str
    fix: str = ""


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing has failed."""
    return all(one.verdict is not Verdict.FAILURE for one in findings)
