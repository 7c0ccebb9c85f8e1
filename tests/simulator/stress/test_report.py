"""The JSON report: comes back as it was written, and every field of it is documented."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.stress.figures import Failed, Interval, VersionFigures
from simulator.stress.report import (
    SCHEMA,
    Report,
    Sent,
    UnreadableReport,
    from_json,
    judged,
    to_json,
)
from simulator.stress.target import Body, Target
from simulator.stress.thresholds import parse
from tests.simulator.stress.builders import a_latency, a_report, some_figures

DOCUMENT = Path(__file__).parents[3] / "docs" / "stress.md"


@settings(deadline=None)
@given(st.text(), st.floats(0, 1), st.lists(st.floats(1, 1000), min_size=1, max_size=5))
def test_a_report_comes_back_as_it_was_written(
    name: str, share: float, latencies: list[float]
) -> None:
    figures = some_figures(
        failed=(Failed("refused", "429", 3, name),),
        versions=(VersionFigures(name, 3, 1, share, None, a_latency(*latencies)),),
        intervals=(Interval(0.0, 1, 0), Interval(0.1, 1, 0, 1.0, 2.0, 3.0, 4.0)),
    )
    report = judged(a_report(service=name, figures=figures), (parse("p99>1ms"), parse("rate<1")))
    assert from_json(to_json(report)) == report


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the document"),
        ("[]", "the document"),
        ("{}", "service"),
        (json.dumps({"service": 1}), "service"),
    ],
)
def test_what_is_no_report_is_refused_and_says_where(text: str, said: str) -> None:
    with pytest.raises(UnreadableReport, match=said):
        from_json(text)


def test_a_report_of_another_schema_is_refused() -> None:
    with pytest.raises(UnreadableReport, match="drydock-stress/99, and this reads"):
        from_json(to_json(replace(a_report(), schema="drydock-stress/99")))


def test_a_report_of_an_impossible_load_is_refused() -> None:
    document = json.loads(to_json(a_report()))
    document["load"]["rate_per_s"] = -5
    with pytest.raises(UnreadableReport, match="load"):
        from_json(json.dumps(document))


def test_what_is_sent_is_told_without_its_token() -> None:
    target = Target("http://localhost/x", "POST", {"X-Auth-Token": "secret"}, (Body(b"12345"),))
    sent = Sent.of(target, "row.json")
    assert (sent.bodies, sent.bytes, sent.source) == (1, 5, "row.json")
    assert "secret" not in to_json(a_report(sent=sent))


def test_thresholds_that_are_crossed_are_found() -> None:
    report = judged(a_report(), (parse("p99>1ms"), parse("p99>10s")))
    assert [one.text for one in report.crossed] == ["p99>1ms"]


def names_in(kind: Any) -> set[str]:
    """Every field's name in a dataclass and in those within."""
    if not is_dataclass(kind):
        return set().union(*(names_in(each) for each in get_args(kind)), set())
    hints = get_type_hints(kind)
    inner = [names_in(hints[field.name]) for field in fields(kind)]
    return {field.name for field in fields(kind)}.union(*inner)


def test_every_field_of_the_report_is_in_the_documentation() -> None:
    text = DOCUMENT.read_text()
    names = names_in(Report)
    assert {"figures", "histogram", "loop_lag_max_ms", "crossed"} <= names
    assert sorted(name for name in names if f"`{name}`" not in text) == []
    assert SCHEMA in text
