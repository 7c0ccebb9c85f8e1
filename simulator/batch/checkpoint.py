"""How far a batch job has come: what is in its results for good. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Checkpoint:
    """What a job that was cut off goes on from. Everything before it is in the results once.

    Attributes:
        items: inputs whose line stands in the manifest.
        succeeded, failed: what became of them.
        part: number of the manifest that is being written; `part_bytes`: what it has.
        rows: rows of the next input whose lines stand in its result file.
        row_bytes: what that file has.
        answered, unanswered: what became of those rows; `first_error`: why the first of the
            unanswered ones failed.
        rows_done: rows of all inputs.
        calls: requests that were sent for all this; `calls_failed`: those without an answer.
    """

    items: int = 0
    succeeded: int = 0
    failed: int = 0
    part: int = 0
    part_bytes: int = 0
    rows: int = 0
    row_bytes: int = 0
    answered: int = 0
    unanswered: int = 0
    first_error: str = ""
    rows_done: int = 0
    calls: int = 0
    calls_failed: int = 0


def kept_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    return asdict(checkpoint)


def checkpoint_of(kept: dict[str, Any]) -> Checkpoint:
    return Checkpoint(**kept)
