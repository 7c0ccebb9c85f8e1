"""The route that explains why a service is as it is."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from simulator.admin.views import event_view
from simulator.facts.statuses import ServiceStatus
from simulator.modelarts.wire import error_message
from simulator.store.queries import Store
from simulator.system import System
from simulator.web import Json
from simulator.why.explain import Explanation, explain


def add_why_routes(router: APIRouter, system: System) -> None:
    @router.get(
        "/services/{service_id}/why",
        operation_id="ExplainService",
        summary="Why a service does not run: cause, evidence, what the cloud would show",
    )
    async def why(service_id: str) -> Json:
        return Json(await asyncio.to_thread(_explained, system.store, service_id))


def _explained(store: Store, service_id: str) -> dict[str, Any]:
    stored = store.service(service_id)
    failed = stored.row.status == ServiceStatus.FAILED
    found = explain(stored, store.events(service_id), error_message(stored) if failed else "")
    return {"service_id": service_id, "name": stored.row.name, **explanation_view(found)}


def explanation_view(found: Explanation) -> dict[str, Any]:
    """An explanation for programs; `known` and `cloud` are null where there is none."""
    return {
        "status": found.status,
        "cause": found.cause,
        "summary": found.summary,
        "known": asdict(found.known) if found.known else None,
        "evidence": [asdict(one) for one in found.evidence],
        "cloud": asdict(found.cloud) if found.cloud else None,
        "timeline": [event_view(one) for one in found.timeline],
    }
