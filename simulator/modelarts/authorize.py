"""The gateway's question about inference requests that are signed or an app's: may this caller call
this service?"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request

from simulator.errors import NotFound
from simulator.iam.directory import raw_path
from simulator.iam.errors import ProjectForbidden
from simulator.modelarts.app_access import app_caller, check_grant
from simulator.modelarts.wire import INFERENCE_PREFIX
from simulator.system import AUTHORIZE_PATH, System
from simulator.web import Json

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def router(system: System) -> APIRouter:
    """The route that Envoy's ext_authz asks: the client's own path behind `AUTHORIZE_PATH`."""
    routes = APIRouter()

    @routes.api_route(AUTHORIZE_PATH + "/{rest:path}", methods=_METHODS)
    async def authorize(request: Request, rest: str) -> Json:
        path = raw_path(request).removeprefix(AUTHORIZE_PATH)
        service_id = path.removeprefix(INFERENCE_PREFIX).partition("/")[0]
        app = await app_caller(system, request, path)
        caller = None if app else await system.directory.caller(request, path=path)
        try:
            stored = await asyncio.to_thread(system.store.service, service_id)
        except NotFound:
            return Json({})  # the gateway's own answer for a missing service follows
        if app:
            await asyncio.to_thread(check_grant, system, app, service_id)
        if caller and all(project.id != stored.row.project_id for project in caller.projects):
            raise ProjectForbidden("the service belongs to another project")
        return Json({})

    return routes
