"""A running service called by apps: by code, by key, and signed by the vendor's own signer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from simulator.gateway.listener import HIDDEN_PATH
from tests.e2e.digits import held_out_irises
from tests.e2e.server import DrydockServer, realtime_request, wait_until

pytestmark = pytest.mark.envoy

Json = dict[str, Any]
ROWS, SPECIES = held_out_irises()
BODY = json.dumps({"data": {"req_data": ROWS[:2]}}).encode()


@pytest.fixture(scope="module")
def server(
    shared_servers: Callable[[str], DrydockServer],
) -> Iterator[DrydockServer]:
    """The shared server; what this module makes goes at its end."""
    shared = shared_servers("process")
    yield shared
    shared.delete_all_services()
    for app in shared.api("GET", "/app-auth/apps")["apps"]:
        shared.api("DELETE", f"/app-auth/apps/{app['app_id']}")


@pytest.fixture(scope="module")
def service_id(server: DrydockServer, model_of: Callable[[DrydockServer, str], str]) -> str:
    return server.deploy(realtime_request("iris-for-apps", (model_of(server, "iris"), 100)))


def an_app(server: DrydockServer, name: str) -> Json:
    """An app with a code."""
    made = server.api("POST", "/app-auth/apps", json={"app_name": name})["app"]
    app: Json = server.api("POST", f"/app-auth/apps/{made['app_id']}/app-code")["app"]
    return app


@pytest.fixture(scope="module")
def shop(server: DrydockServer) -> Json:
    return an_app(server, "shop")


@pytest.fixture(scope="module")
def stranger(server: DrydockServer) -> Json:
    """An app that may call nothing."""
    return an_app(server, "stranger")


@pytest.fixture(scope="module")
def api(server: DrydockServer, service_id: str, shop: Json) -> Json:
    """The service's API, which the shop may call."""
    body = {"apps": [{"app_id": shop["app_id"]}]}
    made = server.api("POST", f"/services/{service_id}/app-auth-api", json=body)
    assert [one["success"] for one in made["auth_result"]] == [True]
    found: Json = made["api"]
    return found


def signed(url: str, app: Json) -> dict[str, str]:
    """The headers of a request that the vendor's SDK has signed with the app's key and secret."""
    parts = urlsplit(url)
    request = SdkRequest(
        method="POST",
        schema="http",
        host=parts.netloc,
        resource_path=parts.path,
        query_params=[],
        header_params={"Content-Type": "application/json", "x-stage": "RELEASE"},
        body=BODY,
    )
    Signer(BasicCredentials(app["app_key"], app["app_secret"], "")).sign(request)
    headers: dict[str, str] = request.header_params
    return headers


def credentials(url: str, app: Json) -> dict[str, dict[str, str]]:
    return {
        "code": {"X-Apig-AppCode": app["app_codes"][0]},
        "key": {"apikey": app["app_key"]},
        "signature": signed(url, app),
    }


def call(url: str, headers: dict[str, str]) -> httpx.Response:
    whole = {"Content-Type": "application/json"} | headers
    return httpx.post(url, headers=whole, content=BODY, timeout=30)


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["error_code"]) == (status, code), answer.text
    assert set(answer.json()) == {"error_code", "error_msg"}
    assert answer.headers["x-request-id"]


WAYS = pytest.mark.parametrize("way", ["code", "key", "signature"])


@WAYS
def test_an_app_is_answered_by_the_model_at_its_predict_url(
    api: Json, shop: Json, way: str
) -> None:
    url = api["predict_url"]
    answer = call(url, credentials(url, shop)[way])
    assert answer.status_code == 200, answer.text
    rows = answer.json()["data"]["resp_data"]
    assert [row["predictresult"] for row in rows] == SPECIES[:2]


@WAYS
def test_another_app_is_refused(api: Json, stranger: Json, way: str) -> None:
    url = api["predict_url"]
    assert_refused(call(url, credentials(url, stranger)[way]), 400, "ModelArts.4902")


def test_what_is_no_apps_is_refused(api: Json, shop: Json) -> None:
    url = api["predict_url"]
    assert_refused(call(url, {"X-Apig-AppCode": "0" * 64}), 401, "APIG.0303")
    assert_refused(call(url, {"apikey": "0" * 32}), 400, "ModelArts.4905")
    wrong = signed(url, shop | {"app_secret": "wrong"})
    assert_refused(call(url, wrong), 401, "APIG.0303")


@WAYS
def test_an_app_is_refused_as_soon_as_it_may_no_longer_call(
    server: DrydockServer, service_id: str, api: Json, shop: Json, way: str
) -> None:
    url, headers = api["predict_url"], credentials(api["predict_url"], shop)[way]
    path = f"/services/{service_id}/app-auth-apis/{api['api_id']}/app-auth-api"
    body = {"apps": [{"app_id": shop["app_id"]}]}
    assert call(url, headers).status_code == 200
    server.api("DELETE", path, json=body)
    assert_refused(call(url, headers), 400, "ModelArts.4902")
    server.api("POST", path, json=body)
    assert call(url, headers).status_code == 200


def test_no_log_holds_what_opens_a_service(
    server: DrydockServer, api: Json, stranger: Json
) -> None:
    """Not of calls, and not of changing a code, whose address holds it."""
    url, path = api["predict_url"], f"/app-auth/apps/{stranger['app_id']}"
    for headers in credentials(url, stranger).values():
        call(url, headers)
    old = stranger["app_codes"][0]
    reset = server.api("PUT", f"{path}/app-code/{old}")["app"]
    (new,) = reset["app_codes"]
    server.api("DELETE", f"{path}/app-code/{new}")
    secrets = [old, new, stranger["app_key"], stranger["app_secret"]]
    access_log = server.home / "access.log"
    wait_until("both are logged", lambda: access_log.read_text().count(HIDDEN_PATH) >= 2, 20)
    logs = [server.log_path, *server.home.glob("access.log*"), *server.home.glob("**/*.log")]
    for log in logs:
        text = log.read_text(errors="replace")
        assert not [secret for secret in secrets if secret in text], log
    token = (server.files / "admin-token").read_text().strip()
    metrics = server.client.get("/_drydock/metrics", headers={"X-Drydock-Token": token})
    assert metrics.status_code == 200
    assert not [secret for secret in secrets if secret in metrics.text]


def test_the_service_takes_its_apis_along(
    server: DrydockServer, model_of: Callable[[DrydockServer, str], str]
) -> None:
    app = an_app(server, "passing")
    service_id = server.deploy(realtime_request("iris-passing", (model_of(server, "iris"), 100)))
    body = {"apps": [{"app_id": app["app_id"]}]}
    made = server.api("POST", f"/services/{service_id}/app-auth-api", json=body)
    url = made["api"]["predict_url"]
    headers = {"X-Apig-AppCode": app["app_codes"][0]}
    assert call(url, headers).status_code == 200
    server.delete_service(service_id)
    assert_refused(call(url, headers), 400, "ModelArts.4203")
    server.api("DELETE", f"/app-auth/apps/{app['app_id']}")
