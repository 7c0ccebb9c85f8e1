"""Errors build their sentence from their fields."""

from __future__ import annotations

import pytest

from simulator.errors import with_hint


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
