"""One strict reader for every JSON body, before any model sees it."""

from __future__ import annotations

import json
import math
import re
from itertools import islice
from typing import Any

from simulator.errors import InvalidRequest, Violation
from simulator.rules.text import pointer, shown

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 10_000
"""Of each value everything that is wrong is told, which takes longer than reading it."""
_INT64 = 1 << 63
_BAD_ESCAPE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
"""What every document has that holds a lone surrogate, or a NUL in a name."""
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_EMPTY = re.compile(r"\[\s*\]|\{\s*\}")
_BRACKET = re.compile(r"[\[\]{}]")
SOURCE = "RFC 8259; Drydock reads strictly what is ambiguous there"


def parse(body: bytes, *, max_bytes: int = MAX_BYTES) -> Any:
    """The value of a JSON document.

    Refused: more than `max_bytes`, not UTF-8, a byte order mark, duplicate keys, NaN and
    infinities, integers beyond 64 bits, lone surrogates, NUL in names, more than 64 levels, more
    than 10,000 values.

    Raises:
        InvalidRequest: rule `BadJson`, with the place in the document.
    """
    if len(body) > max_bytes:
        raise _bad("", f"the body has {len(body)} bytes; at most {max_bytes} are read")
    if not body.strip():
        raise _bad("", "the body is empty; a JSON document is expected")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _bad("", f"byte {error.start} is not valid UTF-8") from error
    if text.startswith("\ufeff"):
        raise _bad("", "the body begins with a byte order mark; send plain UTF-8")
    opened = text.count("{") + text.count("[")
    if opened > MAX_DEPTH or opened + text.count(",") >= MAX_VALUES:
        _check_size(_STRING.sub("", text))
    try:
        try:
            value = _DECODER.decode(text)
        except _OutOfRange:
            _check_values(_LENIENT.decode(text), "")
            raise
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _bad("", f"not valid JSON: {error.msg} at {place}") from error
    except ValueError as error:  # an integer of more digits than Python reads
        raise _bad("", f"not valid JSON: {error}") from error
    if "\\u" in text and _BAD_ESCAPE.search(text):
        _check_values(value, "")
    return value


def parse_object(body: bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """As `parse`, and the value must be an object."""
    value = parse(body, max_bytes=max_bytes)
    if not isinstance(value, dict):
        raise _bad("", f"the body must be a JSON object, not {_kind(value)}")
    return value


def _bad(path: str, message: str) -> InvalidRequest:
    return InvalidRequest([Violation("BadJson", path, message, SOURCE)])


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            _check_text(key, "")
            raise _bad(pointer(key), f"the key {shown(key)} stands twice in one object")
        seen.add(key)
    raise AssertionError("unreachable: some key stands twice")


def _constant(name: str) -> Any:
    raise _bad("", f"{name} is not JSON")


class _OutOfRange(ValueError):
    """A number that does not fit; where it stands is looked for then."""


def _integer(digits: str) -> int:
    value = int(digits)
    if -_INT64 <= value < _INT64:
        return value
    raise _OutOfRange("the integer does not fit into 64 bits")


def _number(digits: str) -> float:
    value = float(digits)
    if math.isfinite(value):
        return value
    raise _OutOfRange("the number is too large")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_number
)
_LENIENT = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def _check_size(marks: str) -> None:
    """Before parsing: a hostile document must not reach the recursion limit, or take long.

    Args:
        marks: the document without its strings.
    """
    commas = marks.count(",")
    if commas >= MAX_VALUES:
        raise _bad("", f"more than {MAX_VALUES} values")
    depth = 0
    for bracket in islice(_BRACKET.finditer(marks), 2 * MAX_VALUES):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            raise _bad("", f"more than {MAX_DEPTH} levels deep")
    values = 1 + commas + marks.count("{") + marks.count("[")
    if values > MAX_VALUES and values - len(_EMPTY.findall(marks)) > MAX_VALUES:
        raise _bad("", f"more than {MAX_VALUES} values")


def _check_values(value: Any, path: str) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _check_text(key, path)
            if "\x00" in key:
                raise _bad(path, "a key holds a NUL character")
            _check_values(item, path + pointer(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_values(item, path + pointer(index))
    elif isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise _bad(path, "the integer does not fit into 64 bits")
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise _bad(path, "the number is too large")


def _check_text(text: str, path: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise _bad(path, "the string holds a lone surrogate, which is no character")
