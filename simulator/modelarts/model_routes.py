"""URL to call, no decision: the ModelArts v1 API of models (AI applications).

Source: ModelArts API reference, AI application management.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from simulator import operations
from simulator.errors import InUse
from simulator.modelarts import wire
from simulator.modelarts.answers import with_warnings
from simulator.modelarts.queries import DeleteModelQuery, ModelQuery, read_query
from simulator.modelarts.rules.model import CREATE_MODEL, CreateModel
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json


def add_model_routes(router: APIRouter, system: System) -> None:
    @router.post("/models", operation_id="CreateModel", summary="Create a model")
    async def create_model(project_id: str, request: Request) -> Json:
        caller = await system.directory.caller(request, project_id)
        body = parse_object(await request.body())
        accepted = system.ruling.accept(CREATE_MODEL, CreateModel, body)
        model_id = await system.publisher.create(
            accepted.request,
            accepted.body,
            project_id=project_id,
            owner=caller.user_id,
            tenant=caller.domain_id,
            now=system.clock.now_ms(),
        )
        return Json(with_warnings({"model_id": model_id}, accepted.warnings))

    @router.get("/models", operation_id="ListModels", summary="List models")
    async def list_models(project_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        query = read_query(ModelQuery, request.query_params)
        query.check()
        rows = await asyncio.to_thread(
            system.store.models, project_id, query.model_status, query.workspace_id
        )
        matching = query.select(rows)
        page = query.page(matching)
        items = [wire.model_item(row) for row in page]
        return Json({"total_count": len(matching), "count": len(items), "models": items})

    @router.get("/models/{model_id}", operation_id="ShowModel", summary="Show a model")
    async def show_model(project_id: str, model_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        row = await asyncio.to_thread(system.store.model, project_id, model_id)
        return Json(wire.model_detail(row))

    @router.delete("/models/{model_id}", operation_id="DeleteModel", summary="Delete a model")
    async def delete_model(project_id: str, model_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        is_cascade = read_query(DeleteModelQuery, request.query_params).cascade
        return Json(await _delete_model(system, project_id, model_id, is_cascade=is_cascade))


async def _delete_model(
    system: System, project_id: str, model_id: str, *, is_cascade: bool
) -> dict[str, Any]:
    """A model in use is told of inside a 200 answer. Source: Deleting an AI Application."""
    if is_cascade:
        gone, stayed = await operations.delete_model_versions(system, project_id, model_id)
    else:
        gone, stayed = [model_id], []
        try:
            await operations.delete_model(system, project_id, model_id)
        except InUse as error:
            gone, stayed = [], [(model_id, error)]
    failed = [{"model_id": one} | wire.error_answer(error).body() for one, error in stayed]
    return {"delete_success_list": gone, "delete_failed_list": failed}
