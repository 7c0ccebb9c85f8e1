"""Files that a user names on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from simulator.cli.failures import UsageFailure


def read_bytes(file: Path) -> bytes:
    """A file's content; `-` is stdin.

    Raises:
        UsageFailure: it cannot be read.
    """
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.expanduser().read_bytes()
    except OSError as error:
        raise UsageFailure(f"cannot read {file}: {error.strerror}") from error


def read_json_object(file: Path) -> dict[str, Any]:
    """A file's JSON object; `-` is stdin.

    Raises:
        UsageFailure: it cannot be read, or is not a JSON object; says where.
    """
    return parse_json_object(read_bytes(file), str(file))


def parse_json_object(body: bytes, place: str) -> dict[str, Any]:
    """The JSON object in `body`.

    Raises:
        UsageFailure: it is none; the message says where in `place`.
    """
    try:
        value = json.loads(body)
    except json.JSONDecodeError as error:
        raise UsageFailure(
            f"{place} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except ValueError as error:  # not UTF-8
        raise UsageFailure(f"{place} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UsageFailure(f"{place} is JSON, but not an object in braces")
    return value
