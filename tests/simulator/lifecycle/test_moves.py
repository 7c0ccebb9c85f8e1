from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.errors import IllegalMove
from simulator.facts.statuses import ServiceStatus as S
from simulator.lifecycle.moves import MOVES, move
from tests.support.builders import NOW, a_service

EVERY_PAIR = [(start, finish) for start in S for finish in S if start is not finish]


def test_every_status_has_a_row() -> None:
    assert set(MOVES) == set(S)


@pytest.mark.parametrize(("start", "finish"), EVERY_PAIR)
def test_a_move_is_made_if_and_only_if_the_table_has_it(start: S, finish: S) -> None:
    service = a_service(status=start)
    if finish in MOVES[start]:
        moved = move(service, finish, NOW + 5)
        assert (moved.status, moved.transition_at) == (finish, NOW + 5)
    else:
        with pytest.raises(IllegalMove, match=f"no move from {start} to {finish}"):
            move(service, finish, NOW + 5)


def test_a_service_can_be_deleted_in_every_status() -> None:
    assert all(S.DELETING in MOVES[start] for start in S if start is not S.DELETING)


def test_nothing_follows_deleting() -> None:
    assert MOVES[S.DELETING] == frozenset()


def test_the_same_status_renews_the_words_and_keeps_the_time() -> None:
    service = a_service(status=S.CONCERNING, reason="Old", message="old", evidence="old")
    told = move(service, S.CONCERNING, NOW + 5, reason="New", message="new", evidence="new")
    assert told == replace(service, reason="New", message="new", evidence="new")
    assert told.transition_at == NOW


def test_a_move_without_words_clears_those_of_before() -> None:
    service = a_service(status=S.CONCERNING, reason="Old", message="old", evidence="old")
    moved = move(service, S.RUNNING, NOW)
    assert (moved.reason, moved.message, moved.evidence) == ("", "", "")
