"""A model's config.json, in both documented shapes."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InvalidRequest, NotSimulated, Refused
from simulator.lifecycle.objects import HealthCheck
from simulator.modelarts.config_json import parameters_by_api, read_config
from simulator.strict_json import parse_object
from tests.support.requests import changed, violations

PACKAGES = Path(__file__).parents[3] / "fixtures" / "packages"
SCHEMA = {"type": "object", "properties": {"x": {"type": "number"}}}
CONFIG = {
    "model_type": "TensorFlow",
    "model_algorithm": "image_classification",
    "apis": [{"url": "/", "method": "post", "request": {"Content-type": "multipart/form-data"}}],
}
IMAGE = {"model_type": "Image"}


def wrong(document: dict[str, Any]) -> list[str]:
    """Where something is wrong; every rule that says so is one on config.json."""
    found = violations(lambda: read_config(document, "model/config.json"))
    assert all(rule.startswith(("MA-CFG-", "MA-TYPE-4", "MA-MUST-4")) for rule, _ in found)
    return [path for _, path in found]


def one_api(api: Any) -> dict[str, Any]:
    return CONFIG | {"apis": [api]}


class TestApis:
    def test_newer_shape_has_content_type_and_data(self) -> None:
        side = {"Content-type": "application/x-json", "data": SCHEMA}
        (api,) = read_config(one_api({"request": side, "response": side}), "c").apis
        assert (api.content_type, api.request, api.response) == (
            "application/x-json",
            SCHEMA,
            SCHEMA,
        )

    def test_older_shape_is_the_schema_itself(self) -> None:
        (api,) = read_config(one_api({"request": SCHEMA, "response": SCHEMA}), "c").apis
        assert (api.content_type, api.request, api.response) == (
            "application/json",
            SCHEMA,
            SCHEMA,
        )

    def test_content_type_is_read_in_both_spellings(self) -> None:
        (api,) = read_config(one_api({"request": {"Content-Type": "text/plain"}}), "c").apis
        assert (api.content_type, api.request) == ("text/plain", {})

    def test_an_api_that_says_nothing_is_a_json_post_to_the_address_itself(self) -> None:
        (api,) = read_config(one_api({}), "c").apis
        assert (api.url, api.method, api.protocol) == ("/", "POST", "http")
        assert (api.content_type, api.request, api.response) == ("application/json", {}, {})

    def test_none_need_be_declared(self) -> None:
        assert read_config({k: v for k, v in CONFIG.items() if k != "apis"}, "c").apis == ()

    @pytest.mark.parametrize("apis", [[{"url": "/a"}], [{"url": "/"}, {"url": "/"}]])
    def test_only_images_may_have_others_than_the_address_itself(self, apis: list[Any]) -> None:
        assert wrong(CONFIG | {"apis": apis}) == ["/apis"]
        assert wrong(IMAGE | {"apis": apis}) == []

    @pytest.mark.parametrize(
        ("path", "api"),
        [
            ("/apis/0", "POST /"),
            ("/apis/0/url", {"url": 5}),
            ("/apis/0/method", {"method": "FETCH"}),
            ("/apis/0/method", {"method": ["POST"]}),
            ("/apis/0/protocol", {"protocol": 1}),
            ("/apis/0/request", {"request": "json"}),
            ("/apis/0/request/data", {"request": {"data": []}}),
            ("/apis/0/request/Content-type", {"request": {"Content-type": 3}}),
            ("/apis/0/response", {"response": []}),
        ],
    )
    def test_what_is_wrong_is_told_with_its_place(self, path: str, api: Any) -> None:
        assert wrong(one_api(api)) == [path]

    def test_a_url_begins_with_a_slash(self) -> None:
        assert wrong(IMAGE | {"apis": [{"url": "predict"}]}) == ["/apis/0/url"]

    def test_apis_are_an_array(self) -> None:
        assert wrong(CONFIG | {"apis": {"url": "/"}}) == ["/apis"]


def test_parameters_are_those_of_the_requests_schema_by_path() -> None:
    apis = [{"url": "/a", "request": {"data": SCHEMA}}, {"request": SCHEMA}, {"url": "/none"}]
    found = parameters_by_api({"apis": apis})
    assert found == {"/a": {"x": "number"}, "/": {"x": "number"}, "/none": {}}
    assert parameters_by_api({}) == {}


class TestFields:
    @pytest.mark.parametrize("field", ["model_type", "model_algorithm"])
    def test_type_and_algorithm_are_mandatory(self, field: str) -> None:
        assert wrong(changed(CONFIG, f"/{field}", ...)) == [f"/{field}"]

    def test_an_image_needs_no_algorithm(self) -> None:
        assert read_config(IMAGE, "initial_config").model_algorithm == ""

    def test_messages_say_which_document_they_are_about(self) -> None:
        with pytest.raises(InvalidRequest, match=r"model/config\.json: model_type: is mandatory"):
            read_config({"model_algorithm": "x"}, "model/config.json")

    def test_everything_is_told_at_once(self) -> None:
        assert len(wrong({"apis": [5, {"method": "X"}], "port": 0})) == 4

    def test_the_document_is_kept_as_it_was(self) -> None:
        document = CONFIG | {"metrics": {"f1": 0.9}}
        assert read_config(document, "c").document == document

    @pytest.mark.parametrize(
        ("sent", "port"), [(8080, 8080), ("9000", 9000), (1, 1), (65535, 65535)]
    )
    def test_the_port_is_a_number_or_one_in_a_string(self, sent: object, port: int) -> None:
        assert read_config(IMAGE | {"port": sent}, "c").port == port

    @pytest.mark.parametrize(
        ("sent", "http2"),
        [("http2", True), ("HTTP2", True), ("http", False), ("https", False), ("", False)],
    )
    def test_an_image_says_that_it_speaks_http2(self, sent: str, http2: bool) -> None:
        assert read_config(IMAGE | {"protocol": sent}, "c").http2 is http2

    def test_an_image_that_says_nothing_speaks_http1(self) -> None:
        assert not read_config(IMAGE, "c").http2

    @pytest.mark.parametrize("sent", ["grpc", "h2c"])
    def test_other_words_for_http2_are_refused_and_the_right_one_is_told(self, sent: str) -> None:
        with pytest.raises(InvalidRequest, match="has the protocol http2"):
            read_config(IMAGE | {"protocol": sent}, "c")

    def test_only_an_image_speaks_http2(self) -> None:
        assert wrong(CONFIG | {"protocol": "http2"}) == ["/protocol"]

    def test_websocket_over_it_is_not_simulated(self) -> None:
        document = IMAGE | {"protocol": "http2", "apis": [{"url": "/", "protocol": "WS"}]}
        with pytest.raises(NotSimulated, match="WebSocket over HTTP/2"):
            read_config(document, "c")

    def test_nor_does_an_api_say_so(self) -> None:
        apis = [{"url": "/", "protocol": "http2"}]
        assert wrong(IMAGE | {"apis": apis}) == ["/apis/0/protocol"]

    @pytest.mark.parametrize("sent", [0, 65536, -1, "http", [], 80.7, True, "8_080"])
    def test_another_port_is_refused(self, sent: object) -> None:
        assert wrong(IMAGE | {"port": sent}) == ["/port"]


class TestHealth:
    def test_what_is_declared_becomes_a_health_check(self) -> None:
        health = {
            "check_method": "HTTP",
            "url": "/ping",
            "initial_delay_seconds": "30",
            "period_seconds": 7,
            "timeout_seconds": "3",
            "failure_threshold": "2",
        }
        assert HealthCheck(**read_config(IMAGE | {"health": health}, "c").health) == HealthCheck(
            path="/ping", initial_delay_s=30, period_s=7, timeout_s=3, failure_threshold=2
        )

    def test_what_is_not_declared_has_the_documented_default(self) -> None:
        health = read_config(IMAGE | {"health": {"url": "/ping", "period_seconds": ""}}, "c").health
        assert HealthCheck(**health) == HealthCheck(path="/ping")

    def test_none_declared_is_none(self) -> None:
        assert read_config(IMAGE, "c").health == {}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("url", None),
            ("url", "ping"),
            ("url", 5),
            ("url", "/he\nalth"),
            ("check_method", "TCP"),
            ("period_seconds", "often"),
            ("period_seconds", 0),
            ("period_seconds", 1.5),
            ("period_seconds", True),
            ("period_seconds", "9" * 400),
            ("timeout_seconds", "0"),
            ("timeout_seconds", 2**62),
            ("failure_threshold", []),
            ("failure_threshold", 0),
            ("initial_delay_seconds", -1),
        ],
    )
    def test_what_is_wrong_is_told_with_its_place(self, field: str, value: object) -> None:
        document = IMAGE | {"health": {"url": "/health"} | {field: value}}
        assert wrong(document) == [f"/health/{field}"]

    def test_a_check_by_exec_is_valid_and_not_simulated(self) -> None:
        health = {"check_method": "EXEC", "command": "cat /ready"}
        with pytest.raises(NotSimulated, match="EXEC"):
            read_config(IMAGE | {"health": health}, "c")

    def test_it_is_an_object(self) -> None:
        assert wrong(IMAGE | {"health": "/health"}) == ["/health"]


@pytest.mark.parametrize("package", sorted(path.name for path in PACKAGES.iterdir()))
def test_the_bundled_packages_declare_what_can_be_read(package: str) -> None:
    text = (PACKAGES / package / "model" / "config.json").read_bytes()
    config = read_config(parse_object(text), "model/config.json")
    assert config.model_type
    assert all(api.url.startswith("/") for api in config.apis)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["url", "method", "request", "data", "Content-type", "period_seconds"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["model_type", "model_algorithm", "apis", "health", "port", "runtime"]),
        values | st.just("Image"),
    )
)
def test_no_document_whatever_gets_more_than_a_refusal(document: dict[str, Any]) -> None:
    before = json.dumps(document)
    with contextlib.suppress(Refused):
        read_config(document, "c")
    assert json.dumps(document) == before
