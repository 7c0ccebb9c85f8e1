"""Published clients, unchanged, against the identity routes on a real socket.

The little server has one more route, for every other path: it answers who the caller is, so that
a test sees what `Directory.caller` makes of the bytes that a client really sent.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import openstack
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from huaweicloudsdkcore.auth.credentials import (
    BasicCredentials,
    Credentials,
    DerivedCredentials,
    GlobalCredentials,
)
from huaweicloudsdkcore.client import Client, ClientBuilder
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkcore.sdk_response import SdkResponse
from openstack.connection import Connection
from openstack.exceptions import SDKException
from otcextensions import sdk as otcextensions

from simulator.iam.directory import Directory
from simulator.iam.errors import IamError
from simulator.iam.identity import Identity
from simulator.iam.routes import iam_router


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    directory: Directory


class AnnouncingServer(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@pytest.fixture(scope="module")
def server(directory: Directory) -> Iterator[Server]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        # Clients sign with the real time.
        here = replace(directory, endpoint=lambda: url, now_s=time.time)
        uvicorn_server = AnnouncingServer(
            uvicorn.Config(app_of(here), log_level="warning", lifespan="off")
        )
        thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert uvicorn_server.listens.wait(30)
            yield Server(url, here)
        finally:
            uvicorn_server.should_exit = True
            thread.join(30)


def app_of(directory: Directory) -> FastAPI:
    app = FastAPI()
    app.include_router(iam_router(directory))

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    async def who_calls(request: Request, path: str) -> JSONResponse:
        parts = path.split("/")
        project_id = parts[1] if len(parts) > 2 else None
        try:
            caller = await directory.caller(request, project_id)
        except IamError as error:
            wire = {"error_code": error.error_code, "error_msg": error.error_msg}
            return JSONResponse(wire, error.status)
        return JSONResponse(
            {"user_id": caller.user_id, "project_id": caller.project_id, "how": caller.how}
        )

    return app


# --- openstacksdk and otcextensions ------------------------------------------------------------


def connect(server: Server, identity: Identity, **changes: Any) -> Connection:
    settings = {
        "auth_url": f"{server.url}/v3",
        "username": identity.user_name,
        "password": identity.password,
        "user_domain_name": identity.domain_name,
        "project_name": "local",
        "region_name": "local",
    }
    return openstack.connect(load_yaml_config=False, load_envvars=False, **{**settings, **changes})


@pytest.mark.parametrize("version", ["/v3", "/v3/", ""])
def test_openstacksdk_gets_a_token_and_the_catalogue(
    server: Server, alice: Identity, version: str
) -> None:
    cloud = connect(server, alice, auth_url=server.url + version)
    claims = server.directory.signer.verify(cloud.authorize(), time.time())
    assert (claims.user_id, claims.project_id) == (alice.user_id, alice.projects[0].id)
    assert cloud.current_project_id == alice.projects[0].id
    assert cloud.session.get_endpoint(service_type="modelartsv1", region_name="local") == (
        f"{server.url}/v1/{alice.projects[0].id}"
    )


def test_openstacksdk_authorises_by_ids(server: Server, bob: Identity) -> None:
    cloud = connect(
        server,
        bob,
        username=None,
        user_domain_name=None,
        project_name=None,
        user_id=bob.user_id,
        project_id=bob.projects[0].id,
    )
    assert server.directory.signer.verify(cloud.authorize(), time.time()).user_id == bob.user_id


def test_openstacksdk_sees_a_wrong_password_as_unauthorized(
    server: Server, alice: Identity
) -> None:
    with pytest.raises(SDKException, match=r"password is wrong.*HTTP 401"):
        connect(server, alice, password="wrong").authorize()


def test_openstacksdk_lists_its_projects(server: Server, alice: Identity) -> None:
    response = connect(server, alice).identity.get("/auth/projects")
    assert [project["name"] for project in response.json()["projects"]] == ["local", "second"]


def test_otcextensions_finds_modelarts_through_the_catalogue(
    server: Server, alice: Identity
) -> None:
    cloud = connect(server, alice)
    otcextensions.register_otc_extensions(cloud)
    answer = cloud.modelartsv1.get("/services")
    assert answer.json() == {
        "user_id": alice.user_id,
        "project_id": alice.projects[0].id,
        "how": "token",
    }


# --- huaweicloudsdkcore -------------------------------------------------------------------------


class Answer(SdkResponse):
    """An answer without declared fields, as a service's own package would declare them."""

    openapi_types: ClassVar[dict[str, str]] = {}
    attribute_map: ClassVar[dict[str, str]] = {}


class ModelArts(Client):
    """The SDK's generic client; a service's own package would add typed calls only."""

    def __init__(self) -> None:
        super().__init__()
        self.model_package = SimpleNamespace(Answer=Answer)


