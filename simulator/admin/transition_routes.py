"""Routes about transitions that a tester holds: how each is made, and releasing one."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request

from simulator.lifecycle.requests import release
from simulator.modelarts.shape import read_shape
from simulator.operations import change_goal
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.transitions import TransitionSettings
from simulator.web import Json

SOURCE = "drydock transitions"


def add_transition_routes(router: APIRouter, system: System) -> None:
    @router.get("/transitions", operation_id="ShowTransitions", summary="How transitions are made")
    async def show() -> Json:
        return Json(system.transitions.settings.model_dump())

    @router.put(
        "/transitions",
        operation_id="ChangeTransitions",
        summary="Make transitions otherwise until the server ends",
    )
    async def change(request: Request) -> Json:
        given = read_shape(TransitionSettings, parse_object(await request.body()), SOURCE)
        now = system.transitions.settings
        kept = now.model_copy(update=given.model_dump(exclude_unset=True))
        await system.transitions.set(kept)
        return Json(kept.model_dump())

    @router.post(
        "/services/{service_id}/release",
        operation_id="ReleaseService",
        summary="Let a service make the transition that it is held in",
    )
    async def release_service(service_id: str) -> Json:
        await change_goal(system, service_id, None, release)
        return Json({})

    @router.post(
        "/models/{model_id}/release",
        operation_id="ReleaseModel",
        summary="Let a model be published that is held",
    )
    async def release_model(model_id: str) -> Json:
        await asyncio.to_thread(system.store.model, system.project_id, model_id)
        await system.publisher.release(model_id)
        return Json({})
