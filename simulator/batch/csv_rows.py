"""The rows of CSV files, one after the other.

Read as RFC 4180 has it: comma, double quotes, a doubled quote within quotes, line ends within
quotes. Rows end in LF, CR LF or CR. The text is UTF-8; a byte order mark before it is passed over.
An empty line is no row; every other line is one, also the first: there are no headings. Nothing is
stripped. What cannot be read makes its own row unreadable and no other.
Source: Deploying as a Batch Service, table 1 (commas) and Example Mapping; the rest is stated
nowhere.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from simulator.batch.rows import Row
from simulator.facts.limits import BATCH_CSV_MAX_BYTES

# A field may be as long as a file; the limit belongs to the process, so it is only ever raised.
csv.field_size_limit(max(csv.field_size_limit(), BATCH_CSV_MAX_BYTES))

_WORDS = {
    "unexpected end of data": "a quoted field is not closed before the end of the file",
    "',' expected after '\"'": "a quoted field is followed by neither a comma nor the row's end",
}


def read_rows(stream: BinaryIO, start: int = 1) -> Iterator[Row]:
    """The rows of a file; memory depends on the longest row only.

    Args:
        stream: is read to its end and left open.
        start: number of the first row wanted. Those before are parsed and nothing else.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        reader = csv.reader(text, strict=True)
        number = 0
        while True:
            line, problem = reader.line_num + 1, ""
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                cells, problem = [], _WORDS.get(str(error), str(error))
            if not cells and not problem:
                continue
            number += 1
            if number >= start:
                yield Row(number, line, cells, problem or _foreign(cells))
    finally:
        with contextlib.suppress(ValueError):  # the stream was closed meanwhile
            text.detach()


def _foreign(cells: list[str]) -> str:
    """What is said of a row with bytes that are not UTF-8."""
    joined = "".join(cells)
    if joined.isascii():
        return ""
    try:
        joined.encode()
    except UnicodeEncodeError:
        return "it is not UTF-8"
    return ""
