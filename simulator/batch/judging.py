"""What the documented rules say of the files that a batch job reads."""

from __future__ import annotations

from typing import Any

from simulator.errors import Violation
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.batch_files import BATCH_INPUT, MANIFEST

_A_MANIFEST = "a.manifest"
_LINE = "lines[0]"


def wrong_with_manifest_name(name: str) -> Violation | None:
    """Why a file of this name is no manifest, to be said of the name; None when it is one."""
    return _without_place(_first(MANIFEST, {"name": name, "lines": []}))


def wrong_with_manifest_line(line: Any) -> Violation | None:
    """What is wrong with the JSON value of a manifest's line; None when it names an input. The
    message says nothing of where the line stands."""
    found = _first(MANIFEST, {"name": _A_MANIFEST, "lines": [line]})
    if found is None:
        return None
    place, colon, text = found.message.partition(": ")
    field = place.removeprefix(_LINE).removeprefix(".")
    message = f"{field}{colon}{text}" if field else f"the line {text}"
    return Violation(found.rule, found.path, message, found.source)


def wrong_with_input(name: str, size_bytes: int, mapping_type: str) -> Violation | None:
    """Why an input cannot be sent to the model: too large, or no CSV file where the mapping type is
    csv. None when it can.

    Args:
        name: the file's name, without folders.
        mapping_type: `file` or `csv`.
    """
    document = {"name": name, "size_bytes": size_bytes, "mapping_type": mapping_type}
    return _without_place(_first(BATCH_INPUT, document))


def _without_place(found: Violation | None) -> Violation | None:
    if found is None:
        return None
    text = found.message.partition(": ")[2]
    return Violation(found.rule, found.path, text, found.source)


def _first(subject: str, document: dict[str, Any]) -> Violation | None:
    violations = CATALOGUE.judge(subject, document).violations
    return violations[0] if violations else None
