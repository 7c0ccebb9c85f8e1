"""URL to call, no decision: the ModelArts v1 API on changes of services.

Source: ModelArts API reference, Updating a Service, PatchServiceV2, modifying a service's property,
querying update logs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request

from simulator import operations
from simulator.batch.job import kept_job
from simulator.errors import InvalidRequest, StatusForbids, Violation
from simulator.facts.statuses import ServiceKind, ServiceStatus
from simulator.lifecycle import requests
from simulator.modelarts import services, wire
from simulator.modelarts.answers import models_of, resource_ids, with_warnings
from simulator.modelarts.batch_paths import missing_paths
from simulator.modelarts.changes import (
    PATCH_PAGE,
    PROPERTY_PAGE,
    Config,
    Patch,
    PropertyChange,
    patched,
    with_counts,
)
from simulator.modelarts.queries import UpdateQuery, read_query
from simulator.modelarts.rules.common import CHANGE
from simulator.modelarts.ruling import facts_of
from simulator.modelarts.schemas import UpdateService
from simulator.modelarts.shape import read_shape
from simulator.modelarts.updates import reconfiguration
from simulator.store.services import Reconfiguration, Stored
from simulator.store.tables import ModelRow
from simulator.strict_json import parse, parse_object
from simulator.system import System
from simulator.web import Json

SCALABLE = frozenset({ServiceStatus.RUNNING, ServiceStatus.CONCERNING, ServiceStatus.FAILED})
"""Statuses in which the number of instances can be changed alone. Source: API reference, modifying
a service's property (running, alarm, abnormal)."""


