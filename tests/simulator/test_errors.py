"""Errors build their sentence from their fields."""

from __future__ import annotations

import pytest

from simulator.errors import QuotaExceeded, with_hint


@pytest.mark.parametrize(
    ("message", "hint", "text"),
    [
        ("it failed", "", "it failed"),
        ("it failed", "try again", "it failed; try again"),
        ("It failed.", "Check the network.", "It failed; check the network."),
        ("It failed.", "DOCKER_HOST may be wrong", "It failed; DOCKER_HOST may be wrong"),
    ],
)
def test_message_and_hint_read_as_one_sentence(message: str, hint: str, text: str) -> None:
    assert with_hint(message, hint) == text


def test_a_quota_without_room_says_how_much_of_what_and_how_to_get_more() -> None:
    assert str(QuotaExceeded("public-instances", 100, 98, 3)) == (
        "quota public-instances: 98 of 100 used, 3 more asked for; "
        "`drydock quota set public-instances SIZE` stands in for a service ticket"
    )
