"""The gateway's question about signed inference requests: may this caller call this service?"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request

from simulator.errors import NotFound, NotSimulated
from simulator.iam.directory import raw_path
from simulator.iam.errors import ProjectForbidden
from simulator.modelarts.wire import INFERENCE_PREFIX, error_answer
from simulator.system import AUTHORIZE_PATH, System
from simulator.web import Json

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def router(system: System) -> APIRouter:
    """The route that Envoy's ext_authz asks: the client's own path behind `AUTHORIZE_PATH`."""
    routes = APIRouter()

    @routes.api_route(AUTHORIZE_PATH + "/{rest:path}", methods=_METHODS)
    async def authorize(request: Request, rest: str) -> Json:
        if "x-apig-appcode" in request.headers:
            # Not 501: the gateway takes a 5xx for a judge that is out of order.
            error = NotSimulated("calling a service by app code")
            return Json(error_answer(error).body(), status_code=400)
        path = raw_path(request).removeprefix(AUTHORIZE_PATH)
        service_id = path.removeprefix(INFERENCE_PREFIX).partition("/")[0]
        caller = await system.directory.caller(request, path=path)
        try:
            stored = await asyncio.to_thread(system.store.service, service_id)
        except NotFound:
            return Json({})  # the gateway's own answer for a missing service follows
        if all(project.id != stored.row.project_id for project in caller.projects):
            raise ProjectForbidden("the service belongs to another project")
        return Json({})

    return routes
