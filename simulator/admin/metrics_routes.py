"""Routes that tell what the gateway counted: `/_drydock/traffic`, `/_drydock/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

from fastapi import APIRouter
from starlette.responses import Response

from simulator.admin.traffic_views import traffic_view
from simulator.gateway.admin import AdminUnavailable
from simulator.gateway.counters import Bucket, VersionKey
from simulator.gateway.status import Phase
from simulator.system import System
from simulator.web import Json

if TYPE_CHECKING:
    from simulator.admin.metrics import Server

T = TypeVar("T")


def add_metrics_routes(router: APIRouter, system: System) -> None:
    @router.get(
        "/traffic",
        operation_id="ShowTraffic",
        summary="What the gateway counted, by service, version and instance",
    )
    async def traffic() -> Json:
        services = await asyncio.to_thread(system.store.services)
        await _read(system)
        return Json(traffic_view(services, system.traffic, system.routes.shares))

    @router.get("/metrics", operation_id="ShowMetrics", summary="Metrics for Prometheus")
    async def metrics() -> Response:
        # only who wants metrics waits for the library: it takes long to load
        from simulator.admin.metrics import CONTENT_TYPE, Snapshot, exposition  # noqa: PLC0415

        services = await asyncio.to_thread(system.store.services)
        user_id = system.identity.user_id
        quotas = await asyncio.to_thread(system.store.quotas, system.project_id, user_id)
        await _read(system)
        snapshot = Snapshot(
            server=await _server(system),
            services=services,
            quotas=quotas,
            traffic=system.traffic,
            latencies=await _or_nothing(_latencies(system), {}),
            wanted=system.routes.shares,
        )
        return Response(exposition(snapshot), media_type=CONTENT_TYPE)


async def _read(system: System) -> None:
    await asyncio.gather(system.traffic.refresh(), system.traffic.instances.refresh())


async def _latencies(system: System) -> dict[VersionKey, list[Bucket]]:
    return await system.gateway.admin.latencies()


async def _answers(system: System) -> dict[str, int]:
    return await system.gateway.admin.answers()


async def _or_nothing(asking: Awaitable[T], nothing: T) -> T:
    """What the gateway says; nothing while it is away, as its counters begin anew then."""
    try:
        return await asking
    except (AdminUnavailable, RuntimeError):
        return nothing


async def _server(system: System) -> Server:
    from simulator.admin.metrics import Server  # noqa: PLC0415

    info, gateway = await system.backend.info(), system.gateway.status()
    return Server(
        version=version("drydock"),
        backend=info.name,
        started_at_ms=system.started_at_ms,
        is_store_writable=system.store.trouble is None,
        is_backend_available=info.available and system.engine.sightings.error is None,
        is_gateway_running=gateway.phase is Phase.RUNNING,
        gateway_restarts=gateway.restarts,
        answers=await _or_nothing(_answers(system), {}),
    )
