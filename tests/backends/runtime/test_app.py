from __future__ import annotations

import threading

import numpy as np
import pytest

from backends.runtime.app import Application, build_routes
from backends.runtime.compute import Call, Computer, Job
from backends.runtime.errors import StartError
from tests.support.wire import Caller, request

ROW = {"x": [[1, 2, 3, 6]]}


async def test_health_is_ok_once_there_is_an_application(caller, an_api):
    reply = await caller("mean4", an_api())("GET", "/health")
    assert (reply.status, reply.json) == (200, {"status": "ok"})
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["content-length"] == str(len(reply.body))


async def test_a_prediction_says_which_instance_answered(caller, an_api):
    call = caller(
        "mean4", an_api(), identity={"x-drydock-instance": "i-1", "x-drydock-version": ""}
    )
    reply = await call("POST", "/", ROW)
    assert (reply.status, reply.json) == (200, {"data": {"y": [[3.0]]}})
    assert reply.headers["x-drydock-instance"] == "i-1"
    assert "x-drydock-version" not in reply.headers


async def test_successful_requests_are_not_logged(caller, an_api, capsys):
    call = caller("mean4", an_api())
    capsys.readouterr()
    await call("POST", "/", ROW)
    assert capsys.readouterr().out == ""


async def test_a_failed_request_is_one_line_in_the_log(caller, an_api, capsys):
    call = caller("mean4", an_api())
    capsys.readouterr()
    await call("POST", "/", {"x\n": 1})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "POST / 400 MR.0102" in out


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "MR.0404"),
        ("POST", "//", 404, "MR.0404"),
        ("GET", "/", 405, "MR.0405"),
        ("POST", "/health", 405, "MR.0405"),
        ("GET", "/v2/models/other", 404, "MR.0404"),
        ("GET", "/v2/models/mean4/infer", 405, "MR.0405"),
    ],
)
async def test_unknown_paths_and_wrong_methods_are_refused_in_json(
    caller, an_api, method, path, status, code
):
    reply = await caller("mean4", an_api())(method, path)
    assert (reply.status, reply.json["erno"]) == (status, code)
    assert set(reply.json) == ({"error", "erno"} if path.startswith("/v2") else {"erno", "msg"})


async def test_a_wrong_method_is_told_the_right_ones(caller, an_api):
    reply = await caller("mean4", an_api(), an_api(method="put"))("PATCH", "/")
    assert reply.headers["allow"] == "POST, PUT"


async def test_an_unknown_model_is_told_the_known_one(caller, an_api):
    reply = await caller("mean4", an_api())("POST", "/v2/models/other/infer")
    assert "/v2/models/mean4" in reply.json["error"]


async def test_the_open_inference_protocol_is_served(caller, an_api):
    call = caller("mean4", an_api())
    tensor = {"name": "x", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 6]}
    reply = await call("POST", "/v2/models/mean4/infer", {"inputs": [tensor]})
    assert (reply.status, reply.json["outputs"][0]["data"]) == (200, [3.0])
    assert (await call("GET", "/v2/models/mean4/ready")).json == {"name": "mean4", "ready": True}


async def test_apis_are_served_at_their_own_url_and_method(caller, an_api):
    call = caller("mean4", an_api(), an_api(url="/mean", method="put"))
    assert (await call("PUT", "/mean", ROW)).status == 200
    assert (await call("POST", "/mean", ROW)).status == 405


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/json ;x=y"]
)
async def test_json_is_told_by_its_type_whatever_its_case(caller, an_api, content_type):
    assert (await caller("mean4", an_api())("POST", "/", ROW, content_type)).status == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data; boundary=B", "", None]
)
async def test_another_content_type_is_415(caller, an_api, content_type):
    reply = await caller("mean4", an_api())("POST", "/", ROW, content_type)
    assert (reply.status, reply.json["erno"]) == (415, "MR.0415")
    assert "expected content type application/json" in reply.json["msg"]


async def test_a_compressed_body_is_415(caller, an_api):
    reply = await caller("mean4", an_api())("POST", "/", ROW, headers={"content-encoding": "gzip"})
    assert reply.status == 415
    assert "gzip" in reply.json["msg"]


async def test_a_form_sent_to_a_picture_api_is_read(caller, an_api, form, png):
    schema = {"type": "object", "properties": {"images": {"type": "file"}}}
    answer = {"type": "object", "properties": {"pixels": {"type": "array"}}}
    call = caller("pixels_bgr", an_api(schema, answer))
    body = form(("images", png()))
    assert (await call("POST", "/", body, "multipart/form-data; boundary=B")).status == 200
    assert (await call("POST", "/", body)).status == 415
    broken = form(("images", b"no picture"))
    reply = await call("POST", "/", broken, "multipart/form-data; boundary=B")
    assert (reply.status, reply.json["erno"]) == (400, "MR.0105")


