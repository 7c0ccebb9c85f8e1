"""The identity routes, asked over ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.iam.directory import Directory
from simulator.iam.identity import Identity, Project
from simulator.iam.routes import BODY_MAX_BYTES, iam_router

Json = dict[str, Any]


def client_of(directory: Directory) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(iam_router(directory))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.fixture
async def client(directory: Directory) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(directory) as client:
        yield client


def password_body(identity: Identity, scope: Json | str | None = None, **user: Any) -> Json:
    named = {
        "name": identity.user_name,
        "password": identity.password,
        "domain": {"name": identity.domain_name},
    }
    auth: Json = {"identity": {"methods": ["password"], "password": {"user": user or named}}}
    if scope is not None:
        auth["scope"] = scope
    return {"auth": auth}


def token_body(token: str, scope: Json) -> Json:
    return {"auth": {"identity": {"methods": ["token"], "token": {"id": token}}, "scope": scope}}


def token_of(directory: Directory, identity: Identity, project: Project | None) -> str:
    return directory.signer.issue(identity, project, directory.now_s()).text


def assert_keystone_error(response: httpx.Response, status: int, title: str) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert (error["code"], error["title"]) == (status, title)
    assert error["message"]


async def test_the_documented_call_issues_a_token(
    client: httpx.AsyncClient, directory: Directory, alice: Identity
) -> None:
    asked = password_body(alice, {"project": {"name": "local"}})
    response = await client.post("/v3/auth/tokens", json=asked)
    assert response.status_code == 201
    claims = directory.signer.verify(response.headers["X-Subject-Token"], directory.now_s())
    assert claims.project_id == alice.projects[0].id
    token = response.json()["token"]
    assert token["methods"] == ["password"]
    assert token["user"]["id"] == alice.user_id
    assert token["user"]["domain"] == {"id": alice.domain_id, "name": alice.domain_name}
    assert token["project"]["id"] == alice.projects[0].id
    assert token["project"]["domain"]["id"] == alice.domain_id
    assert token["roles"]
    lifetime = instant(token["expires_at"]) - instant(token["issued_at"])
    assert lifetime.total_seconds() == 86_400
    assert instant(token["expires_at"]).timestamp() == claims.expires_at_s


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_the_catalogue_leads_to_iam_and_modelarts(
    client: httpx.AsyncClient, alice: Identity
) -> None:
    project = alice.projects[1]
    asked = password_body(alice, {"project": {"id": project.id}})
    response = await client.post("/v3/auth/tokens", json=asked)
    urls = {
        entry["type"]: (entry["endpoints"][0]["url"], entry["endpoints"][0]["region"])
        for entry in response.json()["token"]["catalog"]
    }
    base = "http://127.0.0.1:8780"
    assert urls == {
        "identity": (f"{base}/v3", "local"),
        "iam": (f"{base}/v3", "local"),
        "modelartsv1": (f"{base}/v1/{project.id}", "local"),
        "modelarts": (f"{base}/v1/{project.id}", "local"),
    }


async def test_nocatalog_leaves_the_catalogue_out(
    client: httpx.AsyncClient, alice: Identity
) -> None:
    response = await client.post("/v3/auth/tokens?nocatalog", json=password_body(alice))
    assert response.status_code == 201
    assert "catalog" not in response.json()["token"]


@pytest.mark.parametrize("scope", [None, "unscoped", {"domain": {"name": "drydock"}}])
async def test_without_a_project_the_scope_is_the_domain(
    client: httpx.AsyncClient, alice: Identity, scope: Json | str | None
) -> None:
    response = await client.post("/v3/auth/tokens", json=password_body(alice, scope))
    token = response.json()["token"]
    assert token["domain"] == {"id": alice.domain_id, "name": alice.domain_name}
    assert "project" not in token
    assert {entry["type"] for entry in token["catalog"]} == {"identity", "iam"}


async def test_user_and_domain_may_be_named_by_id(client: httpx.AsyncClient, bob: Identity) -> None:
    for user in (
        {"id": bob.user_id, "password": bob.password},
        {"name": bob.user_name, "password": bob.password, "domain": {"id": bob.domain_id}},
    ):
        asked = password_body(bob, {"project": {"id": bob.projects[0].id}}, **user)
        assert (await client.post("/v3/auth/tokens", json=asked)).status_code == 201


async def test_a_token_may_be_exchanged_for_another_project_but_not_for_more_time(
    directory: Directory, alice: Identity
) -> None:
    first = token_of(directory, alice, alice.projects[0])
    later = replace(directory, now_s=lambda: directory.now_s() + 1000)
    async with client_of(later) as client:
        asked = token_body(first, {"project": {"name": "second"}})
        response = await client.post("/v3/auth/tokens", json=asked)
    assert response.status_code == 201
    now_s = directory.now_s()
    old, new = (
        directory.signer.verify(text, now_s)
        for text in (first, response.headers["X-Subject-Token"])
    )
    assert new.project_id == alice.projects[1].id
    assert new.expires_at_s == old.expires_at_s


async def test_bad_credentials_are_answered_401_in_keystones_shape(
    client: httpx.AsyncClient, directory: Directory, alice: Identity, bob: Identity
) -> None:
    foreign = {"project": {"id": bob.projects[0].id}}
    for asked in (
        password_body(alice, name="drydock", password="x", domain={"name": "drydock"}),
        password_body(alice, name="nobody", password="drydock", domain={"name": "drydock"}),
        password_body(alice, name="drydock", password="drydock", domain={"name": "bobs"}),
        password_body(alice, id=bob.user_id, password=alice.password),
        password_body(alice, foreign),
        password_body(alice, {"project": {"name": "absent"}}),
        password_body(alice, {"project": {"name": "local", "domain": {"name": "bobs"}}}),
        password_body(alice, {"domain": {"id": bob.domain_id}}),
        token_body("not a token", {"project": {"name": "local"}}),
        token_body(token_of(directory, alice, None), foreign),
        {"auth": {"identity": {"methods": ["totp"]}}},
    ):
        response = await client.post("/v3/auth/tokens", json=asked)
        assert_keystone_error(response, 401, "Unauthorized")
        assert "X-Subject-Token" not in response.headers


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "body"),
        (b"{}", "auth"),
        (b'{"auth": {"identity": {"methods": []}}}', "auth.identity.methods"),
        (b'{"auth": {"identity": {"methods": ["password"]}}}', "password is absent"),
        (
            b'{"auth": {"identity": {"methods": ["password"],'
            b' "password": {"user": {"name": "a", "password": "b"}}}}}',
            "domain",
        ),
        (
            b'{"auth": {"identity": {"methods": ["token"], "token": {"id": "a"}},'
            b' "scope": {"project": {"id": "a"}, "domain": {"id": "b"}}}}',
            "either project or domain",
        ),
    ],
)
async def test_a_malformed_body_is_answered_400_with_the_place(
    client: httpx.AsyncClient, body: bytes, said: str
) -> None:
    response = await client.post("/v3/auth/tokens", content=body)
    assert_keystone_error(response, 400, "Bad Request")
    assert said in response.json()["error"]["message"]


async def test_a_body_larger_than_keystone_reads_is_answered_413(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post("/v3/auth/tokens", content=b"[" + b"1," * BODY_MAX_BYTES)
    assert_keystone_error(response, 413, "Request Entity Too Large")


FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMED = st.fixed_dictionaries(
    {}, optional={"id": JSON, "name": st.text() | JSON, "password": st.text(), "domain": JSON}
)
ALMOST = st.fixed_dictionaries(
    {
        "auth": st.fixed_dictionaries(
            {
                "identity": st.fixed_dictionaries(
                    {"methods": st.lists(st.sampled_from(["password", "token", "x"]) | JSON)},
                    optional={
                        "password": st.fixed_dictionaries({"user": NAMED}) | JSON,
                        "token": NAMED | JSON,
                    },
                )
            },
            optional={"scope": st.fixed_dictionaries({}, optional={"project": NAMED}) | JSON},
        )
    }
)


@given(body=JSON | ALMOST)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_no_json_whatever_breaks_the_token_call(directory: Directory, body: Any) -> None:
    async with client_of(directory) as client:
        response = await client.post("/v3/auth/tokens", json=body)
    assert response.status_code in {400, 401}
    assert "error" in response.json()


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"auth": "\\ud800"}', b"\xff\xfe", b'{"auth": 1e999999}', b"NaN"]
)
async def test_hostile_bodies_are_answered_400(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/v3/auth/tokens", content=body)
    assert_keystone_error(response, 400, "Bad Request")


async def test_a_password_of_a_lone_surrogate_is_answered_400(client: httpx.AsyncClient) -> None:
    user = b'{"name": "drydock", "domain": {"name": "drydock"}, "password": "\\ud800"}'
    identity = b'{"methods": ["password"], "password": {"user": ' + user + b"}}"
    body = b'{"auth": {"identity": ' + identity + b"}}"
    response = await client.post("/v3/auth/tokens", content=body)
    assert_keystone_error(response, 400, "Bad Request")


async def test_version_documents_lead_clients_to_v3(client: httpx.AsyncClient) -> None:
    root = await client.get("/")
    assert root.status_code == 300
    (listed,) = root.json()["versions"]["values"]
    for path in ("/v3", "/v3/"):
        shown = await client.get(path)
        assert shown.status_code == 200
        assert shown.json()["version"] == listed
    assert listed["links"] == [{"rel": "self", "href": "http://127.0.0.1:8780/v3/"}]


async def test_projects_are_listed_and_found_by_name(
    client: httpx.AsyncClient, directory: Directory, alice: Identity
) -> None:
    headers = {"X-Auth-Token": token_of(directory, alice, None)}
    for path, names in (
        ("/v3/projects", ["local", "second"]),
        ("/v3/projects?name=local", ["local"]),
        ("/v3/projects?name=absent", []),
        ("/v3/auth/projects", ["local", "second"]),
    ):
        response = await client.get(path, headers=headers)
        assert response.status_code == 200
        assert [project["name"] for project in response.json()["projects"]] == names


async def test_domains_and_catalogue_are_the_callers(
    client: httpx.AsyncClient, directory: Directory, bob: Identity
) -> None:
    headers = {"X-Auth-Token": token_of(directory, bob, bob.projects[0])}
    domains = (await client.get("/v3/auth/domains", headers=headers)).json()["domains"]
    assert [domain["id"] for domain in domains] == [bob.domain_id]
    catalog = (await client.get("/v3/auth/catalog", headers=headers)).json()["catalog"]
    urls = {entry["type"]: entry["endpoints"][0]["url"] for entry in catalog}
    assert urls["modelartsv1"].endswith(f"/v1/{bob.projects[0].id}")


LISTINGS = ["projects", "auth/projects", "auth/domains", "auth/catalog", "auth/tokens"]


@pytest.mark.parametrize("path", [f"/v3/{listing}" for listing in LISTINGS])
async def test_listings_need_a_caller(client: httpx.AsyncClient, path: str) -> None:
    assert_keystone_error(await client.get(path), 401, "Unauthorized")
    bad = await client.get(path, headers={"X-Auth-Token": "no token"})
    assert_keystone_error(bad, 401, "Unauthorized")


async def test_a_token_can_be_checked(
    client: httpx.AsyncClient, directory: Directory, alice: Identity, bob: Identity
) -> None:
    mine = token_of(directory, alice, None)
    theirs = token_of(directory, bob, bob.projects[0])
    headers = {"X-Auth-Token": mine, "X-Subject-Token": theirs}
    response = await client.get("/v3/auth/tokens", headers=headers)
    assert response.status_code == 200
    assert response.headers["X-Subject-Token"] == theirs
    assert response.json()["token"]["user"]["id"] == bob.user_id
    gone = await client.get(
        "/v3/auth/tokens", headers={"X-Auth-Token": mine, "X-Subject-Token": "x"}
    )
    assert_keystone_error(gone, 404, "Not Found")
    unnamed = await client.get("/v3/auth/tokens", headers={"X-Auth-Token": mine})
    assert_keystone_error(unnamed, 400, "Bad Request")


def test_a_directory_without_identities_is_refused(directory: Directory) -> None:
    with pytest.raises(ValueError, match="no identity"):
        replace(directory, identities=())
