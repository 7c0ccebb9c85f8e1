"""What the OpenAPI document says of Drydock's own surface."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.admin import views
from simulator.admin.answer_schemas import SCHEMAS
from simulator.admin.clock_routes import Advance, ChangeClock
from simulator.admin.collection_routes import ChangeCollection
from simulator.admin.fault_routes import REQUESTS, FaultsQuery, fault_view
from simulator.admin.imports import ImportModel
from simulator.admin.notification_routes import NotificationsQuery, notification_view
from simulator.admin.pool_routes import ChangePool, CreatePool, pool_view
from simulator.admin.quota_routes import QuotaSize, QuotasQuery
from simulator.admin.routes import EventsQuery, LogsQuery, Shutdown
from simulator.admin.routing_routes import ChangeRouting
from simulator.admin.usage_routes import UsageQuery
from simulator.facts.quotas import QUOTAS, REAL_TIME_SERVICES
from simulator.faults.kinds import FaultKind
from simulator.faults.model import Fault as InjectedFault
from simulator.faults.model import LatencyParameters, Target
from simulator.lifecycle.objects import Size
from simulator.lifecycle.placement import nodes_of
from simulator.openapi import (
    TOO_LARGE,
    Answer,
    Body,
    Fault,
    Form,
    Operation,
    Surface,
    model_schema,
    text,
    word,
)
from simulator.rules.openapi import Schema, reference
from simulator.store.quotas import QuotaUse
from simulator.store.tables import NotificationRow, PoolRow
from simulator.store.usage import Usage
from simulator.transitions import TransitionSettings

OWN = Form("DrydockError", "code", "message", ("hint", "request_id"))
SCHEMES: dict[str, Schema] = {
    "admin": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Drydock-Token",
        "description": "What the file admin-token of the data directory holds.",
    },
    "admin_bearer": {"type": "http", "scheme": "bearer", "description": "The same, otherwise."},
}
_SERVICE_ID = {"service_id": text("Id of the service, of any project.", minLength=1)}
_MODEL_ID = {"model_id": text("Id of the model.", minLength=1)}
_SOME_ID = "1bd6f1d1-6a34-4d7e-9b0a-3c2f1e0d9a88"
_SOME_USER = "00000000000000000000000000000001"
_SOME_PROJECT = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
_UNPROVED = Fault(401, "AdminTokenWrong", "the admin token is missing or wrong", OWN)
_INVALID = Fault(400, "InvalidRequest", "the request cannot be read, or breaks a rule", OWN)
_MISSING = Fault(404, "NotFound", "it does not exist", OWN)
_FORBIDDEN = Fault(400, "StatusForbids", "the status does not allow it", OWN)
_USED = Fault(409, "InUse", "a service needs it", OWN)
_STORE = Fault(503, "StorageError", "the store failed", OWN)
_FULL = Fault(507, "StorageFull", "the disk of the data directory is full", OWN)


def surface() -> Surface:
    """Everything below `/_drydock`."""
    return Surface(
        tag="drydock",
        about="What only the simulator has: its state, its logs, imports from this machine.",
        operations={
            **_server(),
            **_services(),
            **_models(),
            **_faults(),
            **_pools(),
            **_accounts(),
        },
        schemas=SCHEMAS,
        security=SCHEMES,
    )


def _server() -> dict[str, Operation]:
    return {
        "ShowHealth": Operation(
            answer=Answer("It answers.", reference("Health")), faults=[], security=()
        ),
        "ShowState": _operation("State", _STORE),
        "ShowTraffic": _operation("Traffic", _STORE),
        "ShowMetrics": _stream("text/plain", "Prometheus' text format.", _STORE),
        "ShowEnvironment": _operation("Environment"),
        "ShowHardware": _operation("Hardware"),
        "ListHostSpecifications": _operation("HostSpecificationList"),
        "FollowEvents": _stream("text/event-stream", "Events; the answer does not end."),
        "ShutDown": _operation(
            "ShuttingDown",
            _INVALID,
            TOO_LARGE,
            body=Body(schema=model_schema(Shutdown), required=False),
        ),
        "Reset": _operation("WasReset", _USED, _STORE, _FULL),
        "ShowClock": _operation("Clock"),
        "ChangeClock": _operation(
            "Clock",
            _INVALID,
            TOO_LARGE,
            body=Body(
                schema=model_schema(ChangeClock),
                examples={
                    "scaled": {
                        "summary": "A minute a second",
                        "value": {"mode": "scaled", "speed": 60},
                    }
                },
            ),
        ),
        "AdvanceClock": _operation(
            "ClockAdvanced", _INVALID, TOO_LARGE, body=Body(schema=model_schema(Advance))
        ),
        "ShowTransitions": _operation("Transitions"),
        "ChangeTransitions": _operation(
            "Transitions",
            _INVALID,
            TOO_LARGE,
            _STORE,
            body=Body(
                schema=model_schema(TransitionSettings),
                examples={
                    "held": {
                        "summary": "Services deploy when told to, and take 30 s to stop",
                        "value": {"deploy": "manual", "stop": 30},
                    }
                },
            ),
        ),
    }


def _services() -> dict[str, Operation]:
    changed = (_MISSING, _FORBIDDEN, _STORE, _FULL)
    return {
        "InspectService": _operation("ServiceInFull", _MISSING, _STORE, path=_SERVICE_ID),
        "ListServiceHistory": _operation(
            "History", _MISSING, _INVALID, _STORE, path=_SERVICE_ID, query=EventsQuery
        ),
        "ReadServiceLogs": _stream(
            "application/x-ndjson",
            "One JSON object a line: instance_id, text, at_ms. Empty lines show that the "
            "connection lives.",
            _MISSING,
            _INVALID,
            _STORE,
            path=_SERVICE_ID,
            query=LogsQuery,
        ),
        "ShowRouting": _operation("Routing", _MISSING, _STORE, path=_SERVICE_ID),
        "ChangeRouting": _operation(
            "Routing",
            _INVALID,
            TOO_LARGE,
            *changed,
            path=_SERVICE_ID,
            body=Body(
                schema=model_schema(ChangeRouting),
                examples={
                    "limited": {
                        "summary": "Ten requests a second, each answered within five seconds",
                        "value": {"requests_per_s": 10, "timeout_s": 5},
                    }
                },
            ),
        ),
        "ExplainService": _operation("Explanation", _MISSING, _STORE, path=_SERVICE_ID),
        "ShowCollection": _operation("Collection", _MISSING, _STORE, path=_SERVICE_ID),
        "ChangeCollection": _operation(
            "Collection",
            _INVALID,
            TOO_LARGE,
            *changed,
            path=_SERVICE_ID,
            body=Body(
                schema=model_schema(ChangeCollection),
                examples={
                    "failed": {
                        "summary": "One in ten of the images whose prediction fails",
                        "value": {
                            "enabled": True,
                            "share_percent": 10,
                            "only_failed": True,
                            "content_types": ["image/*", "multipart/form-data"],
                        },
                    }
                },
            ),
        ),
        "ListAddresses": _operation("Addresses", _INVALID, _MISSING, _STORE, path=_SERVICE_ID),
        "StartService": _operation("Done", *changed, path=_SERVICE_ID),
        "StopService": _operation("Done", *changed, path=_SERVICE_ID),
        "ReleaseService": _operation("Done", *changed, path=_SERVICE_ID),
        "RemoveService": _operation("Done", _MISSING, _STORE, _FULL, path=_SERVICE_ID),
    }


def _models() -> dict[str, Operation]:
    unusable = Fault(400, "SourceUnusable", "the package or image cannot be imported", OWN)
    taken = Fault(409, "NameTaken", "the project has this model in this version", OWN)
    links = {
        "RemoveModel": {
            "operationId": "RemoveModel",
            "parameters": {"model_id": "$response.body#/model_id"},
        }
    }
    return {
        "ImportModel": Operation(
            answer=Answer("Done.", reference("Imported"), links=links),
            faults=[_UNPROVED, _INVALID, unusable, taken, TOO_LARGE, _STORE, _FULL],
            body=Body(schema=model_schema(ImportModel)),
            security=tuple(SCHEMES),
        ),
        "ListModelHistory": _operation("ModelHistory", _MISSING, _STORE, path=_MODEL_ID),
        "ReleaseModel": _operation("Done", _MISSING, _STORE, path=_MODEL_ID),
        "RemoveModel": _operation("Done", _MISSING, _USED, _STORE, _FULL, path=_MODEL_ID),
    }


def _faults() -> dict[str, Operation]:
    slow = InjectedFault(
        "5f0c9a1e",
        FaultKind.LATENCY,
        Target(_SOME_ID),
        LatencyParameters(ms=300, share=10),
        since_ms=1_780_000_000_000,
        until_ms=1_780_000_300_000,
    )
    asked = {"kind": "latency", "service_id": _SOME_ID, "ms": 300, "share": 10, "for_s": 300}
    bodies = {"oneOf": [model_schema(shape) for shape in REQUESTS.values()]}
    return {
        "ListFaults": _operation(
            "FaultList",
            _INVALID,
            _STORE,
            example={"faults": [fault_view(slow)]},
            query=FaultsQuery,
        ),
        "InjectFault": _operation(
            "InjectedFault",
            _INVALID,
            _MISSING,
            TOO_LARGE,
            _STORE,
            _FULL,
            example=fault_view(slow),
            body=Body(
                schema=bodies,
                examples={"late": {"summary": "A tenth is 300 ms late", "value": asked}},
            ),
        ),
        "RemoveFault": _operation(
            "Done",
            _MISSING,
            _STORE,
            _FULL,
            path={"fault_id": text("Id of the fault.", minLength=1)},
        ),
    }


def _pools() -> dict[str, Operation]:
    row = PoolRow(
        project_id=_SOME_PROJECT,
        pool_id="pool-a",
        generation="new",
        status="running",
        specification="modelarts.vm.cpu.2u",
        cpus=2,
        memory_mib=8192,
        nodes=2,
        created_at=1_780_000_000_000,
    )
    example = pool_view(row, nodes_of("pool-a", 2, Size(2, 8192), {"pool-a-1": Size(1, 4096)}))
    named = {"pool_id": text("Id of the pool.", minLength=1)}
    made = {"two nodes": {"summary": "Two nodes", "value": {"pool_id": "pool-a", "nodes": 2}}}
    lost = {"lost": {"summary": "The pool is lost", "value": {"status": "abnormal"}}}
    taken = Fault(409, "NameTaken", "the project has a pool of this id", OWN)
    return {
        "ListPools": _operation("PoolList", _STORE, example={"pools": [example]}),
        "CreatePool": _operation(
            "Pool",
            _INVALID,
            TOO_LARGE,
            taken,
            _STORE,
            _FULL,
            example=example,
            body=Body(schema=model_schema(CreatePool), examples=made),
        ),
        "ChangePool": _operation(
            "Pool",
            _INVALID,
            _MISSING,
            TOO_LARGE,
            _USED,
            _STORE,
            _FULL,
            example=example,
            path=named,
            body=Body(schema=model_schema(ChangePool), examples=lost),
        ),
        "DeletePool": _operation("Done", _MISSING, _USED, _STORE, _FULL, path=named),
    }


def _accounts() -> dict[str, Operation]:
    """What is used, and how much of it there may be."""
    use = QuotaUse(REAL_TIME_SERVICES, size=30, used=3, default=QUOTAS[REAL_TIME_SERVICES].default)
    named = {"name": word("Name of the quota.", *QUOTAS)}
    size = {"raised": {"summary": "Room for 30", "value": {"size": use.size}}}
    told = NotificationRow(
        notification_id=1,
        project_id=_SOME_PROJECT,
        service_id=_SOME_ID,
        service_name="mnist",
        topic="urn:smn:drydock-1:0a1b:alarms",
        status="running",
        text="the service is running",
        at=1_780_000_000_000,
    )
    usage = Usage(_SOME_ID, "mnist", "modelarts.vm.cpu.2u", 5_400_250, runs=2, running_now=1)
    return {
        "ListQuotas": _operation(
            "QuotaList",
            _INVALID,
            _STORE,
            example=views.quotas_view(_SOME_USER, "drydock", _SOME_PROJECT, [use]),
            query=QuotasQuery,
        ),
        "SetQuota": _operation(
            "Quota",
            _INVALID,
            TOO_LARGE,
            _STORE,
            _FULL,
            example=views.quota_view(use),
            path=named,
            body=Body(schema=model_schema(QuotaSize), examples=size),
        ),
        "ResetQuota": _operation(
            "Quota",
            _INVALID,
            _STORE,
            _FULL,
            example=views.quota_view(replace(use, size=use.default)),
            path=named,
        ),
        "ListNotifications": _operation(
            "NotificationList",
            _INVALID,
            _STORE,
            example={"notifications": [notification_view(told)]},
            query=NotificationsQuery,
        ),
        "ShowUsage": _operation(
            "Usage",
            _INVALID,
            _STORE,
            example=views.usage_view(1_780_000_000_000, 1_780_086_400_000, [usage]),
            query=UsageQuery,
        ),
    }


def _operation(answer: str, *faults: Fault, example: Any = None, **more: Any) -> Operation:
    return Operation(
        answer=Answer("Done.", reference(answer), example=example),
        faults=[_UNPROVED, *faults],
        security=tuple(SCHEMES),
        **more,
    )


def _stream(media_type: str, about: str, *faults: Fault, **more: Any) -> Operation:
    return Operation(
        answer=Answer(about, {"type": "string"}, media_type=media_type),
        faults=[_UNPROVED, *faults],
        security=tuple(SCHEMES),
        **more,
    )
