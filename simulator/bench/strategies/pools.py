"""Dedicated pools: of which kind, and where a request names them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from simulator.bench.strategies import words
from simulator.bench.strategies.wish import PLACES, Draft

Named = dict[str, str]
"""`cluster_id` or `pool_name` with the pool; empty for none."""


@dataclass(frozen=True)
class Layout:
    """Which pools a request names.

    Attributes:
        service: for the whole service.
        versions: for each version.
    """

    service: Named
    versions: list[Named]

    def dedicated(self, index: int) -> bool:
        """Whether a version runs in a dedicated pool."""
        return bool(self.service or self.versions[index])

    def paired(self, index: int) -> bool:
        """Whether a version runs in two pools at once."""
        named = self.versions[index] or self.service
        return any("," in pool for pool in named.values())


def layout(
    draft: Draft, count: int, chosen: int, kind: str, *, needed: bool, is_update: bool
) -> Layout:
    """Pools for a request with `count` versions.

    Args:
        chosen: the version that certainly is in a pool when any is.
        needed: the chosen version must be in one.
        is_update: only versions name pools.
    """
    places = draft.wish.places or (PLACES[1:] if needed else PLACES)
    place = draft.draw(st.sampled_from(places))
    if is_update and place == "service":
        place = "versions"  # an update names no pool for the whole service
    allowed = draft.wish.pools or (
        ("old", "new", "pair") if kind == "real-time" else ("old", "new")
    )
    which = st.sampled_from(allowed)
    service: Named = {}
    if place in ("service", "both"):
        service = _named(draft, draft.draw(which))
    versions: list[Named] = []
    for index in range(count):
        own: Named = {}
        if place == "versions" and (index == chosen or draft.yes()):
            own = _named(draft, draft.draw(which))
        if place == "both" and (index == chosen or draft.yes()):
            own = dict(service)
        versions.append(own)
    return Layout({} if is_update else service, versions)


def _named(draft: Draft, which: str) -> Named:
    if which == "pair":
        old = draft.yes()
        ids = words.old_pools() if old else words.new_pools()
        first = draft.draw(ids)
        second = draft.draw(ids.map(lambda pool: pool if pool != first else f"{pool}0"))
        joined = draft.draw(st.sampled_from((",", ", "))).join((first, second))
        return {"cluster_id" if old else "pool_name": joined}
    if which == "old":
        return {"cluster_id": draft.draw(words.old_pools())}
    return {"pool_name": draft.draw(words.new_pools())}
