"""Breakers of the ModelArts rules, by rule id."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from simulator.bench.boundaries import refused
from simulator.bench.breakers.modelarts import (
    admission,
    attributes,
    batch,
    config_json,
    model,
    prediction,
    service,
    unknown,
    update,
    version,
)
from simulator.bench.breakers.recipes import Breakers
from simulator.bench.breakers.shapes import shape_recipes
from simulator.bench.cases import Case
from simulator.bench.strategies.subjects import documents
from simulator.bench.strategies.wish import Document, Wish, holder_of
from simulator.modelarts.rules import CATALOGUE

_LOST_POOLS = ("none", "versions")
_LOST_POOLS_OF_VERSIONS = ("none", "service", "both")
_PLACES = {
    "/cluster_id": _LOST_POOLS,
    "/pool_name": _LOST_POOLS,
    "/config/*/cluster_id": _LOST_POOLS_OF_VERSIONS,
    "/config/*/pool_name": _LOST_POOLS_OF_VERSIONS,
}
"""Where pools may be named so that a version that needs one keeps it when a name is lost."""


def _sound(subject: str, pattern: str) -> st.SearchStrategy[Document]:
    """Sound documents in which something can stand at a pattern."""
    wish = Wish(places=_PLACES.get(pattern, ()))
    if subject == "update-service" and pattern == "/config/*/nodes":
        wish = Wish(kinds=("real-time", "batch"))  # an edge service is known by its nodes
    if subject == "update-service" and pattern == "/config/*/weight":
        wish = wish.without("/config/*/nodes")  # without a weight it could be an edge service's
    if pattern != "/status":
        wish = wish.without("/status")
    holder = holder_of(pattern)
    return documents(subject, wish.with_(holder) if holder else wish)


BREAKERS: Mapping[str, st.SearchStrategy[Case]] = Breakers(
    CATALOGUE.by_id,
    {
        **shape_recipes(CATALOGUE, _sound),
        **service.RECIPES,
        **version.RECIPES,
        **attributes.RECIPES,
        **batch.RECIPES,
        **update.RECIPES,
        **model.RECIPES,
        **config_json.RECIPES,
        **admission.RECIPES,
        **prediction.RECIPES,
        **unknown.RECIPES,
    },
    refused,
)
