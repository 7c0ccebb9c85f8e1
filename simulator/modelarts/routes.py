"""URL to call, no decision: the ModelArts v1 API of services and models.

Source: ModelArts API reference, service management and AI application management.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Request

from simulator import operations
from simulator.errors import (
    InUse,
    NotFound,
    NotSimulated,
    UnknownOperation,
    Violation,
)
from simulator.facts import limits
from simulator.facts.specifications import SPECIFICATIONS
from simulator.iam.access import Caller
from simulator.lifecycle import requests
from simulator.lifecycle.objects import Event, EventKind
from simulator.modelarts import services, wire
from simulator.modelarts.queries import (
    DeleteModelQuery,
    EventQuery,
    ModelQuery,
    ServiceQuery,
    read_query,
)
from simulator.modelarts.rules.common import CHANGE, CREATE
from simulator.modelarts.rules.model import CREATE_MODEL, CreateModel
from simulator.modelarts.ruling import facts_of
from simulator.modelarts.schemas import CreateService, ServiceConfig, UpdateService
from simulator.store.queries import ServiceFilter, Stored
from simulator.store.tables import ModelRow
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json

NOT_SIMULATED = {
    ("PATCH", "services/{}"): "changing a service's configuration by PATCH",
    ("PUT", "services/{}/property"): "changing a service's property",
    ("GET", "services/{}/monitor"): "querying service monitoring information",
    ("GET", "services/{}/logs"): "querying service update logs",
    ("GET", "clusters"): "querying dedicated resource pools",
    ("GET", "models/ai-engine-runtimes"): "querying engine runtimes",
    ("GET", "services/tms/tags"): "querying the tags of all services",
}
"""Documented operations that are not there yet; everything else unknown is 404."""


_CONFIGURATION = {
    "config",
    "schedule",
    "additional_properties",
    "load_balancer_policy",
    "priority",
    "service_secrets",
}
"""Fields of an update that change more than the description."""


def modelarts_router(system: System) -> APIRouter:
    """All routes below `/v1/{project_id}`."""
    router = APIRouter(prefix="/v1/{project_id}")
    _add_service_routes(router, system)
    _add_model_routes(router, system)
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
        return Json(wire.service_detail(stored, _calls(system, stored), system.endpoint))

    @router.put(
        "/services/{service_id}",
        operation_id="UpdateService",
        summary="Start, stop or describe a service",
    )
    async def update_service(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        body = parse_object(await request.body())
        return Json(await _update_service(system, project_id, service_id, body))

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
    models = await _models(system, project_id, request.config)
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
        timeout_unit_s=60 if system.ruling.readings["deploy-timeout"] == "minutes" else 1,
    )
    created = Event(EventKind.NORMAL, "the service is being deployed", "Created")
    await asyncio.to_thread(
        system.store.add_service, row, versions, created, limit=limits.REAL_TIME_SERVICES
    )
    system.engine.wake(row.service_id)
    resource_ids = [f"{row.service_id}.{version.version_id}" for version in versions]
    answer = {"service_id": row.service_id, "resource_ids": resource_ids}
    return _with_warnings(answer, (*accepted.warnings, *warnings))


def _with_warnings(answer: dict[str, Any], warnings: tuple[Violation, ...]) -> dict[str, Any]:
    """The answer, with what should be told under an extension key; none when there is nothing."""
    return answer | {"warnings": [vars(one) for one in warnings]} if warnings else answer


async def _models(
    system: System, project_id: str, versions: Iterable[ServiceConfig]
) -> dict[str, ModelRow]:
    """The models that versions name, by id; those that do not exist are left out."""
    found = {}
    for model_id in {version.model_id for version in versions}:
        with contextlib.suppress(NotFound):  # admission names the place
            found[model_id] = await asyncio.to_thread(system.store.model, project_id, model_id)
    return found


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
    items = [wire.service_item(stored, _calls(system, stored)) for stored in page]
    return {"total_count": total, "count": len(items), "services": items}


async def _update_service(
    system: System, project_id: str, service_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    stored = await asyncio.to_thread(system.store.service, service_id, project_id)
    known = facts_of(stored)
    accepted = system.ruling.accept(CHANGE, UpdateService, body, known)
    update = accepted.request
    models = await _models(system, project_id, update.config or ())
    system.ruling.admit(CHANGE, body, system.ruling.facts(models, known))
    if update.status is not None:
        change = {"running": requests.start, "stopped": requests.stop}[update.status]
        await operations.change_goal(system, service_id, project_id, change)
    elif set(accepted.body) & _CONFIGURATION:
        raise NotSimulated("changing the configuration of a deployed service")
    elif update.description is not None:
        await _describe(system, service_id, project_id, update.description)
    return _with_warnings({}, accepted.warnings)


async def _describe(system: System, service_id: str, project_id: str, description: str) -> None:
    def document(old: dict[str, Any]) -> dict[str, Any]:
        return old | {"request": old["request"] | {"description": description}}

    await asyncio.to_thread(
        system.store.change_service,
        service_id,
        project_id,
        system.clock.now_ms(),
        lambda service: (service, ()),
        document,
    )


def _calls(system: System, stored: Stored) -> wire.Calls:
    figures = system.traffic.service(stored.row.service_id)
    return wire.Calls(figures.requests, figures.errors)


def _add_model_routes(router: APIRouter, system: System) -> None:
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
        return Json(_with_warnings({"model_id": model_id}, accepted.warnings))

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
