"""Answers about apps as examples, made by what makes the real ones."""

from __future__ import annotations

from typing import Any

from simulator.facts.apps import Auth
from simulator.modelarts.app_wire import api_item, app_item, grant_items
from simulator.store.app_tables import AppRow, ServiceApiRow
from simulator.store.apps import App
from simulator.store.service_apis import Granting, ServiceApi
from simulator.store.tables import ServiceRow

APP_ID = "fb1a9eadd87b48abbd74b8ba1755dffd"
API_ID = "528087f0a5ea4b7a8a1ed04ad2b7c3ee"
GRANT_ID = "7c1a2e4f93d84f0c9d1b5e6a7f8091b2"


def app_answers(service: ServiceRow, endpoint: str, at_ms: int) -> dict[str, Any]:
    """One answer for each operation's id, about this service."""
    app = App(
        AppRow(
            app_id=APP_ID,
            project_id=service.project_id,
            owner=service.owner,
            name="app_digits",
            remark="the shop's",
            key="b11ae87581b04b5284aa92b0d4ae332c",
            secret="cb5d1b57368b4f129b635332a03bf0e3",
            created_at=at_ms,
            updated_at=at_ms,
        ),
        ("53a7c6de82be4671b93414adf98c1c507d5cef29fbdd48d88a4dddb668b0f0ad",),
        1,
    )
    row = ServiceApiRow(
        api_id=API_ID,
        service_id=service.service_id,
        name=service.name,
        auth=Auth.APP.value,
        takes_codes=True,
        created_at=at_ms,
    )
    shown = {"app": app_item(app, shows_secret=True)}
    listed = app_item(app, shows_secret=False)
    api = {"api": api_item(ServiceApi(row, service), endpoint)}
    granted = {"auth_result": grant_items(API_ID, [Granting(APP_ID, GRANT_ID)])}
    one = {"total_count": 1, "count": 1}
    return {
        "CreateApigApp": shown,
        "ListApigApps": one | {"apps": [listed]},
        "ShowApigApp": shown,
        "DeleteApigApp": {},
        "ApigAppExists": {"exists": True},
        "CreateApigAppCode": shown,
        "ResetApigAppCode": shown,
        "DeleteApigAppCode": shown,
        "ResetApigAppSecret": shown,
        "ShowApisBindToApp": one | {"apis": [api["api"]]},
        "CreateAppAuthApi": api,
        "GetAppAuthApiInfo": api,
        "CreateAndAuthAppAuthApi": api | granted,
        "GetAppAuthApisInfo": one | {"apis": [api["api"]]},
        "DeleteAppAuthApi": None,
        "ShowApiAuthInfos": one | {"auths": [{"app": listed, "authed": True}]},
        "AuthorizeApiToApigApps": granted,
        "UpdateAuthApiToApigApps": granted,
        "DeleteApiAppAuth": {"unauth_result": granted["auth_result"]},
        "GetServiceAppAuthApiAuthInfo": {
            "enable_app_auth": True,
            "app_auth_api": {"api_id": API_ID, "authed_apps": [listed]},
        },
    }
