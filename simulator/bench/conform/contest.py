"""One rule against the endpoint, over several rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from simulator.bench.cases import Case
from simulator.bench.conform.connection import NothingThere
from simulator.bench.conform.hunt import Unfit, hunt
from simulator.bench.conform.report import Counterexample, Result, RuleResult
from simulator.bench.conform.trial import Trial
from simulator.clock import steady_s


class Contest:
    """What is known so far of a rule, or of a check that draws.

    Args:
        cases, trial: None where it cannot be shown; `note` says why then.
        first: deliberate cases, such as those just outside a limit; tried before any is drawn.
        most: cases that are drawn at most, however many are asked for.
        premise: a rule without which nothing can be told; once it lets something through, nothing
            more is sent.
    """

    def __init__(
        self,
        id_: str,
        statement: str,
        source: str,
        cases: st.SearchStrategy[Case] | None,
        trial: Trial | None,
        *,
        note: str = "",
        first: Sequence[Case] = (),
        most: int = 1_000_000,
        premise: Contest | None = None,
    ) -> None:
        self.id = id_
        self._statement, self._source = statement, source
        self._cases, self._trial = cases, trial
        self._note = note
        self._first = list(first)
        self._left = most
        self._premise = premise
        self._sent = 0
        self._seconds = 0.0
        self._found: Counterexample | None = None
        self._mended = False

    @property
    def is_lost(self) -> bool:
        """Whether there is a finding."""
        return self._found is not None

    @property
    def lets_through(self) -> bool:
        """Whether the finding is something else than a refusal."""
        if self._found is None:
            return False
        answer = self._found.answer
        return answer is None or not 400 <= answer.status < 500

    def go_on(self, seed: int, examples: int, over: Callable[[], bool]) -> NothingThere | None:
        """Draw and try some more; returns why the endpoint cannot be reached any more."""
        examples = min(examples, self._left)
        if self._cases is None or self._trial is None or self.is_lost or not examples:
            return None
        if self._premise is not None and self._premise.lets_through:
            self._note = f"it is pointless while {self._premise.id} is not kept"
            return None
        began_s = steady_s()
        try:
            while self._first and not self.is_lost and not over():
                self._try(self._first.pop(0))
            if self.is_lost:
                return None
            hunted = hunt(self._cases, self._trial.attempt, seed=seed, examples=examples, over=over)
        finally:
            self._seconds += steady_s() - began_s
        self._left -= examples
        self._sent += hunted.sent
        self._found = hunted.found
        return hunted.lost

    def replay(self, case: Case) -> bool:
        """Try a case that failed once; returns whether it could be."""
        tried = self._try(case)
        self._mended |= tried and not self.is_lost
        return tried

    def _try(self, case: Case) -> bool:
        if self._trial is None:
            return False
        try:
            found = self._trial.attempt(case)
        except Unfit:
            return False
        self._sent += 1
        if found is not None and (self._found is None or found.size < self._found.size):
            self._found = found
        return True

    def result(self) -> RuleResult:
        """What came out."""
        return RuleResult(
            id=self.id,
            statement=self._statement,
            source=self._source,
            result=self._result(),
            sent=self._sent,
            seconds=self._seconds,
            note=self._told(),
            counterexample=self._found,
            mended=self._mended and not self.is_lost,
        )

    def _result(self) -> Result:
        if self.is_lost:
            return Result.FAILED
        return Result.PASSED if self._sent else Result.NOT_SHOWN

    def _told(self) -> str:
        if self._note or self._trial is None:
            return self._note
        missing = self._trial.missing
        if self._sent:
            return f"{missing} are valid and not simulated" if missing else ""
        if missing:
            return "the endpoint does not simulate what could show it"
        return "no request that shows it was found, or the time was over before"
