"""URL to call, no decision: what the ModelArts v1 API documents and Drydock does not do."""

from __future__ import annotations

from fastapi import APIRouter, Request

from simulator.errors import NotSimulated, UnknownOperation
from simulator.modelarts.documented import missing_operation
from simulator.system import System
from simulator.web import Json


def add_missing_routes(router: APIRouter, system: System) -> None:
    """To be added last: takes every path that is left."""
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    @router.api_route("/{rest:path}", methods=methods, include_in_schema=False)
    async def not_simulated(project_id: str, rest: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        operation = missing_operation(request.method, rest)
        if operation is None:
            raise UnknownOperation(request.method, request.url.path)
        raise NotSimulated(operation)
