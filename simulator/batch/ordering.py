"""What is done in any order, back in the order of its numbers."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class InOrder(Generic[T]):
    """Holds back what came early.

    Args:
        first: the number that comes first.
    """

    def __init__(self, first: int = 0) -> None:
        self._early: dict[int, T] = {}
        self.next = first
        """The number that is waited for: all before it were given out."""

    def __len__(self) -> int:
        """How many are held back."""
        return len(self._early)

    def put(self, number: int, thing: T) -> list[tuple[int, T]]:
        """Take the thing of a number, and give out what is now in order, perhaps nothing.

        Raises:
            ValueError: the number was put before.
        """
        if number < self.next or number in self._early:
            raise ValueError(f"{number} was put before")
        self._early[number] = thing
        ready = []
        while self.next in self._early:
            ready.append((self.next, self._early.pop(self.next)))
            self.next += 1
        return ready
