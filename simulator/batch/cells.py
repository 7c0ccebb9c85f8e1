"""Cells of CSV files to JSON values, by the type that a mapping rule gives them.

The documents state no form of the cells. Here: a number is written as JSON has it, with or without
a sign and digits on both sides of the point, and blanks around it; it is a float64, and whole ones
below 2⁵³ stay whole. An integer has a sign and digits only, as many as
there are. A boolean is true or false, in capitals too. A string is the cell as it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from simulator.rules.text import shown

_EXACT = 1 << 53
"""Below it, a float64 holds every whole number."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_BLANKS = " \t"


def _number(cell: str) -> float:
    text = cell.strip(_BLANKS)
    if not _NUMBER.fullmatch(text):
        raise ValueError(_no(cell, "number"))
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{shown(cell)} is too large for a number")
    if value.is_integer() and abs(value) < _EXACT and _INTEGER.fullmatch(text):
        return int(value)
    return value


def _integer(cell: str) -> int:
    text = cell.strip(_BLANKS)
    if not _INTEGER.fullmatch(text):
        raise ValueError(_no(cell, "integer"))
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{shown(cell)} has too many digits") from None


def _boolean(cell: str) -> bool:
    word = cell.strip(_BLANKS).lower()
    if word in ("true", "false"):
        return word == "true"
    raise ValueError(f"{_no(cell, 'boolean')}; write true or false")


def _no(cell: str, kind: str) -> str:
    return f"{shown(cell)} is no {kind}" if cell else f"is empty, and no {kind}"


CONVERTERS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
}
"""What makes the value of a cell; a ValueError says why there is none."""
