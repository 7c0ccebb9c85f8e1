"""The replay file: cases that failed, to be tried first the next time. Plain JSON:

{"format": 1, "cases": [{"rule": "MA-SVC-014", "subject": "create-service", "request": {…}}]}
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from simulator.bench.conform.options import Saved
from simulator.errors import InvalidRequest
from simulator.strict_json import parse_object

FORMAT = 1
MAX_BYTES = 16 * 1024 * 1024


class Unreadable(Exception):
    """The file is no replay file; the text says why."""


def read(path: Path) -> tuple[Saved, ...]:
    """The cases of a file; none when there is no such file.

    Raises:
        Unreadable: it is none of these.
        OSError: it cannot be read.
    """
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return ()
    try:
        document = parse_object(body, max_bytes=MAX_BYTES)
    except InvalidRequest as error:
        raise Unreadable(f"{path} is no replay file: {error}") from error
    if document.get("format") != FORMAT:
        raise Unreadable(f"{path} is no replay file of format {FORMAT}")
    cases = document.get("cases")
    if not isinstance(cases, list):
        raise Unreadable(f"{path}: /cases is no array")
    return tuple(_case(path, number, one) for number, one in enumerate(cases))


def write(path: Path, cases: Iterable[Saved]) -> None:
    """Put the cases in the place of what was there, all or nothing.

    Raises:
        OSError: it cannot be written.
    """
    listed = [{"rule": one.rule, "subject": one.subject, "request": one.document} for one in cases]
    text = json.dumps({"format": FORMAT, "cases": listed}, indent=2)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text + "\n", encoding="ascii")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _case(path: Path, number: int, one: Any) -> Saved:
    if isinstance(one, dict):
        rule, subject, request = one.get("rule"), one.get("subject"), one.get("request")
        if isinstance(rule, str) and isinstance(subject, str) and isinstance(request, dict):
            return Saved(rule, subject, request)
    raise Unreadable(f"{path}: /cases/{number} has no rule, subject and request")
