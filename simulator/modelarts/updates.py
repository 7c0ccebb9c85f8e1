"""From an accepted update to the changed service: pure.

Source: Updating a Service: what is sent replaces what was there, what is absent stays; only a
change of `config` is an update of the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.facts.specifications import Specification
from simulator.lifecycle import requests, schedule
from simulator.lifecycle.objects import Event
from simulator.modelarts.schemas import UpdateService
from simulator.modelarts.services import (
    DOCUMENTED_ONLY,
    log_channels,
    routing,
    stop_after_ms,
    subscriptions,
    version_rows,
)
from simulator.routing import kept_routing, routing_of
from simulator.store.records import version_of
from simulator.store.services import Reconfiguration, Stored
from simulator.store.tables import ModelRow
from simulator.versions import numbered

_NOT_KEPT = ("status",)
"""What an update says and the service's request does not."""
_LASTING = ("websocket_upgrade", "log_report_channels")
"""Attributes that hold as they were set last where an update sends others without them. Source:
Deploying Services, table 10."""


def reconfiguration(
    stored: Stored,
    update: UpdateService,
    body: dict[str, Any],
    *,
    models: Mapping[str, ModelRow],
    now: int,
    timeout_unit_s: int = 1,
    own: Mapping[str, Specification] = DOCUMENTED_ONLY,
    work: dict[str, Any] | None = None,
) -> Reconfiguration:
    """The service with its update.

    Args:
        body: the update as it is shown later.
        models: those that the versions name, by id.
        own: specifications beside the documented ones.
        work: what the job of a batch service is to do by the new configuration.

    Raises:
        StatusForbids: its status does not allow another configuration.
    """
    service, versions = stored.service, tuple(stored.versions)
    events: tuple[Event, ...] = ()
    extra = update.additional_properties
    if update.config is not None:
        request = _document(stored.row.document, body)["request"]
        rows = version_rows(service.service_id, update.config, models, request, timeout_unit_s, own)
        numbered_rows, next_version = numbered(stored.versions, rows, service.next_version)
        versions = tuple(numbered_rows)
        wanted = tuple(version_of(row) for row in versions)
        if work is None:
            service, events = requests.reconfigure(service, wanted, next_version, now)
        elif (wanted, work) != (service.versions, stored.row.work):
            service, events = requests.redefine_job(service, wanted, next_version, now)
    if update.schedule is not None:
        service, told = schedule.changed(service, stop_after_ms(update.schedule), now)
        events += told
    return Reconfiguration(
        service=service,
        events=events,
        versions=versions,
        document=_document(stored.row.document, body),
        is_logged=update.config is not None,
        subscriptions=None if extra is None else subscriptions(extra),
        log_channels=log_channels(extra) if extra and extra.log_report_channels else None,
        routing=kept_routing(routing(update, routing_of(stored.row.routing))),
        work=work,
    )


def _document(before: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    sent = {name: value for name, value in body.items() if name not in _NOT_KEPT}
    request: dict[str, Any] = before["request"] | sent
    set_last = before["request"].get("additional_properties") or {}
    lasting = {name: set_last[name] for name in _LASTING if name in set_last}
    if lasting and "additional_properties" in sent:
        request["additional_properties"] = lasting | sent["additional_properties"]
    return before | {"request": request}
