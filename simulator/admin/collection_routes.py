"""Routes about what is collected of a service's requests."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from simulator import operations
from simulator.collection.collector import Status
from simulator.collection.rules import BODY_BYTES, BUDGET_BYTES, OFF, Collection
from simulator.collection.sheaf import folder
from simulator.errors import InvalidRequest, Violation
from simulator.facts.statuses import ServiceKind
from simulator.gateway.collecting import MAX_BODY_BYTES
from simulator.lifecycle.objects import Event, EventKind
from simulator.modelarts.shape import Characters, read_shape
from simulator.objectpaths import BadObjectPath, check_key, parse_object_path
from simulator.objects.errors import BucketTaken, NoSuchBucket, ObjectStoreError
from simulator.routing import routing_of
from simulator.store.services import Reconfiguration, Stored
from simulator.strict_json import parse_object
from simulator.system import System
from simulator.web import Json

SOURCE = "drydock services collection"
DOCUMENTED = "Deploying as a Real-Time Service, table 2"
BUDGET_MAX_BYTES = 1 << 50
CONTENT_TYPES_MAX = 20
NAME_CHARACTERS = 100
"""Room in a key for the service's folder and a file's name."""
_NAME = r"[A-Za-z0-9!#$&^_.+*\-]+"
"""A part of a media type (RFC 6838 section 4.2), with `*` for anything."""
_ContentType = Annotated[
    str, Characters(f"{_NAME}/{_NAME}", "must be a content type: type/subtype, or type/*")
]


class ChangeCollection(BaseModel):
    """Body of PUT /_drydock/services/{service_id}/collection; what is absent stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    enabled: bool = Field(False, description="Whether requests are collected.")
    share_percent: float = Field(
        100.0, ge=0.01, le=100, description="Of the requests that are drawn, in percent."
    )
    only_failed: bool = Field(
        False, description="Only those whose answer has a status of 400 or above."
    )
    content_types: list[_ContentType] = Field(
        [],
        max_length=CONTENT_TYPES_MAX,
        description="Only requests with one of these, such as image/*; empty for all.",
    )
    max_body_bytes: int = Field(
        BODY_BYTES, ge=0, le=MAX_BODY_BYTES, description="What is kept of each body."
    )
    budget_bytes: int = Field(
        BUDGET_BYTES,
        ge=0,
        le=BUDGET_MAX_BYTES,
        description="What all files of the service may take together.",
    )
    destination: str = Field(
        OFF.destination, max_length=1024, description="Folder: obs://bucket/folder/."
    )

    @field_validator("content_types")
    @classmethod
    def _in_lower_case(cls, content_types: list[str]) -> list[str]:
        return [one.lower() for one in content_types]

    @field_validator("destination")
    @classmethod
    def _is_folder(cls, destination: str) -> str:
        try:
            found = parse_object_path(destination).as_folder()
            check_key(f"{found.key}{'x' * NAME_CHARACTERS}")
            return str(found)
        except BadObjectPath as error:
            # a rule of its own: no schema says what a path is
            raise PydanticCustomError("DD-COL-003", "{why}", {"why": str(error)}) from error


def add_collection_routes(router: APIRouter, system: System) -> None:
    @router.get(
        "/services/{service_id}/collection",
        operation_id="ShowCollection",
        summary="What is collected of a service's requests, and how far that has come",
    )
    async def show(service_id: str) -> Json:
        stored = await asyncio.to_thread(system.store.service, service_id)
        return Json(_view(system, stored))

    @router.put(
        "/services/{service_id}/collection",
        operation_id="ChangeCollection",
        summary="Change what is collected of a service's requests",
    )
    async def change(service_id: str, request: Request) -> Json:
        wanted = read_shape(ChangeCollection, parse_object(await request.body()), SOURCE)
        changes = wanted.model_dump(exclude_unset=True)
        if "content_types" in changes:
            changes["content_types"] = tuple(changes["content_types"])
        before = await asyncio.to_thread(system.store.service, service_id)
        rules = replace(routing_of(before.row.routing).collection, **changes)
        _check(before, rules)
        if rules.enabled:
            await asyncio.to_thread(_open_bucket, system, rules)
        stored = await operations.reconfigure(
            system, service_id, None, lambda found: _changed(found, changes)
        )
        return Json(_view(system, stored))


def _check(stored: Stored, rules: Collection) -> None:
    """Raises `InvalidRequest` where nothing can be collected."""
    if not rules.enabled:
        return
    if stored.row.kind != ServiceKind.REAL_TIME:
        text = "only requests of real-time services are collected"
        raise InvalidRequest([Violation("DD-COL-001", "/enabled", text, SOURCE)])
    if routing_of(stored.row.routing).websocket:
        text = "cannot be set for a WebSocket service"
        raise InvalidRequest([Violation("MA-SVC-073", "/enabled", text, DOCUMENTED)])


def _open_bucket(system: System, rules: Collection) -> None:
    """Make the destination's bucket unless there is one.

    Raises:
        InvalidRequest: it cannot be reached or made.
    """
    bucket = parse_object_path(rules.destination).bucket
    try:
        system.objects.bucket(bucket)
    except NoSuchBucket:
        try:
            system.objects.create(bucket)
        except BucketTaken as error:  # a setting maps it to a folder that is not there
            raise _unusable(f"bucket {bucket} does not exist") from error
        except ObjectStoreError as error:
            raise _unusable(str(error)) from error
    except ObjectStoreError as error:
        raise _unusable(str(error)) from error


def _unusable(text: str) -> InvalidRequest:
    return InvalidRequest([Violation("DD-COL-002", "/destination", text, SOURCE)])


def _view(system: System, stored: Stored) -> dict[str, Any]:
    rules = routing_of(stored.row.routing).collection
    status: Status = system.collector.status(stored.row.service_id, rules)
    return {
        **asdict(rules),
        "folder": str(folder(rules, stored.row.service_id)),
        "status": asdict(status),
    }


def _changed(stored: Stored, changes: dict[str, Any]) -> Reconfiguration:
    before = routing_of(stored.row.routing)
    rules = replace(before.collection, **changes)
    _check(stored, rules)
    told = "is on" if rules.enabled else "is off"
    event = Event(EventKind.NORMAL, f"data collection {told}: {_words(rules)}", "CollectionChanged")
    return operations.rerouted(stored, replace(before, collection=rules), event)


def _words(rules: Collection) -> str:
    what = "failed requests" if rules.only_failed else "requests"
    kinds = f" of {', '.join(rules.content_types)}" if rules.content_types else ""
    return f"{rules.share_percent:g}% of the {what}{kinds}, into {rules.destination}"