def sdk_client(server: Server, credentials: Credentials, kind: str = "BasicCredentials") -> Client:
    client: Client = (
        ClientBuilder(ModelArts, kind)
        .with_credentials(credentials)
        .with_endpoint(server.url)
        .build()
    )
    return client


def call(client: Client, method: str, path: str, **more: Any) -> Any:
    """The decoded answer of one signed call."""
    answer = client.do_http_request(
        method=method,
        resource_path=path,
        query_params=more.get("query", []),
        header_params=more.get("headers", {}),
        body=more.get("body"),
        response_type="Answer",
    )
    return json.loads(answer.raw_content)


def keys_of(identity: Identity) -> BasicCredentials:
    return BasicCredentials(identity.access_key, identity.secret_key, identity.projects[0].id)


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("GET", "/v1/{project_id}/services", {}),
        ("GET", "/v1/{project_id}/services/", {}),
        ("GET", "/v1/{project_id}/services/数字 识别", {}),
        ("GET", "/v1/{project_id}/services/a%2Fb%20c~d+e", {}),
        ("GET", "/v1/{project_id}/services//double", {}),
        ("GET", "/v1/{project_id}/services", {"query": [("limit", 10), ("offset", 0)]}),
        (
            "GET",
            "/v1/{project_id}/services",
            {"query": [("name", "é ü&=+/?"), ("empty", ""), ("list", ["b", "a"]), ("on", True)]},
        ),
        ("DELETE", "/v1/{project_id}/services/1,2", {}),
        ("POST", "/v1/{project_id}/services", {"body": {"service_name": "数字", "n": 1}}),
        ("PUT", "/v1/{project_id}/services/1", {"body": {}}),
    ],
)
def test_a_request_that_the_sdk_signed_is_accepted_off_the_wire(
    server: Server, bob: Identity, method: str, path: str, more: dict[str, Any]
) -> None:
    assert call(sdk_client(server, keys_of(bob)), method, path, **more) == {
        "user_id": bob.user_id,
        "project_id": bob.projects[0].id,
        "how": "signature",
    }


def test_a_file_that_the_sdk_uploads_unsigned_is_accepted(
    server: Server, bob: Identity, tmp_path: Path
) -> None:
    (tmp_path / "digit.png").write_bytes(b"\x89PNG")
    with (tmp_path / "digit.png").open("rb") as file:
        headers = {"Content-Type": "application/octet-stream"}
        client = sdk_client(server, keys_of(bob))
        answer = call(client, "POST", "/v1/{project_id}/files", headers=headers, body=file)
    assert answer["how"] == "signature"


def test_a_wrong_secret_key_is_refused_and_the_sdk_shows_the_code(
    server: Server, bob: Identity
) -> None:
    client = sdk_client(server, keys_of(replace(bob, secret_key="wrong")))
    with pytest.raises(ClientRequestException) as refused:
        call(client, "GET", "/v1/{project_id}/services")
    assert refused.value.status_code == 401
    assert refused.value.error_code == "ModelArts.0208"
    assert "canonical request" in refused.value.error_msg


def test_a_foreign_project_is_refused(server: Server, alice: Identity, bob: Identity) -> None:
    with pytest.raises(ClientRequestException) as refused:
        call(sdk_client(server, keys_of(bob)), "GET", f"/v1/{alice.projects[0].id}/services")
    assert (refused.value.status_code, refused.value.error_code) == (403, "ModelArts.0210")


def test_the_sdk_finds_its_project_by_region(server: Server, bob: Identity) -> None:
    credentials = BasicCredentials(bob.access_key, bob.secret_key).with_iam_endpoint(server.url)
    client = (
        ClientBuilder(ModelArts)
        .with_credentials(credentials)
        .with_region(Region("local", server.url))
        .build()
    )
    answer = call(client, "GET", "/v1/{project_id}/services")
    assert answer["project_id"] == bob.projects[0].id


def test_the_sdk_finds_its_domain(server: Server, bob: Identity) -> None:
    credentials = GlobalCredentials(bob.access_key, bob.secret_key).with_iam_endpoint(server.url)
    ClientBuilder(ModelArts, "GlobalCredentials").with_credentials(credentials).with_region(
        Region("local", server.url)
    ).build()
    assert credentials.domain_id == bob.domain_id


def test_the_sdks_derived_signature_is_accepted(server: Server, bob: Identity) -> None:
    credentials = keys_of(bob).with_derived_predicate(
        DerivedCredentials.get_default_derived_predicate()
    )
    client = (
        ClientBuilder(ModelArts)
        .with_credentials(credentials)
        .with_region(Region("local", server.url))
        ._with_derived_auth_service_name("modelarts")
        .build()
    )
    answer = call(client, "GET", "/v1/{project_id}/services", query=[("limit", 1)])
    assert answer["how"] == "signature"
