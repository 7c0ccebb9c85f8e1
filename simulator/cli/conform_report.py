"""What conform prints: a table for each group of rules, the findings, and a last line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tui.clean import clean, clean_line

if TYPE_CHECKING:
    from simulator.bench.conform.report import ConformReport, Counterexample, RuleResult
    from simulator.cli.output import Output

MOST_NAMED = 3
BODY_LINES = 40
"""Of a request or an answer, so many lines are shown; the files have all of it."""


def show(output: Output, report: ConformReport) -> None:
    """Print the report."""
    if output.as_json:
        output.document(report.document())
        return
    for name, results in report.groups():
        output.line(name, "bold")
        output.table(["RULE", "RESULT", ">SENT", "~"], list(_rows(output, results)))
        output.line()
    for one in report.failed:
        _finding(output, one)
    if report.mended:
        output.line(f"mended: {', '.join(one.id for one in report.mended)}", "green")
    if report.kept:
        output.line(f"{len(report.kept)} cases of the replay file could not be sent", "yellow")
    if report.stopped:
        output.line(f"stopped early: {clean_line(report.stopped)}", "yellow")
    output.line(_totals(report), "bold red" if report.failed else "bold")


def _rows(output: Output, results: list[RuleResult]) -> Iterator[list[object]]:
    """One for each rule; many that are not shown for the same reason share one."""
    right, wrong = output.marks
    for one in results:
        if one.result != "not shown":
            mark = f"{right} passed" if one.result == "passed" else f"{wrong} FAILED"
            told = f"{one.statement} ({one.note})" if one.note else one.statement
            yield [one.id, mark, one.sent, told]
    reasons: dict[str, list[str]] = {}
    for one in results:
        if one.result == "not shown":
            reasons.setdefault(one.note, []).append(one.id)
    for reason, ids in reasons.items():
        names = ids if len(ids) <= MOST_NAMED else [f"{len(ids)} rules"]
        for name in names:
            yield [name, "not shown", "-", reason]


def _finding(output: Output, one: RuleResult) -> None:
    """One rule that is not kept: the request, the answer, what was expected."""
    found = one.counterexample
    assert found is not None
    output.line(f"{one.id}: {one.statement}", "bold red")
    output.line(f"  {one.source}", "dim")
    for complaint in found.complaints:
        output.line(f"  {clean_line(complaint)}", "red")
    output.line(f"  expected  {clean_line(found.expected)}")
    output.line(f"  answered  {clean_line(found.answered)}")
    _body(output, f"{found.method} {found.url}", _request(found))
    if found.answer is not None:
        _body(output, "the answer", _pretty(found.answer.text))
    output.line(f"  {clean_line(found.curl)}", "dim")
    output.line()


def _body(output: Output, title: str, text: str) -> None:
    output.line(f"  {clean_line(title)}")
    rows = clean(text).split("\n")
    for row in rows[:BODY_LINES]:
        output.line(f"    {row}")
    if len(rows) > BODY_LINES:
        output.line(f"    ... and {len(rows) - BODY_LINES} more lines", "dim")


def _request(found: Counterexample) -> str:
    if isinstance(found.request, str):
        return found.request
    return "" if found.body is None else json.dumps(found.request, indent=2, ensure_ascii=False)


def _pretty(text: str) -> str:
    """JSON laid out, anything else as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _totals(report: ConformReport) -> str:
    rate = report.requests / report.seconds if report.seconds else 0.0
    counts = f"{len(report.passed)} passed, {len(report.failed)} failed"
    return (
        f"{counts}, {len(report.not_shown)} not shown; {report.requests} requests in "
        f"{report.seconds:.1f} s ({rate:.0f}/s) at {clean_line(report.endpoint)}; "
        f"seed {report.seed}"
    )
