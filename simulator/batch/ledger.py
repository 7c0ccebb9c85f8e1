"""Writes what became of a job's units, in their order and each once. Blocking: call from a thread.

Lines go to files of the data directory first, and from there, whole, to the object store. The
checkpoint says how long these files are: what they have beyond it was written by a server that was
killed before it could note so, and is cut away.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from simulator.batch.checkpoint import Checkpoint
from simulator.batch.job import JobSpec
from simulator.batch.results import (
    Layout,
    Outcome,
    Parts,
    RowTally,
    answer_line,
    error_line,
    manifest_line,
)
from simulator.batch.units import Unit
from simulator.objectpaths import ObjectPath
from simulator.objects import ObjectStore

COPY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Done:
    """A unit that was worked on.

    Attributes:
        answer: the body of the model's answer; None where there is none.
        error: why there is none; empty for the end of an input with rows.
    """

    unit: Unit
    answer: bytes | None = None
    error: str = ""


class Ledger:
    """The results of one task.

    Args:
        directory: for the files that are being written; made if missing.
        save: keeps the checkpoint; it returns when that is on disk.
        checkpoint: to go on from.
    """

    def __init__(
        self,
        store: ObjectStore,
        spec: JobSpec,
        layout: Layout,
        directory: Path,
        checkpoint: Checkpoint,
        save: Callable[[Checkpoint], None],
    ) -> None:
        self._store = store
        self._spec = spec
        self._layout = layout
        self._directory = directory
        self._save = save
        self.checkpoint = checkpoint
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._manifest = _Journal(self._manifest_file(checkpoint.part), checkpoint.part_bytes)
        self._rows = _Journal(self._rows_file(checkpoint.items), checkpoint.row_bytes)
        self._spent: list[Path] = []

    @property
    def counts_rows(self) -> bool:
        """Whether inputs have rows, each of which is a unit."""
        return self._spec.is_csv

    def write(self, done: Sequence[Done]) -> None:
        """Write what became of the next units, and keep how far this is.

        Raises:
            ObjectStoreError, OSError: a result cannot be written. The checkpoint stays before the
                units that are not in the results.
        """
        if self._spec.is_csv:
            for one in done:
                if one.unit.row:
                    self._write_row(one)
                else:
                    self._end_rows(one)
        else:
            self._write_items(done)
        self._rows.flush()
        self._manifest.flush()
        self._count_calls(done)
        self._save(self.checkpoint)
        while self._spent:
            self._spent.pop().unlink(missing_ok=True)

    def finish(self) -> None:
        """Everything is written: put the last manifest into the store.

        Raises:
            ObjectStoreError, OSError: it cannot be.
        """
        self._publish(self.checkpoint.part)

    def close(self) -> None:
        self._rows.close()
        self._manifest.close()

    def _write_items(self, done: Sequence[Done]) -> None:
        """The results first, all at once: the disk takes many in the time of one."""
        answered = [
            (self._layout.result(one.unit.item.result_name), one.answer)
            for one in done
            if one.answer is not None
        ]
        if answered:
            objects = [(location.key, answer) for location, answer in answered]
            self._store.put_all(self._layout.destination.bucket, objects)
        locations = iter(location for location, _ in answered)
        for one in done:
            failed = one.answer is None
            self._write_item(
                one.unit, Outcome(error=one.error) if failed else Outcome(next(locations))
            )

    def _count_calls(self, done: Sequence[Done]) -> None:
        sent = [one for one in done if one.unit.request is not None]
        now = self.checkpoint
        self.checkpoint = replace(
            now,
            calls=now.calls + len(sent),
            calls_failed=now.calls_failed + sum(one.answer is None for one in sent),
        )

    def _write_row(self, done: Done) -> None:
        now = self.checkpoint
        if done.answer is not None:
            line = answer_line(done.answer)
            now = replace(now, answered=now.answered + 1)
        else:
            told = done.unit.row_error.document() if done.unit.row_error else None
            line = error_line(done.unit.row, told or {"message": done.error})
            message = done.unit.row_error.message if done.unit.row_error else done.error
            first = now.first_error or message
            now = replace(now, unanswered=now.unanswered + 1, first_error=first)
        self._rows.write(line)
        self.checkpoint = replace(
            now,
            rows=now.rows + 1,
            rows_done=now.rows_done + 1,
            row_bytes=now.row_bytes + len(line),
        )

    def _end_rows(self, done: Done) -> None:
        """An input's rows are all there, or it could not be read to its end."""
        now = self.checkpoint
        if done.error:
            outcome = Outcome(error=done.error)
        else:
            tally = RowTally(now.answered, now.unanswered, now.first_error)
            location = self._layout.result(done.unit.item.result_name)
            outcome = tally.outcome(location, self._spec.csv_result)
        self._rows.flush()
        if outcome.location is not None:
            self._copy(self._rows.path, outcome.location)
        self._rows.close()
        self._spent.append(self._rows.path)  # needed until the checkpoint is beyond it
        self._rows = _Journal(self._rows_file(now.items + 1), 0)
        self.checkpoint = replace(
            now, rows=0, row_bytes=0, answered=0, unanswered=0, first_error=""
        )
        self._write_item(done.unit, outcome)

    def _write_item(self, unit: Unit, outcome: Outcome) -> None:
        line = manifest_line(unit.item.source, outcome)
        now = self.checkpoint
        parts = Parts(self._spec.manifest_bytes, now.part, now.part_bytes)
        part = parts.take(line)
        if part != now.part:
            self._manifest.flush()
            self._manifest.close()
            self._publish(now.part)
            self._manifest = _Journal(self._manifest_file(part), 0)
        self._manifest.write(line)
        well = outcome.location is not None
        self.checkpoint = replace(
            now,
            items=now.items + 1,
            succeeded=now.succeeded + well,
            failed=now.failed + (not well),
            part=part,
            part_bytes=parts.size_bytes,
        )

    def _publish(self, part: int) -> None:
        self._copy(self._manifest_file(part), self._layout.manifest(part))

    def _manifest_file(self, part: int) -> Path:
        return self._directory / f"manifest-{part}"

    def _rows_file(self, item: int) -> Path:
        return self._directory / f"rows-{item}"

    def _copy(self, source: Path, target: ObjectPath) -> None:
        with source.open("rb") as file, self._store.writer(target) as writer:
            while data := file.read(COPY_BYTES):
                writer.write(data)


class _Journal:
    """A file that is only ever added to.

    Args:
        size_bytes: what of it counts; the rest is cut away.
    """

    def __init__(self, path: Path, size_bytes: int) -> None:
        self.path = path
        self._file = path.open("ab")
        if self._file.tell() < size_bytes:
            raise OSError(f"{path} is shorter than what was noted of it")
        self._file.truncate(size_bytes)
        self._file.seek(0, os.SEEK_END)

    def write(self, line: bytes) -> None:
        self._file.write(line)

    def flush(self) -> None:
        """Everything is on disk when this returns."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()
