"""Holds a document against a shape and rules: everything that is wrong with it, at once.

Two passes over one document. The first (`reading.py`) checks types and mandatory fields and makes
the clean document: known fields of the right types, no nulls, numbers in strings as numbers. The
second asks the rules, each only about values that are there and have the right type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import Any

from simulator.errors import Violation
from simulator.rules.reading import MOST_TOLD, Found, Run, path_of, root_reader
from simulator.rules.rule import Path, Rule, Scope, Severity, shape_check
from simulator.rules.shape import Shape
from simulator.rules.text import MESSAGE_CHARS, cut, did_you_mean, place_words

_WARNING = Severity.WARNING
_ORDER = attrgetter("order")
MOST_SUGGESTED = 50
"""Fields that no document names for which a similar one is looked for: that is slow."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came out.

    Attributes:
        clean: the document as it was understood; complete only when nothing is violated.
        violations: why it is refused, in documented order; empty when it is accepted. At most
            `MOST_TOLD`, and as many unknown fields.
        warnings: what is accepted and yet should be told.
    """

    clean: dict[str, Any]
    violations: list[Violation]
    warnings: list[Violation]


class Judge:
    """A shape and rules, ready to be held against documents.

    Args:
        rules: those that are asked; their order is the documented one.
        unknown: the rule on fields that the shape does not have.
        shaped: types, mandatory and unknown fields were told before, and are not told again.

    Raises:
        ValueError: a rule is about a place that the shape does not have.
    """

    def __init__(
        self, shape: type[Shape], rules: Iterable[Rule], unknown: Rule, *, shaped: bool = False
    ) -> None:
        self._root = root_reader(shape, unknown, list(rules))
        self._unknown = unknown
        self._shaped = shaped

    def judge(
        self,
        document: dict[str, Any],
        readings: Mapping[str, str],
        facts: Any = None,
        *,
        strict: bool = False,
    ) -> Report:
        """Everything that is wrong with the document.

        Args:
            document: from JSON; is not changed.
            readings: every reading's chosen value.
            facts: what exists, for rules that ask.
            strict: unknown fields are violations, not warnings.
        """
        run = Run()
        root = self._root
        clean = root.read(document, None, run)
        if self._shaped:
            run.found.clear()
            run.unknown.clear()
        if root.asked:
            run.pending.append((root.asked, clean, None, None))
        found, warned = run.found, run.warned
        scope = Scope(clean, readings, facts)
        for asked, value, place, key in run.pending:
            for check, order, rule in asked:
                findings = check(value, scope)
                if findings:
                    path = path_of(place if key is None else (place, key))
                    if rule.reads and _is_unread(rule, path, run.misshapen):
                        continue
                    told = warned if rule.severity is _WARNING else found
                    for below, text in findings[: MOST_TOLD - len(told)]:
                        told.append(Found(order, rule, path + tuple(below), text))
        if not found and not warned and not run.unknown:
            return Report(clean, [], [])
        return self._report(clean, run, strict)

    def _report(self, clean: dict[str, Any], run: Run, strict: bool) -> Report:
        violations = _told(run.found, run.misshapen)
        warnings = _told(run.warned, run.misshapen)
        if run.unknown:
            told = violations if strict else warnings
            told += [_violation(one) for one in self._unknown_fields(run)]
        return Report(clean, violations, warnings)

    def _unknown_fields(self, run: Run) -> list[Found]:
        found = []
        for number, (reader, place, name) in enumerate(run.unknown[:MOST_TOLD]):
            hint = did_you_mean(name, reader.fields) if number < MOST_SUGGESTED else ""
            text = f"is no field that the documents name here{hint}"
            found.append(Found(0, self._unknown, (*path_of(place), name), text))
        return sorted(found, key=Found.key)


def _told(found: list[Found], misshapen: set[Path]) -> list[Violation]:
    """Findings in order, without those that follow from others."""
    if misshapen:
        spoilt = _spoilt_arrays(misshapen)
        found = [one for one in found if not _is_shadowed(one, misshapen, spoilt)]
    if len(found) > 1:
        found = sorted(found, key=_ORDER)
        if any(one.order == other.order for one, other in pairwise(found)):
            found.sort(key=Found.key)  # by place too, which costs more
    return [_violation(one) for one in found]


def _spoilt_arrays(misshapen: set[Path]) -> set[Path]:
    """Arrays with an item of another type: they are not read at all, and so seem to be absent."""
    return {path[:-1] for path in misshapen if isinstance(path[-1], int)}


def _is_shadowed(found: Found, misshapen: set[Path], spoilt: set[Path]) -> bool:
    """Whether the thing is absent or of another type, which is told instead of what follows."""
    if found.rule.check is shape_check:
        return False
    path = found.path
    return path in spoilt or any(path[:length] in misshapen for length in range(1, len(path) + 1))


def _is_unread(rule: Rule, path: Path, misshapen: set[Path]) -> bool:
    """Whether something that the check reads, or a part of it, is absent or of another type."""
    for name in rule.reads:
        place = (*path, *name.split("/"))
        for bad in misshapen:
            shared = min(len(place), len(bad))
            if place[:shared] == bad[:shared]:
                return True
    return False


def _violation(found: Found) -> Violation:
    rule = found.rule
    place, pointer = place_words(found.path)
    message = f"{place}: {cut(found.text, MESSAGE_CHARS)}"
    return Violation(rule.id, pointer, message, str(rule.source))
