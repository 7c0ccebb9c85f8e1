"""Which columns fit into a width, and how wide each is: pure."""

from collections.abc import Sequence
from dataclasses import dataclass

PADDING = 1
"""Empty cells on each side of a column."""


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column of a table; widths are in cells, without padding.

    `priority` 0 always stays; of the others the highest goes first. `grow` is the column's share of
    the space that is left over, up to `max_width`.
    """

    key: str
    title: str
    width: int
    priority: int = 0
    grow: int = 0
    max_width: int = 400
    right: bool = False


def fit(columns: Sequence[ColumnSpec], available: int) -> list[tuple[ColumnSpec, int]]:
    """Chooses the columns that fit into `available` cells, with their widths, in their order.

    Columns of priority 0 are kept even where they do not fit.
    """
    kept = list(columns)
    while _needed(kept) > available:
        droppable = [column for column in kept if column.priority > 0]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda column: column.priority))
    widths = {column.key: column.width for column in kept}
    spare = available - _needed(kept)
    while spare > 0:
        growing = [c for c in kept if c.grow > 0 and widths[c.key] < c.max_width]
        if not growing:
            break
        # One cell to whichever has the least for its share; a few hundred steps at the most.
        neediest = min(growing, key=lambda c: (widths[c.key] - c.width) / c.grow)
        widths[neediest.key] += 1
        spare -= 1
    return [(column, widths[column.key]) for column in kept]


def _needed(columns: Sequence[ColumnSpec]) -> int:
    return sum(column.width + 2 * PADDING for column in columns)
