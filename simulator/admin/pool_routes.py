"""Routes below `/_drydock/pools`: dedicated resource pools, which the cloud's console makes.

Source: Deploying as a Real-Time Service, table 2 (dedicated pools, old and new); API reference,
querying dedicated resource pools (statuses).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from simulator.errors import InvalidRequest, Violation
from simulator.facts.specifications import CUSTOM, SPECIFICATIONS, Specification
from simulator.lifecycle.objects import Node
from simulator.modelarts.services import DOCUMENTED_ONLY
from simulator.modelarts.shape import read_shape
from simulator.offering import Offer
from simulator.store.tables import PoolRow
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json

SOURCE = "drydock pools"
NODES_MAX = 1000
_ID = r"^[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?$"
Status = Literal["running", "concerning", "abnormal"]


class CreatePool(BaseModel):
    """Body of POST /_drydock/pools."""

    model_config = ConfigDict(extra="forbid", strict=True)

    pool_id: str = Field(pattern=_ID, description="What requests name it by.")
    generation: Literal["old", "new"] = Field(
        "new", description="old: named by cluster_id; new: named by pool_name."
    )
    specification: str = Field(
        "modelarts.vm.cpu.2u", description="Of its nodes; custom with the sizes given."
    )
    cpus: float | None = Field(None, gt=0, le=4096, description="Cores of a node.")
    memory_mb: int | None = Field(None, gt=0, le=1 << 26, description="Memory of a node, MB.")
    nodes: int = Field(1, ge=1, le=NODES_MAX, description="How many nodes it has.")
    description: str = Field("", max_length=100, description="Remarks.")


class ChangePool(BaseModel):
    """Body of PATCH /_drydock/pools/{pool_id}."""

    model_config = ConfigDict(extra="forbid", strict=True)

    nodes: int | None = Field(None, ge=1, le=NODES_MAX, description="How many nodes it has.")
    status: Status | None = Field(
        None, description="abnormal: it is lost, and what runs in it too."
    )


def add_pool_routes(router: APIRouter, system: System) -> None:
    @router.get("/pools", operation_id="ListPools", summary="List dedicated resource pools")
    async def pools() -> Json:
        rows = await asyncio.to_thread(system.store.pools.all, system.project_id)
        return Json({"pools": [await _view(system, row) for row in rows]})

    @router.post("/pools", operation_id="CreatePool", summary="Make a dedicated resource pool")
    async def create_pool(request: Request) -> Json:
        wanted = read_shape(CreatePool, parse_object(await request.body()), SOURCE)
        size = node_size(wanted, system.ruling.own_specifications)
        refuse_absent_cards(size, await system.hosting.offers())
        row = PoolRow(
            project_id=system.project_id,
            pool_id=wanted.pool_id,
            description=wanted.description,
            owner=system.identity.user_id,
            generation=wanted.generation,
            status="running",
            specification=size.name,
            cpus=size.cpus,
            memory_mib=size.memory_mb,
            gpus=size.gpus,
            npus=size.npus,
            nodes=wanted.nodes,
            created_at=system.clock.now_ms(),
        )
        await asyncio.to_thread(system.store.pools.add, row)
        return Json(await _view(system, row))

    @router.patch(
        "/pools/{pool_id}", operation_id="ChangePool", summary="Resize a pool, or lose it"
    )
    async def change_pool(pool_id: str, request: Request) -> Json:
        wanted = read_shape(ChangePool, parse_object(await request.body()), SOURCE)

        def change() -> tuple[PoolRow, list[str]]:
            return system.store.pools.change(
                system.project_id,
                pool_id,
                system.clock.now_ms(),
                nodes=wanted.nodes,
                status=wanted.status,
            )

        row, services = await asyncio.to_thread(change)
        for service_id in services:
            system.engine.wake(service_id)
        return Json(await _view(system, row))

    @router.delete("/pools/{pool_id}", operation_id="DeletePool", summary="Delete a pool")
    async def delete_pool(pool_id: str) -> Json:
        now = system.clock.now_ms()
        await asyncio.to_thread(system.store.pools.delete, system.project_id, pool_id, now)
        return Json({})


def node_size(
    wanted: CreatePool, own: Mapping[str, Specification] = DOCUMENTED_ONLY
) -> Specification:
    """What one node has.

    Args:
        own: specifications beside the documented ones.

    Raises:
        InvalidRequest: there is no such specification, or its sizes are given and fixed, or not
            given and needed.
    """
    sized = wanted.cpus is not None or wanted.memory_mb is not None
    if wanted.specification == CUSTOM:
        if wanted.cpus is None or wanted.memory_mb is None:
            raise _refused("/cpus", "nodes of the specification custom need cpus and memory_mb")
        return Specification(CUSTOM, cpus=wanted.cpus, memory_mb=wanted.memory_mb)
    known = {**own, **SPECIFICATIONS}.get(wanted.specification)
    if known is None:
        names = ", ".join([*SPECIFICATIONS, *own, CUSTOM])
        raise _refused("/specification", f"there is no {wanted.specification}; there are {names}")
    if sized:
        raise _refused("/cpus", f"the sizes of {known.name} are fixed; custom has any")
    return known


def refuse_absent_cards(size: Specification, offers: Iterable[Offer]) -> None:
    """Nodes with accelerators need those of this host: nothing is run on a CPU in their place.

    Raises:
        InvalidRequest: the specification has accelerators and is not available here.
    """
    for one in offers:
        if one.name == size.name and one.reason and size.category != "CPU":
            raise _refused("/specification", f"{size.name} is not available: {one.reason}")


def pool_view(row: PoolRow, nodes: tuple[Node, ...]) -> dict[str, Any]:
    """A pool as this surface shows it.

    Args:
        nodes: with what is free; none while the pool does not run.
    """
    return {
        "pool_id": row.pool_id,
        "generation": row.generation,
        "status": row.status,
        "description": row.description,
        "specification": row.specification,
        "cpus": row.cpus,
        "memory_mb": row.memory_mib,
        "node_count": row.nodes,
        "created_at_ms": row.created_at,
        "nodes": [
            {
                "node_id": node.node_id,
                "free_cpus": node.free.cpus,
                "free_memory_mb": node.free.memory_mb,
            }
            for node in nodes
        ],
    }


async def _view(system: System, row: PoolRow) -> dict[str, Any]:
    room = await asyncio.to_thread(system.store.pools.room, row.project_id, beside="")
    return pool_view(row, room.get(row.pool_id, ()))


def _refused(path: str, text: str) -> InvalidRequest:
    return InvalidRequest([Violation("DD-POOL-001", path, f"{path[1:]}: {text}", SOURCE)])
