"""Routes below `/_drydock/faults`: what goes wrong on purpose."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from simulator.clock import real_ms
from simulator.errors import InvalidRequest, NotFound, Violation
from simulator.facts.statuses import ServiceKind
from simulator.faults.applying import concerns, in_force
from simulator.faults.kinds import FaultKind
from simulator.faults.model import (
    PARAMETERS,
    AbortParameters,
    Fault,
    LatencyParameters,
    SlowParameters,
    Target,
    described,
)
from simulator.modelarts.queries import read_query
from simulator.modelarts.shape import read_shape
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json

SOURCE = "drydock faults"
LONGEST_S = 10 * 365 * 86_400


class _InjectFault(BaseModel):
    """Body of POST /_drydock/faults, besides the kind's parameters."""

    model_config = ConfigDict(extra="forbid", strict=True)

    service_id: str | None = Field(
        None, min_length=1, description="To whom it happens; absent: to every service."
    )
    version_id: str = Field("", description="Only to this version of the service.")
    for_s: float | None = Field(
        None,
        ge=0.001,
        le=LONGEST_S,
        description="Real seconds until it ends by itself; absent: until it is removed.",
    )


class InjectLatency(_InjectFault, LatencyParameters):
    """Requests reach the instance later. The predict deadline begins after it."""

    kind: Literal["latency"]


class InjectAbort(_InjectFault, AbortParameters):
    """Requests are answered with an HTTP error and never reach the instance."""

    kind: Literal["abort"]


class InjectSlow(_InjectFault, SlowParameters):
    """The bodies of answers come slowly."""

    kind: Literal["slow"]


REQUESTS: dict[FaultKind, type[InjectLatency | InjectAbort | InjectSlow]] = {
    FaultKind.LATENCY: InjectLatency,
    FaultKind.ABORT: InjectAbort,
    FaultKind.SLOW: InjectSlow,
}
"""By kind, the body that injects a fault of it."""


class FaultsQuery(BaseModel):
    """Query of GET /_drydock/faults."""

    ended: bool = Field(False, description="Those that have ended too.")


def add_fault_routes(router: APIRouter, system: System) -> None:
    @router.get("/faults", operation_id="ListFaults", summary="What goes wrong on purpose")
    async def list_faults(request: Request) -> Json:
        query = read_query(FaultsQuery, request.query_params)
        if query.ended:
            found = await asyncio.to_thread(system.store.faults.all)
        else:
            found = await active_faults(system)
        return Json({"faults": [fault_view(one) for one in found]})

    @router.post("/faults", operation_id="InjectFault", summary="Let something go wrong")
    async def inject(request: Request) -> Json:
        wanted = read_fault(parse_object(await request.body()))
        kind = FaultKind(wanted.kind)
        parameters = PARAMETERS[kind].model_validate(
            wanted.model_dump(include=set(PARAMETERS[kind].model_fields))
        )
        target = await _target(system, wanted.service_id, wanted.version_id)
        for_ms = None if wanted.for_s is None else round(wanted.for_s * 1000)
        fault = await system.faults.inject(kind, target, parameters, for_ms)
        return Json(fault_view(fault))

    @router.delete(
        "/faults/{fault_id}", operation_id="RemoveFault", summary="Let it go wrong no more"
    )
    async def remove(fault_id: str) -> Json:
        await system.faults.remove(fault_id)
        return Json({})


async def active_faults(system: System) -> list[Fault]:
    """Those that happen now, the oldest first."""
    found = await asyncio.to_thread(system.store.faults.open)
    return list(in_force(found, real_ms()))


async def faults_of_service(system: System, service_id: str) -> list[dict[str, Any]]:
    """Those that happen to a service now, as this surface shows them."""
    found = await active_faults(system)
    return [fault_view(one) for one in found if concerns(one.target, service_id)]


def read_fault(body: dict[str, Any]) -> InjectLatency | InjectAbort | InjectSlow:
    """The body in the shape of its kind.

    Raises:
        InvalidRequest: there is no such kind, or it has other parameters.
    """
    kind = body.get("kind")
    if not isinstance(kind, str) or kind not in list(FaultKind):
        known = ", ".join(FaultKind)
        text = "is mandatory" if kind is None else f"there is no fault {kind!r}"
        raise _refused("DD-FLT-001", "/kind", f"{text}; there are {known}")
    return read_shape(REQUESTS[FaultKind(kind)], body, SOURCE)


def fault_view(fault: Fault) -> dict[str, Any]:
    """A fault as this surface shows it; times are real time."""
    return {
        "fault_id": fault.fault_id,
        "kind": fault.kind.value,
        "service_id": fault.target.service_id or None,
        "version_id": fault.target.version_id,
        "parameters": fault.parameters.model_dump(),
        "text": described(fault),
        "since_ms": fault.since_ms,
        "until_ms": fault.until_ms,
        "ended_at_ms": fault.ended_ms,
    }


async def _target(system: System, service_id: str | None, version_id: str) -> Target:
    """Raises `NotFound`, and `InvalidRequest` for what no request comes to."""
    if service_id is None:
        if version_id:
            raise _refused("DD-FLT-002", "/version_id", "needs the service_id that it is of")
        return Target()
    stored = await asyncio.to_thread(system.store.service, service_id)
    if stored.row.kind == ServiceKind.BATCH:
        text = f"{stored.row.name} is a batch service: no request comes to it"
        raise _refused("DD-FLT-003", "/service_id", text)
    if version_id and stored.version(version_id) is None:
        raise NotFound("version", version_id)
    return Target(service_id, version_id)


def _refused(rule: str, path: str, text: str) -> InvalidRequest:
    return InvalidRequest([Violation(rule, path, f"{path[1:]}: {text}", SOURCE)])
