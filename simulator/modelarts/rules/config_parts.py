"""What the rules on config.json and those on its health checks share."""

from __future__ import annotations

import re
from typing import Any

from simulator.modelarts.error_codes import CONFIG_JSON
from simulator.modelarts.rules.common import written
from simulator.rules.rule import FINE, Findings, Rule, Scope, Source, here
from simulator.rules.text import shown

CONFIG_FILE = "config-json"
PAGE = "Specifications for Editing a Model Configuration File"
PROTOCOLS = ("http", "https", "ws", "wss")
HTTP2 = "http2"
"""What an image declares that speaks HTTP/2 and nothing else, as servers of gRPC do. Drydock's own
word: the documents do not say how such an image is declared."""
_DIGITS = re.compile(r"-?[0-9]{1,9}")


def source(place: str = "") -> Source:
    """A place of the page."""
    return Source(PAGE, place)


def whole_number(value: Any) -> int | None:
    """A number, or one in a string as the documents write it; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    return None


def is_image(document: dict[str, Any]) -> bool:
    """Whether the model is an image, which brings its own server."""
    return bool(document.get("model_type") == "Image")


def plain_path(value: str, scope: Scope) -> Findings:
    """Empty means /."""
    if value and not value.startswith("/"):
        return here(f"must begin with /; got {shown(value)}")
    if not value.isascii() or not value.isprintable() or set(value) & {" ", "?", "#"}:
        return here(f"must be a plain URL path without spaces, ? or #; got {shown(value)}")
    return FINE


def config_rule(
    number: int, statement: str, where: str, changes: dict[str, Any], **more: Any
) -> Rule:
    """A rule on a config.json."""
    parts = {
        "source": source(where.split("/")[1] if where else ""),
        "subjects": (CONFIG_FILE,),
        "base": "config-json",
        "answer": CONFIG_JSON,
    }
    return written(f"MA-CFG-{number:03d}", statement, where, changes, more, **parts)
