"""What the OpenAPI document says of Drydock's own surface."""

from __future__ import annotations

from typing import Any

from simulator.admin.imports import ImportModel
from simulator.admin.routes import Advance, EventsQuery, LogsQuery, Shutdown
from simulator.clock import ClockMode
from simulator.facts.statuses import ModelStatus, ServiceKind, ServiceStatus
from simulator.gateway.status import Phase
from simulator.lifecycle.objects import EventKind, InstanceState
from simulator.openapi import (
    TOO_LARGE,
    Answer,
    Body,
    Fault,
    Form,
    Operation,
    Surface,
    anything,
    array,
    count,
    flag,
    integer,
    maybe,
    model_schema,
    number,
    record,
    text,
    word,
)
from simulator.rules.openapi import Schema, reference

OWN = Form("DrydockError", "code", "message", ("hint", "request_id"))
SCHEMES: dict[str, Schema] = {
    "admin": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Drydock-Token",
        "description": "What the file admin-token of the data directory holds.",
    }
}
_SERVICE_ID = {"service_id": text("Id of the service, of any project.", minLength=1)}
_MODEL_ID = {"model_id": text("Id of the model.", minLength=1)}
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
        operations={**_server(), **_services(), **_models()},
        schemas=_SCHEMAS,
        security=SCHEMES,
    )


def _server() -> dict[str, Operation]:
    return {
        "ShowHealth": Operation(
            answer=Answer("It answers.", reference("Health")), faults=[], security=()
        ),
        "ShowState": _operation("State", _STORE),
        "ShowEnvironment": _operation("Environment"),
        "FollowEvents": _stream("text/event-stream", "Events; the answer does not end."),
        "ShutDown": _operation(
            "ShuttingDown",
            _INVALID,
            TOO_LARGE,
            body=Body(schema=model_schema(Shutdown), required=False),
        ),
        "Reset": _operation("WasReset", _USED, _STORE, _FULL),
        "AdvanceClock": _operation(
            "ClockAdvanced", _INVALID, TOO_LARGE, body=Body(schema=model_schema(Advance))
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
        "StartService": _operation("Done", *changed, path=_SERVICE_ID),
        "StopService": _operation("Done", *changed, path=_SERVICE_ID),
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
            security=("admin",),
        ),
        "RemoveModel": _operation("Done", _MISSING, _USED, _STORE, _FULL, path=_MODEL_ID),
    }


def _operation(answer: str, *faults: Fault, **more: Any) -> Operation:
    return Operation(
        answer=Answer("Done.", reference(answer)),
        faults=[_UNPROVED, *faults],
        security=("admin",),
        **more,
    )


def _stream(media_type: str, about: str, *faults: Fault, **more: Any) -> Operation:
    return Operation(
        answer=Answer(about, {"type": "string"}, media_type=media_type),
        faults=[_UNPROVED, *faults],
        security=("admin",),
        **more,
    )


def _instant(about: str) -> Schema:
    return integer(f"{about}; milliseconds since 1970.")


