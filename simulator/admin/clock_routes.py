"""Routes below `/_drydock/clock`: what the platform clock shows, and how it goes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from simulator.clock import ClockMode, PlatformClock
from simulator.errors import InvalidRequest, Violation
from simulator.modelarts.shape import read_shape
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json

SOURCE = "drydock clock"
SPEED_MAX = 1_000_000.0


class Advance(BaseModel):
    """Body of POST /_drydock/clock/advance: platform seconds to move on."""

    model_config = ConfigDict(extra="forbid")
    seconds: float = Field(ge=0, le=10 * 365 * 86_400)


class ChangeClock(BaseModel):
    """Body of PUT /_drydock/clock."""

    model_config = ConfigDict(extra="forbid")

    mode: ClockMode = Field(description="real, scaled, or manual: it moves only when told to.")
    speed: float = Field(
        1.0, gt=0, le=SPEED_MAX, description="Platform seconds a real second, when scaled."
    )


def add_clock_routes(router: APIRouter, system: System) -> None:
    @router.get("/clock", operation_id="ShowClock", summary="What the platform clock shows")
    async def show_clock() -> Json:
        return Json(clock_view(system.clock))

    @router.put("/clock", operation_id="ChangeClock", summary="Let the platform clock go otherwise")
    async def change_clock(request: Request) -> Json:
        wanted = read_shape(ChangeClock, parse_object(await request.body()), SOURCE)
        system.clock.change(wanted.mode, wanted.speed)
        return Json(clock_view(system.clock))

    @router.post("/clock/advance", operation_id="AdvanceClock", summary="Move a manual clock on")
    async def advance(request: Request) -> Json:
        step = read_shape(Advance, parse_object(await request.body()), SOURCE)
        if system.clock.mode is not ClockMode.MANUAL:
            text = "only a manual clock can be moved; `drydock clock set manual` makes it one"
            raise InvalidRequest([Violation("DD-CLK-001", "/seconds", text, SOURCE)])
        return Json({"now_ms": system.clock.advance(int(step.seconds * 1000))})


def clock_view(clock: PlatformClock) -> dict[str, Any]:
    """What it shows (platform time, epoch ms) and how it goes."""
    return {"mode": clock.mode.value, "speed": clock.speed, "now_ms": clock.now_ms()}
