"""Inference requests signed with an access key, by the vendor's own signer, through the gateway."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import DerivationAKSKSigner, Signer

from tests.e2e.digits import held_out_digits, held_out_irises
from tests.e2e.server import DrydockServer, realtime_request

pytestmark = pytest.mark.envoy

JSON = "application/json"
ROWS, SPECIES = held_out_irises()
IRIS_BODY = json.dumps({"data": {"req_data": ROWS[:2]}}).encode()


@pytest.fixture(scope="module")
def service_ids(
    shared_servers: Callable[[str], DrydockServer], model_of: Callable[[DrydockServer, str], str]
) -> Iterator[dict[str, str]]:
    """A running service of each package, for all tests of this module."""
    server = shared_servers("process")
    yield {
        package: server.deploy(realtime_request(package, (model_of(server, package), 100)))
        for package in ("iris", "mnist")
    }
    server.delete_all_services()


@pytest.fixture
def signing_server(shared_servers: Callable[[str], DrydockServer]) -> DrydockServer:
    """The shared server; its services stay until the module's end."""
    return shared_servers("process")


def signed(
    server: DrydockServer,
    path: str,
    body: bytes,
    content_type: str,
    derived_for: str = "",
    **changes: str,
) -> dict[str, str]:
    """The headers of a request that the vendor's SDK has signed.

    Bodies that are not JSON are signed as UNSIGNED-PAYLOAD: so the SDK does it.

    Args:
        derived_for: the service's name, for a signature with a key derived from the secret one.
    """
    env = server.env | changes
    url = urlsplit(path)
    request = SdkRequest(
        method="POST",
        schema="http",
        host=urlsplit(server.url).netloc,
        resource_path=url.path,
        query_params=[tuple(pair.split("=")) for pair in url.query.split("&") if pair],
        header_params={
            "Content-Type": content_type,
            "x-stage": "RELEASE",
            "X-Project-Id": env["project_id"],
        },
        body=body,
    )
    credentials = BasicCredentials(env["access_key"], env["secret_key"], env["project_id"])
    if derived_for:
        DerivationAKSKSigner(credentials).sign(request, derived_for, env["region"])
    else:
        Signer(credentials).sign(request)
    headers: dict[str, str] = request.header_params
    return headers


def multipart(png: bytes) -> tuple[bytes, str]:
    """Body and content type."""
    request = httpx.Request("POST", "http://x/", files={"images": ("d.png", png, "image/png")})
    return request.read(), request.headers["content-type"]


def species_of(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["predictresult"] for row in answer.json()["data"]["resp_data"]]


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, JSON)
    assert set(answer.json()) == {"error_code", "error_msg"}
    assert answer.json()["error_code"] == code
    assert answer.json()["error_msg"]


def test_signed_json_request_is_answered_by_the_model(
    signing_server: DrydockServer, service_ids: dict[str, str]
) -> None:
    path = f"/v1/infers/{service_ids['iris']}"
    headers = signed(signing_server, path, IRIS_BODY, JSON)
    answer = signing_server.client.post(path, headers=headers, content=IRIS_BODY)
    assert species_of(answer) == SPECIES[:2]


def test_request_signed_with_a_derived_key_is_answered_by_the_model(
    signing_server: DrydockServer, service_ids: dict[str, str]
) -> None:
    path = f"/v1/infers/{service_ids['iris']}"
    headers = signed(signing_server, path, IRIS_BODY, JSON, derived_for="modelarts")
    assert headers["Authorization"].startswith("V11-HMAC-SHA256 ")
    answer = signing_server.client.post(path, headers=headers, content=IRIS_BODY)
    assert species_of(answer) == SPECIES[:2]


def test_signed_request_with_a_query_is_answered_by_the_model(
    signing_server: DrydockServer, service_ids: dict[str, str]
) -> None:
    path = f"/v1/infers/{service_ids['iris']}?b=2&a=1"
    headers = signed(signing_server, path, IRIS_BODY, JSON)
    answer = signing_server.client.post(path, headers=headers, content=IRIS_BODY)
    assert species_of(answer) == SPECIES[:2]


