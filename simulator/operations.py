"""What a user may do to services and models, whichever surface it comes through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from simulator.errors import InUse, NotFound
from simulator.facts import limits
from simulator.lifecycle.objects import Event
from simulator.lifecycle.requests import Change
from simulator.routing import Routing, kept_routing, routing_of
from simulator.store.services import Reconfiguration, Stored
from simulator.system import System


async def change_goal(
    system: System, service_id: str, project_id: str | None, change: Change
) -> None:
    """Start, stop or delete a service: store what is wanted, and let the engine do it.

    Args:
        project_id: the service must be of this project; None for any.

    Raises:
        NotFound, StatusForbids.
    """
    now = system.clock.now_ms()
    await asyncio.to_thread(
        system.store.change_service, service_id, project_id, now, lambda s: change(s, now)
    )
    system.engine.wake(service_id)


async def change_goals(
    system: System, service_ids: Collection[str], project_id: str | None, change: Change
) -> None:
    """As `change_goal`, of several services: of all, or of none when one is missing.

    Raises:
        NotFound, StatusForbids.
    """
    now = system.clock.now_ms()
    await asyncio.to_thread(
        system.store.change_services, service_ids, project_id, now, lambda s: change(s, now)
    )
    for service_id in service_ids:
        system.engine.wake(service_id)


async def reconfigure(
    system: System,
    service_id: str,
    project_id: str | None,
    change: Callable[[Stored], Reconfiguration],
) -> Stored:
    """Change a service's configuration, and let the engine bring it into effect.

    Raises:
        NotFound, StatusForbids, QuotaExceeded, and what `change` raises.
    """
    now = system.clock.now_ms()
    stored = await asyncio.to_thread(system.store.reconfigure, service_id, project_id, now, change)
    system.engine.wake(service_id)
    return stored


def rerouted(stored: Stored, after: Routing, event: Event) -> Reconfiguration:
    """The same configuration, reached in another way.

    Args:
        event: tells of the change, if it is one.
    """
    return Reconfiguration(
        service=stored.service,
        events=(event,) if after != routing_of(stored.row.routing) else (),
        versions=tuple(stored.versions),
        document=stored.row.document,
        is_logged=False,
        routing=kept_routing(after),
    )


async def delete_model(system: System, project_id: str, model_id: str) -> None:
    """Remove a model and its private copy.

    Raises:
        NotFound, InUse.
    """
    await asyncio.to_thread(system.store.delete_model, project_id, model_id)
    await system.publisher.discard(model_id)


async def delete_model_versions(
    system: System, project_id: str, model_id: str
) -> tuple[list[str], list[tuple[str, InUse]]]:
    """Remove a model and those of its name, `CASCADE_VERSIONS` in all; what is in use stays.

    Returns:
        The ids of those that went, and those that stayed, each with the reason.

    Raises:
        NotFound: there is no such model.
    """
    ids = await asyncio.to_thread(
        system.store.versions_of, project_id, model_id, limits.CASCADE_VERSIONS
    )
    gone: list[str] = []
    stayed: list[tuple[str, InUse]] = []
    for one in ids:
        try:
            await delete_model(system, project_id, one)
        except InUse as error:
            stayed.append((one, error))
        except NotFound:  # somebody else has just deleted it
            continue
        else:
            gone.append(one)
    return gone, stayed
