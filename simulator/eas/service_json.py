"""service.json as people write it: keys nested (`{"rpc": {"keepalive": 5000}}`) or dotted
(`"rpc.keepalive": 5000`).

Source: the JSON page writes both; that they mean the same is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator.eas.rules import CATALOGUE
from simulator.eas.rules.common import SERVICE
from simulator.eas.schemas import ServiceDescription
from simulator.rules.judge import Report
from simulator.rules.shape import Kind, Shape, fields_of
from simulator.rules.text import pointer


def normalised(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with all keys nested, as rules are asked about it. A new one; pure.

    Only keys that lead to a known field are nested: maps whose keys may have dots, such as labels
    and features, stay as they are. A dotted key also stays where the nested field has another
    value already, or cannot have fields; it is then told as an unknown field.
    """
    return _nested(document, ServiceDescription)


def _nested(document: Mapping[str, Any], shape: type[Shape]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    dotted: list[tuple[str, Any]] = []
    for key, value in document.items():
        if "." in key and key not in fields_of(shape):
            dotted.append((key, value))
        else:
            whole[key] = value
    for key, value in dotted:
        if not _put(whole, key.split("."), value, shape):
            whole[key] = value
    return {
        key: _below(value, known.kind) if (known := fields_of(shape).get(key)) else value
        for key, value in whole.items()
    }


def _put(holder: dict[str, Any], parts: list[str], value: Any, shape: type[Shape]) -> bool:
    """Put a value below a holder, along the parts of a dotted key; False where there is no place
    for it. Objects on the way are copied: they belong to the document that was given."""
    field = fields_of(shape).get(parts[0])
    if field is None:
        return False
    if len(parts) == 1:
        return _put_last(holder, parts[0], value)
    inner = holder.get(parts[0])
    if inner is not None and not isinstance(inner, dict):
        return False
    copied = dict(inner or {})
    if field.kind.shape is not None:
        fits = _put(copied, parts[1:], value, field.kind.shape)
    elif field.kind.name == "any":
        fits = _put_freely(copied, parts[1:], value)
    else:
        # a map of any names: what follows is one name, dots included
        is_map = field.kind.name in ("json", "map")
        fits = is_map and _put_last(copied, ".".join(parts[1:]), value)
    if fits:
        holder[parts[0]] = copied
    return fits


def _put_freely(holder: dict[str, Any], parts: list[str], value: Any) -> bool:
    """Put a value below a holder whose fields nobody knows."""
    if len(parts) == 1:
        return _put_last(holder, parts[0], value)
    inner = holder.get(parts[0], {})
    if not isinstance(inner, dict):
        return False
    holder[parts[0]] = dict(inner)
    return _put_freely(holder[parts[0]], parts[1:], value)


def _put_last(holder: dict[str, Any], key: str, value: Any) -> bool:
    """Put a value under a key; False where another value stands there."""
    if holder.get(key) is not None and holder[key] != value:
        return False
    holder[key] = value
    return True


def _below(value: Any, kind: Kind) -> Any:
    if kind.shape is not None and isinstance(value, dict):
        return _nested(value, kind.shape)
    if kind.item is not None and isinstance(value, list):
        return [_below(item, kind.item) for item in value]
    return value


def sent_place(document: Any, place: str) -> str:
    """Where a place of the normalised document stands in the document as it was sent.

    Args:
        place: JSON pointer; the answer is one too. What is absent stands where it would be nested.
    """
    parts = [part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:]]
    covered, keys = _followed(document, parts)
    return pointer(*keys, *parts[covered:])


def _followed(holder: Any, parts: list[str]) -> tuple[int, list[str]]:
    """The keys along which the most parts exist, nested or dotted, and how many parts these are."""
    best: tuple[int, list[str]] = (0, [])
    for taken in range(1, len(parts) + 1):
        key = ".".join(parts[:taken])
        if isinstance(holder, dict) and key in holder:
            below = holder[key]
        elif isinstance(holder, list) and key.isdigit() and int(key) < len(holder):
            below = holder[int(key)]
        else:
            continue
        covered, keys = _followed(below, parts[taken:])
        if taken + covered > best[0]:
            best = (taken + covered, [key, *keys])
    return best


def judged(
    document: Mapping[str, Any],
    readings: Mapping[str, str] | None = None,
    *,
    strict: bool = False,
) -> Report:
    """What is wrong with a service.json, with keys nested or dotted; places are those that were
    sent.

    Args:
        readings: those that are chosen; the others have their default.
        strict: unknown fields are violations, not warnings.

    Raises:
        UnknownReading: there is no such reading, or it has no such option.
    """
    chosen = CATALOGUE.read(readings or {})
    report = CATALOGUE.judge(SERVICE, normalised(document), chosen, strict=strict)
    return Report(
        report.clean,
        [replace(one, path=sent_place(document, one.path)) for one in report.violations],
        [replace(one, path=sent_place(document, one.path)) for one in report.warnings],
    )
