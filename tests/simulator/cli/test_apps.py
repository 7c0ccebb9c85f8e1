"""Apps on the command line."""

from __future__ import annotations

import json

import pytest

from simulator.cli.apps import HIDDEN
from tests.simulator.cli.conftest import PROJECT, SERVICE_ID, FakeServer, Json, Run

APP_ID, API_ID = "f" * 32, "e" * 32
KEY, SECRET = "k" * 32, "s" * 32
OLD, NEW = "53a7" + "0" * 60, "99b1" + "0" * 60
APPS = f"/v1/{PROJECT}/app-auth/apps"
SERVICE = f"/v1/{PROJECT}/services/{SERVICE_ID}"
GRANTS = f"{SERVICE}/app-auth-apis/{API_ID}/app-auth-api"


def an_app(*codes: str, **changes: object) -> Json:
    app: Json = {
        "app_id": APP_ID,
        "app_name": "shop",
        "app_remark": "",
        "app_type": "APIG",
        "app_key": KEY,
        "app_secret": SECRET,
        "app_codes": list(codes),
        "user_id": "u",
        "project_id": PROJECT,
        "bounded_api_count": 1,
        "created_at": 1_000,
        "updated_at": 1_000,
    }
    return app | changes


def a_result(reason: str = "") -> Json:
    known = {"api_id": API_ID, "app_id": APP_ID, "auth_id": "" if reason else "a"}
    return known | {"success": not reason, "reason": reason}


@pytest.fixture(autouse=True)
def answers(fake: FakeServer) -> None:
    listed = an_app(OLD, app_secret=HIDDEN)
    fake.answers("GET", APPS, {"total_count": 1, "count": 1, "apps": [listed]})
    fake.answers("POST", APPS, {"app": an_app(app_remark="till")})
    fake.answers("GET", f"{APPS}/{APP_ID}", {"app": an_app(OLD)})
    fake.answers("GET", f"{APPS}/{APP_ID}/auth-apis", {"apis": [{"service_name": "digits"}]})
    fake.answers("DELETE", f"{APPS}/{APP_ID}", {})
    fake.answers("POST", f"{APPS}/{APP_ID}/app-code", {"app": an_app(OLD, NEW)})
    fake.answers("PUT", f"{APPS}/{APP_ID}/app-code/{OLD}", {"app": an_app(NEW)})
    fake.answers("DELETE", f"{APPS}/{APP_ID}/app-code/{OLD}", {"app": an_app()})
    fake.answers("PUT", f"{APPS}/{APP_ID}/app-secret", {"app": an_app(app_secret="n" * 32)})
    api = {"enable_app_auth": True, "app_auth_api": {"api_id": API_ID, "authed_apps": []}}
    fake.answers("GET", f"{SERVICE}/api-auths", api)
    fake.answers("POST", GRANTS, {"auth_result": [a_result()]})
    fake.answers("DELETE", GRANTS, {"unauth_result": [a_result()]})


class TestMaking:
    def test_an_app_is_made_and_shown_with_its_secret(
        self, run_on_fake: Run, fake: FakeServer
    ) -> None:
        result = run_on_fake("apps", "create", "shop", "--remark", "till")
        assert result.exit_code == 0
        assert [line.split(maxsplit=1) for line in result.stdout.splitlines()] == [
            ["name", "shop"],
            ["id", APP_ID],
            ["remark", "till"],
            ["key", KEY],
            ["secret", SECRET],
        ]
        (sent,) = fake.sent("POST", APPS)
        assert json.loads(sent.content) == {"app_name": "shop", "app_remark": "till"}
        assert fake.sent("POST", f"{APPS}/{APP_ID}/app-code") == []

    def test_it_can_be_given_a_code_at_once(self, run_on_fake: Run) -> None:
        result = run_on_fake("apps", "create", "shop", "--code", "--json")
        assert json.loads(result.stdout) == an_app(OLD, NEW)

    def test_a_refusal_is_told(self, run_on_fake: Run, fake: FakeServer) -> None:
        body = {"error_code": "ModelArts.3929", "error_msg": "an app named shop exists already"}
        fake.answers("POST", APPS, body, status=409)
        result = run_on_fake("apps", "create", "shop")
        assert result.exit_code == 1
        assert "an app named shop exists already (409 ModelArts.3929)" in result.stderr


