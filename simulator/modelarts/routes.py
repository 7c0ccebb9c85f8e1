"""URL to call, no decision: the ModelArts v1 API of services and models.

Source: ModelArts API reference, service management and AI application management.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from simulator import operations
from simulator.errors import (
    NotSimulated,
    UnknownOperation,
)
from simulator.facts import limits
from simulator.facts.specifications import SPECIFICATIONS
from simulator.iam.access import Caller
from simulator.lifecycle import requests
from simulator.lifecycle.objects import Event, EventKind
from simulator.modelarts import services, wire
from simulator.modelarts.answers import calls_of, models_of, with_warnings
from simulator.modelarts.model_routes import add_model_routes
from simulator.modelarts.queries import (
    EventQuery,
    ServiceQuery,
    read_query,
)
from simulator.modelarts.rules.common import CREATE
from simulator.modelarts.schemas import CreateService
from simulator.modelarts.update_routes import add_update_routes
from simulator.store.queries import ServiceFilter
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json

NOT_SIMULATED = {
    ("GET", "services/{}/monitor"): "querying service monitoring information",
    ("GET", "clusters"): "querying dedicated resource pools",
    ("GET", "models/ai-engine-runtimes"): "querying engine runtimes",
    ("GET", "services/tms/tags"): "querying the tags of all services",
}
"""Documented operations that are not there yet; everything else unknown is 404."""


def modelarts_router(system: System) -> APIRouter:
    """All routes below `/v1/{project_id}`."""
    router = APIRouter(prefix="/v1/{project_id}")
    _add_service_routes(router, system)
    add_update_routes(router, system)
    add_model_routes(router, system)
    _add_missing_routes(router, system)
    return router


def _add_service_routes(router: APIRouter, system: System) -> None:
    @router.post("/services", operation_id="CreateService", summary="Deploy a service")
    async def create_service(project_id: str, request: Request) -> Json:
        caller = await system.directory.caller(request, project_id)
        body = parse_object(await request.body())
        return Json(await _create_service(system, caller, project_id, body))

    @router.get("/services", operation_id="ListServices", summary="List services")
    async def list_services(project_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        query = read_query(ServiceQuery, request.query_params)
        return Json(await _list_services(system, project_id, query))

    @router.get(
        "/services/specifications",
        operation_id="ListSpecifications",
        summary="List specifications",
    )
    async def list_specifications(project_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        items = [wire.specification_item(spec) for spec in SPECIFICATIONS.values()]
        return Json({"total_count": len(items), "count": len(items), "specifications": items})

    @router.get("/services/{service_id}", operation_id="ShowService", summary="Show a service")
    async def show_service(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        stored = await asyncio.to_thread(system.store.service, service_id, project_id)
        await system.traffic.refresh()
        return Json(wire.service_detail(stored, calls_of(system, stored), system.endpoint))

    @router.delete(
        "/services/{service_id}", operation_id="DeleteService", summary="Delete services"
    )
    async def delete_services(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        wanted = [part for part in service_id.split(",") if part]
        for one in wanted:  # all must exist before any is deleted
            await asyncio.to_thread(system.store.service, one, project_id)
        for one in wanted:
            await operations.change_goal(system, one, project_id, requests.delete)
        return Json({})

    @router.get(
        "/services/{service_id}/events",
        operation_id="ListServiceEvents",
        summary="List a service's events",
    )
    async def list_events(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        stored = await asyncio.to_thread(system.store.service, service_id, project_id)
        query = read_query(EventQuery, request.query_params)
        rows = await asyncio.to_thread(system.store.events, service_id, kind=query.kind)
        matching = [row for row in rows if query.matches(row.at, row.text)]
        if query.order == "asc":
            matching.reverse()
        page = matching[query.offset : query.offset + query.limit]
        return Json(
            {
                "service_id": service_id,
                "service_name": stored.row.name,
                "total_count": len(matching),
                "count": len(page),
                "events": [wire.event_item(row) for row in page],
            }
        )


async def _create_service(
    system: System, caller: Caller, project_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    accepted = system.ruling.accept(CREATE, CreateService, body)
    request = accepted.request
    services.check_simulated(request)
    models = await models_of(system, project_id, request.config)
    warnings = system.ruling.admit(CREATE, body, system.ruling.facts(models))
    now = system.clock.now_ms()
    row, versions = services.build_service(
        request,
        accepted.body,
        project_id=project_id,
        user_id=caller.user_id,
        domain_id=caller.domain_id,
        models=models,
        now=now,
        timeout_unit_s=system.ruling.timeout_unit_s,
    )
    created = Event(EventKind.NORMAL, "the service is being deployed", "Created")
    await asyncio.to_thread(
        system.store.add_service, row, versions, created, limit=limits.REAL_TIME_SERVICES
    )
    system.engine.wake(row.service_id)
    resource_ids = [f"{row.service_id}.{version.version_id}" for version in versions]
    answer = {"service_id": row.service_id, "resource_ids": resource_ids}
    return with_warnings(answer, (*accepted.warnings, *warnings))


async def _list_services(system: System, project_id: str, query: ServiceQuery) -> dict[str, Any]:
    wanted = ServiceFilter(
        project_id=project_id,
        name=query.service_name,
        model_id=query.model_id,
        kind=query.infer_type,
        status=query.status,
        service_id=query.service_id,
    )
    total, page = await asyncio.to_thread(
        system.store.services,
        wanted,
        sort_by=query.sort_column,
        descending=query.order == "desc",
        offset=query.offset,
        limit=query.limit,
    )
    await system.traffic.refresh()
    items = [wire.service_item(stored, calls_of(system, stored)) for stored in page]
    return {"total_count": total, "count": len(items), "services": items}


def _add_missing_routes(router: APIRouter, system: System) -> None:
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    @router.api_route("/{rest:path}", methods=methods, include_in_schema=False)
    async def not_simulated(project_id: str, rest: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        operation = _documented(request.method, rest)
        if operation is None:
            raise UnknownOperation(request.method, request.url.path)
        raise NotSimulated(operation)


def _documented(method: str, rest: str) -> str | None:
    """Name of the documented operation at this path, if there is one."""
    parts = rest.strip("/").split("/")
    if (method, "/".join(parts)) in NOT_SIMULATED:
        return NOT_SIMULATED[method, "/".join(parts)]
    if len(parts) >= 2:
        found = NOT_SIMULATED.get((method, "/".join([parts[0], "{}", *parts[2:]])))
        if found:
            return found
    families = {
        "app-auth": "APP authentication",
        "workspaces": "workspaces",
    }
    if parts[0] in families:
        return families[parts[0]]
    if parts[0] == "services" and len(parts) >= 3:
        second = {
            "tags": "service tags",
            "nodes": "edge nodes of a service",
            "tasks": "edge tasks of a service",
            "app-auth-api": "APP authentication of a service",
            "app-auth-apis": "APP authentication of a service",
            "api-auths": "APP authentication of a service",
        }
        return second.get(parts[2])
    return None
