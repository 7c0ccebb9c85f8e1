"""All rules of one provider: found by id, asked by subject."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from simulator.errors import Violation
from simulator.rules.judge import Judge, Report
from simulator.rules.rule import REMOVED, Example, Level, Reading, Removed, Rule, shape_check
from simulator.rules.shape import Field, Kind, Shape, fields_of

_EARLY = frozenset({Level.REQUEST, Level.RUNTIME})
"""Levels at which the document alone counts."""


class UnknownReading(ValueError):
    """There is no such reading, or it has no such option."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of document.

    Attributes:
        name: such as `create-service`.
        title: as people call it: `deploy request`.
        examples: names of sound documents of this kind, the fullest last.
    """

    name: str
    title: str
    shape: type[Shape]
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """A provider's rules.

    Attributes:
        provider: `modelarts` or `eas`.
        written: the rules in documented order, without those that follow from the shapes.
        readings: what the documents answer in more than one way.
        unknown: the rule on fields that no document names.
        documents: sound documents by name.
        facts: what is true of the world of the sound documents, for admission and updates.
    """

    provider: str
    subjects: tuple[Subject, ...]
    written: tuple[Rule, ...]
    readings: tuple[Reading, ...]
    unknown: Rule
    documents: Mapping[str, dict[str, Any]]
    facts: Any = None

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule: types and mandatory fields first, then what is written."""
        return (*_shape_rules(self), *self.written, self.unknown)

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def defaults(self) -> dict[str, str]:
        """Every reading's default."""
        return {reading.name: reading.default for reading in self.readings}

    def subject(self, name: str) -> Subject:
        return next(subject for subject in self.subjects if subject.name == name)

    def read(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """All readings, with some of them chosen.

        Raises:
            UnknownReading: says which readings and options there are.
        """
        known = {reading.name: reading for reading in self.readings}
        for name, option in chosen.items():
            if name not in known:
                raise UnknownReading(
                    f"there is no reading {name}; there are {', '.join(sorted(known))}"
                )
            if option not in known[name].options:
                options = ", ".join(known[name].options)
                raise UnknownReading(f"the reading {name} is one of {options}; got {option}")
        return {**self.defaults, **chosen}

    def judge(
        self,
        subject: str,
        document: dict[str, Any],
        readings: Mapping[str, str] | None = None,
        facts: Any = None,
        *,
        strict: bool = False,
    ) -> Report:
        """What is wrong with a document, as far as the document alone tells.

        Args:
            facts: of the thing that an update changes, where it is known: its kind, its pool.
        """
        judge = self._judge_of(subject, early=True)
        return judge.judge(document, readings or self.defaults, facts, strict=strict)

    def admit(
        self,
        subject: str,
        document: dict[str, Any],
        facts: Any,
        readings: Mapping[str, str] | None = None,
    ) -> Report:
        """What is wrong with a sound document, given what exists."""
        judge = self._judge_of(subject, early=False)
        return judge.judge(document, readings or self.defaults, facts)

    @cached_property
    def _judges(self) -> dict[tuple[str, bool], Judge]:
        """The judges made so far: each is made when a document of its kind first comes."""
        return {}

    def _judge_of(self, subject: str, *, early: bool) -> Judge:
        known = self._judges.get((subject, early))
        if known is None:
            asked = [
                rule
                for rule in self.rules
                if subject in rule.subjects and (rule.level in _EARLY) == early
            ]
            shape = self.subject(subject).shape
            known = Judge(shape, asked, self.unknown, shaped=not early)
            self._judges[subject, early] = known
        return known

    def without(self, *rule_ids: str) -> Catalogue:
        """A catalogue in which some written rules are switched off, for tests of testers."""
        return replace(self, written=tuple(r for r in self.written if r.id not in rule_ids))

    def example_facts(self, rule: Rule) -> Any:
        """What exists in the world of a rule's example."""
        assert rule.example is not None
        merged = {
            name: {**getattr(self.facts, name), **value} if name in ("models", "pools") else value
            for name, value in rule.example.facts.items()
        }
        return replace(self.facts, **merged)

    def broken_by_example(self, rule: Rule) -> list[Violation]:
        """What is found in a rule's example: its violations, or its warnings."""
        assert rule.example is not None
        document = self.example(rule)
        readings = self.read(rule.example.readings)
        subject = next(
            name for name in rule.subjects if rule.example.base in self.subject(name).examples
        )
        if rule.level in _EARLY:
            report = self.judge(subject, document, readings)
        else:
            report = self.admit(subject, document, self.example_facts(rule), readings)
        return report.violations or report.warnings

    def example(self, rule: Rule) -> dict[str, Any]:
        """The document of a rule's example."""
        assert rule.example is not None
        return changed(self.documents[rule.example.base], rule.example.changes)


def changed(document: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a document with the values at some JSON pointers replaced, added or taken away."""
    result = copy.deepcopy(document)
    for place, value in changes.items():
        *path, last = [part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:]]
        holder: Any = result
        for part in path:
            holder = holder[int(part)] if isinstance(holder, list) else holder.setdefault(part, {})
        key: Any = int(last) if isinstance(holder, list) else last
        if isinstance(value, Removed):
            del holder[key]
        elif isinstance(holder, list) and key == len(holder):
            holder.append(copy.deepcopy(value))
        else:
            holder[key] = copy.deepcopy(value)
    return result


def _shape_rules(catalogue: Catalogue) -> Iterator[Rule]:
    """One rule for each field's type and one for each mandatory field, with the places where the
    field stands and an example for each."""
    found: dict[str, tuple[Rule, list[str], Field]] = {}
    for subject in catalogue.subjects:
        for pattern, field_ in _places(subject.shape, ""):
            for rule in (field_.must_rule, field_.type_rule):
                if rule is None or (rule is field_.type_rule and field_.kind.name == "any"):
                    continue
                known = found.setdefault(rule.id, (replace(rule, at=pattern), [], field_))
                if subject.name not in known[1]:
                    known[1].append(subject.name)
    for rule, names, field_ in found.values():
        example = _shape_example(catalogue, rule, names, field_)
        yield replace(rule, subjects=tuple(names), example=example)


def _places(shape: type[Shape], prefix: str) -> Iterator[tuple[str, Field]]:
    """Every field at every depth, with its pattern."""
    for name, field_ in fields_of(shape).items():
        place = f"{prefix}/{name.replace('~', '~0').replace('/', '~1')}"
        yield place, field_
        kind: Kind | None = field_.kind
        while kind is not None:
            if kind.shape is not None:
                yield from _places(kind.shape, place)
            kind, place = kind.item, f"{place}/*"


_OTHER_TYPE = {
    "text": 5,
    "integer": "five",
    "number": "much",
    "boolean": "yes",
    "array": "no array",
    "map": "no object",
    "object": "no object",
    "json": "no object",
}


def _shape_example(
    catalogue: Catalogue, rule: Rule, subjects: Iterable[str], field_: Field
) -> Example | None:
    is_type = rule.id == field_.type_rule.id
    for name in subjects:
        for base in catalogue.subject(name).examples:
            place = _first_place(catalogue.documents[base], rule.at)
            if place is not None:
                value = _OTHER_TYPE[field_.kind.name] if is_type else REMOVED
                return Example(base, {place: value})
    return None


def _first_place(document: Any, pattern: str) -> str | None:
    """The first place in a document that a pattern names; None when it has none."""
    if not pattern:
        return ""
    part, slash, rest = pattern[1:].partition("/")
    keys: Iterable[Any] = (part,)
    if part == "*":
        keys = range(len(document)) if isinstance(document, list) else document
    for key in keys:
        try:
            below = document[key]
        except (KeyError, IndexError, TypeError):
            continue
        place = _first_place(below, slash + rest)
        if place is not None:
            return f"/{key}{place}"
    return None


def is_about_shape(rule: Rule) -> bool:
    """Whether a rule follows from a shape: a type or a mandatory field."""
    return rule.check is shape_check
