"""What the routes of several files need."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

from simulator.errors import InvalidRequest, NotFound, Violation
from simulator.facts.statuses import ServiceKind
from simulator.modelarts import wire
from simulator.modelarts.schemas import ServiceConfig
from simulator.store.listing import ListedService
from simulator.store.services import Stored
from simulator.store.tables import ModelRow, ServiceRow, TaskRow, VersionRow
from simulator.system import System


def with_warnings(answer: dict[str, Any], warnings: tuple[Violation, ...]) -> dict[str, Any]:
    """The answer, with what should be told under an extension key; none when there is nothing."""
    return answer | {"warnings": [vars(one) for one in warnings]} if warnings else answer


async def models_of(
    system: System, project_id: str, versions: Iterable[ServiceConfig]
) -> dict[str, ModelRow]:
    """The models that versions name, by id; those that do not exist are left out."""
    found = {}
    for model_id in {version.model_id for version in versions}:
        with contextlib.suppress(NotFound):  # admission names the place
            found[model_id] = await asyncio.to_thread(system.store.model, project_id, model_id)
    return found


def resource_ids(versions: Iterable[VersionRow]) -> list[str]:
    return [f"{version.service_id}.{version.version_id}" for version in versions]


def calls_of(system: System, service_id: str, task: TaskRow | None = None) -> wire.Calls:
    """How often a service was called: through the gateway, or by the newest run of its job.

    Args:
        task: that run, of a batch service.
    """
    if task is not None:
        return wire.Calls(task.checkpoint.get("calls", 0), task.checkpoint.get("calls_failed", 0))
    figures = system.traffic.service(service_id)
    return wire.Calls(figures.requests, figures.errors)


async def tasks_of(
    system: System, services: Iterable[ServiceRow | ListedService]
) -> dict[str, TaskRow]:
    """The newest run of the job of each batch service that has begun one, by the service's id."""
    ids = [one.service_id for one in services if one.kind == ServiceKind.BATCH]
    return await asyncio.to_thread(system.store.tasks.last, ids) if ids else {}


def version_calls(system: System, stored: Stored) -> dict[str, wire.Calls]:
    """The calls of each version that there is, by its id."""
    found = {}
    for version in stored.all_versions:
        figures = system.traffic.version(version.service_id, version.version_id)
        found[version.version_id] = wire.Calls(figures.requests, figures.errors)
    return found


def ids_in(path: str) -> list[str]:
    """The ids that a path joins by commas: each once, blank ones left out.

    Raises:
        InvalidRequest: there is none.
    """
    ids = list(dict.fromkeys(part.strip() for part in path.split(",") if part.strip()))
    if not ids:
        text = "service_id: must name at least one service"
        raise InvalidRequest([Violation("Ids", "/service_id", text, "Deleting a Service")])
    return ids
