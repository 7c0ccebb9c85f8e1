"""Copying between two sides, with a progress bar for what takes longer than a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

from simulator.cli.object_sides import Side
from simulator.cli.output import Output
from simulator.objects import ObjectInfo
from tui.clean import clean_line

if TYPE_CHECKING:
    from rich.progress import Progress

BLOCK_BYTES = 1024 * 1024
PATIENCE_S = 1.0
"""What is done sooner needs no bar, seconds."""


@dataclass
class Tally:
    """What a copy did."""

    copied: int = 0
    size_bytes: int = 0
    unchanged: int = 0
    deleted: int = 0

    def document(self) -> dict[str, Any]:
        return {
            "copied": self.copied,
            "bytes": self.size_bytes,
            "unchanged": self.unchanged,
            "deleted": self.deleted,
        }


@dataclass(frozen=True)
class Step:
    """One thing to do: copy an object, or delete one on the other side."""

    info: ObjectInfo
    deletes: bool = False


@dataclass
class Plan:
    """What a copy will do, counted before it is done: its steps can be gone through again."""

    source: Side
    target: Side
    compares: bool = False
    """Only what is missing on the other side, has another size there, or is older there."""
    deletes: bool = False
    """What is on the other side only is deleted there."""
    unchanged: int = field(default=0, init=False)

    def steps(self) -> Iterator[Step]:
        if not self.compares:
            yield from (Step(info) for info in self.source.entries())
            return
        self.unchanged = 0
        there = self.target.entries()
        other = next(there, None)
        for info in self.source.entries():
            while other is not None and other.key < info.key:
                yield from self._only_there(other)
                other = next(there, None)
            if other is None or other.key != info.key or _differs(info, other):
                yield Step(info)
            else:
                self.unchanged += 1
            if other is not None and other.key == info.key:
                other = next(there, None)
        while other is not None:
            yield from self._only_there(other)
            other = next(there, None)

    def _only_there(self, info: ObjectInfo) -> Iterator[Step]:
        if self.deletes:
            yield Step(info, deletes=True)


def _differs(source: ObjectInfo, target: ObjectInfo) -> bool:
    if source.key.endswith("/"):
        return False
    return source.size_bytes != target.size_bytes or source.modified_ns > target.modified_ns


def carry_out(plan: Plan, output: Output) -> Tally:
    """Do what a plan says."""
    with output.working("counting"):
        sizes = [0 if step.deletes else step.info.size_bytes for step in plan.steps()]
    tally = Tally()
    with Bar(output, sum(sizes), len(sizes)) as bar:
        for step in plan.steps():
            if step.deletes:
                tally.deleted += plan.target.delete(step.info.key)
            else:
                tally.size_bytes += copy_one(plan, step.info.key, bar)
                tally.copied += 1
            bar.done(step.info.key)
    tally.unchanged = plan.unchanged
    return tally


def copy_one(plan: Plan, name: str, bar: Bar, target_name: str = "") -> int:
    """Copy one object; returns its size in bytes.

    Args:
        target_name: its name on the other side, where that is another one.
    """
    if name.endswith("/"):
        plan.target.make_folder(target_name or name)
        return 0
    size = 0
    _, file = plan.source.open(name)
    with file, plan.target.writer(target_name or name) as writer:
        while data := file.read(BLOCK_BYTES):
            writer.write(data)
            size += len(data)
            bar.advance(len(data))
    return size


class Bar:
    """A progress bar on stderr: bytes, objects, rate and time left. Nothing where that is no
    terminal, and nothing for the first second."""

    def __init__(self, output: Output, total_bytes: int, total: int) -> None:
        self._shown = output.err.is_terminal and not output.as_json
        self._output, self._total_bytes, self._total = output, total_bytes, total
        self._begun_s = time.monotonic()
        self._progress: Progress | None = None
        self._bytes = self._count = 0

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def advance(self, size_bytes: int) -> None:
        """So much more has been copied."""
        self._bytes += size_bytes
        self._show("")

    def done(self, name: str) -> None:
        """An object is finished."""
        self._count += 1
        self._show(name)

    def _show(self, name: str) -> None:
        if not self._shown or time.monotonic() - self._begun_s < PATIENCE_S:
            return
        if self._progress is None:
            self._progress = self._begin()
        text = f"{self._count} of {self._total}"
        task = self._progress.task_ids[0]
        self._progress.update(task, completed=self._bytes, count=text)
        if name:
            self._progress.update(task, description=clean_line(name)[-30:])

    def _begin(self) -> Progress:
        from rich import progress as bars  # noqa: PLC0415

        progress = bars.Progress(
            bars.TextColumn("{task.description}", markup=False),
            bars.BarColumn(),
            bars.DownloadColumn(),
            bars.TransferSpeedColumn(),
            bars.TextColumn("{task.fields[count]}", markup=False),
            bars.TimeRemainingColumn(),
            console=self._output.err,
            transient=True,
        )
        progress.add_task("", total=self._total_bytes or None, count="")
        progress.start()
        return progress
