"""URL to call, no decision: dedicated resource pools of the old kind.

Source: ModelArts API reference, querying dedicated resource pools.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from simulator.lifecycle.objects import Node
from simulator.modelarts.queries import Page, read_query
from simulator.store.tables import PoolRow
from simulator.system import System
from simulator.web import Json


class ClusterQuery(Page):
    cluster_name: str | None = Field(None, description="Only with this in the name.")
    status: Literal["deploying", "running", "concerning", "abnormal"] | None = Field(
        None, description="Only in this status."
    )
    sort_by: Literal["created_at", "cluster_name"] = Field(
        "created_at", description="What they are sorted by."
    )

    def select(self, rows: list[PoolRow]) -> list[PoolRow]:
        """Pools of the old kind that match, sorted."""
        found = [
            row
            for row in rows
            if row.generation == "old"
            and self.status in (None, row.status)
            and (self.cluster_name or "") in row.pool_id
        ]
        return sorted(
            found,
            key=lambda row: (row.created_at if self.sort_by == "created_at" else 0, row.pool_id),
            reverse=self.order == "desc",
        )


def add_cluster_routes(router: APIRouter, system: System) -> None:
    @router.get(
        "/clusters", operation_id="ListClusters", summary="List dedicated resource pools (old kind)"
    )
    async def list_clusters(project_id: str, request: Request) -> Json:
        caller = await system.directory.caller(request, project_id)
        query = read_query(ClusterQuery, request.query_params)
        rows = await asyncio.to_thread(system.store.pools.all, project_id)
        room = await asyncio.to_thread(system.store.pools.room, project_id, beside="")
        matching = query.select(rows)
        page = matching[query.offset : query.offset + query.limit]
        items = [
            cluster_item(row, room.get(row.pool_id, ()), tenant=caller.domain_id) for row in page
        ]
        return Json({"total_count": len(matching), "count": len(items), "clusters": items})


def cluster_item(row: PoolRow, nodes: tuple[Node, ...], *, tenant: str) -> dict[str, Any]:
    """A pool as `GET /clusters` lists it.

    Args:
        nodes: with what is free; none while the pool does not run.
    """
    return {
        "cluster_id": row.pool_id,
        "cluster_name": row.pool_id,
        "description": row.description,
        "tenant": tenant,
        "project": row.project_id,
        "owner": row.owner,
        "created_at": row.created_at,
        "status": row.status,
        "nodes": {
            "specification": row.specification,
            "count": row.nodes,
            "available_count": len(nodes),
        },
        "allocatable_cpu_cores": round(sum(node.free.cpus for node in nodes), 2),
        "allocatable_memory": sum(node.free.memory_mb for node in nodes),
        "allocatable_gpus": round(sum(node.free.gpus for node in nodes), 2),
        "product_id": "",
        "order_id": "",
        "period_type": "0",
        "period_num": 0,
    }
