"""What rules must say of some thousand documents: claimed by those who made the documents, never
read off the rules' own verdict."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.bench.cases import Case
from simulator.catalogues import catalogue
from simulator.rules.catalogue import Catalogue
from simulator.rules.rule import Level, Severity

_EARLY = (Level.REQUEST, Level.RUNTIME)


@dataclass(frozen=True)
class Claim:
    """A document, and the ids of the rules that refuse it and of those that warn of it; None where
    that is not claimed."""

    case: Case
    refused: frozenset[str]
    warned: frozenset[str] | None

    def holds(self, rules: Catalogue) -> bool:
        report = self.case.judge(rules)
        is_warned = self.warned is None or _ids(report.warnings) == self.warned
        return is_warned and _ids(report.violations) == self.refused


def _ids(told: Iterable[Any]) -> frozenset[str]:
    return frozenset(one.rule for one in told)


def claims_of(provider: str, per_rule: int) -> list[Claim]:
    """The claims about a provider's rules.

    Args:
        per_rule: generated cases for each rule.
    """
    rules = catalogue(provider)
    found = [*_examples(rules), *_sound(rules)]
    if per_rule:
        found += [*_breaking(rules, per_rule), *_generated(rules, provider, per_rule)]
    wrong = [claim for claim in found if not claim.holds(rules)]
    if wrong:
        print(f"{provider}: {len(wrong)} of {len(found)} claims do not hold:", file=sys.stderr)
        for claim in wrong[:5]:
            print(
                f"  {claim.case.subject} {set(claim.refused or claim.warned or ())}",
                file=sys.stderr,
            )
    return [claim for claim in found if claim.holds(rules)]


def _claim(case: Case, rule: Any) -> Claim:
    only = frozenset({rule.id})
    if rule.severity is Severity.ERROR:
        return Claim(case, only, None)
    return Claim(case, frozenset(), only)


def _examples(rules: Catalogue) -> Iterator[Claim]:
    """Each rule's own example breaks it and no other."""
    for rule in rules.rules:
        if rule.example is None:
            continue
        subject = next(
            name for name in rule.subjects if rule.example.base in rules.subject(name).examples
        )
        facts = None if rule.level in _EARLY else rules.example_facts(rule)
        yield _claim(Case(subject, rules.example(rule), rule.example.readings, facts), rule)


def _sound(rules: Catalogue) -> Iterator[Claim]:
    """The documents' own examples break none."""
    for subject in rules.subjects:
        for name in subject.examples:
            for facts in (None, rules.facts):
                case = Case(subject.name, rules.documents[name], {}, facts)
                yield Claim(case, frozenset(), frozenset())


def _breaking(rules: Catalogue, per_rule: int) -> Iterator[Claim]:
    """Generated cases break the rule that they were made for, and no other; so do the values just
    outside of a limit, and those at it break none."""
    from simulator.bench.boundaries import boundaries
    from simulator.bench.breakers import breakers

    if rules.provider == "modelarts":
        for boundary in boundaries():
            rule = rules.by_id[boundary.limit.rule]
            if not boundary.accepted:
                yield _claim(boundary.case, rule)
            else:
                yield Claim(boundary.case, frozenset(), None)
    for rule_id, strategy in breakers(rules.provider).items():
        for case in drawn(strategy, per_rule):
            yield _claim(case, rules.by_id[rule_id])


def _generated(rules: Catalogue, provider: str, per_rule: int) -> Iterator[Claim]:
    """Generated sound documents break none."""
    from simulator.bench.strategies.subjects import SUBJECTS, documents

    for subject in rules.subjects:
        if subject.name not in SUBJECTS:
            continue
        for document in drawn(documents(subject.name), 20 * per_rule):
            yield Claim(Case(subject.name, document), frozenset(), frozenset())


def drawn(strategy: Any, count: int) -> list[Any]:
    """The same examples of a strategy each time."""
    from hypothesis import HealthCheck, Phase, given, seed, settings

    found: list[Any] = []

    @seed(0)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def write(file: Path, providers: list[str], per_rule: int) -> None:
    """Write the claims about some providers' rules for `running` to read."""
    file.write_bytes(pickle.dumps({name: claims_of(name, per_rule) for name in providers}))
