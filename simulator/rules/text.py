"""Words for messages: paths, received values, suggestions."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

SHOWN_CHARS = 60
"""A received value, or a key, is repeated up to this length."""
MESSAGE_CHARS = 1000
"""What is wrong is told up to this length."""
_JSON = json.JSONEncoder(ensure_ascii=False)


def cut(text: str, most: int = SHOWN_CHARS) -> str:
    """The text, or its beginning when it is longer."""
    return text if len(text) <= most else text[: most - 3] + "..."


def readable_path(path: Sequence[str | int]) -> str:
    """`("config", 0, "weight")` as people write it: `config[0].weight`."""
    words = ""
    for part in path:
        name = cut(str(part))
        words += f"[{part}]" if isinstance(part, int) else f".{name}" if words else name
    return words or "the body"


def pointer(*parts: str | int) -> str:
    """The JSON pointer (RFC 6901) of a path of keys and indexes."""
    return "".join(["/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts])


@lru_cache(maxsize=4096)
def place_words(path: tuple[str | int, ...]) -> tuple[str, str]:
    """A path as `readable_path` and as `pointer`; remembered, since requests err in few places."""
    return readable_path(path), pointer(*path)


def shown(value: Any) -> str:
    """A received value as JSON, cut when it is long."""
    if isinstance(value, str):
        return _JSON.encode(cut(value))
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "an array"
        return f"{kind} of {len(value)}"
    try:
        text = _JSON.encode(value)
    except (TypeError, ValueError):
        text = repr(value)
    return cut(text)


def listed(words: Iterable[object]) -> str:
    """`a, b or c`."""
    texts = [str(word) for word in words]
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} or {texts[-1]}"


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant; empty when none is near."""
    return "" if len(word) > SHOWN_CHARS else _nearest(word.lower(), tuple(known))


@lru_cache(maxsize=1024)
def _nearest(word: str, known: tuple[str, ...]) -> str:
    """Remembered: comparing takes longer than all that is done else with a request."""
    folded = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word, folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean real-time?`, or nothing."""
    found = nearest(word, known)
    return f"; did you mean {found}?" if found and found != word else ""
