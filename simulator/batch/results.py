"""What a batch job writes: manifests of results, and a result file for each input.

    <dest_path>/infer-result-{task_id}.manifest, _1, _2 ...    one line an input, in input order
    <dest_path>/infer-result/<name>_result.txt                 what the model answered

Source: Deploying as a Batch Service, Example output manifest file. What stands in a result file is
stated nowhere: for a file the body of the answer, as it came; for a CSV file one line a row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from simulator.objectpaths import ObjectPath

MB = 1024 * 1024
MANIFEST_BYTES = 64 * MB
"""Size at which a further manifest is begun, unless set otherwise."""
FOLDER = "infer-result"
FOLDER_WITH_TASK = "infer-result-task-id"
ANY_ROW = "any-row"
EVERY_ROW = "every-row"
_SPACE = re.compile(rb"[ \t\r\n]+")
_TEXT_OR_SPACE = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")|[ \t\r\n]+')


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a job's results lie.

    Attributes:
        destination: the folder of dest_path.
        task_id: of the batch task.
        reading: option of the reading `batch-result-folder`.
    """

    destination: ObjectPath
    task_id: str
    reading: str = FOLDER

    @property
    def folder(self) -> ObjectPath:
        """The folder of the result files, with its slash."""
        suffix = {FOLDER: "", FOLDER_WITH_TASK: f"-{self.task_id}"}[self.reading]
        return self.destination.below(f"{FOLDER}{suffix}/")

    def result(self, name: str) -> ObjectPath:
        """A result file, by the name that `naming.ResultNames` gave it."""
        return self.folder.below(name)

    def manifest(self, part: int) -> ObjectPath:
        """A manifest; the first is part 0."""
        suffix = f"_{part}" if part else ""
        return self.destination.below(f"{FOLDER}-{self.task_id}{suffix}.manifest")

    def is_result(self, path: ObjectPath) -> bool:
        """Whether an object is a result of a batch job in this destination, of whichever task and
        reading. It is no input then, also where the destination lies within the source."""
        here = self.destination.below(FOLDER)
        if path.bucket != here.bucket or not path.key.startswith(here.key):
            return False
        rest, slash, _ = path.key[len(here.key) :].partition("/")
        if slash:
            return not rest or rest.startswith("-")
        return rest.startswith("-") and rest.endswith(".manifest")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an input: exactly one of the two is set.

    Attributes:
        location: the result file, of one that succeeded.
        error: why it failed.
    """

    location: ObjectPath | None = None
    error: str = ""

    def __post_init__(self) -> None:
        if (self.location is None) != bool(self.error):
            raise ValueError("an outcome has a location or an error")


def manifest_line(source: str, outcome: Outcome) -> bytes:
    """The line of an input, spaced as the documents' example is.

    Args:
        source: as it stands in the input manifest.
    """
    if outcome.location is None:
        result = f'"result":"FAILED","error_message": {_text(outcome.error)}'
    else:
        result = f'"result":"SUCCESSFUL","inference-loc": {_text(str(outcome.location))}'
    return f'{{"source": {_text(source)},{result}}}\n'.encode()


@dataclass(slots=True)
class Parts:
    """Spreads the lines of a job over manifests. What it holds can be kept and given back, to go on
    where a job was cut off.

    Attributes:
        max_bytes: a manifest that has a line is not made larger than this.
        part: the manifest that was written last.
        size_bytes: what it has.
    """

    max_bytes: int = MANIFEST_BYTES
    part: int = 0
    size_bytes: int = 0

    def take(self, line: bytes) -> int:
        """The part that the next line goes to."""
        if self.size_bytes and self.size_bytes + len(line) > self.max_bytes:
            self.part += 1
            self.size_bytes = 0
        self.size_bytes += len(line)
        return self.part


def answer_line(body: bytes) -> bytes:
    """A model's answer to a row as one line: its JSON without the blanks between, or its text as a
    JSON string. Numbers and the order of keys stay as they came."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return _text(body.decode(errors="replace")).encode() + b"\n"
    if _SPACE.search(body):
        body = _TEXT_OR_SPACE.sub(rb"\1", body)
    return body + b"\n"


def error_line(row: int, error: Mapping[str, Any]) -> bytes:
    """The line of a row without an answer.

    Args:
        error: has a `message`, and what else there is to say.
    """
    document = {"row": row, "error": dict(error)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@dataclass(slots=True)
class RowTally:
    """Counts what became of a CSV file's rows. Can be kept and given back.

    Attributes:
        answered, failed: rows.
        first_error: why the first of the failed ones failed.
    """

    answered: int = 0
    failed: int = 0
    first_error: str = ""

    def succeeded(self) -> None:
        """A row was answered."""
        self.answered += 1

    def fail(self, message: str) -> None:
        """A row has no answer."""
        self.failed += 1
        self.first_error = self.first_error or message

    def outcome(self, location: ObjectPath, reading: str = ANY_ROW) -> Outcome:
        """What became of the file.

        Args:
            location: its result file.
            reading: option of the reading `batch-csv-result`.
        """
        most_failed = {ANY_ROW: self.failed, EVERY_ROW: 0}[reading]
        if self.answered and self.failed <= most_failed:
            return Outcome(location)
        total = self.answered + self.failed
        if not total:
            return Outcome(error="the file has no rows")
        rows = "row" if total == 1 else "rows"
        return Outcome(error=f"{self.failed} of {total} {rows} failed; {self.first_error}")


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
