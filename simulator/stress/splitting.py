"""Which version answered, where the answers themselves do not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from simulator.stress.figures import VersionFigures
from simulator.stress.report import Report


@dataclass(frozen=True)
class Counted:
    """Requests of one version that the gateway has counted, from anybody.

    Attributes:
        weight: its share of the traffic by the service's configuration, percent.
    """

    requests: int
    weight: int


def with_versions(
    report: Report, before: Mapping[str, Counted], after: Mapping[str, Counted]
) -> Report:
    """The report with its versions, and with what their weights want.

    Where all good answers name their version, that is taken. Else it is the difference of the
    gateway's counters, if there are any.
    """
    found = report.figures.versions
    named = [_wanted(one, before) for one in found if one.name]
    nameless = sum(one.requests - one.errors for one in found if not one.name)
    if named and not nameless:
        return _put(report, tuple(named), "answers")
    counts = {name: _grown(before.get(name), one) for name, one in after.items()}
    total = sum(counts.values())
    if not total:
        return _put(report, tuple(named), "answers" if named else "")
    known = {one.name: one for one in named}
    versions = [
        _wanted(
            replace(
                known.get(name, VersionFigures(name, 0, 0, 0.0)),
                requests=count,
                share=count / total,
            ),
            after,
        )
        for name, count in sorted(counts.items())
    ]
    return _put(report, tuple(versions), "gateway")


def _grown(before: Counted | None, after: Counted) -> int:
    """A counter that fell began anew meanwhile."""
    counted = before.requests if before is not None else 0
    return after.requests - counted if after.requests >= counted else after.requests


def _wanted(version: VersionFigures, known: Mapping[str, Counted]) -> VersionFigures:
    found = known.get(version.name)
    return replace(version, wanted_share=found.weight / 100) if found else version


def _put(report: Report, versions: tuple[VersionFigures, ...], source: str) -> Report:
    return replace(report, figures=replace(report.figures, versions=versions), versions_from=source)
