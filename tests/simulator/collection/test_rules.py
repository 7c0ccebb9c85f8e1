"""What is collected, and how the rules are kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.collection.rules import OFF, Collection, collection_of, kept_collection
from simulator.routing import Routing, kept_routing, routing_of

COLLECTIONS = st.builds(
    Collection,
    enabled=st.booleans(),
    share_percent=st.floats(0.01, 100),
    only_failed=st.booleans(),
    content_types=st.lists(st.sampled_from(["image/*", "text/csv"])).map(tuple),
    max_body_bytes=st.integers(0, 12_000_000),
    budget_bytes=st.integers(0, 1 << 50),
    destination=st.sampled_from([OFF.destination, "obs://other/folder/"]),
)


@given(COLLECTIONS)
def test_they_are_kept_as_json_and_read_again(rules: Collection) -> None:
    assert collection_of(json.loads(json.dumps(kept_collection(rules)))) == rules
    routing = Routing(collection=rules)
    assert routing_of(json.loads(json.dumps(kept_routing(routing)))) == routing


def test_nothing_is_kept_of_what_is_as_by_default() -> None:
    assert kept_collection(OFF) == {}
    assert kept_routing(Routing()) == {}


@pytest.mark.parametrize(
    ("status", "wanted"), [(200, False), (302, False), (400, True), (503, True)]
)
def test_only_failed_means_from_400_on(status: int, *, wanted: bool) -> None:
    assert Collection(only_failed=True).wants(status, "") is wanted
    assert Collection().wants(status, "")


@pytest.mark.parametrize(
    ("content_type", "wanted"),
    [
        ("image/png", True),
        ("IMAGE/PNG; q=1", True),
        ("text/csv", True),
        ("text/csv2", False),
        ("imagex/png", False),
        ("", False),
    ],
)
def test_content_types_are_held_without_their_parameters(
    content_type: str, *, wanted: bool
) -> None:
    rules = Collection(content_types=("image/*", "text/csv"))
    assert rules.wants(200, content_type) is wanted
