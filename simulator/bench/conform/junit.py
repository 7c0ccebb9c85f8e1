"""The report as JUnit XML: one test case for each rule."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as xml

from simulator.bench.conform.report import ConformReport, Counterexample, Result, RuleResult

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: ConformReport) -> str:
    """The document. What XML cannot hold is replaced."""
    suite = xml.Element(
        "testsuite",
        name="drydock conform",
        tests=str(len(report.results)),
        failures=str(len(report.failed)),
        errors="0",
        skipped=str(len(report.not_shown)),
        time=f"{report.seconds:.3f}",
    )
    properties = xml.SubElement(suite, "properties")
    for name, value in (
        ("endpoint", report.endpoint),
        ("seed", report.seed),
        ("mode", "create" if report.created else "dry-run"),
        ("requests", report.requests),
        ("stopped", report.stopped),
    ):
        xml.SubElement(properties, "property", name=name, value=_clean(str(value)))
    for one in report.results:
        _case(suite, one)
    root = xml.Element("testsuites")
    root.append(suite)
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: xml.Element, one: RuleResult) -> None:
    case = xml.SubElement(
        suite,
        "testcase",
        classname=one.group,
        name=_clean(f"{one.id}: {one.statement}"),
        time=f"{one.seconds:.3f}",
    )
    if one.result is Result.NOT_SHOWN:
        xml.SubElement(case, "skipped", message=_clean(one.note))
    elif one.counterexample is not None:
        message = "; ".join(one.counterexample.complaints)
        failure = xml.SubElement(case, "failure", message=_clean(message), type=one.id)
        failure.text = _clean(_words(one, one.counterexample))


def _words(one: RuleResult, found: Counterexample) -> str:
    body = found.answer.text if found.answer is not None else ""
    request = json.dumps(found.request, indent=2, ensure_ascii=False)
    lines = [f"{one.id}: {one.statement} [{one.source}]", "", f"{found.method} {found.url}"]
    lines += [request, "", f"expected: {found.expected}", f"answered: {found.answered}", body, ""]
    return "\n".join([*lines, *found.complaints, "", found.curl])


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
