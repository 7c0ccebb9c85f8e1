"""Which version answered: the answers say so, or else the gateway's counters."""

from __future__ import annotations

from simulator.stress.figures import VersionFigures
from simulator.stress.report import Report
from simulator.stress.splitting import Counted, with_versions
from tests.simulator.stress.builders import a_latency, a_report, some_figures


def report_of(*versions: VersionFigures) -> Report:
    return a_report(figures=some_figures(versions=versions))


def split(report: Report) -> dict[str, tuple[int, float, float | None]]:
    return {one.name: (one.requests, one.share, one.wanted_share) for one in report.versions}


BEFORE = {"v1": Counted(100, 70), "v2": Counted(50, 30)}


def test_answers_that_name_their_version_are_believed() -> None:
    report = report_of(VersionFigures("v1", 72, 0, 0.72), VersionFigures("v2", 28, 0, 0.28))
    found = with_versions(report, BEFORE, {})
    assert found.versions_from == "answers"
    assert split(found) == {"v1": (72, 0.72, 0.7), "v2": (28, 0.28, 0.3)}


def test_refusals_of_the_gateway_are_no_version() -> None:
    report = report_of(VersionFigures("", 30, 30, 0.0), VersionFigures("v1", 70, 0, 1.0))
    found = with_versions(report, BEFORE, {})
    assert split(found) == {"v1": (70, 1.0, 0.7)}


def test_else_the_gateways_counters_say_it() -> None:
    report = report_of(VersionFigures("", 100, 0, 0.0))
    after = {"v1": Counted(160, 70), "v2": Counted(90, 30)}
    found = with_versions(report, BEFORE, after)
    assert found.versions_from == "gateway"
    assert split(found) == {"v1": (60, 0.6, 0.7), "v2": (40, 0.4, 0.3)}


def test_where_only_some_versions_name_themselves_the_counters_say_who_had_how_many() -> None:
    named = VersionFigures("v1", 60, 2, 1.0, None, a_latency(5.0))
    report = report_of(VersionFigures("", 40, 0, 0.0), named)
    found = with_versions(report, BEFORE, {"v1": Counted(160, 70), "v2": Counted(90, 30)})
    assert split(found) == {"v1": (60, 0.6, 0.7), "v2": (40, 0.4, 0.3)}
    assert [one.latency.count for one in found.versions] == [1, 0]


def test_a_counter_that_fell_began_anew() -> None:
    report = report_of(VersionFigures("", 100, 0, 0.0))
    found = with_versions(report, BEFORE, {"v1": Counted(30, 70), "v3": Counted(10, 30)})
    assert split(found) == {"v1": (30, 0.75, 0.7), "v3": (10, 0.25, 0.3)}


def test_nobody_may_know() -> None:
    found = with_versions(report_of(VersionFigures("", 100, 0, 0.0)), {}, {})
    assert (found.versions, found.versions_from) == ((), "")
