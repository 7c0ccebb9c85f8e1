"""Route of `/_drydock/usage`: how long instances ran, and how many nodes pools had."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from simulator.admin import views
from simulator.errors import InvalidRequest, Violation
from simulator.modelarts.queries import read_query
from simulator.system import System
from simulator.web import Json


class UsageQuery(BaseModel):
    """Query of GET /_drydock/usage: an interval of platform time, epoch milliseconds."""

    since_ms: int = Field(
        0, ge=0, lt=1 << 63, description="From then on; milliseconds since 1970, platform time."
    )
    until_ms: int | None = Field(
        None, ge=0, lt=1 << 63, description="Before then, likewise; up to now by default."
    )


def add_usage_routes(router: APIRouter, system: System) -> None:
    @router.get("/usage", operation_id="ShowUsage", summary="How long instances ran, by service")
    async def usage(request: Request) -> Json:
        query = read_query(UsageQuery, request.query_params)
        since, until = query.since_ms, query.until_ms
        if until is not None and since > until:
            text = f"since_ms must not be after until_ms; got {since} and {until}"
            raise InvalidRequest([Violation("DD-USE-001", "/since_ms", text, "drydock usage")])
        now = system.clock.now_ms()
        found = await asyncio.to_thread(system.store.usage, now, since, until)
        pools = await asyncio.to_thread(system.store.pool_usage, now, since, until)
        return Json(views.usage_view(since, now if until is None else until, found, pools))