def chunked(*chunks: bytes) -> bytes:
    lines = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return request("POST", "/", content_length=None, transfer_encoding="chunked") + lines


async def test_a_body_may_come_in_pieces(caller, an_api):
    connection, wire = caller("mean4", an_api()).connect()
    connection.data_received(chunked(b'{"x":', b"[[1,2,3,6]]", b"}"))
    (reply,) = await wire.replies(1)
    assert reply.json == {"data": {"y": [[3.0]]}}


async def test_a_body_at_the_limit_is_read_and_one_byte_more_is_413(caller, an_api):
    call = caller("mean4", an_api(), limit=40)
    body = b'{"x":[[1,2,3,6]]}'.ljust(40)
    assert (await call("POST", "/", body)).status == 200
    connection, wire = call.connect()
    connection.data_received(chunked(body, b" "))
    (reply,) = await wire.replies(1)
    assert (reply.status, reply.json["erno"]) == (413, "MR.0413")


async def test_a_body_announced_too_large_is_refused_unread(caller, an_api):
    connection, wire = caller("mean4", an_api(), limit=40).connect()
    connection.data_received(request("POST", "/", content_length="41"))
    (reply,) = await wire.replies(1)
    assert reply.status == 413


class Recording:
    """An endpoint that remembers the thread it worked in, or fails."""

    media_type = "application/json"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.thread = ""

    def plan(self, content_type, body):
        return Job(
            body == b"heavy", lambda: Call({"x": np.zeros((1, 4), np.float32)}, ["y"], self.answer)
        )

    def answer(self, values) -> bytes:
        self.thread = threading.current_thread().name
        if self.error:
            raise self.error
        return b"{}"


@pytest.fixture
def serve(load):
    """A caller of an application whose only endpoint is the given one."""

    def build(endpoint, in_thread):
        computer = Computer(load("mean4"), in_thread=in_thread, batch_rows=1)
        routes = {"/": {"POST": endpoint}}
        return Caller(Application(routes, computer, body_limit_bytes=99, identity={}))

    return build


@pytest.mark.parametrize(
    ("slow_model", "body", "in_thread"),
    [(False, b"light", False), (False, b"heavy", True), (True, b"light", True)],
)
async def test_heavy_work_is_done_in_the_worker_thread(serve, slow_model, body, in_thread):
    endpoint = Recording()
    call = serve(endpoint, in_thread=slow_model)
    assert (await call("POST", "/", body)).status == 200
    assert endpoint.thread.startswith("inference") == in_thread


@pytest.mark.parametrize("in_thread", [False, True])
async def test_a_failure_of_ours_is_logged_and_told_without_its_details(serve, capsys, in_thread):
    call = serve(Recording(ZeroDivisionError("secret")), in_thread=in_thread)
    reply = await call("POST", "/", b"{}")
    assert (reply.status, reply.json["erno"]) == (500, "MR.0500")
    assert b"secret" not in reply.body
    assert "500 ZeroDivisionError: secret" in capsys.readouterr().out


def test_an_api_may_not_take_a_path_of_the_servers_own(load, an_api):
    with pytest.raises(StartError, match="GET /health"):
        build_routes([an_api(url="/health", method="get")], load("mean4"))


HOSTILE = [
    b"",
    b"null",
    b"0",
    b'""',
    b"[]",
    b"{}",
    b"[[]]",
    b'{"x":null}',
    b'{"x":{}}',
    b'{"x":[]}',
    b'{"x":[[]]}',
    b'{"x":[[[[1]]]]}',
    b'{"x":[[1,2,3,"\\ud83d"]]}',
    b'{"x":[[1,2,3,1e39]]}',
    b'{"x":[[1,2,3,' + b"9" * 40 + b"]]}",
    b'{"x":' + b"[" * 500 + b"1" + b"]" * 500 + b"}",
    b'{"data":null}',
    b'{"data":{"x":1}}',
    b'{"data":{"req_data":[null]}}',
    b'{"inputs":[{"name":"x","datatype":"FP32","shape":[99999999999999999999,4],"data":[1]}]}',
    b'{"inputs":[{"name":"x","datatype":[],"shape":[1,4],"data":[[1,2],[3,4]]}]}',
    b"\x00" * 64,
]


@pytest.mark.parametrize("path", ["/", "/rows", "/v2/models/mean4/infer"])
@pytest.mark.parametrize("body", HOSTILE)
async def test_no_body_whatever_is_an_error_of_ours(caller, an_api, rows_of, path, body):
    rows = rows_of("req_data", a="number", b="integer", c="string", d="boolean")
    call = caller("mean4", an_api(), an_api(rows, url="/rows"))
    reply = await call("POST", path, body)
    assert 400 <= reply.status < 500
    assert reply.json["erno"].startswith("MR.0")
