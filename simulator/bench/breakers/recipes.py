"""How breakers are written: a recipe makes, of a rule, a strategy for cases that break it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from simulator.bench.cases import Case
from simulator.bench.strategies.subjects import documents
from simulator.bench.strategies.wish import ANY, Document, Wish, holder_of
from simulator.rules.rule import Rule

Recipe = Callable[[Rule], st.SearchStrategy[Case]]
Recipes = Mapping[str, Recipe]
"""Rule id to its recipe."""

Item = TypeVar("Item")
NO_READINGS: Mapping[str, str] = {}


class Breakers(Mapping[str, st.SearchStrategy[Case]]):
    """Strategies by rule id, each made when it is first asked for.

    Args:
        rules: of the provider, by id.
        recipes: rule id to its recipe; rules without one have no breaker.
        boundaries: deliberate cases of a rule, at the very limit; drawn as often as others.
    """

    def __init__(
        self,
        rules: Mapping[str, Rule],
        recipes: Recipes,
        boundaries: Callable[[str], Sequence[Case]],
    ) -> None:
        self._rules = rules
        self._recipes = recipes
        self._boundaries = boundaries
        self._made: dict[str, st.SearchStrategy[Case]] = {}

    def __getitem__(self, rule_id: str) -> st.SearchStrategy[Case]:
        if rule_id not in self._made:
            made = self._recipes[rule_id](self._rules[rule_id])
            fixed = self._boundaries(rule_id)
            if fixed:
                made |= st.sampled_from(fixed).map(copy.deepcopy)
            self._made[rule_id] = made
        return self._made[rule_id]

    def __iter__(self) -> Iterator[str]:
        return (rule_id for rule_id in self._rules if rule_id in self._recipes)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def holders(document: Document, pattern: str) -> list[Document]:
    """The objects that have, or could have, the field that a pattern names.

    One object in place of a map of objects stands for each item of the map.
    """
    found: list[Any] = [document]
    for part in pattern.split("/")[1:-1]:
        found = [below for holder in found for below in _below(holder, part)]
    return [holder for holder in found if isinstance(holder, dict)]


def _below(holder: Any, part: str) -> list[Any]:
    if part == "*":
        if isinstance(holder, list):
            return holder
        is_map = all(isinstance(item, dict) for item in holder.values())
        return list(holder.values()) if is_map else [holder]
    found = holder.get(part) if isinstance(holder, dict) else None
    return [] if found is None else [found]


def name_of(pattern: str) -> str:
    """The field that a pattern names."""
    return pattern.rpartition("/")[2]


def some(draw: st.DrawFn, items: Sequence[Item]) -> list[Item]:
    """At least one of the items."""
    certain = draw(st.integers(0, len(items) - 1))
    return [item for n, item in enumerate(items) if n == certain or draw(st.booleans())]


def base(
    draw: st.DrawFn, rule: Rule, pattern: str, wish: Wish = ANY, subjects: Sequence[str] = ()
) -> tuple[str, Document]:
    """A sound document in which something could stand at a pattern, and its subject."""
    subject = draw(st.sampled_from(tuple(subjects) or rule.subjects))
    holder = holder_of(pattern)
    wish = wish.with_(holder) if holder else wish
    if pattern != "/status":
        wish = wish.without("/status")  # beside a status nothing else is applied
    return subject, draw(documents(subject, wish))


def put(
    values: st.SearchStrategy[Any],
    wish: Wish = ANY,
    *,
    at: str = "",
    subjects: Sequence[str] = (),
    readings: Mapping[str, str] = NO_READINGS,
) -> Recipe:
    """A value that breaks the rule stands in one or more of the places that the rule is about.

    Args:
        wish: what the sound document must have besides the place.
        at: the places, where they are not those of the rule itself.
        subjects: some of the rule's subjects; all when empty.
    """

    @st.composite
    def make(draw: st.DrawFn, rule: Rule) -> Case:
        pattern = at or rule.at
        subject, document = base(draw, rule, pattern, wish, subjects)
        for holder in some(draw, holders(document, pattern)):
            holder[name_of(pattern)] = draw(values)
        return Case(subject, document, readings)

    return make


def lose(
    pattern: str,
    wish: Wish = ANY,
    *,
    blank: object = None,
    subjects: Sequence[str] = (),
    readings: Mapping[str, str] = NO_READINGS,
) -> Recipe:
    """A field is absent, null or blank where the rule demands it.

    Args:
        blank: what else counts as absent, such as an empty string; None for nothing.
    """

    @st.composite
    def make(draw: st.DrawFn, rule: Rule) -> Case:
        subject, document = base(draw, rule, pattern, wish, subjects)
        for holder in some(draw, holders(document, pattern)):
            take_away(draw, holder, name_of(pattern), blank)
        return Case(subject, document, readings)

    return make


def take_away(draw: st.DrawFn, holder: Document, name: str, blank: object = None) -> None:
    """Make a field absent, null or blank."""
    how = draw(
        st.sampled_from(("absent", "null") if blank is None else ("absent", "null", "blank"))
    )
    if how == "absent":
        holder.pop(name, None)
    else:
        holder[name] = copy.copy(blank) if how == "blank" else None


def as_is(
    wish: Wish,
    *,
    subjects: Sequence[str] = (),
    readings: Mapping[str, str] = NO_READINGS,
) -> Recipe:
    """Documents that break the rule as they are drawn, by what is wished."""

    @st.composite
    def make(draw: st.DrawFn, rule: Rule) -> Case:
        subject = draw(st.sampled_from(tuple(subjects) or rule.subjects))
        return Case(subject, draw(documents(subject, wish.without("/status"))), readings)

    return make


def either(*recipes: Recipe) -> Recipe:
    """One of several ways to break a rule."""
    return lambda rule: st.one_of([recipe(rule) for recipe in recipes])


def outside(low: int | None = None, high: int | None = None) -> st.SearchStrategy[int]:
    """Integers outside a range: one step outside, near, and far."""
    sides: list[st.SearchStrategy[int]] = []
    if low is not None:
        sides += [
            st.just(low - 1),
            st.integers(low - 1000, low - 1),
            st.integers(-(2**62), low - 1),
        ]
    if high is not None:
        sides += [st.just(high + 1), st.integers(high + 1, high + 1000)]
        sides.append(st.integers(high + 1, 2**62))
    return st.one_of(sides)


def other_words(*known: str, fold: bool = False, blank: bool = True) -> st.SearchStrategy[str]:
    """Words that are none of those known, the near ones often.

    Args:
        fold: capitals and small letters do not count.
        blank: the empty word is one of them.
    """
    taken = {word.lower() if fold else word for word in known}
    near = {
        variant
        for word in known
        for variant in (
            word.upper(),
            word.lower(),
            word.title(),
            f"{word} ",
            f" {word}",
            f"{word}s",
        )
    }
    near |= {word[:-1] for word in known} | {""}
    wrong = sorted(w for w in near if (w.lower() if fold else w) not in taken and (blank or w))
    anything = st.text(st.characters(codec="utf-8"), max_size=20).map("zz{}".format)
    return st.sampled_from(wrong) | anything


def strings_around(
    middle: st.SearchStrategy[str], rest: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    """Texts that have something in their beginning, middle or end."""
    return st.builds("{}{}{}".format, rest, middle, rest)


def json_values() -> st.SearchStrategy[Any]:
    """Values of every JSON type but null."""
    scalars = st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=5)
    return scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(), scalars, max_size=2)
