"""What both front doors of the control server share."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.web import BodyLimit, Json, LocalOrigin, Receive, RequestId, Scope, Send


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the whole body and answers its size."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await Json({"bytes": size})(scope, receive, send)


def client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8780")


async def test_answer_carries_the_request_id_that_the_gateway_gave() -> None:
    async with client(RequestId(echo)) as http:
        answer = await http.get("/", headers={"x-request-id": "abc"})
    assert answer.headers["x-request-id"] == "abc"


async def test_answer_carries_an_own_request_id_where_none_was_given() -> None:
    async with client(RequestId(echo)) as http:
        first, second = await http.get("/"), await http.get("/")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "http://127.0.0.1.evil.example"},
    ],
)
async def test_page_of_another_site_is_refused(headers: dict[str, str]) -> None:
    async with client(LocalOrigin(echo)) as http:
        answer = await http.post("/", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error_code"] == "Drydock.Origin"


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "http://localhost:8000"}, {"origin": "http://127.0.0.1:8780"}],
)
async def test_own_pages_and_other_clients_are_served(headers: dict[str, str]) -> None:
    async with client(LocalOrigin(echo)) as http:
        assert (await http.post("/", headers=headers)).status_code == 200


async def test_body_over_the_limit_is_refused() -> None:
    async with client(BodyLimit(echo, max_bytes=10)) as http:
        assert (await http.post("/", content=b"x" * 10)).json() == {"bytes": 10}
        answer = await http.post("/", content=b"x" * 11)
    assert answer.status_code == 413
    assert answer.json()["error_code"] == "APIG.0201"
