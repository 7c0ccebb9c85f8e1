"""URL to call, no decision: what the ModelArts v1 API offers to deploy with.

To be added before the routes of services and models: the paths would be taken for ids there.

Source: ModelArts API reference, Querying Service Specifications, Obtaining the Model Runtime.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request

from simulator.facts.engines import ENGINES
from simulator.modelarts.offers import engine_item, is_over_quota, specification_item
from simulator.modelarts.queries import Paging, SpecificationQuery, read_query
from simulator.system import System
from simulator.web import Json


def add_offer_routes(router: APIRouter, system: System) -> None:
    @router.get(
        "/services/specifications",
        operation_id="ListSpecifications",
        summary="List specifications",
    )
    async def list_specifications(project_id: str, request: Request) -> Json:
        caller = await system.directory.caller(request, project_id)
        query = read_query(SpecificationQuery, request.query_params)
        quotas = await asyncio.to_thread(system.store.quotas, project_id, caller.user_id)
        over = is_over_quota(quotas, query.infer_type, dedicated=query.is_personal_cluster)
        offers = await system.hosting.offers()
        # custom has no sizes of its own, and is not listed
        sized = [(one, one.specification) for one in offers if one.specification]
        items = [
            specification_item(
                spec, sold_out=not one.is_available, runs_on=one.runs_on, over_quota=over
            )
            for one, spec in query.page(sized)
        ]
        counts = {"total_count": len(sized), "count": len(items)}
        return Json({**counts, "specifications": items})

    @router.get(
        "/models/ai-engine-runtimes",
        operation_id="ListEngineRuntimes",
        summary="List engines and their environments",
    )
    async def list_engine_runtimes(project_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        page = read_query(Paging, request.query_params).page(ENGINES)
        items = [engine_item(engine) for engine in page]
        counts = {"total_count": len(ENGINES), "count": len(items)}
        return Json({**counts, "engine_runtimes": items})
