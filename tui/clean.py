"""Makes text from outside safe to show on a terminal: the one place where this is decided.

Logs, names, messages and addresses come from containers and users. Terminal control in them could
retitle the window, write the clipboard or repaint the screen, and direction overrides can make one
name look like another. So control sequences are removed, and every other control character is
shown as a visible escape such as `\\x07` or `\\u202e`.
"""

import re
import unicodedata

MAX_LINE_BYTES = 4096
"""A longer line is cut here (UTF-8 bytes, before the cut mark is added)."""

MAX_LINES = 200
"""A longer text keeps its first lines only; the mark says how many are missing."""

CUT_MARK = " …[cut]"

_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves, erasing
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC: title, clipboard, links
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*(?:\x1b\\|\x9c)"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]+[0-~]"  # character set choices, which `tput sgr0` writes
)
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, formats (bidi, zero-width), lone surrogates, and the two Unicode line separators."""


def clean(value: str | bytes, max_lines: int = MAX_LINES) -> str:
    """Returns `value` as lines that a terminal shows and does not obey.

    Args:
        value: any text; bytes are decoded as UTF-8 with replacement characters.
        max_lines: of a longer text the first lines are kept.
    Returns:
        Text that holds printable characters, tabs and newlines only. Each line has at most
        `MAX_LINE_BYTES`; every cut is marked.
    """
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if text.isprintable() and len(text) * 4 <= MAX_LINE_BYTES:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    kept = [_clean_line(line) for line in lines[:max_lines]]
    if len(lines) > max_lines:
        kept.append(f"…[{len(lines) - max_lines} more lines cut]")
    return "\n".join(kept)


def clean_line(value: str | bytes) -> str:
    """Like `clean`, for a place that has one line: line ends show as `⏎`, tabs as spaces."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if text.isprintable() and len(text) * 4 <= MAX_LINE_BYTES:
        return text
    joined = text.rstrip("\r\n").replace("\r\n", "⏎").replace("\n", "⏎")
    return _clean_line(joined).replace("\t", "    ")


def _clean_line(line: str) -> str:
    # The first cut bounds the work; sequences that it splits are shown visibly below.
    bounded = line[: MAX_LINE_BYTES * 4]
    visible = "".join(map(_visible, _SEQUENCES.sub("", bounded)))
    encoded = visible.encode("utf-8")
    if len(encoded) <= MAX_LINE_BYTES and len(bounded) == len(line):
        return visible
    return encoded[:MAX_LINE_BYTES].decode("utf-8", "ignore") + CUT_MARK


def _visible(character: str) -> str:
    if character == "\t" or unicodedata.category(character) not in _HIDDEN_CATEGORIES:
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
