"""Judging files without a server: which kind of document it is, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.catalogues import PROVIDERS, catalogue
from simulator.errors import InvalidRequest, Violation
from simulator.rules.catalogue import Catalogue
from simulator.strict_json import parse, parse_object

_OF_EAS = frozenset({"metadata", "processor", "processor_path", "model_path", "containers"})
_OF_MODELARTS = frozenset({"infer_type", "service_name", "config"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one document.

    Attributes:
        provider, subject: what it was taken for; empty when it could not be read as JSON.
        title: the same in words, such as `deploy request`.
    """

    provider: str = ""
    subject: str = ""
    title: str = ""
    violations: list[Violation] = field(default_factory=list)
    warnings: list[Violation] = field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        return not self.violations


@dataclass(frozen=True)
class Checker:
    """How documents are judged.

    Attributes:
        provider: `modelarts` or `eas`; empty to tell them apart.
        subject: kind of the documents; empty to tell them apart.
        readings: those that are chosen, by name.
        strict: fields that no document names are violations.
    """

    provider: str = ""
    subject: str = ""
    readings: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False

    def check(self, body: bytes, name: str = "") -> Checked:
        """Everything that is wrong with a document.

        Args:
            name: the file's name; one that ends in `.manifest` is read line by line.

        Raises:
            UnknownReading: a chosen reading is none of the provider's.
        """
        try:
            if self.subject == "manifest" or (not self.subject and name.endswith(".manifest")):
                provider, subject, document = "modelarts", "manifest", _manifest(body, name)
            else:
                document = parse_object(body)
                provider = self.provider or told_provider(document)
                subject = self.subject or told_subject(provider, document)
        except InvalidRequest as error:
            return Checked(self.provider, self.subject, violations=error.violations)
        rules = catalogue(provider)
        chosen = self._chosen(rules)
        if provider == "eas":
            from simulator.eas.service_json import judged  # noqa: PLC0415

            report = judged(document, chosen, strict=self.strict)  # keys may be dotted there
        else:
            report = rules.judge(subject, document, rules.read(chosen), strict=self.strict)
        title = rules.subject(subject).title
        return Checked(provider, subject, title, report.violations, report.warnings)

    def _chosen(self, rules: Catalogue) -> Mapping[str, str]:
        """The chosen readings; those of other providers are left out where both are told apart."""
        if self.provider or not self.readings:
            return self.readings
        known = {reading.name for reading in rules.readings}
        anywhere = {reading.name for name in PROVIDERS for reading in catalogue(name).readings}
        return {
            name: option
            for name, option in self.readings.items()
            if name in known or name not in anywhere
        }


def told_provider(document: Mapping[str, Any]) -> str:
    """The provider that a document is meant for."""
    first_words = {key.split(".")[0] for key in document}
    is_eas = not _OF_EAS.isdisjoint(first_words) and _OF_MODELARTS.isdisjoint(document)
    return "eas" if is_eas else "modelarts"


def told_subject(provider: str, document: Mapping[str, Any]) -> str:
    """The kind of document. What could be several is a deploy request."""
    if provider == "eas":
        return "eas-service"
    if "infer_type" in document or "service_name" in document:
        return "create-service"
    if "model_name" in document or "model_version" in document:
        return "create-model"
    if "model_type" in document or "model_algorithm" in document:
        return "config-json"
    if "status" in document:
        return "update-service"
    return "create-service"


def _manifest(body: bytes, name: str) -> dict[str, Any]:
    """A manifest as the document that rules are about: its name and its lines; what is wrong with a
    line's JSON is told of all lines at once."""
    lines: list[Any] = []
    found: list[Violation] = []
    for number, line in enumerate(body.rstrip(b"\r\n").split(b"\n"), start=1):
        try:
            lines.append(parse(line))
        except InvalidRequest as error:
            found += [_in_line(number, violation) for violation in error.violations]
    if found:
        raise InvalidRequest(found)
    return {"name": name, "lines": lines}


def _in_line(number: int, violation: Violation) -> Violation:
    place = f"/lines/{number - 1}{violation.path}"
    return Violation(violation.rule, place, f"line {number}: {violation.message}", violation.source)
