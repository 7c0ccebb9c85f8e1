"""Inference addresses on a server without its gateway: they say so, and answer nothing else."""

from __future__ import annotations

from fastapi import APIRouter, Request

from simulator.errors import NotSimulated
from simulator.modelarts.wire import INFERENCE_PREFIX
from simulator.web import Json

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def inference_off_router() -> APIRouter:
    """Must come before the control API, whose paths begin with `/v1/{project_id}`."""
    routes = APIRouter()

    @routes.api_route(INFERENCE_PREFIX + "{rest:path}", methods=METHODS)
    async def inference(request: Request, rest: str) -> Json:
        raise NotSimulated(
            "calling a service while the gateway is off "
            "(the pytest marker drydock(gateway=True) turns it on)"
        )

    return routes
