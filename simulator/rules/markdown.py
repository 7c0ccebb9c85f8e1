"""Pieces of Markdown that GitHub shows as they are meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"[\\`*\[\]|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""An underscore inside a word is no markup."""


def plain(text: str) -> str:
    """Text in which nothing is markup."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(lambda found: "\\" + found[0], text).replace("\n", " ")


def code(text: str) -> str:
    """Text in fixed width, fit for the cell of a table; nothing when it is empty."""
    if not text:
        return ""
    text = " ".join(text.split("\n")).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table, with an empty one before and after; the cells are Markdown already."""
    lines = ["", _line(head), _line(["---"] * len(head))]
    lines += [_line(row) for row in rows]
    return [*lines, ""]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def anchor(heading: str) -> str:
    """The name under which GitHub links to a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.replace(" ", "-")
