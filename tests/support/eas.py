"""Judging a changed service.json, for tests of the rules of EAS."""

from __future__ import annotations

from typing import Any

from simulator.eas.rules import CATALOGUE
from simulator.eas.rules.common import SERVICE
from simulator.rules.catalogue import changed
from simulator.rules.judge import Report


def judged(base: str, changes: dict[str, Any], **readings: str) -> Report:
    chosen = CATALOGUE.read({name.replace("_", "-"): option for name, option in readings.items()})
    return CATALOGUE.judge(SERVICE, changed(CATALOGUE.documents[base], changes), chosen)


def refused(base: str, changes: dict[str, Any], **readings: str) -> list[tuple[str, str]]:
    return [(one.rule, one.path) for one in judged(base, changes, **readings).violations]


def told(base: str, changes: dict[str, Any], **readings: str) -> list[str]:
    """Rules that refuse or warn."""
    report = judged(base, changes, **readings)
    return [one.rule for one in report.violations + report.warnings]
