"""Routes below `/_drydock`: what this host has, and which specifications it can give."""

from __future__ import annotations

from fastapi import APIRouter

from simulator.admin.hardware_views import hardware_view, specifications_view
from simulator.system import System
from simulator.web import Json


def add_hardware_routes(router: APIRouter, system: System) -> None:
    @router.get("/hardware", operation_id="ShowHardware", summary="What this host has")
    async def hardware() -> Json:
        return Json(hardware_view(await system.hosting.seen()))

    @router.get(
        "/specifications",
        operation_id="ListHostSpecifications",
        summary="The specifications, each available on this host or with the reason why not",
    )
    async def specifications() -> Json:
        return Json(specifications_view(await system.hosting.offers()))
