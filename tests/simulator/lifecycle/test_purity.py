from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest

from simulator.lifecycle.plan import plan
from tests.support.builders import NOW, a_service, an_instance, seen_exited


def test_the_same_arguments_give_the_same_plan_and_are_left_alone() -> None:
    service = a_service(an_instance(1), an_instance(2))
    sight = {"svc-2": seen_exited(2)}
    before = pickle.dumps((service, sight))
    assert plan(service, sight, NOW) == plan(service, sight, NOW)
    assert pickle.dumps((service, sight)) == before


def test_the_nouns_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        a_service().status = "running"  # type: ignore[misc,assignment]