_EVENT = {
    "at_ms": _instant("When"),
    "kind": word("Whether it is well.", *EventKind),
    "text": text("What happened."),
    "reason": text("Code of the cause; empty when nothing is wrong."),
    "evidence": text("What shows it, such as the end of a log."),
}
_VERSION = {
    "version_id": text("Id within the service."),
    "model_id": text("The model that runs."),
    "model_name": text("Its name."),
    "model_version": text("Its version."),
    "weight": integer("Percentage of the traffic.", minimum=0, maximum=100),
    "specification": text("What one instance gets."),
    "instances_wanted": count("How many should run."),
    "instances_ready": count("How many are healthy."),
    "requests_total": count("How often it was called."),
}
_SERVICE = {
    "service_id": text("Id."),
    "name": text("Name."),
    "kind": word("How it infers.", *ServiceKind),
    "status": word("What it does now.", *ServiceStatus),
    "reason": text("Code of what is wrong; empty when nothing is."),
    "message": text("What is wrong, in a sentence."),
    "evidence": text("What shows it."),
    "progress": integer("How much is deployed, percent.", minimum=0, maximum=100),
    "created_at_ms": _instant("When it was made"),
    "transition_at_ms": _instant("When its status last changed"),
    "instances_wanted": count("How many should run."),
    "instances_ready": count("How many are healthy."),
    "access_address": text("Where to send inference requests."),
    "last_event": maybe(reference("HistoryEvent") | {"description": "What happened last."}),
    "versions": array(record("A version.", _VERSION), "Its versions."),
    "requests_total": count("How often it was called."),
    "errors_total": count("How many calls failed."),
    "requests_per_s": number("Calls a second, now."),
    "p50_ms": maybe(number("Half of the answers were faster.")),
    "p99_ms": maybe(number("99% of the answers were faster.")),
}
_INSTANCE = {
    "instance_id": text("Id."),
    "version_id": text("What it runs."),
    "state": word("Where it is in its life.", *InstanceState),
    "ref": text("The engine's name for it."),
    "address": text("Where it listens."),
    "accelerator": text("What it computes on."),
    "restarts": count("How often it was started again."),
    "exit_code": maybe(integer("How it ended.")),
    "reason": text("Code of what is wrong."),
    "message": text("What is wrong."),
    "started_at_ms": maybe(_instant("When it was started")),
    "ready_at_ms": maybe(_instant("When it became ready")),
    "retry_at_ms": maybe(_instant("When it is tried again")),
}
_DETAIL = {
    "instances": array(record("An instance.", _INSTANCE), "Its instances."),
    "config": anything("The request that made it."),
    "apis": array(
        record("An API.", {"path": text("Path."), "method": text("Method.")}), "What it serves."
    ),
}
_MODEL = {
    "model_id": text("Id."),
    "name": text("Name."),
    "version": text("Version."),
    "type": text("Engine."),
    "status": word("What it does now.", *ModelStatus),
    "message": text("What is wrong."),
    "source": text("Where it was imported from."),
    "size_bytes": count("Size of its package."),
    "created_at_ms": _instant("When it was made"),
}
_STATE = {
    "server": record(
        "The server.",
        {
            "version": text("Version of Drydock."),
            "pid": integer("Process id."),
            "home": text("Data directory."),
            "address": text("Where it listens."),
            "started_at_ms": _instant("When it was started"),
            "project_id": text("The development project."),
        },
    ),
    "backend": record(
        "Where instances run.",
        {
            "name": text("Name."),
            "available": flag("Whether it answers."),
            "detail": text("What is known of it."),
            "survives_server": flag("Whether instances outlive the server."),
            "runs_images": flag("Whether it runs container images."),
        },
    ),
    "gateway": record(
        "Who serves inference requests.",
        {
            "status": word("How it is.", *Phase),
            "detail": text("What it is."),
            "pid": maybe(integer("Process id.")),
            "restarts": count("How often it was started again."),
            "requests_per_s": number("Requests a second, now."),
            "error": text("What is wrong."),
        },
    ),
    "clock": record(
        "The platform clock.",
        {
            "mode": word("How it goes.", *ClockMode),
            "speed": number("Platform seconds a real second."),
            "now_ms": _instant("What it shows"),
        },
    ),
    "quota": {
        "type": "object",
        "description": "What may be used, by name.",
        "additionalProperties": record(
            "", {"used": count("What is used."), "limit": count("What may be used.")}
        ),
    },
    "services": array(record("A service.", _SERVICE), "All services."),
    "models": array(record("A model.", _MODEL), "All models."),
}
_ENVIRONMENT = {
    "endpoint": text("Address of everything."),
    "auth_url": text("Address of the identity service."),
    "modelarts_endpoint": text("Address of the ModelArts API, with the project."),
    "region": text("Region."),
    "project_id": text("Id of the development project."),
    "project_name": text("Its name."),
    "user_name": text("The development user."),
    "password": text("The password."),
    "domain_name": text("The account."),
    "access_key": text("Access key (AK)."),
    "secret_key": text("Secret key (SK)."),
    "token": text("A token of the project."),
    "token_expires_at": integer("When it ends, seconds since 1970."),
}
_SCHEMAS: dict[str, Schema] = {
    "DrydockError": record(
        "An error in Drydock's own form.",
        {
            "code": text("Stable code.", examples=["NotFound"]),
            "message": text("What is wrong."),
            "hint": text("What to do; may be empty."),
            "request_id": text("Id of the request, as in the server's log."),
            "violations": array(reference("Violation"), "Every rule that is broken."),
        },
        optional=["violations"],
    ),
    "Health": record(
        "That the server answers.",
        {
            "status": word("ok.", "ok"),
            "version": text("Version of Drydock."),
            "pid": integer("Process id."),
            "uptime_s": number("Seconds since it was started."),
        },
    ),
    "State": record("Everything at a glance.", _STATE),
    "Environment": record("What clients need.", _ENVIRONMENT),
    "ShuttingDown": record(
        "The server ends.",
        {"pid": integer("Process id."), "note": text("What to know; may be empty.")},
    ),
    "WasReset": record(
        "What was deleted.", {"services": count("Services."), "models": count("Models.")}
    ),
    "ClockAdvanced": record("The clock.", {"now_ms": _instant("What it shows")}),
    "HistoryEvent": record("Something that happened.", _EVENT),
    "History": record("Events.", {"events": array(reference("HistoryEvent"), "Newest first.")}),
    "ServiceInFull": record("A service in full.", {**_SERVICE, **_DETAIL}),
    "Imported": record(
        "The new model.",
        {"model_id": text("Id."), "name": text("Name."), "version": text("Version.")},
    ),
    "Done": record("Done.", {}),
}
