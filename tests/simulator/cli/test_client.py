"""Calls take the right way, and every refusal keeps its words."""

from __future__ import annotations

import json

import httpx
import pytest

from simulator.cli.client import Server, refusal
from simulator.cli.failures import Failure, NotRunning
from simulator.config import Paths
from tests.simulator.cli.conftest import ENDPOINT, PROJECT, SERVICE_ID, FakeServer, connect


def test_admin_calls_carry_the_token_of_the_data_directory(
    server: Server, fake: FakeServer
) -> None:
    server.state()
    assert fake.requests[0].headers["x-drydock-token"] == "admin"


def test_admin_calls_do_not_need_the_gateway(server: Server, fake: FakeServer) -> None:
    fake.address_is_down = True
    assert server.state()["server"]["pid"] == 42


def test_cloud_calls_go_to_the_address_with_a_token(server: Server, fake: FakeServer) -> None:
    fake.answers("POST", f"/v1/{PROJECT}/services", {"service_id": SERVICE_ID})
    assert server.cloud("POST", "/services", b"{}") == {"service_id": SERVICE_ID}
    (request,) = fake.sent("POST", f"/v1/{PROJECT}/services")
    assert str(request.url) == f"{ENDPOINT}/v1/{PROJECT}/services"
    assert request.headers["x-auth-token"] == "the-token"


def test_cloud_calls_fall_back_to_the_socket(server: Server, fake: FakeServer) -> None:
    fake.address_is_down = True
    fake.answers("GET", f"/v1/{PROJECT}/models/m", {"model_id": "m"})
    assert server.cloud("GET", "/models/m") == {"model_id": "m"}
    (request,) = fake.sent("GET", f"/v1/{PROJECT}/models/m")
    assert request.url.host == "localhost"


def test_inference_does_not_fall_back(server: Server, fake: FakeServer) -> None:
    fake.address_is_down = True
    with pytest.raises(Failure, match="cannot be reached"):
        server.infer("POST", f"{ENDPOINT}/v1/infers/x", {}, content=b"")


def test_log_lines_are_split_at_line_feeds_only(server: Server, fake: FakeServer) -> None:
    lines = [{"instance_id": "s-1", "text": "a\u2028b", "at_ms": 1}, {"text": "c"}]
    body = b"\n" + b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
    fake.answers("GET", f"/_drydock/services/{SERVICE_ID}/logs", body)
    assert list(server.logs(SERVICE_ID, tail=5)) == lines


def test_nobody_on_the_data_directory_is_not_running(paths: Paths) -> None:
    with pytest.raises(NotRunning, match=str(paths.home)) as caught:
        Server.running(paths)
    assert "drydock up" in caught.value.hint
    assert caught.value.exit_code == 3


def test_server_that_went_away_between_two_calls_is_not_running(paths: Paths) -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no such file", request=request)

    server = Server(paths, socket=httpx.MockTransport(gone))
    with pytest.raises(NotRunning):
        server.state()
    server.close()


def test_missing_admin_token_names_the_file(paths: Paths, fake: FakeServer) -> None:
    paths.admin_token.unlink()
    with pytest.raises(Failure, match="admin-token"):
        connect(fake, paths).state()


def test_answer_that_is_no_json_asks_about_versions(server: Server, fake: FakeServer) -> None:
    fake.answers("GET", "/_drydock/state", b"<html>")
    with pytest.raises(Failure) as caught:
        server.state()
    assert "same version" in caught.value.hint


def _refusal(status: int, body: bytes) -> Failure:
    request = httpx.Request("POST", f"{ENDPOINT}/v1/x")
    return refusal(httpx.Response(status, content=body, request=request))


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error_code": "ModelArts.3503", "error_msg": "taken"}, "409 ModelArts.3503", "taken"),
        ({"code": "NameTaken", "message": "taken", "hint": "h"}, "409 NameTaken", "taken"),
        ({"erno": "MR.0102", "msg": "missing"}, "409 MR.0102", "missing"),
    ],
    ids=["cloud", "admin", "model server"],
)
def test_refusal_is_understood_in_every_form(body: dict[str, str], code: str, message: str) -> None:
    failure = _refusal(409, json.dumps(body).encode())
    assert (failure.code, failure.message, failure.status) == (code, message, 409)
    assert failure.hint == body.get("hint", "")


def test_refusal_in_another_form_shows_the_body() -> None:
    failure = _refusal(418, b"I am a teapot")
    assert failure.message == "POST /v1/x: HTTP 418"
    assert failure.evidence == "I am a teapot"


def test_every_broken_rule_is_named_with_its_place_and_source() -> None:
    broken = [
        {"rule": "R1", "path": "/config/0/weight", "message": "101", "source": "table 5"},
        {"rule": "R2", "path": "", "message": "no name", "source": "table 2"},
    ]
    body = {"error_code": "ModelArts.0101", "error_msg": "101", "violations": broken}
    failure = _refusal(400, json.dumps(body).encode())
    assert failure.message == "the request breaks 2 rules"
    assert failure.details == (
        "at /config/0/weight: 101 [R1, table 5]",
        "at the whole body: no name [R2, table 2]",
    )
