"""Request bodies: the documents' own examples, and bodies that break rules."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.errors import InvalidRequest

Body = dict[str, Any]
ACCEPTED = Path(__file__).parents[2] / "fixtures" / "requests" / "modelarts" / "accepted"
DOCUMENTED = sorted(path.stem for path in ACCEPTED.glob("*.json"))


def documented(name: str) -> Body:
    """One of the documents' example requests, by the file's name."""
    body: Body = json.loads((ACCEPTED / f"{name}.json").read_text())
    return body


def changed(body: Body, pointer: str, value: Any) -> Body:
    """A copy of the body with the field at a JSON pointer set; `...` removes it."""
    result = copy.deepcopy(body)
    *path, last = pointer.removeprefix("/").split("/")
    holder: Any = result
    for part in path:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    key: Any = int(last) if isinstance(holder, list) else last
    if value is ...:
        del holder[key]
    else:
        holder[key] = value
    return result


def violations(check: Callable[[], object]) -> list[tuple[str, str]]:
    """Rule and JSON pointer of each violation that `check` raises; empty when it raises none."""
    try:
        check()
    except InvalidRequest as error:
        return [(violation.rule, violation.path) for violation in error.violations]
    return []
