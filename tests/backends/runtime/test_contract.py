from __future__ import annotations

import pytest

from backends.runtime.contract import FORM, JSON, Kind, read_apis
from backends.runtime.errors import StartError

NUMBER = {"type": "number"}
FILES = {"type": "object", "properties": {"images": {"type": "file"}}}


def only_api(**api):
    (found,) = read_apis({"apis": [api]})
    return found


def test_without_apis_there_is_one_post_to_the_root():
    for config in ({}, {"apis": []}):
        (api,) = read_apis(config)
        assert (api.url, api.method, api.media_type, api.request) == ("/", "POST", JSON, None)


def test_url_and_method_have_defaults_and_any_case():
    assert (only_api().url, only_api().method) == ("/", "POST")
    assert only_api(method="pUt").method == "PUT"
    assert only_api(url="predict/v1").url == "/predict/v1"


def test_both_documented_shapes_of_a_request_mean_the_same():
    schema = {"type": "object", "properties": {"x": NUMBER}}
    new = only_api(request={"Content-type": "application/json", "data": schema})
    old = only_api(request=schema)
    assert new.request == old.request
    assert old.request.properties["x"].kind is Kind.NUMBER


@pytest.mark.parametrize("items", [{"items": [NUMBER]}, {"items": NUMBER}, {"item": NUMBER}])
def test_items_may_be_a_schema_or_a_list_or_called_item(items):
    schema = only_api(request={"data": {"type": "array", **items}}).request
    assert [item.kind for item in schema.items] == [Kind.NUMBER]
    assert schema.is_tensor


def test_schemas_know_their_place_in_the_body():
    inner = {"type": "object", "properties": {"x": NUMBER}}
    schema = only_api(
        request={"type": "object", "properties": {"data": {"type": "array", "items": [inner]}}}
    ).request
    assert schema.properties["data"].items[0].properties["x"].where == "data[].x"


def test_a_file_makes_the_request_a_form():
    api = only_api(request={"type": "object", "properties": {"images": {"type": "file"}}})
    assert (api.media_type, api.file_keys) == (FORM, ("images",))


def test_a_declared_form_without_a_file_takes_json():
    """As the batch documents do: they declare a form and send JSON rows."""
    schema = {"type": "object", "properties": {"x": NUMBER}}
    api = only_api(request={"Content-type": "multipart/form-data", "data": schema})
    assert api.media_type == JSON


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ([], "config.json"),
        ({"apis": {}}, "apis"),
        ({"apis": ["/"]}, r"apis\[0\]"),
        ({"apis": [{"method": 5}]}, r"apis\[0\].method"),
        ({"apis": [{"url": ""}]}, r"apis\[0\].url"),
        ({"apis": [{}, {}]}, r"apis\[1\]"),
        ({"apis": [{"request": "x"}]}, r"apis\[0\].request"),
        ({"apis": [{"request": {"Content-type": 1, "data": {}}}]}, "Content-type"),
        ({"apis": [{"request": {"Content-type": "text/csv", "data": NUMBER}}]}, "text/csv"),
        ({"apis": [{"request": {"data": {"type": "money"}}}]}, "money"),
        ({"apis": [{"request": {"data": {"description": "?"}}}]}, "type is missing"),
        ({"apis": [{"response": {"data": {"type": "object", "properties": []}}}]}, "properties"),
        ({"apis": [{"request": {"Content-type": JSON, "data": FILES}}]}, "of type file"),
    ],
)
def test_what_cannot_be_understood_is_named(config, named):
    with pytest.raises(StartError, match=named):
        read_apis(config)


def test_a_schema_nested_without_end_is_refused():
    schema: dict = NUMBER
    for _ in range(100):
        schema = {"type": "array", "items": [schema]}
    with pytest.raises(StartError, match="too deep"):
        read_apis({"apis": [{"request": {"data": schema}}]})
