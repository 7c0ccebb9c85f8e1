"""Catalogues with one mistake, and servers that follow them: for tests of what finds mistakes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from simulator.bench.drydock import Drydock
from simulator.bench.embedded import EmbeddedServer
from simulator.modelarts.ruling import Ruling
from simulator.rules.catalogue import Catalogue
from simulator.rules.judge import Report
from simulator.rules.rule import Check


@dataclass(frozen=True)
class Deaf(Catalogue):
    """A catalogue that overlooks some rules, also those that follow from the shapes."""

    deaf: frozenset[str] = frozenset()

    def judge(
        self,
        subject: str,
        document: dict[str, Any],
        readings: Mapping[str, str] | None = None,
        facts: Any = None,
        *,
        strict: bool = False,
    ) -> Report:
        return self._without(super().judge(subject, document, readings, facts, strict=strict))

    def admit(
        self,
        subject: str,
        document: dict[str, Any],
        facts: Any,
        readings: Mapping[str, str] | None = None,
    ) -> Report:
        return self._without(super().admit(subject, document, facts, readings))

    def _without(self, report: Report) -> Report:
        heard = [one for one in report.violations if one.rule not in self.deaf]
        return replace(report, violations=heard)


def deaf_to(catalogue: Catalogue, *rule_ids: str) -> Catalogue:
    """The catalogue with some rules switched off, written ones or such that follow from a shape."""
    assert set(rule_ids) <= catalogue.by_id.keys()
    same = {one.name: getattr(catalogue, one.name) for one in fields(Catalogue)}
    return Deaf(**same, deaf=frozenset(rule_ids))


def with_check(catalogue: Catalogue, rule_id: str, check: Check) -> Catalogue:
    """The catalogue with another check in one written rule."""
    assert any(rule.id == rule_id for rule in catalogue.written)
    written = tuple(
        replace(rule, check=check) if rule.id == rule_id else rule for rule in catalogue.written
    )
    return replace(catalogue, written=written)


class Judging:
    """A private server whose rules can be exchanged while it runs."""

    def __init__(self, server: EmbeddedServer, drydock: Drydock) -> None:
        self._server = server
        self.drydock = drydock

    def by(self, catalogue: Catalogue) -> None:
        """Judge all further requests by this catalogue."""
        system = self._server.system
        system.ruling = Ruling(system.settings, catalogue)


@contextlib.contextmanager
def judging() -> Iterator[Judging]:
    """A private server for as long as the block lasts."""
    server = EmbeddedServer()
    server.start()
    with Drydock(server) as drydock:
        yield Judging(server, drydock)
