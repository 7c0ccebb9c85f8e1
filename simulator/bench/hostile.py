"""A stream of hostile bodies: arbitrary bytes, arbitrary JSON, and sound documents spoilt.

    stream = Stream([catalogue("modelarts")], seed=1)
    for hostile in stream.inputs(1000): ...

Seeded and fast, thousands a second: each body is made of its seed and number alone, so that one of
many can be made again. For properties that shrink, take the strategies instead.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.bench.hostile_parts import (
    deep,
    known_names,
    large,
    literals,
    odd,
    pumped,
    tokens,
)
from simulator.rules.catalogue import Catalogue

_MANY = 3000
"""Characters of what is long without being large."""
_FEW = 20
"""Items of what may be repeated many times."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One input.

    Attributes:
        number: its place in the stream.
        way: how it was made, such as `changed`.
        subject: kind of the document that it was made of; empty for none.
        name: of the file that it would be in.
    """

    number: int
    way: str
    provider: str
    subject: str
    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Sound:
    provider: str
    subject: str
    text: str


class Stream:
    """Hostile inputs made of the documents of some providers.

    Args:
        seed: the same seed and number make the same input.
    """

    def __init__(self, catalogues: Iterable[Catalogue], seed: int) -> None:
        self.seed = seed
        rules = tuple(catalogues)
        self._sound = [
            _Sound(one.provider, subject.name, json.dumps(one.documents[name]))
            for one in rules
            for subject in one.subjects
            for name in subject.examples
        ]
        self._names = sorted({name for one in rules for name in known_names(one)})
        self._literals = sorted({text for one in rules for text in literals(one)})
        self._ways: list[tuple[str, Callable[[random.Random, _Sound], bytes]]] = [
            *[("changed", self._changed)] * 11,
            *[("edited", self._edited)] * 4,
            *[("json", self._json)] * 2,
            ("tokens", lambda chance, sound: tokens(chance)),
            ("bytes", lambda chance, sound: chance.randbytes(chance.choice((0, 1, 9, 60, 900)))),
            ("deep", lambda chance, sound: deep(chance, sound.text)),
        ]

    def inputs(self, count: int, first: int = 0) -> Iterator[Hostile]:
        """`count` inputs, from number `first` on."""
        for number in range(first, first + count):
            yield self.input(number)

    def input(self, number: int) -> Hostile:
        chance = random.Random(f"{self.seed} {number}")
        sound = chance.choice(self._sound)
        way, make = chance.choice(self._ways)
        if number % 500 == 499:
            way, make = "large", lambda chance, sound: large(chance, json.loads(sound.text))
        is_manifest = sound.subject == "manifest"
        return Hostile(
            number=number,
            way=way,
            provider=sound.provider,
            subject=sound.subject,
            name="all.manifest" if is_manifest else "request.json",
            body=make(chance, sound),
        )

    def _json(self, chance: random.Random, sound: _Sound) -> bytes:
        return _dumped(chance, self._value(chance, 4))

    def _value(self, chance: random.Random, levels: int) -> Any:
        """Any JSON value; objects mostly have names that the documents know."""
        if levels == 0 or chance.random() < 0.4:
            return self._scalar(chance)
        items = chance.choice((0, 1, 1, 2, 3))
        if chance.random() < 0.4:
            return [self._value(chance, levels - 1) for _ in range(items)]
        return {self._name(chance): self._value(chance, levels - 1) for _ in range(items)}

    def _name(self, chance: random.Random) -> str:
        if chance.random() < 0.9:
            return chance.choice(self._names)
        return str(odd(chance))

    def _scalar(self, chance: random.Random) -> Any:
        pick = chance.random()
        if pick < 0.3:
            return chance.choice(self._literals)
        if pick < 0.4:
            return pumped(chance, self._literals, chance.choice((2, 40, 300)))
        return odd(chance)

    def _changed(self, chance: random.Random, sound: _Sound) -> bytes:
        """A sound document with some places changed."""
        document = json.loads(sound.text)
        for _ in range(chance.choice((1, 1, 2, 2, 3, 4, 8))):
            holder, key = _place(chance, document)
            if holder is not None:
                self._change(chance, holder, key)
        if sound.subject == "manifest":
            return _as_lines(document)
        return _dumped(chance, document)

    def _change(self, chance: random.Random, holder: Any, key: Any) -> None:
        """Change one place, or what stands beside it."""
        way = chance.randrange(14)
        if way == 0:
            del holder[key]
        elif way == 1 and isinstance(holder, dict):
            holder[self._name(chance)] = holder[key]
        elif way == 2 and isinstance(holder, dict):
            holder[_misspelt(chance, key)] = holder.pop(key)
        elif way == 3 and isinstance(holder, list) and len(holder) < _FEW:
            holder *= chance.choice((2, 3, 200))
        else:
            holder[key] = self._changed_value(chance, holder[key], way)

    def _changed_value(self, chance: random.Random, value: Any, way: int) -> Any:
        changes: dict[int, Callable[[], Any]] = {
            4: lambda: pumped(chance, self._literals, chance.choice((3, 70, _MANY))),
            5: lambda: self._value(chance, 3),
            6: lambda: {self._name(chance): value},
            7: lambda: [value] * (chance.choice((1, 1, 2, 200)) if _is_small(value) else 1),
            8: lambda: {f"{odd(chance)}{number}": odd(chance) for number in range(200)},
            9: lambda: _mapping(chance, 12),
            10: lambda: str(value) if chance.random() < 0.5 else json.dumps(value),
            11: lambda: _moved(chance, value),
        }
        return changes.get(way, lambda: self._scalar(chance))()

    def _edited(self, chance: random.Random, sound: _Sound) -> bytes:
        """The text of a sound document, edited as no JSON writer would."""
        text = sound.text
        for _ in range(chance.choice((1, 1, 2))):
            text = _EDITS[chance.randrange(len(_EDITS))](chance, text)
        body = text.encode("utf-8", "surrogatepass")
        if chance.random() < 0.2:
            place = chance.randrange(len(body) + 1)
            body = body[:place] + chance.randbytes(chance.choice((1, 2, 4))) + body[place:]
        return body


def _dumped(chance: random.Random, value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def _as_lines(document: Any) -> bytes:
    lines = document.get("lines") if isinstance(document, dict) else None
    listed = lines if isinstance(lines, list) else [document]
    return "\n".join(json.dumps(line) for line in listed).encode()


def _place(chance: random.Random, document: Any) -> tuple[Any, Any]:
    """A holder and a key in it, at any depth; nothing in an empty document."""
    holder, key = None, None
    value = document
    while isinstance(value, dict | list) and value:
        if holder is not None and chance.random() < 0.25:
            break
        holder = value
        key = chance.choice(list(holder)) if isinstance(holder, dict) else _index(chance, holder)
        value = holder[key]
    return holder, key


def _moved(chance: random.Random, value: Any) -> Any:
    """A number near to another, or far from it."""
    if not isinstance(value, int | float):
        return odd(chance)
    return value + chance.choice((-1, 1, 0.5, 0.001, 2**62, 1e300))


def _is_small(value: Any) -> bool:
    return not isinstance(value, dict | list | str) or len(value) < _FEW


def _index(chance: random.Random, holder: Sequence[Any]) -> int:
    return chance.randrange(len(holder))


def _misspelt(chance: random.Random, name: str) -> str:
    place = chance.randrange(len(name) + 1)
    return chance.choice((name.upper(), name[:place] + name[place + 1 :], f"{name} ", f"{name}\0"))


def _mapping(chance: random.Random, levels: int) -> Any:
    """A mapping rule as no document has it: nested, with references and names of keywords."""
    if levels == 0 or chance.random() < 0.1:
        index = chance.choice((0, -1, "0", None, True, 1.5, 10**9))
        return {"type": chance.choice(("number", "string", ["number"], None)), "index": index}
    inner = _mapping(chance, levels - 1)
    return chance.choice(
        (
            {"type": "object", "properties": {"properties": inner, "$ref": "#"}},
            {"type": "array", "items": inner},
            {"type": "number", "index": 0, "items": [inner, [], None, inner]},
            {"properties": {"type": {"type": inner}, "items": inner}, "items": {"$ref": "#/items"}},
            {"properties": [inner], "items": "string"},
        )
    )


_NO_JSON = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1E400", "9" * 30, "-" + "9" * 19,
    "9" * 5000, "01", "+1", ".5", "1.", "0x1F", "--1", "1_000", "True", "undefined", "'x'", "",
    "[", "}", "\ufeff", "/* no */ 1", '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\ud800"',
    '"\n"', '"\\x"', '"\\u12"',
)  # fmt: skip


def _other_token(chance: random.Random, text: str) -> str:
    """Something that is no JSON, or barely, in place of a value."""
    parts = text.split(": ")
    place = chance.randrange(len(parts))
    rest = parts[place].partition(",")
    parts[place] = chance.choice(_NO_JSON) + rest[1] + rest[2]
    return ": ".join(parts)


def _repeated_key(chance: random.Random, text: str) -> str:
    places = [place for place, char in enumerate(text) if char == "{"]
    place = chance.choice(places) + 1 if places else 0
    key = text[place:].partition(":")[0]
    return f"{text[:place]}{key}: {chance.choice(('1', 'null', '[]'))}, {text[place:]}"


def _cut(chance: random.Random, text: str) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _repeated_part(chance: random.Random, text: str) -> str:
    start = chance.randrange(len(text) + 1)
    part = text[start : start + chance.choice((1, 10, 100))]
    return text[:start] + part * chance.choice((2, 3, 50)) + text[start:]


def _framed(chance: random.Random, text: str) -> str:
    before = chance.choice(("\ufeff", "", " " * _MANY, "[", "\x00", ")]}',\n"))
    return before + text + chance.choice(("", text, ",", "]", "\x00", "// end", "\n" * _MANY))


_EDITS = (_other_token, _other_token, _repeated_key, _cut, _repeated_part, _framed)