def test_signed_file_with_an_unsigned_payload_is_answered_by_the_model(
    signing_server: DrydockServer, service_ids: dict[str, str]
) -> None:
    digit = held_out_digits()[0]
    body, content_type = multipart(digit.png)
    path = f"/v1/infers/{service_ids['mnist']}"
    headers = signed(signing_server, path, body, content_type)
    assert headers["X-Sdk-Content-Sha256"] == "UNSIGNED-PAYLOAD"
    answer = signing_server.client.post(path, headers=headers, content=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["predicted_label"] == digit.label


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"secret_key": "wrong"}, 401, "ModelArts.0208"),
        ({"access_key": "UNKNOWN"}, 403, "ModelArts.0206"),
        ({"project_id": "a" * 32}, 403, "ModelArts.0210"),
    ],
)
def test_request_signed_with_wrong_credentials_is_refused(
    signing_server: DrydockServer,
    service_ids: dict[str, str],
    changes: dict[str, str],
    status: int,
    code: str,
) -> None:
    path = f"/v1/infers/{service_ids['iris']}"
    headers = signed(signing_server, path, IRIS_BODY, JSON, **changes)
    answer = signing_server.client.post(path, headers=headers, content=IRIS_BODY)
    assert_refused(answer, status, code)


def test_body_changed_after_signing_is_refused(
    signing_server: DrydockServer, service_ids: dict[str, str]
) -> None:
    path = f"/v1/infers/{service_ids['iris']}"
    headers = signed(signing_server, path, IRIS_BODY, JSON)
    changed = IRIS_BODY.replace(b"req_data", b"req_dato")
    answer = signing_server.client.post(path, headers=headers, content=changed)
    assert_refused(answer, 401, "ModelArts.0208")


def test_signature_for_one_service_does_not_open_another(
    signing_server: DrydockServer, service_ids: dict[str, str]
) -> None:
    headers = signed(signing_server, f"/v1/infers/{service_ids['mnist']}", IRIS_BODY, JSON)
    path = f"/v1/infers/{service_ids['iris']}"
    answer = signing_server.client.post(path, headers=headers, content=IRIS_BODY)
    assert_refused(answer, 401, "ModelArts.0208")


def test_signature_older_than_15_minutes_is_refused(
    signing_server: DrydockServer, service_ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from huaweicloudsdkcore.signer import signer

    class Past(signer.datetime):
        @classmethod
        def utcnow(cls) -> Past:
            return cls(2024, 2, 29, 12, 0, 0)

    monkeypatch.setattr(signer, "datetime", Past)
    path = f"/v1/infers/{service_ids['iris']}"
    headers = signed(signing_server, path, IRIS_BODY, JSON)
    assert headers["X-Sdk-Date"] == "20240229T120000Z"
    answer = signing_server.client.post(path, headers=headers, content=IRIS_BODY)
    assert_refused(answer, 401, "ModelArts.0208")


def test_signed_request_to_an_unknown_service_is_told_so(signing_server: DrydockServer) -> None:
    path = "/v1/infers/00000000-0000-4000-8000-000000000000"
    headers = signed(signing_server, path, IRIS_BODY, JSON)
    answer = signing_server.client.post(path, headers=headers, content=IRIS_BODY)
    assert_refused(answer, 400, "ModelArts.4203")


def test_signed_file_beyond_12_mb_is_refused(
    signing_server: DrydockServer, service_ids: dict[str, str]
) -> None:
    body, content_type = multipart(b"\0" * (12 * 1024 * 1024))
    path = f"/v1/infers/{service_ids['mnist']}"
    headers = signed(signing_server, path, body, content_type)
    answer = signing_server.client.post(path, headers=headers, content=body)
    assert_refused(answer, 413, "ModelArts.4104")