def add_update_routes(router: APIRouter, system: System) -> None:
    @router.put(
        "/services/{service_id}",
        operation_id="UpdateService",
        summary="Start, stop or describe a service",
    )
    async def update_service(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        body = parse_object(await request.body())
        return Json(await _update_service(system, project_id, service_id, body))

    @router.patch(
        "/services/{service_id}",
        operation_id="PatchService",
        summary="Change fields of a service's configuration",
    )
    async def patch_service(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        body = parse(await request.body())
        patch = read_shape(Patch, {"operations": body}, PATCH_PAGE)

        def edit(config: Config) -> Config:
            return patched(config, patch)

        stored = await _change_config(system, project_id, service_id, edit)
        return Json(
            {"update_time": stored.row.updated_at, "resource_ids": resource_ids(stored.versions)}
        )

    @router.put(
        "/services/{service_id}/property",
        operation_id="ChangeServiceProperty",
        summary="Change how many instances a model has",
    )
    async def change_property(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        body = parse_object(await request.body())
        change = read_shape(PropertyChange, body, PROPERTY_PAGE)

        def edit(config: Config) -> Config:
            return with_counts(config, change)

        await _refuse_other_kinds(system, project_id, service_id)
        await _change_config(system, project_id, service_id, edit, SCALABLE)
        return Json({})

    @router.get(
        "/services/{service_id}/logs",
        operation_id="ListServiceUpdates",
        summary="List the updates of a service's configuration",
    )
    async def list_updates(project_id: str, service_id: str, request: Request) -> Json:
        await system.directory.caller(request, project_id)
        query = read_query(UpdateQuery, request.query_params)
        stored = await asyncio.to_thread(system.store.service, service_id, project_id)
        rows = await asyncio.to_thread(system.store.updates, service_id)
        found = await asyncio.to_thread(system.store.models, project_id)
        models = {model.model_id: model for model in found}
        shown = [row for row in rows if query.update_time in (None, row.at)]
        logs = [wire.update_item(row, models) for row in shown]
        names = {"service_id": service_id, "service_name": stored.row.name}
        return Json({**names, "logs": logs})


async def _refuse_other_kinds(system: System, project_id: str, service_id: str) -> None:
    """A service's property can be changed of real-time services only.

    Raises:
        NotFound.
        InvalidRequest: it is another one.
    """
    stored = await asyncio.to_thread(system.store.service, service_id, project_id)
    if stored.row.kind != ServiceKind.REAL_TIME:
        text = f"a {stored.row.kind} service has no property that can be changed so"
        raise InvalidRequest([Violation("Change", "", text, PROPERTY_PAGE)])


async def _update_service(
    system: System, project_id: str, service_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    stored = await asyncio.to_thread(system.store.service, service_id, project_id)
    held = await _held(system, stored, body)
    status = held.update.status
    if status is not None:
        goal = {"running": requests.start, "stopped": requests.stop}[status]
        await operations.change_goal(system, service_id, project_id, goal)
    else:
        change = held.change(system, stored)
        await operations.reconfigure(system, service_id, project_id, change)
    return with_warnings({}, held.warnings)


@dataclass(frozen=True)
class _Held:
    """An update that breaks no rule.

    Attributes:
        body: as it was sent, without nulls.
        models: those that it names, by id.
    """

    update: UpdateService
    body: dict[str, Any]
    models: dict[str, ModelRow]
    warnings: tuple[Violation, ...]

    def change(self, system: System, of: Stored) -> Callable[[Stored], Reconfiguration]:
        """What it makes of the service, as that is then.

        Args:
            of: the service, as it is now.

        Raises:
            NotSimulated: it is valid, and is not done here.
            InvalidRequest: a batch job that cannot be done, see `services.job_spec`.
        """
        services.check_settings_simulated(self.update)
        work = self._work(system) if of.service.job is not None else None
        now, unit_s = system.clock.now_ms(), system.ruling.timeout_unit_s
        return lambda stored: reconfiguration(
            stored,
            self.update,
            self.body,
            models=self.models,
            now=now,
            timeout_unit_s=unit_s,
            own=system.ruling.own_specifications,
            work=work,
        )

    def _work(self, system: System) -> dict[str, Any] | None:
        """What the job of a batch service is to do by the update; None where that stays."""
        if not self.update.config:
            return None
        spec = services.job_spec(
            self.update.config[0],
            self.models,
            system.ruling.readings,
            manifest_bytes=system.settings.batch_manifest_bytes,
        )
        return kept_job(spec)


async def _held(system: System, stored: Stored, body: dict[str, Any]) -> _Held:
    """Hold an update against the rules, and against what exists.

    Raises:
        InvalidRequest: everything that is wrong with it.
    """
    project_id, known = stored.row.project_id, facts_of(stored)
    accepted = system.ruling.accept(CHANGE, UpdateService, body, known)
    models = await models_of(system, project_id, accepted.request.config or ())
    pools = await asyncio.to_thread(system.store.pools.all, project_id)
    offers = await system.hosting.offers()
    config = accepted.request.config or ()
    missing = await asyncio.to_thread(missing_paths, system.objects, config)
    facts = system.ruling.facts(models, known, pools=pools, offers=offers, missing_paths=missing)
    warnings = system.ruling.admit(CHANGE, body, facts)
    return _Held(accepted.request, accepted.body, models, (*accepted.warnings, *warnings))


async def _change_config(
    system: System,
    project_id: str,
    service_id: str,
    edit: Callable[[Config], Config],
    allowed: frozenset[ServiceStatus] = frozenset(ServiceStatus),
) -> Stored:
    """Edit the configuration as it stands. What comes out is held against all rules.

    Args:
        allowed: statuses in which this is allowed, of those in which a configuration can change.
    """
    stored = await asyncio.to_thread(system.store.service, service_id, project_id)
    if stored.service.status not in allowed:
        raise StatusForbids("service", service_id, stored.service.status, "be changed")
    body = {"config": edit(stored.row.document["request"]["config"])}
    held = await _held(system, stored, body)
    change = held.change(system, stored)

    def change_unless_outdated(current: Stored) -> Reconfiguration:
        if current.row.document != stored.row.document:
            # somebody else changed it meanwhile, and what was edited is outdated
            raise StatusForbids("service", service_id, current.service.status, "be changed")
        return change(current)

    return await operations.reconfigure(system, service_id, project_id, change_unless_outdated)
