"""URL to call, no decision: the APIs that services have for apps, and which app may call which.

Source: ModelArts API reference, App Authentication Management.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from simulator.facts.apps import Auth, Show
from simulator.modelarts.app_routes import read_app_query
from simulator.modelarts.app_schemas import (
    API_PAGE,
    AUTHORIZE_PAGE,
    REVOKE_PAGE,
    UPDATE_PAGE,
    ApiQuery,
    CreateApi,
    GrantedApps,
    GrantQuery,
    OnlyApps,
)
from simulator.modelarts.app_wire import api_item, app_item, grant_items
from simulator.modelarts.queries import read_query
from simulator.modelarts.shape import read_shape
from simulator.store.apps import App
from simulator.store.service_apis import NewApi
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json

NO_CONTENT = 204
REGISTERED = "/app-auth/{service_id}/apis"
APIS = "/services/{service_id}/app-auth-apis"
GRANTS = APIS + "/{api_id}/app-auth-api"


def add_app_api_routes(router: APIRouter, system: System) -> None:
    _add_apis(router, system)
    _add_granting(router, system)
    _add_lists(router, system)


def _add_apis(router: APIRouter, system: System) -> None:
    @router.post(REGISTERED, operation_id="CreateAppAuthApi", summary="Create an API of a service")
    async def create_api(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        wanted = read_shape(CreateApi, parse_object(await request.body()), API_PAGE)
        now = system.clock.now_ms()
        api, _ = await asyncio.to_thread(
            system.store.apis.add, project_id, service_id, wanted.api, now
        )
        return Json({"api": api_item(api, system.endpoint)})

    @router.get(
        REGISTERED + "/{api_id}",
        operation_id="GetAppAuthApiInfo",
        summary="Show an API of a service",
    )
    async def show_api(project_id: str, service_id: str, api_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        api = await asyncio.to_thread(system.store.apis.one, project_id, service_id, api_id)
        return Json({"api": api_item(api, system.endpoint)})

    @router.get(APIS, operation_id="GetAppAuthApisInfo", summary="List the APIs of a service")
    async def list_apis(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        query = read_query(ApiQuery, request.query_params)
        found = await asyncio.to_thread(system.store.apis.of_service, project_id, service_id)
        items = [api_item(api, system.endpoint) for api in query.page(found)]
        return Json({"total_count": len(found), "count": len(items), "apis": items})

    @router.delete(
        APIS + "/{api_id}",
        operation_id="DeleteAppAuthApi",
        summary="Delete an API of a service",
    )
    async def delete_api(
        project_id: str, service_id: str, api_id: str, request: Request
    ) -> Response:
        await system.directory.caller(request, project_id)
        await asyncio.to_thread(system.store.apis.delete, project_id, service_id, api_id)
        return Response(status_code=NO_CONTENT)


def _add_granting(router: APIRouter, system: System) -> None:
    @router.post(
        "/services/{service_id}/app-auth-api",
        operation_id="CreateAndAuthAppAuthApi",
        summary="Create an API of a service and let apps call it",
    )
    async def create_and_grant(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        wanted = read_shape(GrantedApps, parse_object(await request.body()), AUTHORIZE_PAGE)
        now = system.clock.now_ms()
        api, done = await asyncio.to_thread(
            system.store.apis.add, project_id, service_id, NewApi(""), now, wanted.ids
        )
        return Json(
            {
                "api": api_item(api, system.endpoint),
                "auth_result": grant_items(api.row.api_id, done),
            }
        )

    @router.post(GRANTS, operation_id="AuthorizeApiToApigApps", summary="Let apps call an API")
    async def grant(project_id: str, service_id: str, api_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        wanted = read_shape(GrantedApps, parse_object(await request.body()), AUTHORIZE_PAGE)
        now = system.clock.now_ms()
        done = await asyncio.to_thread(
            system.store.apis.grant, project_id, service_id, api_id, wanted.ids, now
        )
        return Json({"auth_result": grant_items(api_id, done)})

    @router.put(
        GRANTS,
        operation_id="UpdateAuthApiToApigApps",
        summary="Let these apps call an API, and no others",
    )
    async def grant_only(project_id: str, service_id: str, api_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        wanted = read_shape(OnlyApps, parse_object(await request.body()), UPDATE_PAGE)
        now = system.clock.now_ms()
        done = await asyncio.to_thread(
            system.store.apis.grant, project_id, service_id, api_id, wanted.ids, now, alone=True
        )
        return Json({"auth_result": grant_items(api_id, done)})

    @router.delete(
        GRANTS, operation_id="DeleteApiAppAuth", summary="Let apps no longer call an API"
    )
    async def revoke(project_id: str, service_id: str, api_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        unwanted = read_shape(GrantedApps, parse_object(await request.body()), REVOKE_PAGE)
        done = await asyncio.to_thread(
            system.store.apis.revoke, project_id, service_id, api_id, unwanted.ids
        )
        return Json({"unauth_result": grant_items(api_id, done)})


def _add_lists(router: APIRouter, system: System) -> None:
    @router.get(
        APIS + "/{api_id}/api-auths",
        operation_id="ShowApiAuthInfos",
        summary="List the caller's apps, and which of them may call an API",
    )
    async def list_grants(project_id: str, service_id: str, api_id: str, request: Request) -> Json:
        caller = await system.directory.caller(request, project_id)
        query = read_app_query(GrantQuery, request)
        granted = await asyncio.to_thread(
            system.store.apis.granted_to, project_id, service_id, api_id
        )
        apps = await asyncio.to_thread(system.store.apps.all, project_id, caller.user_id)
        return Json(_grants(query, apps, {app.row.app_id for app in granted}))

    @router.get(
        "/services/{service_id}/api-auths",
        operation_id="GetServiceAppAuthApiAuthInfo",
        summary="Show a service's API for apps, and who may call it",
    )
    async def show_grants(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        return Json(await asyncio.to_thread(_app_access, system, project_id, service_id))


def _grants(query: GrantQuery, apps: list[App], granted: set[str]) -> dict[str, Any]:
    wanted = {None: (True, False), Show.AUTH: (True,), Show.UNAUTH: (False,)}[query.show_only]
    matching = [app for app in query.select(apps) if (app.row.app_id in granted) in wanted]
    items = [
        {
            "app": app_item(app, shows_secret=query.shows_secret(app.row.app_id)),
            "authed": app.row.app_id in granted,
        }
        for app in query.page(matching)
    ]
    return {"total_count": len(matching), "count": len(items), "auths": items}


def _app_access(system: System, project_id: str, service_id: str) -> dict[str, Any]:
    found = system.store.apis.of_service(project_id, service_id)
    api = next((one for one in found if one.row.auth == Auth.APP), None)
    if api is None:
        return {"enable_app_auth": False}
    apps = system.store.apis.granted_to(project_id, service_id, api.row.api_id)
    return {
        "enable_app_auth": True,
        "app_auth_api": {
            "api_id": api.row.api_id,
            "authed_apps": [app_item(app, shows_secret=False) for app in apps],
        },
    }
