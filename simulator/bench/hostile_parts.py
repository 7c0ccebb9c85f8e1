"""What hostile bodies are made of: odd values, strings that slow patterns down, large bodies."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from simulator.rules.catalogue import Catalogue
from simulator.rules.shape import fields_of, shapes_below

LARGE_BYTES = 1_000_000
"""About the size of large bodies; what the strict reader takes is a little more."""

ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 5, 6, 64, 65, 100, 101, 179, 180, 7200, 65535, 65536,
    2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, -0.0, 0.1 + 0.2, 1.005, 0.009, 1e16, 1e308,
    -1e308, 5e-324, 1e22, 123456789.123456789,
    "", " ", "0", "-0", "+1", " 7 ", "7 ", "1e5", "0x10", "9" * 30, "９", "٣", "1_0", "0.1", "100",
    "null", "true", "True", "NaN", "None", "[]", "{}", "\x00", "a\x00b", "\n", "\r\n", "\t", "\x7f",
    "\ufeff", "\u202e", "\u2028", "e\u0301", "ﬀ", "İ", "ß", "𝒳", "\ud800",
    "\U0001f468\u200d\U0001f469",
    "服务", "a" * 64, "a" * 65, "x" * 100, "x" * 101, "a/b~c", "~1", "/", "//", "../..", "%2e%2e/",
    "obs://", "obs://b", "obs://bucket/..", "https://[::1", "https://a.obs.", "s3://a b/c", "\\",
    "a,b", "a,,b", ",", "pool-a, pool-a", "pool-a,pool-b,pool-c", "a=b", "PASSWORD", "1st", "*",
    "<script>", "${x}", "{{7*7}}", "' OR 1=1 --", "%s%n", "{0}",
)  # fmt: skip
"""Values on which something once went wrong somewhere."""

_PUMPS = (
    ("a", "!"), ("0.", "x"), ("99.", ""), ("A_", "="), ("password_", "?"), ("_sk", "k"),
    ("-", "x"),
    (" ", "-"), ("9", ""), ("服", "\n"), (",", ""), ("pool-a,", ""), ("../", ""), ("a.obs.", "/"),
    ("%2e", "/"), ("//", ""), ("api_key", "s"), ("a-.", "A"), ("\u0130", "i"), ("[", ""),
    ('{"a":', ""),
    ("[", "]"), ("<", ""), ("'", '"'), ("/{a", ""), ("?", "#"), ("é", "\x00"), (" 1", " "),
    ("(a", "+"),
)  # fmt: skip
"""What is repeated, and what ends it: a pattern that looks back tries every way to split it."""


def known_names(rules: Catalogue) -> Iterator[str]:
    """Every name of a field that the shapes have."""
    for subject in rules.subjects:
        for shape in shapes_below(subject.shape):
            yield from fields_of(shape)


def literals(rules: Catalogue) -> Iterator[str]:
    """Texts that the rules know: words of enumerations, texts of sound documents, patterns."""
    for rule in rules.rules:
        yield from (word for word in rule.schema.get("enum", ()) if isinstance(word, str))
        pattern = rule.schema.get("pattern")
        if pattern:
            yield str(pattern)
    for document in rules.documents.values():
        yield from _texts(document)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def odd(chance: random.Random) -> Any:
    """A value on which something once went wrong somewhere."""
    return ODD[chance.randrange(len(ODD))]


def pumped(chance: random.Random, known: Sequence[str], times: int) -> str:
    """A short text many times, and then something else; often made of a rule's own pattern."""
    if chance.random() < 0.6:
        pump, end = chance.choice(_PUMPS)
    else:
        word = chance.choice(known) or "a"
        start = chance.randrange(len(word))
        pump, end = word[start : start + chance.choice((1, 2, 5))], chance.choice(word)
    return pump * (1 + times // len(pump)) + end


_TOKENS = (
    "{", "}", "[", "]", ":", ",", '"', '"a"', '"config"', '"\\', "\\u", "1", "-", "e", ".", "null",
    "true", "NaN", " ", "\n", "\ufeff", "é", "\x00",
)  # fmt: skip


def tokens(chance: random.Random) -> bytes:
    """Marks of JSON in any order."""
    return "".join(chance.choices(_TOKENS, k=chance.choice((1, 4, 20, 200)))).encode()


def deep(chance: random.Random, text: str) -> bytes:
    """Many levels, alone or in a sound document, closed or not."""
    levels = chance.choice((2, 10, 30, 62, 63, 64, 65, 66, 500, 5000))
    opened, closed = chance.choice((("[", "]"), ('{"a":', "}"), ('[{"properties":', "}]")))
    nested = opened * levels + "1" + closed * (levels - chance.choice((0, 0, 0, 1, levels)))
    if chance.random() < 0.4:
        return nested.encode()
    places = [place for place, char in enumerate(text) if char == ":"]
    place = chance.choice(places) + 1 if places else len(text)
    rest = text[place:].partition(",")
    return (text[:place] + nested + rest[1] + rest[2]).encode()


def large(chance: random.Random, document: Any) -> bytes:
    """About as large as the strict reader takes: long strings, many keys, many items."""
    holder, key = document, chance.choice(list(document))
    lists = [name for name, value in document.items() if isinstance(value, list) and value]
    if lists and chance.random() < 0.6:
        key = chance.choice(lists)
        if isinstance(holder[key][0], dict) and chance.random() < 0.6:
            holder, key = holder[key][0], chance.choice(list(holder[key][0]))
    item: Any = chance.choice((1, None, {}, [], "", {"a": {}}, "\ud83d\ude00", holder[key]))
    size = len(json.dumps(item)) + 2
    ways: list[Any] = [
        [item] * (LARGE_BYTES // size),
        {f"{number}k": item for number in range(LARGE_BYTES // (size + 12))},
        {f"k{number}": item for number in range(LARGE_BYTES // (size + 12))},
        pumped(chance, ("a", "\u00e9"), LARGE_BYTES * 2 // 3),
        {"a" * 900_000: item},
        [0.12345678901234567] * (LARGE_BYTES // 22),
    ]
    value = chance.choice(ways)
    if isinstance(value, dict) and chance.random() < 0.3:
        holder.update(value)
    else:
        holder[key] = value
    return json.dumps(document, ensure_ascii=chance.random() < 0.3).encode("utf-8", "surrogatepass")
