"""How a request ended, from its answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.stress.outcomes import Ending, ending_of, label_of


@pytest.mark.parametrize(
    ("status", "ending"),
    [(200, Ending.OK), (299, Ending.OK), (304, Ending.REFUSED), (500, Ending.REFUSED)],
)
def test_only_2xx_is_well(status: int, ending: Ending) -> None:
    assert ending_of(status) is ending


@pytest.mark.parametrize(
    ("body", "label", "message"),
    [
        (
            {"error_code": "ModelArts.4206", "error_msg": "Too many"},
            "429 ModelArts.4206",
            "Too many",
        ),
        ({"erno": "MR.0105", "msg": "no image"}, "429 MR.0105", "no image"),
        ({"code": 7, "message": "m"}, "429 7", "m"),
        ({"error_code": "with space", "error_msg": "m"}, "429", "m"),
        ({}, "429", ""),
        ([1], "429", ""),
    ],
)
def test_an_error_is_counted_under_its_status_and_code(
    body: object, label: str, message: str
) -> None:
    assert label_of(429, json.dumps(body).encode()) == (label, message)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_body_whatever_is_too_strange(body: bytes) -> None:
    label, message = label_of(500, body)
    assert label.startswith("500")
    assert len(message) <= 200


def test_a_very_deep_body_is_no_json() -> None:
    assert label_of(500, b"[" * 100_000) == ("500", "")


def test_what_was_given_up_counts_among_the_latencies_and_what_broke_does_not() -> None:
    assert [one.has_latency for one in Ending] == [True, False, False, True]
    assert [one.is_answer for one in Ending] == [True, True, False, False]
