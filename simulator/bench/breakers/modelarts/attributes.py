"""Breakers of the rules on additional_properties."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.bench.breakers.modelarts.service import OTHERS, PUBLIC
from simulator.bench.breakers.recipes import Recipes, either, lose, other_words, outside, put
from simulator.bench.strategies import parts, words
from simulator.bench.strategies.wish import Wish

_OF_VERSION = "/config/*/additional_properties"
_WEBSOCKET = Wish(websocket=True)
_NO_WEBSOCKET = Wish(websocket=False)
_LENGTHS = st.integers(0, 63) | st.integers(65, 100) | st.sampled_from((63, 65))
_LOG_ID = either(
    put(_LENGTHS.flatmap(words.log_ids)),
    put(
        (st.sampled_from((0, 65)) | st.integers(66, 100)).flatmap(words.log_ids),
        readings={"log-id-length": "up-to-64"},
    ),
)
_GOOD_EVENTS = st.lists(st.sampled_from(parts.EVENTS), max_size=3)
_BAD_EVENTS = st.lists(
    st.sampled_from((0, 2, 4, 5, 6, 8, 9, 10, 12, -1)) | outside(1, 11), min_size=1, max_size=3
)

RECIPES: Recipes = {
    "MA-SVC-060": put(
        parts.log_volumes(1),
        Wish(places=PUBLIC),
        at=f"{_OF_VERSION}/log_volume",
        subjects=("create-service",),
    ),
    "MA-SVC-061": put(st.sampled_from((0, 0.0, -0.1, -1)) | st.floats(-9, 0) | outside(low=1)),
    "MA-SVC-062": either(
        put(st.sampled_from((-0.1, -1)) | st.floats(-9, -0.01) | outside(low=0)),
        put(st.sampled_from((0, 0.0, -1)), readings={"max-unavailable": "above-zero"}),
    ),
    "MA-SVC-063": either(
        put(outside(30, 300)), put(outside(low=0), readings={"grace-period": "any"})
    ),
    "MA-SVC-064": put(st.sampled_from(("/", "//", "", "/var/run", "/var/run/", "/var/run//"))),
    "MA-SVC-065": put(other_words("sfs_turbo")),
    "MA-SVC-066": lose("/additional_properties/smn_notification"),
    "MA-SVC-067": put(st.builds(list.__add__, _GOOD_EVENTS, _BAD_EVENTS)),
    "MA-SVC-068": put(other_words("LTS")),
    "MA-SVC-069": _LOG_ID,
    "MA-SVC-070": _LOG_ID,
    "MA-SVC-071": put(st.just(True), OTHERS.without("/x-drydock")),
    "MA-SVC-072": put(st.integers(1, 1_000_000), _WEBSOCKET, at="/x-drydock/traffic_limit"),
    "MA-SVC-073": put(st.just(True), _WEBSOCKET, at="/x-drydock/data_collection"),
    "MA-SVC-074": put(outside(1, 1_000_000), _NO_WEBSOCKET),
}
