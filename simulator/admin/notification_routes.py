"""Routes below `/_drydock/notifications`: who was told what, in place of the cloud's own service.

Source: Deploying Services, tables 10 and 11 (smn_notification).
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from simulator.modelarts.queries import read_query
from simulator.notifier import notification_body
from simulator.store.tables import NotificationRow
from simulator.system import System
from simulator.web import Json


class NotificationsQuery(BaseModel):
    """Query of GET /_drydock/notifications."""

    service_id: str | None = Field(None, description="Only of this service.")
    limit: int = Field(1000, ge=1, le=10_000, description="At most so many, the newest.")


def add_notification_routes(router: APIRouter, system: System) -> None:
    @router.get(
        "/notifications", operation_id="ListNotifications", summary="Who was told of which status"
    )
    async def notifications(request: Request) -> Json:
        query = read_query(NotificationsQuery, request.query_params)
        rows = await asyncio.to_thread(
            system.store.notifications.newest, query.service_id, query.limit
        )
        return Json({"notifications": [notification_view(row) for row in rows]})


def notification_view(row: NotificationRow) -> dict[str, Any]:
    """A notification as it was, or will be, sent, and how that went."""
    return notification_body(row) | {
        "sent_at_ms": row.sent_at,
        "tries": row.tries,
        "error": row.error,
    }
