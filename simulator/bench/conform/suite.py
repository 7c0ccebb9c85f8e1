"""A whole run: checks, replayed cases, then rounds over all rules while there is time."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from itertools import count

from simulator.bench.cases import Case
from simulator.bench.conform import plan
from simulator.bench.conform.checks import CHECKS
from simulator.bench.conform.connection import NothingThere
from simulator.bench.conform.contest import Contest
from simulator.bench.conform.hunt import seed_for
from simulator.bench.conform.judging import Expected
from simulator.bench.conform.options import Options, Progress, Saved
from simulator.bench.conform.report import ConformReport, Result, RuleResult
from simulator.bench.conform.service import open_service
from simulator.bench.conform.target import Target
from simulator.bench.conform.trial import Trial, accepted, breaks_exactly, refused_by_the_world
from simulator.bench.conform.world import World, look
from simulator.clock import steady_s
from simulator.modelarts.rules import CATALOGUE
from simulator.rules.catalogue import Catalogue

SOUND, VALID = "sound-requests", "valid-requests"
FIRST_ROUND = 2
"""Requests for each rule in the first round; each further round has twice as many."""
MOST_VALID = 10
"""Real deployments are not cheap."""


class Suite:
    """One run. `run` is the way in."""

    def __init__(self, target: Target, options: Options, catalogue: Catalogue) -> None:
        self._target = target
        self._options = options
        self._catalogue = catalogue
        self._began_s = steady_s()
        tag = secrets.token_hex(3)
        self._names: Iterator[str] = (f"conform-{tag}-{number}" for number in count())
        self._contests: list[Contest] = []
        self._checked: list[RuleResult] = []
        self._kept: list[Saved] = []
        self._stopped, self._lost = "", False

    def run(self) -> ConformReport:
        """See the function `run`."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._target.clean_up)
            world = look(self._target, self._options, self._catalogue)
            try:
                self._check()
                self._work(world)
            except NothingThere as error:
                self._stopped, self._lost = str(error), True
        return self._report(world)

    def _work(self, world: World) -> None:
        if self._options.create:
            open_service(self._target, world, next(self._names))
        self._contests = [one for one in self._made(world) if self._is_wanted(one.id)]
        self._replay()
        for number, examples in enumerate(rounds(self._options.examples)):
            for contest in self._contests:
                if self._is_over():
                    return
                self._tell(number, contest.id)
                self._go_on(contest, number, examples)

    def _go_on(self, contest: Contest, number: int, examples: int) -> None:
        seed = seed_for(self._options.seed, contest.id, number)
        lost = contest.go_on(seed, examples, self._is_over)
        if lost is not None:
            raise lost

    def _made(self, world: World) -> Iterator[Contest]:
        """Every rule in documented order, then the suite's own checks that draw."""
        by_id: dict[str, Contest] = {}
        for rule in self._catalogue.rules:
            planned = plan.planned(world, rule)
            trial = self._trial(rule.id, world, breaks_exactly(rule.id, world))
            by_id[rule.id] = Contest(
                rule.id,
                rule.statement,
                str(rule.source),
                planned.cases,
                trial if planned.cases is not None else None,
                note=planned.reason,
                first=planned.first,
            )
        yield from by_id.values()
        yield Contest(
            SOUND,
            "A sound request is refused for nothing but a model that does not exist.",
            "Deploying Services",
            plan.sound(world),
            self._trial(SOUND, world, refused_by_the_world(world), missing_counts=True),
            first=plan.inside_the_limits(world),
            premise=by_id["MA-ADM-001"],
        )
        yield self._valid(world)

    def _valid(self, world: World) -> Contest:
        title, source = "A valid deploy request is accepted.", "Deploying Services"
        if not (self._options.create and world.model):
            note = "it creates services: --create --model ID"
            return Contest(VALID, title, source, None, None, note=note)
        cases = plan.valid(world, self._names)
        trial = self._trial(VALID, world, accepted(world), missing_counts=True)
        return Contest(VALID, title, source, cases, trial, most=MOST_VALID)

    def _trial(
        self, id_: str, world: World, expect: Callable[[Case], Expected], **more: bool
    ) -> Trial:
        return Trial(id_, self._target, world, expect, **more)

    def _check(self) -> None:
        for check in CHECKS:
            if not self._is_wanted(check.id) or self._is_over():
                continue
            began_s, sent, found = steady_s(), 0, None
            for outcome in check.run(self._target):
                sent += 1
                if outcome is not None:
                    found = outcome
                    break
            self._checked.append(
                RuleResult(
                    id=check.id,
                    statement=check.statement,
                    source=check.source,
                    result=Result.FAILED if found else Result.PASSED,
                    sent=sent,
                    seconds=steady_s() - began_s,
                    counterexample=found,
                )
            )

    def _replay(self) -> None:
        """What failed before comes first, so that a mended rule shows."""
        by_id = {contest.id: contest for contest in self._contests}
        for saved in self._options.replay:
            contest = by_id.get(saved.rule)
            if contest is None or not contest.replay(Case(saved.subject, saved.document)):
                self._kept.append(saved)

    def _is_wanted(self, id_: str) -> bool:
        return not self._options.rules or id_ in self._options.rules

    def _is_over(self) -> bool:
        if self._options.fail_fast and self._failed():
            self._stopped = "the first finding ends the run"
            return True
        if steady_s() - self._began_s < self._options.time_s:
            return False
        self._stopped = f"the time is over ({self._options.time_s:g} s)"
        return True

    def _failed(self) -> int:
        checked = sum(one.result is Result.FAILED for one in self._checked)
        return checked + sum(contest.is_lost for contest in self._contests)

    def _tell(self, number: int, rule: str) -> None:
        total = len(rounds(self._options.examples))
        self._options.progress(
            Progress(number + 1, total, rule, self._target.requests, self._failed())
        )

    def _report(self, world: World) -> ConformReport:
        return ConformReport(
            endpoint=self._target.base,
            seed=self._options.seed,
            created=self._options.create,
            extension=world.extension,
            requests=self._target.requests,
            seconds=steady_s() - self._began_s,
            results=(*self._checked, *(contest.result() for contest in self._contests)),
            stopped=self._stopped,
            lost=self._lost,
            left=tuple(self._target.left),
            kept=tuple(self._kept),
        )


def rounds(examples: int) -> list[int]:
    """How many requests each round has: few at first, so that every rule has its turn early."""
    sizes, left, size = [], examples, FIRST_ROUND
    while left > 0:
        sizes.append(min(size, left))
        left -= size
        size *= 2
    return sizes


def run(target: Target, options: Options, catalogue: Catalogue = CATALOGUE) -> ConformReport:
    """Try an endpoint of the ModelArts v1 API.

    Whatever happens, also an interruption, what was created is deleted.

    Raises:
        NotAllowed: the user is not let in, or the model that may be used cannot be.
        NothingThere, Unanswered: nobody answers at the endpoint from the start.
        Interrupted: the user had enough.
        UnknownReading: the options name a reading that there is not.
    """
    return Suite(target, options, catalogue).run()
