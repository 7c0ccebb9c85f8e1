"""A job as a row of units of work: each input, or each row of each input and then its end.

Units have their order; what becomes of them is written in this order, whichever is done first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from simulator.batch.checkpoint import Checkpoint
from simulator.batch.csv_rows import read_rows
from simulator.batch.inputs import (
    Item,
    ItemFailed,
    download_failed,
    open_item,
    read_item,
    read_items,
)
from simulator.batch.job import CSV, JobSpec
from simulator.batch.mapping import MappingRule, RowError
from simulator.batch.requests import Request
from simulator.batch.results import Layout
from simulator.batch.store import ObjectReader


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of work.

    Attributes:
        item: the input that it is of.
        row: its row, from 1; 0 for the input as a whole.
        request: to be sent to an instance; None where there is nothing to send.
        error: why there is nothing to send; empty for the end of an input with rows.
        row_error: the same of a row.
    """

    item: Item
    row: int = 0
    request: Request | None = None
    error: str = ""
    row_error: RowError | None = None

    @property
    def bytes_held(self) -> int:
        """What it takes of memory, about."""
        return 512 + (len(self.request.body) if self.request else 0)


def units(store: ObjectReader, spec: JobSpec, layout: Layout, after: Checkpoint) -> Iterator[Unit]:
    """The work that is left.

    Args:
        after: what is done already.

    Raises:
        BadManifest, FileNotFoundError, OSError: as `inputs.read_items`.
    """
    rule = spec.rule() if spec.is_csv else None
    items = read_items(
        store, spec.source_path, layout, is_manifest=spec.is_manifest, start=after.items
    )
    for item in items:
        if rule is not None:
            first = after.rows + 1 if item.number == after.items else 1
            yield from _rows(store, spec, rule, item, first)
        else:
            yield _file(store, spec, item)


def _file(store: ObjectReader, spec: JobSpec, item: Item) -> Unit:
    try:
        content = read_item(store, item, spec.mapping_type)
    except ItemFailed as failed:
        return Unit(item, error=str(failed))
    return Unit(item, request=spec.sender.of_file(item.name, content))


def _rows(
    store: ObjectReader, spec: JobSpec, rule: MappingRule, item: Item, first: int
) -> Iterator[Unit]:
    """The rows from `first` on, and the end."""
    try:
        with closing(open_item(store, item, CSV)) as stream:
            for row, request in rule.requests(read_rows(stream, first)):
                if isinstance(request, RowError):
                    yield Unit(item, row, row_error=request)
                else:
                    yield Unit(item, row, request=spec.sender.of_row(request))
    except ItemFailed as failed:
        yield Unit(item, error=str(failed))
    except OSError as error:
        yield Unit(item, error=str(download_failed(error)))
    else:
        yield Unit(item)
