"""Drawing, shrinking and ending."""

from __future__ import annotations

import json

import pytest
from hypothesis import strategies as st

from simulator.bench.conform import hunt as hunting
from simulator.bench.conform.connection import NothingThere
from simulator.bench.conform.hunt import Unfit, hunt, seed_for
from simulator.bench.conform.report import Counterexample


def found(value: object) -> Counterexample:
    body = json.dumps(value).encode()
    return Counterexample("POST", "http://x.test", body, None, "", ("wrong",))


def never() -> bool:
    return False


def test_the_smallest_wrong_case_is_kept() -> None:
    def attempt(numbers: list[int]) -> Counterexample | None:
        return found(numbers) if sum(numbers) >= 100 else None

    hunted = hunt(st.lists(st.integers(0, 60)), attempt, seed=1, examples=200, over=never)
    assert hunted.found is not None
    assert hunted.found.request == [40, 60]


def test_the_same_seed_draws_the_same() -> None:
    def drawn(seed: int) -> list[int]:
        met: list[int] = []
        hunt(st.integers(), met.append, seed=seed, examples=20, over=never)
        return met

    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)
    assert len(drawn(5)) == 20


def test_parts_of_a_run_have_seeds_of_their_own() -> None:
    seeds = {seed_for(seed, rule, part) for seed in (1, 2) for rule in "ab" for part in (0, 1)}
    assert len(seeds) == 8
    assert seed_for(1, "a", 0) == seed_for(1, "a", 0)


def test_nothing_is_drawn_once_it_is_over() -> None:
    met: list[int] = []
    hunted = hunt(st.integers(), met.append, seed=1, examples=50, over=lambda: len(met) == 3)
    assert (len(met), hunted.sent, hunted.found) == (3, 3, None)


def test_what_does_not_fit_is_not_counted() -> None:
    def attempt(number: int) -> None:
        if number % 2:
            raise Unfit

    hunted = hunt(st.integers(0, 1000), attempt, seed=1, examples=20, over=never)
    assert 0 < hunted.sent <= 20


def test_that_nothing_fits_is_no_failure() -> None:
    def attempt(number: int) -> None:
        raise Unfit

    hunted = hunt(st.integers(), attempt, seed=1, examples=5, over=never)
    assert (hunted.sent, hunted.found) == (0, None)


def test_what_is_wrong_only_once_is_told_all_the_same() -> None:
    answers = iter([found([1, 2, 3])])
    hunted = hunt(st.integers(), lambda n: next(answers, None), seed=1, examples=20, over=never)
    assert hunted.found is not None
    assert hunted.found.request == [1, 2, 3]


def test_shrinking_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hunting, "SHRINK_TRIES", 10)
    met = []

    def attempt(text: str) -> Counterexample:
        met.append(text)
        return found(text)

    hunt(st.text(min_size=50), attempt, seed=1, examples=100, over=never)
    assert len(met) <= 11


def test_an_endpoint_that_has_gone_ends_it() -> None:
    def attempt(number: int) -> None:
        raise NothingThere("gone")

    hunted = hunt(st.integers(), attempt, seed=1, examples=20, over=never)
    assert str(hunted.lost) == "gone"


def test_a_mistake_of_our_own_is_not_hidden() -> None:
    def attempt(number: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        hunt(st.integers(), attempt, seed=1, examples=5, over=never)
