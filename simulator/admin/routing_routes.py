"""Routes about how requests reach a service: its limits, and its instances' own addresses."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from simulator import operations
from simulator.errors import InvalidRequest, Violation
from simulator.lifecycle.objects import Event, EventKind, InstanceState
from simulator.modelarts.shape import read_shape
from simulator.routing import routing_of
from simulator.store.services import Reconfiguration, Stored
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json

SOURCE = "drydock services limits"
DOCUMENTED = "Deploying as a Real-Time Service, table 2"
LIMIT_MAX = 1_000_000
TIMEOUT_MAX_S = 3600.0
BODY_MAX_BYTES = 12 * 1024 * 1024
"""The documented limit: what is larger is not held in memory, but passed on as it comes."""


class ChangeRouting(BaseModel):
    """Body of PUT /_drydock/services/{service_id}/routing; what is absent stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    requests_per_s: int | None = Field(
        None,
        ge=0,
        le=LIMIT_MAX,
        description="Traffic limit: requests a second; 0 for none, null for the server's setting.",
    )
    timeout_s: float | None = Field(
        None,
        gt=0,
        le=TIMEOUT_MAX_S,
        description="Real seconds until an answer's first byte; null for the server's setting.",
    )
    max_body_bytes: int | None = Field(
        None,
        ge=0,
        le=BODY_MAX_BYTES,
        description="Larger requests are refused; 0 for no limit, null for the documented 12 MB.",
    )
    direct: bool = Field(False, description="Whether callers are told the instances' addresses.")


def add_routing_routes(router: APIRouter, system: System) -> None:
    @router.get(
        "/services/{service_id}/routing",
        operation_id="ShowRouting",
        summary="How requests reach a service",
    )
    async def show(service_id: str) -> Json:
        stored = await asyncio.to_thread(system.store.service, service_id)
        return Json(routing_view(stored))

    @router.put(
        "/services/{service_id}/routing",
        operation_id="ChangeRouting",
        summary="Change a service's limits, or whether its instances can be called directly",
    )
    async def change(service_id: str, request: Request) -> Json:
        wanted = read_shape(ChangeRouting, parse_object(await request.body()), SOURCE)
        changes = wanted.model_dump(exclude_unset=True)
        stored = await operations.reconfigure(
            system, service_id, None, lambda before: _changed(before, changes)
        )
        return Json(routing_view(stored))

    @router.get(
        "/services/{service_id}/addresses",
        operation_id="ListAddresses",
        summary="Where the instances of a service can be called directly, past the gateway",
    )
    async def addresses(service_id: str) -> Json:
        stored = await asyncio.to_thread(system.store.service, service_id)
        if not routing_of(stored.row.routing).direct:
            text = (
                "its instances cannot be called directly; "
                f"`drydock services limits {stored.row.name} --direct` lets them be"
            )
            raise InvalidRequest([Violation("DD-DIR-001", "/direct", text, SOURCE)])
        return Json({"addresses": addresses_view(stored)})


def routing_view(stored: Stored) -> dict[str, Any]:
    """How requests reach a service; null where the server's setting holds. What is collected of
    them has a view of its own."""
    shown = asdict(routing_of(stored.row.routing))
    del shown["collection"]
    return shown


def addresses_view(stored: Stored) -> list[dict[str, Any]]:
    """Those of the instances that are ready: they answer whoever asks them, with no token, no limit
    and no share of versions."""
    return [
        {
            "instance_id": row.instance_id,
            "version_id": row.version_id,
            "address": row.address,
            "url": "" if row.address.startswith("unix:") else f"http://{row.address}",
        }
        for row in stored.instances
        if row.state == InstanceState.READY and row.address
    ]


def _changed(stored: Stored, changes: dict[str, Any]) -> Reconfiguration:
    before = routing_of(stored.row.routing)
    if before.websocket and changes.get("requests_per_s"):
        text = "cannot be set for a WebSocket service"
        raise InvalidRequest([Violation("MA-SVC-072", "/requests_per_s", text, DOCUMENTED)])
    after = replace(before, **changes)
    told = ", ".join(f"{name} {value}" for name, value in changes.items())
    event = Event(EventKind.NORMAL, f"its routing was changed: {told}", "RoutingChanged")
    return operations.rerouted(stored, after, event)
