"""A row of a CSV file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        number: from 1, empty lines not counted.
        line: the file's line on which it begins, from 1.
        cells: its fields.
        problem: why it cannot be read, empty when it can; the cells mean nothing then.
    """

    number: int
    line: int
    cells: list[str]
    problem: str = ""