class TestSecrets:
    @pytest.mark.parametrize("as_json", [(), ("--json",)])
    @pytest.mark.parametrize("command", [("list",), ("show", "shop")])
    def test_are_not_shown_unasked(
        self, run_on_fake: Run, command: tuple[str, ...], as_json: tuple[str, ...]
    ) -> None:
        result = run_on_fake("apps", *command, *as_json)
        assert result.exit_code == 0
        assert "shop" in result.stdout
        assert KEY not in result.stdout
        assert SECRET not in result.stdout
        assert OLD not in result.stdout

    def test_are_shown_to_who_asks(self, run_on_fake: Run) -> None:
        result = run_on_fake("apps", "show", "shop", "--secrets")
        assert [line.split(maxsplit=1) for line in result.stdout.splitlines()] == [
            ["name", "shop"],
            ["id", APP_ID],
            ["key", KEY],
            ["secret", SECRET],
            ["code", OLD],
            ["may", "call  digits"],
        ]

    def test_reset_shows_the_new_one_alone(self, run_on_fake: Run) -> None:
        assert run_on_fake("apps", "secret", "reset", "shop").stdout == "n" * 32 + "\n"


class TestCodes:
    def test_add_shows_the_new_one_alone(self, run_on_fake: Run) -> None:
        assert run_on_fake("apps", "code", "add", APP_ID[:6]).stdout == f"{NEW}\n"

    def test_reset_takes_how_it_begins(self, run_on_fake: Run) -> None:
        assert run_on_fake("apps", "code", "reset", "shop", "53a7").stdout == f"{NEW}\n"

    def test_remove_says_what_is_left(self, run_on_fake: Run) -> None:
        result = run_on_fake("apps", "code", "remove", "shop", OLD)
        assert (result.exit_code, result.stdout) == (0, "shop has 0 codes left\n")

    @pytest.mark.parametrize("code", ["53a", "9999", OLD + "1"])
    def test_another_one_is_refused_and_nothing_is_asked(
        self, run_on_fake: Run, fake: FakeServer, code: str
    ) -> None:
        result = run_on_fake("apps", "code", "remove", "shop", code)
        assert result.exit_code == 1
        assert "has no code that alone is meant by this" in result.stderr
        assert {request.method for request in fake.requests} == {"GET"}


class TestGrants:
    def test_an_app_is_let_call_a_service(self, run_on_fake: Run, fake: FakeServer) -> None:
        result = run_on_fake("apps", "authorize", "shop", "digits")
        assert (result.exit_code, result.stdout) == (0, "shop may call digits\n")
        (sent,) = fake.sent("POST", GRANTS)
        assert json.loads(sent.content) == {"apps": [{"app_id": APP_ID}]}

    def test_the_services_api_is_made_with_its_first_app(
        self, run_on_fake: Run, fake: FakeServer
    ) -> None:
        fake.answers("GET", f"{SERVICE}/api-auths", {"enable_app_auth": False})
        fake.answers("POST", f"{SERVICE}/app-auth-api", {"api": {}, "auth_result": [a_result()]})
        result = run_on_fake("apps", "authorize", "shop", "digits", "--json")
        assert json.loads(result.stdout) == a_result()
        assert len(fake.sent("POST", f"{SERVICE}/app-auth-api")) == 1

    def test_it_is_taken_back(self, run_on_fake: Run) -> None:
        result = run_on_fake("apps", "revoke", "shop", "digits")
        assert (result.exit_code, result.stdout) == (0, "shop may not call digits any more\n")

    def test_why_it_was_not_done_is_told(self, run_on_fake: Run, fake: FakeServer) -> None:
        fake.answers("DELETE", GRANTS, {"unauth_result": [a_result("the app may not call it")]})
        result = run_on_fake("apps", "revoke", "shop", "digits")
        assert result.exit_code == 1
        assert "the app may not call it" in result.stderr
        fake.answers("GET", f"{SERVICE}/api-auths", {"enable_app_auth": False})
        result = run_on_fake("apps", "revoke", "shop", "digits")
        assert "no app may call digits" in result.stderr


def test_an_app_is_deleted(run_on_fake: Run, fake: FakeServer) -> None:
    result = run_on_fake("apps", "delete", "shop")
    assert (result.exit_code, result.stdout) == (0, "shop is deleted\n")
    assert len(fake.sent("DELETE", f"{APPS}/{APP_ID}")) == 1


def test_an_app_that_there_is_not_is_told_with_what_is_near(run_on_fake: Run) -> None:
    result = run_on_fake("apps", "show", "shopp")
    assert result.exit_code == 1
    assert "there is no app shopp" in result.stderr
    assert "did you mean shop? `drydock apps list` shows all" in result.stderr
