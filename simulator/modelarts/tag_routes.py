"""URL to call, no decision: the ModelArts v1 API of tags.

Source: ModelArts API reference, Adding a Resource Tag, Deleting Resource Tags, Obtaining Inference
Service Tags.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from simulator.modelarts.shape import read_shape
from simulator.modelarts.tags import PUT_PAGE, REMOVE_PAGE, PutTags, RemoveTags, tag_list
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json

NO_CONTENT = 204


def add_tag_routes(router: APIRouter, system: System) -> None:
    @router.post(
        "/services/{service_id}/tags/create",
        operation_id="CreateServiceTags",
        summary="Give a service tags",
    )
    async def create_tags(project_id: str, service_id: str, request: Request) -> Response:
        await system.directory.caller(request, project_id)
        wanted = read_shape(PutTags, parse_object(await request.body()), PUT_PAGE)
        await asyncio.to_thread(system.store.tags.put, project_id, service_id, wanted.by_key)
        return Response(status_code=NO_CONTENT)

    @router.delete(
        "/services/{service_id}/tags/delete",
        operation_id="DeleteServiceTags",
        summary="Take tags from a service",
    )
    async def delete_tags(project_id: str, service_id: str, request: Request) -> Response:
        await system.directory.caller(request, project_id)
        unwanted = read_shape(RemoveTags, parse_object(await request.body()), REMOVE_PAGE)
        await asyncio.to_thread(system.store.tags.remove, project_id, service_id, unwanted.wanted)
        return Response(status_code=NO_CONTENT)

    @router.get(
        "/services/tms/tags",
        operation_id="ListServiceTags",
        summary="List the tags of all services",
    )
    async def list_tags(project_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        return Json(tag_list(await asyncio.to_thread(system.store.tags.of_project, project_id)))
