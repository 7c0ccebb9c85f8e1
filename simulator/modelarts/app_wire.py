"""From apps, APIs and grants to ModelArts' JSON.

Source: ModelArts API reference, App Authentication Management.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulator.modelarts import wire
from simulator.store.apps import App
from simulator.store.service_apis import Granting, ServiceApi

HIDDEN = "******"
"""In place of a secret."""
APP_TYPE = "APIG"
"""Apps are those of the shared gateway, the only kind with codes that needs no instance."""


def app_item(app: App, *, shows_secret: bool) -> dict[str, Any]:
    """An app as answers have it."""
    row = app.row
    return {
        "app_id": row.app_id,
        "app_name": row.name,
        "app_remark": row.remark,
        "app_type": APP_TYPE,
        "app_key": row.key,
        "app_secret": row.secret if shows_secret else HIDDEN,
        "app_codes": list(app.codes),
        "user_id": row.owner,
        "project_id": row.project_id,
        "bounded_api_count": app.apis,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def api_item(api: ServiceApi, endpoint: str) -> dict[str, Any]:
    """An API of a service. Its address is the service's: app and user call the same one."""
    row = api.row
    return {
        "api_id": row.api_id,
        "api_name": row.name,
        "api_remark": row.remark,
        "api_method": "ANY",
        "auth_type": row.auth.upper(),
        "predict_url": wire.address_of(api.service, endpoint),
        "service_id": api.service.service_id,
        "service_name": api.service.name,
        "support_app_code": row.takes_codes,
    }


def grant_item(api_id: str, done: Granting) -> dict[str, Any]:
    """What became of granting an API to an app, or of taking it back."""
    return {
        "api_id": api_id,
        "app_id": done.app_id,
        "auth_id": done.grant_id,
        "success": not done.reason,
        "reason": done.reason,
    }


def grant_items(api_id: str, done: Iterable[Granting]) -> list[dict[str, Any]]:
    """As `grant_item`, for all apps of a request."""
    return [grant_item(api_id, one) for one in done]
