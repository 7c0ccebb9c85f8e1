"""What is finished in any order is given out in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.batch.ordering import InOrder


@given(st.integers(0, 5), st.permutations(range(8)))
def test_everything_comes_out_once_in_order_as_soon_as_it_can(first: int, order: list[int]) -> None:
    waiting: InOrder[str] = InOrder(first)
    came: list[tuple[int, str]] = []
    put: set[int] = set()
    for number in order:
        put.add(number + first)
        came += waiting.put(number + first, f"thing {number + first}")
        gap = next(n for n in range(first, first + 9) if n not in put)
        assert waiting.next == gap
        assert len(waiting) == len(put) - (gap - first)
    assert came == [(number, f"thing {number}") for number in range(first, first + 8)]


@pytest.mark.parametrize("number", [3, 4, 6])
def test_nothing_comes_twice(number: int) -> None:
    waiting: InOrder[str] = InOrder(4)
    waiting.put(4, "a")
    waiting.put(6, "b")
    with pytest.raises(ValueError, match=f"{number} was put before"):
        waiting.put(number, "c")
