"""URL to call, no decision: the ModelArts v1 API of models (AI applications).

Source: ModelArts API reference, AI application management.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from simulator import operations
from simulator.errors import InUse, NotSimulated
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
        rows = await asyncio.to_thread(system.store.models, project_id, query.model_status)
        matching = query.select(rows)
        page = matching[query.offset : query.offset + query.limit]
        items = [wire.model_item(row) for row in page]
        return Json({"total_count": len(matching), "count": len(items), "models": items})

    @router.get("/models/{model_id}", operation_id="ShowModel", summary="Show a model")
    async def show_model(project_id: str, model_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        if model_id == "ai-engine-runtimes":
            raise NotSimulated("querying engine runtimes")
        row = await asyncio.to_thread(system.store.model, project_id, model_id)
        return Json(wire.model_detail(row))

    @router.delete("/models/{model_id}", operation_id="DeleteModel", summary="Delete a model")
    async def delete_model(project_id: str, model_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        if read_query(DeleteModelQuery, request.query_params).cascade:
            raise NotSimulated("deleting all versions of a model (cascade)")
        return Json(await _delete_model(system, project_id, model_id))


async def _delete_model(system: System, project_id: str, model_id: str) -> dict[str, Any]:
    """A model in use is told of inside a 200 answer. Source: Deleting an AI Application."""
    try:
        await operations.delete_model(system, project_id, model_id)
    except InUse as error:
        answer = wire.error_answer(error)
        failed = {"model_id": model_id} | answer.body()
        return {"delete_success_list": [], "delete_failed_list": [failed]}
    return {"delete_success_list": [model_id], "delete_failed_list": []}
