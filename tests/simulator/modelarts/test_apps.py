"""Apps and the APIs that services have for them, over HTTP against a private server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock
from simulator.modelarts.app_wire import HIDDEN
from tests.support.requests import changed, documented

Json = dict[str, Any]
HEX = set("0123456789abcdef")


def make(client: httpx.Client, name: str = "shop", **more: str) -> Json:
    answer = client.post("app-auth/apps", json={"app_name": name, **more})
    assert answer.status_code == 200, answer.text
    app: Json = answer.json()["app"]
    return app


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["error_code"]) == (status, code), answer.text
    text: str = answer.json()["error_msg"]
    return text


class TestApps:
    def test_an_app_has_what_the_documents_say(
        self, drydock: Drydock, drydock_client: httpx.Client
    ) -> None:
        app = make(drydock_client, app_remark="the shop's")
        ids = {name: app.pop(name) for name in ("app_id", "app_key", "app_secret", "user_id")}
        assert all(len(text) == 32 and set(text) <= HEX for text in ids.values())
        now = drydock.now_ms()
        assert app == {
            "app_name": "shop",
            "app_remark": "the shop's",
            "app_type": "APIG",
            "app_codes": [],
            "project_id": drydock.project_id,
            "bounded_api_count": 0,
            "created_at": now,
            "updated_at": now,
        }

    def test_is_shown_and_deleted(self, drydock_client: httpx.Client) -> None:
        app = make(drydock_client)
        path = f"app-auth/apps/{app['app_id']}"
        assert drydock_client.get(path).json() == {"app": app}
        answer = drydock_client.delete(path)
        assert (answer.status_code, answer.json()) == (200, {})
        for again in (drydock_client.get(path), drydock_client.delete(path)):
            assert app["app_id"] in refused(again, 404, "ModelArts.3923")

    def test_a_name_that_is_taken_and_a_sixth_app_are_refused(
        self, drydock_client: httpx.Client
    ) -> None:
        make(drydock_client)
        answer = drydock_client.post("app-auth/apps", json={"app_name": "shop"})
        assert refused(answer, 409, "ModelArts.3929") == "an app named shop exists already"
        for number in range(4):
            make(drydock_client, f"app{number}")
        answer = drydock_client.post("app-auth/apps", json={"app_name": "one-more"})
        assert "quota apps: 5 of 5 used" in refused(answer, 400, "ModelArts.0118")
        assert drydock_client.get("app-auth/apps").json()["total_count"] == 5

    def test_what_is_wrong_is_named(self, drydock_client: httpx.Client) -> None:
        body = {"app_name": "a b", "app_remark": "r" * 201}
        answer = drydock_client.post("app-auth/apps", json=body)
        assert refused(answer, 400, "ModelArts.0101").startswith("app_name: must hold only")
        assert [one["path"] for one in answer.json()["violations"]] == ["/app_name", "/app_remark"]
        assert drydock_client.get("app-auth/apps").json()["total_count"] == 0

    def test_whether_there_is_one_is_asked_by_name(self, drydock_client: httpx.Client) -> None:
        make(drydock_client)
        for name, exists in (("shop", True), ("Shop", False), ("nothing", False)):
            answer = drydock_client.get(f"app-auth/apps/{name}/exists")
            assert answer.json() == {"exists": exists}

    def test_codes_are_added_reset_and_deleted(self, drydock_client: httpx.Client) -> None:
        app = make(drydock_client)
        path = f"app-auth/apps/{app['app_id']}/app-code"
        drydock_client.post(path)
        first, second = drydock_client.post(path, json={}).json()["app"]["app_codes"]
        assert len(first) == 64
        reset = drydock_client.put(f"{path}/{first}").json()["app"]
        assert reset["app_codes"][1:] == [second]
        assert first not in reset["app_codes"]
        left = drydock_client.delete(f"{path}/{second}").json()["app"]
        assert left["app_codes"] == reset["app_codes"][:1]
        for call in (drydock_client.put, drydock_client.delete):
            refused(call(f"{path}/{first}"), 404, "ModelArts.3923")
        assert drydock_client.get(f"app-auth/apps/{app['app_id']}").json()["app"] == left

    def test_the_secret_is_reset_and_the_key_stays(self, drydock_client: httpx.Client) -> None:
        app = make(drydock_client)
        path = f"app-auth/apps/{app['app_id']}/app-secret"
        reset = drydock_client.put(path).json()["app"]
        assert reset["app_secret"] != app["app_secret"]
        assert reset == app | {"app_secret": reset["app_secret"]}


class TestLists:
    @pytest.fixture
    def names(self, drydock: Drydock, drydock_client: httpx.Client) -> list[str]:
        """Three apps, in the order in which they were made."""
        names = ["cash", "shop", "app_a"]
        for name in names:
            make(drydock_client, name)
            drydock.advance(1)
        return names

    def listed(self, client: httpx.Client, **query: Any) -> list[str]:
        answer = client.get("app-auth/apps", params=query).json()
        assert answer["count"] == len(answer["apps"])
        return [app["app_name"] for app in answer["apps"]]

    def test_are_sorted_by_name_or_time(
        self, drydock_client: httpx.Client, names: list[str]
    ) -> None:
        assert self.listed(drydock_client) == sorted(names)
        assert self.listed(drydock_client, order="desc") == sorted(names)[::-1]
        assert self.listed(drydock_client, sort_by="created_at") == names
        assert self.listed(drydock_client, sort_by="updated_at", order="DESC") == names[::-1]

    def test_have_pages_and_a_filter(self, drydock_client: httpx.Client, names: list[str]) -> None:
        page = drydock_client.get("app-auth/apps", params={"offset": 1, "limit": 1}).json()
        assert (page["total_count"], page["count"]) == (3, 1)
        assert page["apps"][0]["app_name"] == "cash"
        assert self.listed(drydock_client, app_name="sh") == ["cash", "shop"]
        assert self.listed(drydock_client, offset=3) == []

    @pytest.mark.parametrize(
        ("query", "path"),
        [({"limit": 0}, "/limit"), ({"order": "up"}, "/order"), ({"sort_by": "name"}, "/sort_by")],
    )
    def test_refuse_what_is_no_value(
        self, drydock_client: httpx.Client, query: Json, path: str
    ) -> None:
        answer = drydock_client.get("app-auth/apps", params=query)
        refused(answer, 400, "ModelArts.0101")
        assert answer.json()["violations"][0]["path"] == path

    def test_show_secrets_only_to_who_asks(
        self, drydock_client: httpx.Client, names: list[str]
    ) -> None:
        apps = drydock_client.get("app-auth/apps").json()["apps"]
        assert {app["app_secret"] for app in apps} == {HIDDEN}
        first, second, third = [app["app_id"] for app in apps]

        def shown(*ids: str) -> set[str]:
            query: Json = {"iphertext_enabled": True, "app_ids": list(ids)}
            apps = drydock_client.get("app-auth/apps", params=query).json()["apps"]
            return {app["app_id"] for app in apps if app["app_secret"] != HIDDEN}

        assert shown() == {first, second, third}
        assert shown(first) == {first}
        assert shown(first, third) == shown(f"{first},{third}") == {first, third}
        query = {"app_ids": first}
        apps = drydock_client.get("app-auth/apps", params=query).json()["apps"]
        assert {app["app_secret"] for app in apps} == {HIDDEN}


@pytest.fixture
def service_id(drydock: Drydock, drydock_client: httpx.Client) -> str:
    body = changed(documented("realtime"), "/config/0/model_id", drydock.add_model())
    created: str = drydock_client.post("services", json=body).json()["service_id"]
    return created


def register(client: httpx.Client, service_id: str, *app_ids: str) -> Json:
    body = {"apps": [{"app_id": one} for one in app_ids]}
    answer = client.post(f"services/{service_id}/app-auth-api", json=body)
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()
    return made


class TestApis:
    def test_an_api_is_registered_and_its_apps_authorized(
        self, drydock: Drydock, drydock_client: httpx.Client, service_id: str
    ) -> None:
        app_id = make(drydock_client)["app_id"]
        made = register(drydock_client, service_id, app_id, "nothing")
        api_id = made["api"]["api_id"]
        name = drydock_client.get(f"services/{service_id}").json()["service_name"]
        assert made["api"] == {
            "api_id": api_id,
            "api_name": name,
            "api_remark": "",
            "api_method": "ANY",
            "auth_type": "APP",
            "predict_url": f"{drydock.endpoint}/v1/infers/{service_id}",
            "service_id": service_id,
            "service_name": name,
            "support_app_code": True,
        }
        good, bad = made["auth_result"]
        assert len(good.pop("auth_id")) == 32
        assert good == {"api_id": api_id, "app_id": app_id, "success": True, "reason": ""}
        assert bad == {
            "api_id": api_id,
            "app_id": "nothing",
            "auth_id": "",
            "success": False,
            "reason": "the app nothing does not exist",
        }
        app = drydock_client.get(f"app-auth/apps/{app_id}").json()["app"]
        assert app["bounded_api_count"] == 1

    def test_a_second_api_of_a_kind_is_refused_and_another_kind_is_not(
        self, drydock_client: httpx.Client, service_id: str
    ) -> None:
        path = f"app-auth/{service_id}/apis"
        body = {"api_name": "calls", "api_remark": "r", "support_app_code": False}
        made = drydock_client.post(path, json=body).json()["api"]
        assert (made["api_name"], made["api_remark"]) == ("calls", "r")
        assert (made["auth_type"], made["support_app_code"]) == ("APP", False)
        again = drydock_client.post(f"services/{service_id}/app-auth-api", json=_apps("x"))
        refused(again, 409, "ModelArts.3929")
        refused(drydock_client.post(path, json={}), 409, "ModelArts.3929")
        other = drydock_client.post(path, json={"auth_type": "IAM"}).json()["api"]
        listed = drydock_client.get(f"services/{service_id}/app-auth-apis").json()
        assert (listed["total_count"], listed["count"]) == (2, 2)
        assert sorted(one["auth_type"] for one in listed["apis"]) == ["APP", "IAM"]
        for api in (made, other):
            assert drydock_client.get(f"{path}/{api['api_id']}").json() == {"api": api}
        page = drydock_client.get(
            f"services/{service_id}/app-auth-apis", params={"offset": 1}
        ).json()
        assert (page["total_count"], page["count"]) == (2, 1)

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"auth_type": "NONE"}, "an API without authentication is not simulated"),
            ({"api_url": "x"}, "an API with an address of its own is not simulated"),
            ({"api_path": "/x"}, "an API with an address of its own is not simulated"),
        ],
    )
    def test_what_is_not_simulated_names_itself(
        self, drydock_client: httpx.Client, service_id: str, body: Json, words: str
    ) -> None:
        answer = drydock_client.post(f"app-auth/{service_id}/apis", json=body)
        assert refused(answer, 501, "Drydock.NotSimulated") == words
        assert drydock_client.get(f"services/{service_id}/app-auth-apis").json()["apis"] == []

    def test_an_api_is_deleted_with_its_grants(
        self, drydock_client: httpx.Client, service_id: str
    ) -> None:
        app_id = make(drydock_client)["app_id"]
        api_id = register(drydock_client, service_id, app_id)["api"]["api_id"]
        app = f"app-auth/apps/{app_id}"
        assert "is used by" in refused(drydock_client.delete(app), 403, "ModelArts.0108")
        path = f"services/{service_id}/app-auth-apis/{api_id}"
        answer = drydock_client.delete(path)
        assert (answer.status_code, answer.content) == (204, b"")
        refused(drydock_client.delete(path), 404, "ModelArts.3935")
        assert drydock_client.delete(app).status_code == 200

    def test_an_api_of_another_service_is_told_apart(
        self, drydock: Drydock, drydock_client: httpx.Client, service_id: str
    ) -> None:
        body = changed(documented("realtime"), "/config/0/model_id", drydock.add_model("other"))
        body["service_name"] = "letters"
        other = drydock_client.post("services", json=body).json()["service_id"]
        api_id = register(drydock_client, service_id, "x")["api"]["api_id"]
        for path in (
            f"app-auth/{other}/apis/{api_id}",
            f"services/{other}/app-auth-apis/{api_id}/api-auths",
        ):
            refused(drydock_client.get(path), 403, "ModelArts.3936")
        refused(drydock_client.get(f"app-auth/nowhere/apis/{api_id}"), 404, "ModelArts.3502")

    def test_an_api_goes_with_its_service(
        self, drydock: Drydock, drydock_client: httpx.Client, service_id: str
    ) -> None:
        app_id = make(drydock_client)["app_id"]
        register(drydock_client, service_id, app_id)
        drydock_client.delete(f"services/{service_id}")
        drydock.settle()
        listed = drydock_client.get(f"app-auth/apps/{app_id}/auth-apis").json()
        assert listed == {"total_count": 0, "count": 0, "apis": []}
        assert drydock_client.delete(f"app-auth/apps/{app_id}").status_code == 200


def _apps(*ids: str) -> Json:
    return {"apps": [{"app_id": one} for one in ids]}


class TestGrants:
    @pytest.fixture
    def path(self, drydock_client: httpx.Client, service_id: str) -> str:
        """An API of the service, for no app."""
        made = drydock_client.post(f"app-auth/{service_id}/apis", json={}).json()
        return f"services/{service_id}/app-auth-apis/{made['api']['api_id']}"

    def may_call(self, client: httpx.Client, path: str) -> list[str]:
        answer = client.get(f"{path}/api-auths", params={"show_only": "AUTH"}).json()
        return [one["app"]["app_name"] for one in answer["auths"]]

    def test_are_given_and_taken(self, drydock_client: httpx.Client, path: str) -> None:
        one, two, three = (make(drydock_client, name)["app_id"] for name in ("a", "b", "c"))
        granting = f"{path}/app-auth-api"
        given = drydock_client.post(granting, json=_apps(one, two)).json()["auth_result"]
        assert [result["success"] for result in given] == [True, True]
        assert self.may_call(drydock_client, path) == ["a", "b"]
        put = drydock_client.put(granting, json=_apps(two, three)).json()["auth_result"]
        assert put[0] == given[1]
        assert self.may_call(drydock_client, path) == ["b", "c"]
        answer = drydock_client.request("DELETE", granting, json=_apps(three, one))
        taken = answer.json()["unauth_result"]
        assert [(result["success"], result["reason"]) for result in taken] == [
            (True, ""),
            (False, f"the app {one} may not call the API"),
        ]
        assert taken[0]["auth_id"] == put[1]["auth_id"]
        assert self.may_call(drydock_client, path) == ["b"]

    def test_a_list_has_all_apps_or_some(self, drydock_client: httpx.Client, path: str) -> None:
        one = make(drydock_client, "a")["app_id"]
        make(drydock_client, "b")
        drydock_client.post(f"{path}/app-auth-api", json=_apps(one))
        found = drydock_client.get(f"{path}/api-auths").json()
        assert (found["total_count"], found["count"]) == (2, 2)
        assert [(auth["app"]["app_name"], auth["authed"]) for auth in found["auths"]] == [
            ("a", True),
            ("b", False),
        ]
        assert found["auths"][0]["app"]["app_secret"] == HIDDEN
        query = {"show_only": "UNAUTH", "iphertext_enabled": "true"}
        (other,) = drydock_client.get(f"{path}/api-auths", params=query).json()["auths"]
        assert (other["app"]["app_name"], other["authed"]) == ("b", False)
        assert other["app"]["app_secret"] != HIDDEN
        answer = drydock_client.get(f"{path}/api-auths", params={"show_only": "ALL"})
        assert answer.json()["violations"][0]["path"] == "/show_only"

    def test_an_app_has_its_apis(
        self, drydock_client: httpx.Client, service_id: str, path: str
    ) -> None:
        app_id = make(drydock_client)["app_id"]
        drydock_client.post(f"{path}/app-auth-api", json=_apps(app_id))
        url = f"app-auth/apps/{app_id}/auth-apis"
        found = drydock_client.get(url).json()
        (api,) = drydock_client.get(f"services/{service_id}/app-auth-apis").json()["apis"]
        assert found == {"total_count": 1, "count": 1, "apis": [api]}
        part = api["service_name"][1:3]
        assert drydock_client.get(url, params={"service_name": part}).json() == found
        none = drydock_client.get(url, params={"service_name": "no-such"}).json()
        assert none["total_count"] == 0

    def test_a_service_says_who_may_call_it(
        self, drydock_client: httpx.Client, service_id: str
    ) -> None:
        url = f"services/{service_id}/api-auths"
        assert drydock_client.get(url).json() == {"enable_app_auth": False}
        app_id = make(drydock_client)["app_id"]
        api_id = register(drydock_client, service_id, app_id)["api"]["api_id"]
        shown = drydock_client.get(url).json()
        (app,) = shown["app_auth_api"].pop("authed_apps")
        assert shown == {"enable_app_auth": True, "app_auth_api": {"api_id": api_id}}
        assert (app["app_id"], app["app_secret"]) == (app_id, HIDDEN)
        refused(drydock_client.get("services/nowhere/api-auths"), 404, "ModelArts.3502")

    def test_an_api_of_another_kind_is_not_granted(
        self, drydock_client: httpx.Client, service_id: str
    ) -> None:
        body = {"auth_type": "IAM"}
        made = drydock_client.post(f"app-auth/{service_id}/apis", json=body).json()["api"]
        path = f"services/{service_id}/app-auth-apis/{made['api_id']}/app-auth-api"
        answer = drydock_client.post(path, json=_apps("x"))
        assert "no app authentication" in refused(answer, 400, "ModelArts.0101")
