"""One request: what it should be told, sent, and what it was told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from simulator.bench.cases import Case
from simulator.bench.conform.connection import Answer, Unanswered
from simulator.bench.conform.hunt import Unfit
from simulator.bench.conform.judging import Expected, complaints, not_simulated
from simulator.bench.conform.options import Saved
from simulator.bench.conform.report import Counterexample
from simulator.bench.conform.target import Target
from simulator.bench.conform.world import World
from simulator.errors import InvalidRequest
from simulator.modelarts.rules.common import CHANGE, CREATE
from simulator.modelarts.rules.model import CREATE_MODEL
from simulator.rules.rule import ErrorCode, Level
from simulator.strict_json import parse_object

SUBJECTS = (CREATE, CHANGE, CREATE_MODEL)
"""Documents that are requests of the API."""


class Trial:
    """Tries cases of one rule or check.

    Args:
        id: of the rule or check, for the replay file.
        expect: what a case should be told; raises `Unfit` where it does not show what it should.
        missing_counts: 501 for what is not simulated shows that the request is held for valid,
            which is all that is asked.

    Attributes:
        missing: how many were answered so.
    """

    def __init__(
        self,
        id_: str,
        target: Target,
        world: World,
        expect: Callable[[Case], Expected],
        *,
        missing_counts: bool = False,
    ) -> None:
        self._id = id_
        self._target = target
        self._world = world
        self._expect = expect
        self._missing_counts = missing_counts
        self.missing = 0

    def attempt(self, case: Case) -> Counterexample | None:
        """Send a case; None when it was answered rightly.

        Raises:
            Unfit: it does not count.
            NothingThere: the endpoint cannot be reached.
        """
        if case.subject not in SUBJECTS or (case.subject == CHANGE and not self._world.service):
            raise Unfit
        body = encoded(case.document)
        expected = self._expect(case)
        method, path = self._operation(case.subject)
        try:
            with self._target.cleaning():
                answer = self._target.ask(method, path, body)
        except Unanswered as error:
            return self._found(case, body, None, expected, [f"no answer: {error}"])
        if case.subject == CHANGE and answer.status < 300:
            self._look_again()
        found = complaints(answer, expected, extension=self._world.extension)
        if found:
            return self._found(case, body, answer, expected, found)
        if expected.may_be_missing and not_simulated(answer):
            self.missing += 1
            if not self._missing_counts:
                raise Unfit  # right, and shows nothing of the rule
        return None

    def _operation(self, subject: str) -> tuple[str, str]:
        if subject == CHANGE:
            return "PUT", f"/services/{quote(self._world.service, safe='')}"
        return "POST", "/services" if subject == CREATE else "/models"

    def _look_again(self) -> None:
        """A change that should have been refused was made: what is true now?"""
        place = f"/services/{quote(self._world.service, safe='')}"
        self._world.status = str(self._target.ask("GET", place).object.get("status"))

    def _found(
        self,
        case: Case,
        body: bytes,
        answer: Answer | None,
        expected: Expected,
        said: list[str],
    ) -> Counterexample:
        method, path = self._operation(case.subject)
        return Counterexample(
            method=method,
            url=self._target.url(path),
            body=body,
            answer=answer,
            expected=expected.words,
            complaints=tuple(said),
            saved=Saved(self._id, case.subject, case.document),
        )


def breaks_exactly(rule_id: str, world: World) -> Callable[[Case], Expected]:
    """Cases that break this rule and no other, given what exists at the endpoint."""
    level = world.catalogue.by_id[rule_id].level

    def expect(case: Case) -> Expected:
        violations = world.violations(case.subject, case.document)
        if {one.rule for one in violations} != {rule_id}:
            raise Unfit
        answer = world.catalogue.by_id[rule_id].answer
        return Expected(violations, [answer] * len(violations), level is Level.ADMISSION)

    return expect


def refused_by_the_world(world: World) -> Callable[[Case], Expected]:
    """Cases that are sound and ask for what does not exist: nothing else is told. Whether all of it
    is told is the matter of the rules on what exists."""

    def expect(case: Case) -> Expected:
        violations = world.violations(case.subject, case.document)
        rules = [world.catalogue.by_id[one.rule] for one in violations]
        if not rules or any(rule.level is not Level.ADMISSION for rule in rules):
            raise Unfit
        answers: list[ErrorCode] = [rule.answer for rule in rules]
        return Expected(violations, answers, may_be_missing=True, any_of=True)

    return expect


def accepted(world: World) -> Callable[[Case], Expected]:
    """Cases that are valid, given what exists at the endpoint."""

    def expect(case: Case) -> Expected:
        if world.violations(case.subject, case.document):
            raise Unfit
        return Expected(may_be_missing=True)

    return expect


def encoded(document: dict[str, Any]) -> bytes:
    """A document as it is sent.

    Raises:
        Unfit: it cannot be, or would be refused before any rule is asked.
    """
    try:
        body = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        parse_object(body)
    except (ValueError, TypeError, InvalidRequest) as error:
        raise Unfit from error
    return body
