"""How inputs become HTTP requests, held against the parser of the built-in model server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from python_multipart.multipart import parse_options_header

from backends.runtime.forms import read_parts
from simulator.batch.requests import Request, Sender, UnusableApi, find_api, sender
from simulator.modelarts.config_json import ModelApi, read_config

PACKAGES = Path(__file__).parents[3] / "fixtures" / "packages"
FORM, JSON = "multipart/form-data", "application/json"


def an_api(
    *names: str, kind: str = FORM, url: str = "/", method: str = "POST", protocol: str = "http"
) -> ModelApi:
    """An API with parameters, which are files where their names begin with `file`."""
    properties = {name: {"type": "file" if name.startswith("file") else "number"} for name in names}
    request = {"type": "object", "properties": properties} if names else {}
    return ModelApi(url, method, protocol, kind, request, {})


def of_package(name: str) -> tuple[ModelApi, ...]:
    path = PACKAGES / name / "model" / "config.json"
    return read_config(json.loads(path.read_text()), "config.json").apis


def parts(request: Request) -> dict[str, list[bytes]]:
    return read_parts(request.content_type, request.body)


class TestAFile:
    def test_is_sent_in_the_models_only_file_parameter(self) -> None:
        content = b"\x89PNG\r\n\x1a\n"
        request = sender(of_package("mnist"), "/", "file").of_file("1.png", content)
        assert (request.method, request.path) == ("POST", "/")
        assert parts(request) == {"images": [content]}
        assert request.body == (
            b"--drydock-batch-0\r\n"
            b'Content-Disposition: form-data; name="images"; filename="1.png"\r\n'
            b"Content-Type: image/png\r\n\r\n"
            b"\x89PNG\r\n\x1a\n\r\n"
            b"--drydock-batch-0--\r\n"
        )

    @pytest.mark.parametrize(
        ("name", "kind"),
        [("1.jpg", "image/jpeg"), ("1.csv", "text/csv"), ("1", "application/octet-stream")],
    )
    def test_has_the_type_that_its_name_says(self, name: str, kind: str) -> None:
        body = sender([an_api("file")], "/", "file").of_file(name, b"").body
        assert f"Content-Type: {kind}\r\n".encode() in body

    @given(st.text(min_size=1), st.text(), st.binary())
    @example('a"b\r\nc', 'd"\r\n\r\ne', b"--drydock-batch-0--\r\n--drydock-batch-1")
    def test_comes_through_whatever_it_is_called_and_holds(
        self, parameter: str, name: str, content: bytes
    ) -> None:
        request = Sender("POST", "/", parameter=parameter).of_file(name, content)
        ((_, (found,)),) = parts(request).items()
        assert found == content
        boundary = parse_options_header(request.content_type)[1][b"boundary"]
        assert boundary not in content

    def test_is_the_body_itself_where_the_model_asks_for_it(self) -> None:
        api = an_api("file", kind="image/jpeg")
        assert sender([api], "/", "file").of_file("1.png", b"x") == Request(
            "POST", "/", "image/jpeg", b"x"
        )

    def test_is_the_body_itself_where_no_parameter_is_declared(self) -> None:
        request = sender([an_api(kind=JSON)], "/", "file").of_file("1.png", b"x")
        assert (request.content_type, request.body) == ("image/png", b"x")
        request = sender([an_api(kind="text/plain")], "/", "file").of_file("1.png", b"x")
        assert request.content_type == "text/plain"

    def test_is_sent_as_a_form_where_the_content_type_is_not_declared(self) -> None:
        """The older shape of config.json: the request is the schema itself."""
        request = {"type": "object", "properties": {"images": {"type": "file"}}}
        document = {"model_type": "Image", "apis": [{"url": "/", "request": request}]}
        made = sender(read_config(document, "config.json").apis, "/", "file")
        assert parts(made.of_file("1.png", b"x")) == {"images": [b"x"]}

    @pytest.mark.parametrize(
        ("api", "says"),
        [
            (
                an_api("file", "x"),
                "has the parameters file or x; with the mapping type file it has",
            ),
            (an_api("file1", "file2"), "it has one, of type file"),
            (an_api("x"), "it has one, of type file"),
            (an_api(), "takes a form and declares no parameter for the file"),
        ],
    )
    def test_needs_an_api_that_takes_one(self, api: ModelApi, says: str) -> None:
        with pytest.raises(UnusableApi, match=says):
            sender([api], "/", "file")


class TestARow:
    def test_is_sent_as_json(self) -> None:
        request = sender(of_package("iris"), "/", "csv").of_row({"data": {"x": 5.1, "y": "é"}})
        assert request == Request("POST", "/", JSON, '{"data":{"x":5.1,"y":"é"}}'.encode())

    def test_is_sent_as_json_where_a_form_is_declared_too(self) -> None:
        """As the documents' own example declares it."""
        request = sender([an_api("x", "y")], "/", "csv").of_row({})
        assert (request.content_type, request.body) == (JSON, b"{}")

    def test_keeps_integers_of_any_length(self) -> None:
        assert Sender("POST", "/").of_row([1 << 70]).body == b"[%d]" % (1 << 70)


class TestTheApi:
    def test_is_the_one_at_req_uri(self) -> None:
        apis = [an_api("x"), an_api("y", url="/classify", method="PUT")]
        assert sender(apis, "/classify", "csv") == Sender("PUT", "/classify")

    @pytest.mark.parametrize("req_uri", ["/other", "", "/classify/"])
    def test_must_be_one_of_the_models(self, req_uri: str) -> None:
        apis = [an_api("x"), an_api("y", url="/classify")]
        with pytest.raises(UnusableApi, match="one of the model's APIs: / or /classify; got"):
            find_api(apis, req_uri)

    def test_is_at_the_root_where_the_built_in_runtime_has_none_declared(self) -> None:
        for mapping_type in ("csv", "file"):
            assert sender([], "/", mapping_type) == Sender("POST", "/")
        with pytest.raises(UnusableApi, match="one of the model's APIs: /; got /x"):
            sender([], "/x", "csv")

    @pytest.mark.parametrize("turned", [False, True])
    def test_takes_a_body_where_there_are_several_at_one_path(self, turned: bool) -> None:
        apis: list[Any] = [an_api("x", method="GET"), an_api("x", method="PATCH")]
        assert sender(reversed(apis) if turned else apis, "/", "csv").method == "PATCH"

    @pytest.mark.parametrize("protocol", ["ws", "WSS"])
    def test_is_none_of_websocket(self, protocol: str) -> None:
        with pytest.raises(UnusableApi, match="WebSocket"):
            sender([an_api("x", protocol=protocol)], "/", "csv")

    def test_has_no_file_where_its_schema_is_none(self) -> None:
        api = ModelApi("/", "POST", "http", FORM, {"properties": {"images": "file"}}, {})
        with pytest.raises(UnusableApi, match="it has one, of type file"):
            sender([api], "/", "file")
