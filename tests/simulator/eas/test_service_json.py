"""Dotted keys mean what nested keys mean, and places are told as they were sent."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.eas.rules import CATALOGUE
from simulator.eas.rules.common import SERVICE
from simulator.eas.service_json import judged, normalised, sent_place
from simulator.rules.catalogue import UnknownReading

IMAGE = CATALOGUE.documents["image"]


def described(metadata: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**IMAGE, "metadata": {**IMAGE["metadata"], **metadata}, **more}


def flat(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The document with every object of the top level and of metadata as dotted keys."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, dict) and value and key not in ("labels", "features"):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


@pytest.mark.parametrize(
    ("dotted", "nested"),
    [
        ({"rpc.keepalive": 5000}, {"rpc": {"keepalive": 5000}}),
        (
            {"rpc.keepalive": 5000, "rpc.batching": False},
            {"rpc": {"keepalive": 5000, "batching": False}},
        ),
        (
            {"rpc": {"keepalive": 1}, "rpc.io_threads": 4},
            {"rpc": {"keepalive": 1, "io_threads": 4}},
        ),
        (
            {"rpc.io_threads": 4, "rpc": {"keepalive": 1}},
            {"rpc": {"keepalive": 1, "io_threads": 4}},
        ),
        ({"eas.termination_grace_period": 9}, {"eas": {"termination_grace_period": 9}}),
        ({"scheduling.spread.policy": "host"}, {"scheduling": {"spread": {"policy": "host"}}}),
        ({"scheduling": {"spread.policy": "host"}}, {"scheduling": {"spread": {"policy": "host"}}}),
        ({"rpc": None, "rpc.keepalive": 1}, {"rpc": {"keepalive": 1}}),
        ({"rpc": {"keepalive": 1}, "rpc.keepalive": 1}, {"rpc": {"keepalive": 1}}),
    ],
)
def test_dotted_keys_of_metadata_are_nested(dotted: dict[str, Any], nested: dict[str, Any]) -> None:
    assert normalised(described(dotted)) == described(nested)


def test_dotted_keys_of_the_top_level_are_nested() -> None:
    dotted = described({}, **{"runtime.enable_crash_block": True, "metadata.rpc.keepalive": 7})
    nested = described({"rpc": {"keepalive": 7}}, runtime={"enable_crash_block": True})
    assert normalised(dotted) == nested


def test_names_with_dots_of_their_own_stay() -> None:
    own = {"features": {"eas.aliyun.com/gpu-driver-version": "tesla=550"}, "labels": {"a.b": "c"}}
    assert normalised(described({}, **own)) == described({}, **own)
    # features is a field, and what follows is one name
    dotted = described({}, **{"features.eas.aliyun.com/x": "1"})
    assert normalised(dotted) == described({}, features={"eas.aliyun.com/x": "1"})


def test_fields_that_nobody_knows_are_nested_too() -> None:
    dotted = described({}, **{"queue.cpu": 1, "queue.sink.auto_evict": True})
    nested = described({}, queue={"cpu": 1, "sink": {"auto_evict": True}})
    assert normalised(dotted) == nested
    assert judged(dotted).warnings == []


@pytest.mark.parametrize(
    "metadata",
    [
        {"rcp.keepalive": 1},
        {"rpc.": 1},
        {"rpc.keepalive.more": 1},
        {"rpc.keep": 1},
        {"rpc": {"keepalive": 1}, "rpc.keepalive": 2},
        {"rpc": 5, "rpc.keepalive": 1},
    ],
)
def test_what_leads_to_no_free_field_stays_and_is_told(metadata: dict[str, Any]) -> None:
    sent = described(metadata)
    assert normalised(sent) == sent
    last = list(metadata)[-1]
    assert f"/metadata/{last}" in [one.path for one in judged(sent).warnings]


def test_the_document_that_is_given_is_not_changed() -> None:
    sent = described({"rpc": {"keepalive": 1}, "rpc.io_threads": 4})
    before = copy.deepcopy(sent)
    normalised(sent)
    assert sent == before


@pytest.mark.parametrize("name", sorted(CATALOGUE.documents))
def test_sound_documents_are_normal_and_sound_with_dotted_keys(name: str) -> None:
    document = CATALOGUE.documents[name]
    assert normalised(document) == document
    assert normalised(flat(document)) == document
    report = judged(flat(document), strict=True)
    assert report.violations == []
    assert report.warnings == []


def test_a_violation_is_placed_where_the_key_stands() -> None:
    nested = judged(described({"rpc": {"keepalive": 0}})).violations
    dotted = judged(described({"rpc.keepalive": 0})).violations
    assert [one.rule for one in nested] == [one.rule for one in dotted] == ["EAS-SVC-080"]
    assert nested[0].message == dotted[0].message
    assert [one.path for one in nested] == ["/metadata/rpc/keepalive"]
    assert [one.path for one in dotted] == ["/metadata/rpc.keepalive"]


@pytest.mark.parametrize(
    ("document", "place", "sent"),
    [
        ({"a.b": 1}, "/a/b", "/a.b"),
        ({"a": {}, "a.b": 1}, "/a/b", "/a.b"),
        ({"a": {"b": {}}, "a.b.c": 1}, "/a/b/c", "/a.b.c"),
        ({"a": {"b.c": 1}}, "/a/b/c", "/a/b.c"),
        ({"a": {"b": 1}, "a.c": 2}, "/a/b", "/a/b"),
        ({"a": [{"b.c": 1}]}, "/a/0/b/c", "/a/0/b.c"),
        ({"a.b": {"c": 1}}, "/a/b/d", "/a.b/d"),
        ({}, "/a/b", "/a/b"),
        ({"a": [1]}, "/a/1", "/a/1"),
        ({"a/b": {"c~": 1}}, "/a~1b/c~0", "/a~1b/c~0"),
        ({}, "", ""),
    ],
)
def test_the_place_in_the_document_as_it_was_sent(
    document: dict[str, Any], place: str, sent: str
) -> None:
    assert sent_place(document, place) == sent


def test_readings_are_chosen_by_name() -> None:
    sent = described({"name": "ab"})
    assert judged(sent).violations == []
    assert [one.rule for one in judged(sent, {"name-length": "refused"}).violations] == [
        "EAS-SVC-005"
    ]
    with pytest.raises(UnknownReading):
        judged(sent, {"name-length": "perhaps"})


def test_nested_keys_are_judged_as_the_catalogue_does() -> None:
    report = CATALOGUE.judge(SERVICE, IMAGE)
    assert judged(IMAGE).clean == report.clean


_KEYS = st.sampled_from(
    (
        "name",
        "metadata",
        "rpc",
        "metadata.rpc.keepalive",
        "rpc.keepalive",
        "env",
        "path",
        "a.b",
        ".",
    )
)
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=6,
)


def _places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            found += _places(item, (*path, key))
    return found


@settings(max_examples=200, deadline=None, database=None)
@given(st.sampled_from(sorted(CATALOGUE.documents)), st.data())
def test_nothing_that_is_sent_makes_a_rule_fail(name: str, data: st.DataObject) -> None:
    document = copy.deepcopy(CATALOGUE.documents[name])
    path = data.draw(st.sampled_from(_places(document)))
    holder: Any = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = data.draw(_ANY)
    report = judged({**document, **data.draw(st.dictionaries(_KEYS, _ANY, max_size=2))})
    CATALOGUE.admit(SERVICE, normalised(document), CATALOGUE.facts)
    for one in report.violations + report.warnings:
        assert one.rule in CATALOGUE.by_id
