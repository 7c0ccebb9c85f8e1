"""What a drawn document must have, and the draft that is drawn by it.

Documents are built right from the start: a wish narrows what is drawn, nothing is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

Document = dict[str, Any]
KINDS = ("real-time", "batch", "edge")
PLACES = ("none", "service", "versions", "both")
"""Where pools are named: nowhere, for the service, for single versions, for both alike."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a document must have; what is not said is left to chance.

    Attributes:
        kinds: kinds of the service that are allowed.
        places: where pools may be named; one of `PLACES` each; empty for any that fits.
        pools: `old`, `new` or `pair` (multi-pool); empty for any that fits.
        versions: least and most versions; None for what the kind allows.
        custom: whether a version has the specification custom (False: none has).
        websocket, network, manifest: whether the service has them.
        mapping: mapping types that are allowed.
        having: patterns of JSON pointers that are there and are neither null nor empty; those below
            `/config/*` are there in one version at least.
        lacking: patterns that are not there at all.
        unknown: fields that no document names are added here and there.
    """

    kinds: tuple[str, ...] = KINDS
    places: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    versions: tuple[int, int] | None = None
    custom: bool | None = None
    websocket: bool | None = None
    network: bool | None = None
    manifest: bool | None = None
    mapping: tuple[str, ...] = ("file", "csv")
    having: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    unknown: bool = False

    def with_(self, *patterns: str) -> Wish:
        """The same, and these places and what holds them are there."""
        above = {prefix for pattern in patterns for prefix in prefixes(pattern)}
        return replace(self, having=self.having | above)

    def without(self, *patterns: str) -> Wish:
        """The same, and these places are not there."""
        return replace(self, lacking=self.lacking | set(patterns))


ANY = Wish()


def prefixes(pattern: str) -> Iterable[str]:
    """A pattern and all that hold it: `/config`, `/config/*`, `/config/*/envs`."""
    parts = pattern.split("/")[1:]
    return ["/" + "/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def holder_of(pattern: str) -> str:
    """The pattern of what holds a field."""
    return pattern.rpartition("/")[0]


_IDLE = st.sampled_from(("absent", "null"))
_IDLE_BLANK = st.sampled_from(("absent", "null", "blank"))
_HOW = st.sampled_from(("absent", "value", "null"))
_HOW_BLANK = st.sampled_from(("absent", "value", "blank", "null"))

_STRANGE = st.dictionaries(
    st.text("abc", max_size=3).map("zz_{}".format),
    st.integers() | st.text(),
    min_size=1,
    max_size=1,
)

Values = st.SearchStrategy[Any] | Callable[[], Any]
"""A strategy, or a function that draws."""


class Draft:
    """One document while it is drawn."""

    def __init__(self, draw: st.DrawFn, wish: Wish) -> None:
        self.draw = draw
        self.wish = wish

    def needs(self, pattern: str) -> bool:
        return pattern in self.wish.having

    def least(self, pattern: str) -> int:
        """How many items the array or map there has at least."""
        return 1 if self.needs(f"{pattern}/*") or self.needs(pattern) else 0

    def yes(self, wanted: bool | None = None) -> bool:
        """A choice, unless it is made already."""
        return bool(self.draw(st.booleans())) if wanted is None else wanted

    def value(self, values: Values) -> Any:
        return self.draw(values) if isinstance(values, st.SearchStrategy) else values()

    def maybe(
        self, holder: Document, pattern: str, values: Values, *, blank: object = None
    ) -> None:
        """Put an optional field: absent, null, with a value, or, where that is allowed, blank.

        Args:
            pattern: its place; the last part is its name.
            blank: what counts as absent besides null, such as an empty string; None for nothing.
        """
        if pattern in self.wish.lacking:
            return
        name = pattern.rpartition("/")[2]
        how = "value"
        if not self.needs(pattern):
            how = self.draw(_HOW if blank is None else _HOW_BLANK)
        if how == "value":
            holder[name] = self.value(values)
        elif how != "absent":
            holder[name] = None if how == "null" else blank

    def idle(self, holder: Document, pattern: str, blank: object = None) -> None:
        """Put an optional field that must not have a value here: absent, null or blank."""
        if pattern in self.wish.lacking:
            return
        how = self.draw(_IDLE if blank is None else _IDLE_BLANK)
        if how != "absent":
            holder[pattern.rpartition("/")[2]] = None if how == "null" else blank

    def strange(self, holder: Document) -> None:
        """Add a field that no document names, if that is wished."""
        if self.wish.unknown and self.draw(st.booleans()):
            holder.update(self.draw(_STRANGE))

    def for_version(self, chosen: bool) -> Draft:
        """The draft of one version; only the chosen one must have what is wished of versions."""
        if chosen:
            return self
        mine = frozenset(p for p in self.wish.having if not p.startswith("/config/*/"))
        custom = False if self.wish.custom is False else None
        return Draft(self.draw, replace(self.wish, having=mine, custom=custom))
