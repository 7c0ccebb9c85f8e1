"""check: hold files against the documents' rules, without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.failures import ExitCode, Failure, UsageFailure
from simulator.cli.reading import read_bytes
from simulator.cli.session import JsonOption, Session
from tui.clean import clean_line

if TYPE_CHECKING:
    from simulator.cli.output import Output
    from simulator.errors import Violation
    from simulator.offline import Checked, Checker


def check(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Requests, config.json, manifests; - is stdin."),
    ],
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Each line of a file is a document of its own.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse fields that no document names.")
    ] = False,
    provider: Annotated[
        str, typer.Option("--provider", metavar="modelarts|eas", help="Default: told apart.")
    ] = "",
    subject: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="KIND",
            help="Kind of the documents, such as update-service; default: told apart.",
        ),
    ] = "",
    readings: Annotated[
        list[str] | None,
        typer.Option(
            "--reading",
            metavar="NAME=OPTION",
            help="Choose a reading where documents disagree (`drydock rules --readings`).",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether the cloud would accept these files, and why not.

    Needs no server. Exit status: 0 all are valid, 1 some are not, 2 a file cannot be read.
    """
    output = Session(None, as_json).output
    checker = _checker(provider, subject, readings or [], strict)
    printer = _Printer(output, several=len(files) > 1)
    unreadable = 0
    for file in files:
        try:
            body = read_bytes(file)
        except UsageFailure as failure:
            unreadable += 1
            output.failure(failure)
            continue
        name = "stdin" if str(file) == "-" else file.name
        label = name if name == "stdin" else str(file)
        for place, document in _documents(body, label, jsonl or file.suffix == ".jsonl"):
            printer.show(place, _checked(checker, document, name))
    printer.finish(unreadable)
    if unreadable:
        raise typer.Exit(ExitCode.USAGE)
    if printer.invalid:
        raise typer.Exit(ExitCode.FAILED)


def _checker(provider: str, subject: str, readings: list[str], strict: bool) -> Checker:
    """The checker that the options ask for.

    Raises:
        UsageFailure: an option's value is none that there is.
    """
    from simulator.catalogues import PROVIDERS, catalogue  # noqa: PLC0415
    from simulator.offline import Checker  # noqa: PLC0415

    if provider and provider not in PROVIDERS:
        raise UsageFailure(f"there is no provider {provider}", hint=f"one of {_or(PROVIDERS)}")
    if not readings and not subject:  # only the rules of what is met are loaded
        return Checker(provider=provider, strict=strict)
    chosen = dict(_pair(text) for text in readings)
    asked = [catalogue(name) for name in ([provider] if provider else PROVIDERS)]
    if subject:
        known = {one.name: rules.provider for rules in asked for one in rules.subjects}
        if subject not in known:
            raise UsageFailure(f"there is no kind {subject}", hint=f"one of {_or(known)}")
        provider = known[subject]
        asked = [rules for rules in asked if rules.provider == provider]
    _check_readings(chosen, asked)
    return Checker(provider=provider, subject=subject, readings=chosen, strict=strict)


def _check_readings(chosen: dict[str, str], asked: list[Any]) -> None:
    options = {reading.name: reading.options for rules in asked for reading in rules.readings}
    for name, option in chosen.items():
        if name not in options:
            hint = f"one of {_or(sorted(options))}"
            raise UsageFailure(f"there is no reading {name}", hint=hint)
        if option not in options[name]:
            raise UsageFailure(
                f"the reading {name} cannot be {option}", hint=f"one of {_or(options[name])}"
            )


def _pair(text: str) -> tuple[str, str]:
    name, equals, option = text.partition("=")
    if not equals:
        raise UsageFailure(f"--reading {text}: write it as NAME=OPTION")
    return name, option


def _or(words: Any) -> str:
    return ", ".join(words)


def _documents(body: bytes, label: str, jsonl: bool) -> Iterator[tuple[str, bytes]]:
    """The documents of a file, each with what it is called."""
    if not jsonl:
        yield label, body
        return
    for number, line in enumerate(body.splitlines(), start=1):
        if line.strip():
            yield f"{label}:{number}", line


def _checked(checker: Checker, body: bytes, name: str) -> Checked:
    from simulator.rules.catalogue import UnknownReading  # noqa: PLC0415

    try:
        return checker.check(body, name)
    except UnknownReading as error:
        raise Failure(str(error)) from error


class _Printer:
    """Shows one result after the other, and counts."""

    def __init__(self, output: Output, *, several: bool) -> None:
        self._output = output
        self._several = several
        self.total = 0
        self.invalid = 0

    def show(self, label: str, checked: Checked) -> None:
        self.total += 1
        self.invalid += not checked.is_valid
        if self._output.as_json:
            self._document(label, checked)
        else:
            self._words(label, checked)

    def finish(self, unreadable: int) -> None:
        """A last line where there was more than one document."""
        if self._output.as_json or self.total + unreadable < 2:
            return
        parts = [f"{self.total - self.invalid} valid", f"{self.invalid} invalid"]
        if unreadable:
            parts.append(f"{unreadable} unreadable")
        self._output.line(", ".join(parts), "bold")

    def _document(self, label: str, checked: Checked) -> None:
        """One line of JSON; a file's name and warnings only where there are any to tell."""
        shown: dict[str, Any] = {"file": label} if self._several else {}
        shown |= {
            "valid": checked.is_valid,
            "violations": [vars(violation) for violation in checked.violations],
        }
        if checked.warnings:
            shown["warnings"] = [vars(warning) for warning in checked.warnings]
        print(json.dumps(shown))

    def _words(self, label: str, checked: Checked) -> None:
        right, wrong = self._output.marks
        what = f"{_article(checked.title)} " if checked.title else ""
        label = clean_line(label)
        if checked.is_valid:
            self._output.line(f"{right} {label}: {what}valid".replace("  ", " "), "green")
        else:
            count = len(checked.violations)
            rules = "1 violation" if count == 1 else f"{count} violations"
            self._output.line(f"{wrong} {label}: {what}with {rules}", "red")
        for violation in checked.violations:
            self._told(violation, "", "")
        for warning in checked.warnings:
            self._told(warning, "warning: ", "yellow")

    def _told(self, violation: Violation, lead: str, style: str) -> None:
        self._output.paragraph(clean_line(f"{lead}{violation.sentence}"), style)
        place = clean_line(violation.path) or "the whole body"
        source = f"[{violation.rule}, {clean_line(violation.source)}]"
        self._output.paragraph(f"at {place} {source}", "dim", indent=4)


def _article(title: str) -> str:
    return f"{'an' if title[0] in 'aeiou' else 'a'} {title},"
