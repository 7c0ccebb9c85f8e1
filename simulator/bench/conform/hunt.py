"""Draws requests until one is answered wrongly, and makes that one as small as can be."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, reject, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.errors import Flaky, Unsatisfiable

from simulator.bench.conform.connection import NothingThere
from simulator.bench.conform.report import Counterexample
from simulator.clock import steady_s

SHRINK_TRIES = 300
SHRINK_S = 5.0
"""A finding is worth so much effort to be made smaller; the seed brings it back anyway."""

T = TypeVar("T")


class Unfit(Exception):
    """The drawn request does not show what it should show here."""


class _Broken(Exception):
    """The request was answered wrongly."""


class _Enough(BaseException):
    """Nothing more is to be drawn. Passes through Hypothesis as an interruption does."""


@dataclass
class Hunted:
    """What came out.

    Attributes:
        sent: requests that were judged.
        found: the smallest that was answered wrongly.
        lost: why the endpoint cannot be reached any more.
    """

    sent: int = 0
    found: Counterexample | None = None
    lost: NothingThere | None = None


def hunt(
    cases: st.SearchStrategy[T],
    attempt: Callable[[T], Counterexample | None],
    *,
    seed: int,
    examples: int,
    over: Callable[[], bool],
) -> Hunted:
    """Draw up to so many cases and try each.

    Args:
        attempt: raises `Unfit` for cases that do not count.
        over: asked before each; once it is true nothing more is drawn.
    """
    hunter = _Hunter(attempt, over)
    quiet = settings(
        max_examples=examples,
        database=None,
        derandomize=False,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
    )

    @seeded(seed)
    @quiet
    @given(cases)
    def test(case: Any) -> None:
        hunter.meet(case)

    # Flaky: what failed once does not fail each time; once is enough to be told.
    with contextlib.suppress(_Broken, _Enough, Flaky, Unsatisfiable):
        test()
    return hunter.hunted


class _Hunter:
    """Meets one case after the other and keeps the smallest finding."""

    def __init__(self, attempt: Callable[[Any], Counterexample | None], over: Callable[[], bool]):
        self._attempt = attempt
        self._over = over
        self._tries_left = SHRINK_TRIES
        self._shrink_until_s = 0.0
        self.hunted = Hunted()

    def meet(self, case: Any) -> None:
        if self._over() or self._is_small_enough():
            raise _Enough
        try:
            found = self._attempt(case)
        except Unfit:
            reject()
        except NothingThere as error:
            self.hunted.lost = error
            raise _Enough from error
        self.hunted.sent += 1
        if found is None:
            return
        if self.hunted.found is None:
            self._shrink_until_s = steady_s() + SHRINK_S
        if self.hunted.found is None or found.size < self.hunted.found.size:
            self.hunted.found = found
        raise _Broken

    def _is_small_enough(self) -> bool:
        if self.hunted.found is None:
            return False
        self._tries_left -= 1
        return self._tries_left < 0 or steady_s() > self._shrink_until_s


def seed_for(seed: int, *words: object) -> int:
    """A seed of its own for one part of a run: other parts do not change it."""
    text = "/".join(map(str, (seed, *words)))
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")
