"""What the gateway is told when an app calls a service: the judge itself, without the gateway."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from simulator.bench.drydock import Drydock
from simulator.system import AUTHORIZE_PATH
from tests.simulator.modelarts.test_apps import _apps, make, refused, register
from tests.support.requests import changed, documented

BODY = b'{"data": 1}'
Headers = dict[str, str]


@pytest.fixture
def service_id(drydock: Drydock, drydock_client: httpx.Client) -> str:
    body = changed(documented("realtime"), "/config/0/model_id", drydock.add_model())
    created: str = drydock_client.post("services", json=body).json()["service_id"]
    return created


@pytest.fixture
def app(drydock_client: httpx.Client, service_id: str) -> dict[str, Any]:
    """An app with a code, which may call the service."""
    made = make(drydock_client)
    register(drydock_client, service_id, made["app_id"])
    coded: dict[str, Any] = drydock_client.post(f"app-auth/apps/{made['app_id']}/app-code").json()[
        "app"
    ]
    return coded


def judged(drydock: Drydock, service_id: str, headers: Any, body: bytes = BODY) -> httpx.Response:
    """As the gateway asks: the client's path below that of the judge."""
    url = f"{drydock.endpoint}{AUTHORIZE_PATH}/v1/infers/{service_id}"
    return httpx.post(url, headers=headers, content=body)


def signed(drydock: Drydock, service_id: str, key: str, secret: str) -> Headers:
    """Headers of a request that the vendor's SDK has signed."""
    request = SdkRequest(
        method="POST",
        schema="http",
        host=urlsplit(drydock.endpoint).netloc,
        resource_path=f"/v1/infers/{service_id}",
        query_params=[],
        header_params={"Content-Type": "application/json"},
        body=BODY,
    )
    Signer(BasicCredentials(key, secret, drydock.project_id)).sign(request)
    headers: Headers = request.header_params
    return headers


def ways(drydock: Drydock, service_id: str, app: dict[str, Any]) -> dict[str, Headers]:
    """All credentials of an app."""
    return {
        "code": {"X-Apig-AppCode": app["app_codes"][0]},
        "key": {"apikey": app["app_key"]},
        "signature": signed(drydock, service_id, app["app_key"], app["app_secret"]),
    }


WAYS = pytest.mark.parametrize("way", ["code", "key", "signature"])


@WAYS
def test_an_app_that_may_call_passes(
    drydock: Drydock, service_id: str, app: dict[str, Any], way: str
) -> None:
    answer = judged(drydock, service_id, ways(drydock, service_id, app)[way])
    assert (answer.status_code, answer.json()) == (200, {})


@WAYS
def test_an_app_passes_no_more_as_soon_as_it_may_not(
    drydock: Drydock, drydock_client: httpx.Client, service_id: str, app: dict[str, Any], way: str
) -> None:
    shown = drydock_client.get(f"services/{service_id}/api-auths").json()
    api_id = shown["app_auth_api"]["api_id"]
    path = f"services/{service_id}/app-auth-apis/{api_id}/app-auth-api"
    drydock_client.request("DELETE", path, json=_apps(app["app_id"]))
    answer = judged(drydock, service_id, ways(drydock, service_id, app)[way])
    assert "not authorized" in refused(answer, 400, "ModelArts.4902")
    drydock_client.post(path, json=_apps(app["app_id"]))
    answer = judged(drydock, service_id, ways(drydock, service_id, app)[way])
    assert answer.status_code == 200


@WAYS
def test_another_app_does_not_pass(
    drydock: Drydock, drydock_client: httpx.Client, service_id: str, app: dict[str, Any], way: str
) -> None:
    other = make(drydock_client, "other")
    other = drydock_client.post(f"app-auth/apps/{other['app_id']}/app-code").json()["app"]
    answer = judged(drydock, service_id, ways(drydock, service_id, other)[way])
    refused(answer, 400, "ModelArts.4902")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"X-Apig-AppCode": "0" * 64}, 401, "APIG.0303"),
        ({"apikey": "0" * 32}, 400, "ModelArts.4905"),
    ],
)
def test_what_is_no_apps_is_refused_and_not_repeated(
    drydock: Drydock,
    service_id: str,
    app: dict[str, Any],
    headers: Headers,
    status: int,
    code: str,
) -> None:
    answer = judged(drydock, service_id, headers)
    refused(answer, status, code)
    assert "00000000" not in answer.text


