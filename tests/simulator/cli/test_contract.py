"""The API to call is found in what the model declares."""

from __future__ import annotations

import json

import pytest

from simulator.cli.contract import Api, choose_api, file_key, read_apis
from simulator.cli.failures import Failure, UsageFailure

PICTURE = Api("/", "POST", ("images",))
TABLE = Api("/table", "POST")
HEALTH = Api("/health", "GET")


@pytest.mark.parametrize("nested", [True, False], ids=["data", "schema directly"])
def test_file_fields_are_read_from_both_documented_shapes(nested: bool) -> None:
    schema = {"type": "object", "properties": {"images": {"type": "file"}, "n": {"type": "int"}}}
    request = {"Content-type": "multipart/form-data"}
    request |= {"data": schema} if nested else schema
    text = json.dumps([{"url": "/p", "method": "post", "request": request}])
    assert read_apis(text) == (Api("/p", "POST", ("images",)),)


def test_only_api_that_takes_a_body_is_chosen() -> None:
    assert choose_api([HEALTH, TABLE], None, with_body=True, with_file=False) == TABLE


def test_file_goes_to_the_api_that_takes_files() -> None:
    assert choose_api([TABLE, PICTURE], None, with_body=True, with_file=True) == PICTURE


def test_several_apis_that_fit_must_be_chosen_from() -> None:
    with pytest.raises(UsageFailure) as caught:
        choose_api([PICTURE, TABLE], None, with_body=True, with_file=False)
    assert "--api / or --api /table" in caught.value.hint


def test_without_a_body_the_api_that_takes_none_is_called() -> None:
    assert choose_api([TABLE, HEALTH], None, with_body=False, with_file=False) == HEALTH


def test_without_a_body_an_api_that_needs_one_is_not_called() -> None:
    with pytest.raises(UsageFailure) as caught:
        choose_api([PICTURE], None, with_body=False, with_file=False)
    assert "--image" in caught.value.hint


def test_named_path_keeps_its_query_and_the_declared_method() -> None:
    chosen = choose_api([TABLE], "table?top=1", with_body=True, with_file=False)
    assert chosen == Api("/table?top=1", "POST")


def test_path_that_nobody_declares_is_called_as_it_is() -> None:
    assert choose_api([TABLE], "/x", with_body=False, with_file=False) == Api("/x", "GET")


def test_api_without_files_takes_no_image() -> None:
    assert file_key(PICTURE) == "images"
    with pytest.raises(Failure, match="declares no file"):
        file_key(TABLE)
