from __future__ import annotations

from pathlib import Path

import pytest

from simulator.heartbeat import Heartbeat


def test_the_last_beat_is_known_to_the_next_server(tmp_path: Path) -> None:
    heart = Heartbeat(tmp_path / "alive")
    assert heart.last_ms() == 0
    heart.beat(1_700_000_000_000)
    heart.beat(1_700_000_001_000)
    assert Heartbeat(tmp_path / "alive").last_ms() == 1_700_000_001_000


@pytest.mark.parametrize("content", ["", "soon", "12.5"])
def test_a_file_that_is_none_counts_as_no_beat(tmp_path: Path, content: str) -> None:
    (tmp_path / "alive").write_text(content)
    assert Heartbeat(tmp_path / "alive").last_ms() == 0


def test_a_beat_that_cannot_be_written_is_left_out(tmp_path: Path) -> None:
    Heartbeat(tmp_path / "no" / "alive").beat(1)
