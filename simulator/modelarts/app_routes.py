"""URL to call, no decision: apps, their codes and secrets.

Source: ModelArts API reference, App Authentication Management.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import APIRouter, Request

from simulator.modelarts.app_schemas import (
    CREATE_PAGE,
    AppApiQuery,
    AppQuery,
    CreateApp,
    joined_ids,
)
from simulator.modelarts.app_wire import api_item, app_item
from simulator.modelarts.queries import QueryT, read_query
from simulator.modelarts.shape import read_shape
from simulator.store.apps import App
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json

APPS = "/app-auth/apps"
CODE = APPS + "/{app_id}/app-code/{app_code}"


def add_app_routes(router: APIRouter, system: System) -> None:
    _add_apps(router, system)
    _add_secrets(router, system)


def _add_apps(router: APIRouter, system: System) -> None:
    @router.post(APPS, operation_id="CreateApigApp", summary="Create an app")
    async def create_app(project_id: str, request: Request) -> Json:
        caller = await system.directory.caller(request, project_id)
        wanted = read_shape(CreateApp, parse_object(await request.body()), CREATE_PAGE)
        app = await asyncio.to_thread(
            system.store.apps.add,
            project_id,
            caller.user_id,
            wanted.app_name,
            wanted.app_remark or "",
            system.clock.now_ms(),
        )
        return _shown(app)

    @router.get(APPS, operation_id="ListApigApps", summary="List the caller's apps")
    async def list_apps(project_id: str, request: Request) -> Json:
        caller = await system.directory.caller(request, project_id)
        query = read_app_query(AppQuery, request)
        apps = await asyncio.to_thread(system.store.apps.all, project_id, caller.user_id)
        matching = query.select(apps)
        items = [
            app_item(app, shows_secret=query.shows_secret(app.row.app_id))
            for app in query.page(matching)
        ]
        return Json({"total_count": len(matching), "count": len(items), "apps": items})

    @router.get(
        APPS + "/{app_name}/exists",
        operation_id="ApigAppExists",
        summary="Whether an app of this name exists",
    )
    async def app_exists(project_id: str, app_name: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        exists = await asyncio.to_thread(system.store.apps.is_taken, project_id, app_name)
        return Json({"exists": exists})

    @router.get(APPS + "/{app_id}", operation_id="ShowApigApp", summary="Show an app")
    async def show_app(project_id: str, app_id: str, request: Request) -> Json:
        caller = await system.directory.caller(request, project_id)
        return _shown(
            await asyncio.to_thread(system.store.apps.one, project_id, caller.user_id, app_id)
        )

    @router.delete(APPS + "/{app_id}", operation_id="DeleteApigApp", summary="Delete an app")
    async def delete_app(project_id: str, app_id: str, request: Request) -> Json:
        caller = await system.directory.caller(request, project_id)
        await asyncio.to_thread(system.store.apps.delete, project_id, caller.user_id, app_id)
        return Json({})

    @router.get(
        APPS + "/{app_id}/auth-apis",
        operation_id="ShowApisBindToApp",
        summary="List the APIs that an app may call",
    )
    async def list_apis(project_id: str, app_id: str, request: Request) -> Json:
        caller = await system.directory.caller(request, project_id)
        query = read_query(AppApiQuery, request.query_params)
        apis = await asyncio.to_thread(system.store.apis.of_app, project_id, caller.user_id, app_id)
        matching = query.select(apis)
        items = [api_item(api, system.endpoint) for api in query.page(matching)]
        return Json({"total_count": len(matching), "count": len(items), "apis": items})


def _add_secrets(router: APIRouter, system: System) -> None:
    async def changed(
        request: Request, change: Callable[..., App], project_id: str, *about: str
    ) -> Json:
        """The app after a change of the store's, which takes the time last."""
        caller = await system.directory.caller(request, project_id)
        now = system.clock.now_ms()
        return _shown(await asyncio.to_thread(change, project_id, caller.user_id, *about, now))

    @router.post(
        APPS + "/{app_id}/app-code",
        operation_id="CreateApigAppCode",
        summary="Give an app another code",
    )
    async def create_code(project_id: str, app_id: str, request: Request) -> Json:
        return await changed(request, system.store.apps.add_code, project_id, app_id)

    @router.put(CODE, operation_id="ResetApigAppCode", summary="Put a new code in a code's place")
    async def reset_code(project_id: str, app_id: str, app_code: str, request: Request) -> Json:
        return await changed(request, system.store.apps.reset_code, project_id, app_id, app_code)

    @router.delete(CODE, operation_id="DeleteApigAppCode", summary="Take a code from an app")
    async def delete_code(project_id: str, app_id: str, app_code: str, request: Request) -> Json:
        return await changed(request, system.store.apps.remove_code, project_id, app_id, app_code)

    @router.put(
        APPS + "/{app_id}/app-secret",
        operation_id="ResetApigAppSecret",
        summary="Give an app another secret",
    )
    async def reset_secret(project_id: str, app_id: str, request: Request) -> Json:
        return await changed(request, system.store.apps.reset_secret, project_id, app_id)


def read_app_query(shape: type[QueryT], request: Request) -> QueryT:
    """The query in its shape; `app_ids` may stand in it several times.

    Raises:
        InvalidRequest: a value is not allowed; names the parameter.
    """
    ids = joined_ids(request.query_params.getlist("app_ids"))
    return read_query(shape, {**request.query_params, "app_ids": ids})


def _shown(app: App) -> Json:
    """An app by itself is shown with its secret."""
    return Json({"app": app_item(app, shows_secret=True)})