def test_a_code_or_a_secret_that_was_replaced_opens_nothing(
    drydock: Drydock, drydock_client: httpx.Client, service_id: str, app: dict[str, Any]
) -> None:
    before = ways(drydock, service_id, app)
    path = f"app-auth/apps/{app['app_id']}"
    drydock_client.put(f"{path}/app-code/{app['app_codes'][0]}")
    after = drydock_client.put(f"{path}/app-secret").json()["app"]
    refused(judged(drydock, service_id, before["code"]), 401, "APIG.0303")
    refused(judged(drydock, service_id, before["signature"]), 401, "APIG.0303")
    for headers in ways(drydock, service_id, after).values():
        assert judged(drydock, service_id, headers).status_code == 200


def test_a_body_changed_after_signing_is_refused(
    drydock: Drydock, service_id: str, app: dict[str, Any]
) -> None:
    headers = ways(drydock, service_id, app)["signature"]
    answer = judged(drydock, service_id, headers, BODY + b" ")
    text = refused(answer, 401, "APIG.0303")
    assert text.startswith("Incorrect app authentication information: ")
    assert app["app_secret"] not in text


def test_a_key_that_is_neither_a_users_nor_an_apps_is_told_as_before(
    drydock: Drydock, service_id: str, app: dict[str, Any]
) -> None:
    headers = signed(drydock, service_id, "f" * 32, "x")
    refused(judged(drydock, service_id, headers), 403, "ModelArts.0206")
    headers = {"Authorization": "SDK-HMAC-SHA256 nonsense", "X-Sdk-Date": "20260101T000000Z"}
    refused(judged(drydock, service_id, headers), 401, "ModelArts.0206")
    users = signed(drydock, service_id, drydock.access_key, drydock.secret_key)
    assert judged(drydock, service_id, users).status_code == 200


def test_codes_can_be_barred_and_signatures_pass_all_the_same(
    drydock: Drydock, drydock_client: httpx.Client, service_id: str
) -> None:
    made = make(drydock_client)
    app = drydock_client.post(f"app-auth/apps/{made['app_id']}/app-code").json()["app"]
    body = {"support_app_code": False}
    api = drydock_client.post(f"app-auth/{service_id}/apis", json=body).json()["api"]
    path = f"services/{service_id}/app-auth-apis/{api['api_id']}/app-auth-api"
    drydock_client.post(path, json=_apps(app["app_id"]))
    found = ways(drydock, service_id, app)
    answer = judged(drydock, service_id, found["code"])
    assert "takes no AppCode" in refused(answer, 400, "ModelArts.4902")
    assert judged(drydock, service_id, found["key"]).status_code == 200
    assert judged(drydock, service_id, found["signature"]).status_code == 200


def test_a_service_that_is_not_there_is_the_gateways_to_tell(
    drydock: Drydock, app: dict[str, Any]
) -> None:
    answer = judged(drydock, "nowhere", {"X-Apig-AppCode": app["app_codes"][0]})
    assert (answer.status_code, answer.json()) == (200, {})


def test_a_token_goes_before_an_app_and_a_code_before_a_key(
    drydock: Drydock, service_id: str, app: dict[str, Any]
) -> None:
    code = {"X-Apig-AppCode": app["app_codes"][0]}
    refused(judged(drydock, service_id, code | {"X-Auth-Token": "wrong"}), 401, "ModelArts.0203")
    right = {"X-Auth-Token": drydock.token, "X-Apig-AppCode": "wrong"}
    assert judged(drydock, service_id, right).status_code == 200
    assert judged(drydock, service_id, code | {"apikey": "wrong"}).status_code == 200
    wrong = {"X-Apig-AppCode": "wrong", "apikey": app["app_key"]}
    refused(judged(drydock, service_id, wrong), 401, "APIG.0303")


def test_credentials_that_are_sent_twice_are_refused(
    drydock: Drydock, service_id: str, app: dict[str, Any]
) -> None:
    twice = [("X-Apig-AppCode", app["app_codes"][0])] * 2
    refused(judged(drydock, service_id, twice), 401, "APIG.0303")
