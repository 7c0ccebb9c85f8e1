"""Why an instance that runs has never answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.lifecycle.causes import SILENT, why_silent
from simulator.lifecycle.objects import Listening

PROBE = "GET /health was answered 404; 200 to 399 is healthy"
HOSTS = st.sampled_from(["0.0.0.0", "::", "127.0.0.1", "::1", "172.17.0.2"])


@pytest.mark.parametrize(
    ("sockets", "reason", "words"),
    [
        ((), "NothingListens", "on no TCP port"),
        ((("0.0.0.0", 9000),), "WrongPort", "port 9000 at 0.0.0.0, and not on port 8080"),
        ((("::", 1), ("0.0.0.0", 2)), "WrongPort", "port 1 at :: and port 2 at 0.0.0.0"),
        ((("127.0.0.1", 8080),), "LoopbackOnly", "port 8080 at 127.0.0.1 alone"),
        ((("::1", 8080), ("0.0.0.0", 9)), "LoopbackOnly", "at ::1 alone"),
        ((("127.0.0.1", 8080), ("172.17.0.2", 8080)), "HealthCheckFailed", PROBE),
        ((("::", 8080),), "HealthCheckFailed", PROBE),
    ],
)
def test_where_it_listens_tells(
    sockets: tuple[tuple[str, int], ...], reason: str, words: str
) -> None:
    found, said = why_silent(PROBE, Listening(8080, sockets))
    assert found == reason
    assert words in said


def test_where_that_cannot_be_told_only_the_probe_speaks() -> None:
    assert why_silent(PROBE, None) == ("", PROBE)


def test_one_that_listens_well_and_was_not_asked_has_no_reason() -> None:
    assert why_silent("", Listening(8080, (("0.0.0.0", 8080),))) == ("", "")


@given(st.text(), st.lists(st.tuples(HOSTS, st.integers(1, 65535))).map(tuple))
def test_each_answer_is_one_of_the_reasons(
    probe: str, sockets: tuple[tuple[str, int], ...]
) -> None:
    reason, words = why_silent(probe, Listening(8080, sockets))
    assert reason in ("", *SILENT)
    assert words or not reason
