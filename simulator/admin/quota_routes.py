"""Routes below `/_drydock/quotas`: what a user may have, and giving it another size."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from simulator.admin import views
from simulator.errors import InvalidRequest, Violation
from simulator.facts.quotas import SIZE_MAX
from simulator.iam.identity import Identity
from simulator.modelarts.queries import read_query
from simulator.modelarts.shape import read_shape
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json


class QuotasQuery(BaseModel):
    """Query of GET /_drydock/quotas."""

    user: str = Field("", description="Id or name of a user; the development user by default.")


class QuotaSize(BaseModel):
    """Body of PUT /_drydock/quotas/{name}."""

    model_config = ConfigDict(extra="forbid", strict=True)
    size: int = Field(ge=0, le=SIZE_MAX, description="How much may be used.")


def add_quota_routes(router: APIRouter, system: System) -> None:
    @router.get("/quotas", operation_id="ListQuotas", summary="What a user may have, and has")
    async def quotas(request: Request) -> Json:
        query = read_query(QuotasQuery, request.query_params)
        user = _user(system, query.user)
        uses = await asyncio.to_thread(system.store.quotas, system.project_id, user.user_id)
        return Json(views.quotas_view(user.user_id, user.user_name, system.project_id, uses))

    @router.put("/quotas/{name}", operation_id="SetQuota", summary="Give a quota another size")
    async def set_quota(name: str, request: Request) -> Json:
        wanted = read_shape(QuotaSize, parse_object(await request.body()), "drydock quota")
        await asyncio.to_thread(system.store.set_quota, name, wanted.size)
        return Json(await _quota(system, name))

    @router.delete(
        "/quotas/{name}", operation_id="ResetQuota", summary="Give a quota its documented size"
    )
    async def reset_quota(name: str) -> Json:
        await asyncio.to_thread(system.store.reset_quota, name)
        return Json(await _quota(system, name))


async def _quota(system: System, name: str) -> views.Json:
    """One quota, as the development user has it."""
    user = system.identity
    uses = await asyncio.to_thread(system.store.quotas, user.projects[0].id, user.user_id)
    return views.quota_view(next(use for use in uses if use.name == name))


def _user(system: System, named: str) -> Identity:
    """Raises `InvalidRequest` for a user that there is not."""
    if not named:
        return system.identity
    known = system.directory.identities
    found = next((one for one in known if named in (one.user_id, one.user_name)), None)
    if found is None:
        names = ", ".join(one.user_name for one in known)
        text = f"there is no user {named}; there are {names}"
        raise InvalidRequest([Violation("DD-QUO-003", "/user", text, "drydock quota")])
    return found
