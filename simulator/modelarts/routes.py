"""URL to call, no decision: the ModelArts v1 API of services and models.

Source: ModelArts API reference, service management and AI application management.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from simulator import operations
from simulator.iam.access import Caller
from simulator.lifecycle import requests
from simulator.lifecycle.objects import Event, EventKind
from simulator.modelarts import services, wire
from simulator.modelarts.answers import (
    calls_of,
    ids_in,
    models_of,
    resource_ids,
    tasks_of,
    version_calls,
    with_warnings,
)
from simulator.modelarts.app_api_routes import add_app_api_routes
from simulator.modelarts.app_routes import add_app_routes
from simulator.modelarts.batch_paths import missing_paths
from simulator.modelarts.cluster_routes import add_cluster_routes
from simulator.modelarts.missing_routes import add_missing_routes
from simulator.modelarts.model_routes import add_model_routes
from simulator.modelarts.monitor import monitor
from simulator.modelarts.offer_routes import add_offer_routes
from simulator.modelarts.queries import EventQuery, ServiceQuery, read_query
from simulator.modelarts.rules.common import CREATE
from simulator.modelarts.schemas import CreateService
from simulator.modelarts.tag_routes import add_tag_routes
from simulator.modelarts.update_routes import add_update_routes
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json


def modelarts_router(system: System) -> APIRouter:
    """All routes below `/v1/{project_id}`."""
    router = APIRouter(prefix="/v1/{project_id}")
    add_offer_routes(router, system)
    _add_service_routes(router, system)
    _add_watch_routes(router, system)
    add_update_routes(router, system)
    add_tag_routes(router, system)
    add_cluster_routes(router, system)
    add_model_routes(router, system)
    add_app_routes(router, system)
    add_app_api_routes(router, system)
    add_missing_routes(router, system)
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

    @router.get("/services/{service_id}", operation_id="ShowService", summary="Show a service")
    async def show_service(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        stored = await asyncio.to_thread(system.store.service, service_id, project_id)
        task = (await tasks_of(system, [stored.row])).get(service_id)
        await system.traffic.refresh()
        calls = calls_of(system, service_id, task)
        return Json(wire.service_detail(stored, calls, system.endpoint, task))

    @router.delete(
        "/services/{service_id}", operation_id="DeleteService", summary="Delete services"
    )
    async def delete_services(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        await operations.change_goals(system, ids_in(service_id), project_id, requests.delete)
        return Json({})


def _add_watch_routes(router: APIRouter, system: System) -> None:
    @router.get(
        "/services/{service_id}/monitor",
        operation_id="ShowServiceMonitor",
        summary="Show a service's calls and resources",
    )
    async def show_monitor(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        stored = await asyncio.to_thread(system.store.service, service_id, project_id)
        await system.traffic.refresh()
        last_minute = system.traffic.requests_in_last_minute(service_id)
        return Json(monitor(stored, version_calls(system, stored), last_minute))

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
        page = query.page(matching)
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
    quotas = await asyncio.to_thread(system.store.quotas, project_id, caller.user_id)
    pools = await asyncio.to_thread(system.store.pools.all, project_id)
    missing = await asyncio.to_thread(missing_paths, system.objects, request.config)
    facts = system.ruling.facts(
        models,
        quotas=quotas,
        pools=pools,
        missing_paths=missing,
        offers=await system.hosting.offers(),
    )
    warnings = system.ruling.admit(CREATE, body, facts)
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
        readings=system.ruling.readings,
        manifest_bytes=system.settings.batch_manifest_bytes,
        own=system.ruling.own_specifications,
    )
    created = Event(EventKind.NORMAL, "the service is being deployed", "Created")
    await asyncio.to_thread(system.store.add_service, row, versions, created)
    system.engine.wake(row.service_id)
    answer = {"service_id": row.service_id, "resource_ids": resource_ids(versions)}
    return with_warnings(answer, (*accepted.warnings, *warnings))


async def _list_services(system: System, project_id: str, query: ServiceQuery) -> dict[str, Any]:
    total, page = await asyncio.to_thread(
        system.store.list_services,
        query.wanted(project_id),
        sort_by=query.sort_column,
        descending=query.order == "desc",
        offset=query.offset,
        limit=query.limit,
    )
    tasks = await tasks_of(system, page)
    await system.traffic.refresh()
    items = []
    for one in page:
        task = tasks.get(one.service_id)
        items.append(wire.service_item(one, calls_of(system, one.service_id, task), task))
    return {"total_count": total, "count": len(items), "services": items}
