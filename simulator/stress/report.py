"""The report of a load test: what was asked for, what came of it, and how far to believe it.

docs/stress.md describes the JSON document, field by field.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from simulator.stress.figures import Figures, VersionFigures
from simulator.stress.limits import generator_limits, remarks
from simulator.stress.load import Load
from simulator.stress.target import Target
from simulator.stress.thresholds import Checked, Threshold, check

SCHEMA = "drydock-stress/1"


class UnreadableReport(ValueError):
    """Not the report of a load test; the text says why."""


@dataclass(frozen=True)
class Sent:
    """What all requests said.

    Attributes:
        url, method: what was called.
        source: where the bodies come from, in words: `100 files of digits`.
        bodies: how many different ones; `bytes`: of all of them together.
        digest: SHA-256 of method, path and bodies: equal for tests that sent the same.
    """

    url: str
    method: str
    source: str
    bodies: int
    bytes: int
    digest: str

    @classmethod
    def of(cls, target: Target, source: str) -> Sent:
        size = sum(len(body.content) for body in target.bodies)
        return cls(target.url, target.method, source, len(target.bodies), size, target.digest)


@dataclass(frozen=True)
class Machine:
    """Where the generator ran."""

    cpus: int
    system: str
    python: str


@dataclass(frozen=True)
class Report:
    """All of it.

    Attributes:
        service: its name; empty when an address was called.
        started_at: ISO 8601, UTC.
        stopped: it was ended early.
        versions_from: who told which version answered: `answers`, `gateway` (its counters, which
            count everybody's requests) or nothing.
        generator_limits: sentences that say where the generator was the limit; often none.
        remarks: sentences on what else is in the figures.
    """

    service: str
    started_at: str
    machine: Machine
    sent: Sent
    load: Load
    stopped: bool
    figures: Figures
    versions_from: str = ""
    generator_limits: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    thresholds: tuple[Checked, ...] = ()
    schema: str = SCHEMA

    @property
    def crossed(self) -> tuple[Checked, ...]:
        """The thresholds that the test fails by."""
        return tuple(one for one in self.thresholds if one.crossed)

    @property
    def versions(self) -> tuple[VersionFigures, ...]:
        return self.figures.versions


def judged(report: Report, thresholds: tuple[Threshold, ...]) -> Report:
    """The report with what follows from its figures."""
    return replace(
        report,
        generator_limits=generator_limits(report.load, report.figures),
        remarks=remarks(report.load, report.figures),
        thresholds=check(thresholds, report.figures),
    )


_REPORT = TypeAdapter(Report)


def to_json(report: Report) -> str:
    return _REPORT.dump_json(report, indent=2).decode()


def from_json(text: str | bytes) -> Report:
    """Read a report that `to_json` wrote.

    Raises:
        UnreadableReport: it is none, or of another version.
    """
    try:
        report = _REPORT.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise UnreadableReport(f"{where}: {first['msg']}") from error
    if report.schema != SCHEMA:
        raise UnreadableReport(f"its schema is {report.schema}, and this reads {SCHEMA}")
    return report
