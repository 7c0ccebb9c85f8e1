"""What a user types becomes one service or model, or an explanation."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.cli.failures import Failure
from simulator.cli.naming import find_model, find_newest_model, find_service

ROWS: list[dict[str, Any]] = [
    {"model_id": "aaaa1111", "service_id": "aaaa1111", "name": "digits", "version": "0.0.1"},
    {"model_id": "aaaa2222", "service_id": "aaaa2222", "name": "iris", "version": "0.0.1"},
    {"model_id": "bbbb3333", "service_id": "bbbb3333", "name": "iris", "version": "0.0.2"},
]


@pytest.mark.parametrize("key", ["digits", "digits:0.0.1", "aaaa1111", "aaaa1"])
def test_model_is_found_by_name_name_with_version_id_and_beginning_of_id(key: str) -> None:
    assert find_model(ROWS, key)["model_id"] == "aaaa1111"


def test_version_tells_models_of_one_name_apart() -> None:
    assert find_model(ROWS, "iris:0.0.2")["model_id"] == "bbbb3333"


def test_name_goes_before_the_beginning_of_an_id() -> None:
    rows = [{"service_id": "x1", "name": "aaaa"}, {"service_id": "aaaa9", "name": "other"}]
    assert find_service(rows, "aaaa")["service_id"] == "x1"


def test_name_of_several_models_is_refused_with_the_choices() -> None:
    with pytest.raises(Failure, match="2 models could be meant by iris") as caught:
        find_model(ROWS, "iris")
    assert "iris:0.0.1 (aaaa2222)" in caught.value.hint
    assert "iris:0.0.2 (bbbb3333)" in caught.value.hint


def test_to_deploy_a_bare_name_means_its_newest_version() -> None:
    assert find_newest_model(ROWS, "iris")["version"] == "0.0.2"
    assert find_newest_model(ROWS, "iris:0.0.1")["version"] == "0.0.1"
    rows = [{**ROWS[0], "model_id": v, "name": "m", "version": v} for v in ("0.0.9", "0.0.10")]
    assert find_newest_model(rows, "m")["version"] == "0.0.10"


def test_beginning_of_several_ids_is_refused() -> None:
    with pytest.raises(Failure, match="2 models could be meant by aaaa"):
        find_model(ROWS, "aaaa")


def test_short_beginning_of_an_id_does_not_count() -> None:
    with pytest.raises(Failure, match="there is no model bbb"):
        find_model(ROWS, "bbb")


def test_unknown_name_is_answered_with_a_near_one() -> None:
    with pytest.raises(Failure) as caught:
        find_service(ROWS[:1], "digit")
    assert "did you mean digits" in caught.value.hint


def test_without_any_service_the_hint_says_so() -> None:
    with pytest.raises(Failure) as caught:
        find_service([], "digits")
    assert caught.value.hint == "there are no services yet"
