"""Schemas of what Drydock's own surface answers, as the OpenAPI document has them."""

from __future__ import annotations

from simulator.admin.hardware_schemas import HARDWARE
from simulator.admin.service_schemas import SERVICE_PARTS
from simulator.admin.traffic_schemas import TRAFFIC
from simulator.clock import ClockMode
from simulator.facts.quotas import QUOTAS
from simulator.facts.statuses import ModelStatus, ServiceKind, ServiceStatus
from simulator.faults.kinds import FaultKind
from simulator.faults.model import PARAMETERS
from simulator.gateway.status import Phase
from simulator.lifecycle.objects import EventKind, InstanceState
from simulator.openapi import (
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
from simulator.transitions import TransitionSettings


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
    "job": maybe(reference("BatchJob") | {"description": "Its work, of a batch service."}),
    "requests_total": count("How often it was called."),
    "errors_total": count("How many calls failed."),
    "requests_per_s": number("Calls a second, now."),
    "p50_ms": maybe(number("Half of the answers were faster.")),
    "p99_ms": maybe(number("99% of the answers were faster.")),
}
_JOB = {
    "run": count("Which time it is done, from 1."),
    "task_id": text("As the names of its results have it."),
    "mapping_type": word("Whether a request is a file or a row.", "file", "csv"),
    "source": text("Where the inputs are."),
    "results": text("The folder of the results."),
    "manifests": array({"type": "string"}, "The manifests of results."),
    "total": maybe(count("Inputs; null until they are counted.")),
    "done": count("Inputs whose line stands in a manifest of results."),
    "succeeded": count("Those that have a result."),
    "failed": count("Those that have none."),
    "rows": maybe(count("Rows that are done; null where inputs have none.")),
    "rate_per_s": maybe(number("Inputs or rows a second; null unless it is under way.")),
    "left_s": maybe(number("Seconds until it is done at this rate.")),
    "began_at_ms": maybe(_instant("When it began")),
    "ended_at_ms": maybe(_instant("When it ended")),
}
_INSTANCE = {
    "instance_id": text("Id."),
    "version_id": text("What it runs."),
    "state": word("Where it is in its life.", *InstanceState),
    "ref": text("The engine's name for it."),
    "address": text("Where it listens."),
    "accelerator": text("What it computes on."),
    "pool": text("The dedicated pool that it runs in; empty in the public one."),
    "node": text("Its node there."),
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
    "faults": array(reference("InjectedFault"), "What goes wrong with it on purpose."),
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
            "away_since_ms": maybe(_instant("Since when it does not answer")),
            "hanging": array(
                record(
                    "A call.",
                    {
                        "call": text("The backend's method, such as `start`."),
                        "subject": text("The instance, image or package that it is about."),
                        "for_s": number("Seconds since anything was heard of it."),
                    },
                ),
                "Calls that have not come back for long, the longest first.",
            ),
            "survives_server": flag("Whether instances outlive the server."),
            "runs_images": flag("Whether it runs container images."),
        },
    ),
    "store": record(
        "Whether the state can be written.",
        {
            "writable": flag("Whether it can."),
            "cause": text("Why not, in a word: full, read-only, locked, damaged or failed."),
            "error": text("Why not, in a sentence."),
            "hint": text("What to do."),
            "since_ms": maybe(_instant("Since when not")),
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
    "clock": reference("Clock"),
    "faults": record("What goes wrong on purpose.", {"active": count("How much of it.")}),
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
_QUOTA = {
    "name": word("Name.", *QUOTAS),
    "size": count("How much may be used."),
    "used": count("How much is used."),
    "default": count("The documented size."),
    "statement": text("What counts."),
    "source": text("Who says so."),
}
_USAGE = {
    "service_id": text("Id."),
    "service_name": text("Name, also of a service that is gone."),
    "specification": text("What each instance got."),
    "instance_seconds": number(
        "How long its instances ran, added up; exact to the millisecond.", minimum=0
    ),
    "runs": count("How often an instance ran."),
    "running_now": count("How many of them go on."),
}
_POOL_USAGE = {
    "pool_id": text("Id of the pool."),
    "specification": text("Of its nodes."),
    "node_seconds": number("Seconds that it had nodes, added up over these.", minimum=0),
    "nodes_now": count("How many it has now; 0 when it is gone."),
}
_NOTIFICATION = {
    "notification_id": integer("Number of the notification."),
    "topic": text("Who is told, as the request named it."),
    "service_id": text("Id of the service."),
    "service_name": text("Its name."),
    "status": word("The status that it came to.", *ServiceStatus),
    "text": text("What happened."),
    "at_ms": _instant("When"),
    "sent_at_ms": maybe(_instant("When the webhook took it")),
    "tries": count("How often it was sent in vain."),
    "error": text("What was wrong the last time."),
}
_FAULT = {
    "fault_id": text("Id."),
    "kind": word("What goes wrong.", *FaultKind),
    "service_id": maybe(text("To whom it happens; null for every service.")),
    "version_id": text("Only to this version; empty for all."),
    "parameters": {
        "description": "How much of it, by kind.",
        "anyOf": [model_schema(one) for one in PARAMETERS.values()],
    },
    "text": text("What it does, in words."),
    "since_ms": _instant("Since when, real time"),
    "until_ms": maybe(_instant("When it ends by itself, real time")),
    "ended_at_ms": maybe(_instant("When it ended, real time")),
}
_POOL = record(
    "A dedicated resource pool.",
    {
        "pool_id": text("What requests name it by."),
        "generation": word("old: cluster_id; new: pool_name.", "old", "new"),
        "status": word("How it is.", "running", "concerning", "abnormal"),
        "description": text("Remarks."),
        "specification": text("Of its nodes."),
        "cpus": number("Cores of a node."),
        "memory_mb": integer("Memory of a node, MB."),
        "node_count": count("How many nodes it has."),
        "created_at_ms": _instant("When it was made"),
        "nodes": array(
            record(
                "A node.",
                {
                    "node_id": text("Id."),
                    "free_cpus": number("Cores that are left."),
                    "free_memory_mb": integer("Memory that is left, MB."),
                },
            ),
            "What is left on each; none while the pool does not run.",
        ),
    },
)
SCHEMAS: dict[str, Schema] = {
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
    "Traffic": TRAFFIC,
    **HARDWARE,
    **SERVICE_PARTS,
    "State": record("Everything at a glance.", _STATE),
    "Environment": record("What clients need.", _ENVIRONMENT),
    "ShuttingDown": record(
        "The server ends.",
        {"pid": integer("Process id."), "note": text("What to know; may be empty.")},
    ),
    "WasReset": record(
        "What was deleted.", {"services": count("Services."), "models": count("Models.")}
    ),
    "Clock": record(
        "The platform clock.",
        {
            "mode": word("How it goes.", *ClockMode),
            "speed": number("Platform seconds a real second."),
            "now_ms": _instant("What it shows"),
        },
    ),
    "ClockAdvanced": record("The clock.", {"now_ms": _instant("What it shows")}),
    "BatchJob": record("The work of a batch service.", _JOB),
    "HistoryEvent": record("Something that happened.", _EVENT),
    "History": record("Events.", {"events": array(reference("HistoryEvent"), "Newest first.")}),
    "ModelHistory": record(
        "Events of a model.",
        {
            "events": array(
                record("An event.", {k: v for k, v in _EVENT.items() if k != "evidence"}),
                "Newest first.",
            )
        },
    ),
    "Transitions": model_schema(TransitionSettings) | {"description": "How they are made."},
    "ServiceInFull": record("A service in full.", {**_SERVICE, **_DETAIL}),
    "Imported": record(
        "The new model.",
        {"model_id": text("Id."), "name": text("Name."), "version": text("Version.")},
    ),
    "Quota": record("A quota.", _QUOTA),
    "QuotaList": record(
        "What a user may have.",
        {
            "user_id": text("Id of the user."),
            "user_name": text("Name of the user."),
            "project_id": text("Id of the project."),
            "quotas": array(reference("Quota"), "All quotas."),
        },
    ),
    "Usage": record(
        "What was used in an interval of platform time.",
        {
            "since_ms": _instant("From then on"),
            "until_ms": _instant("Before then"),
            "services": array(record("A service and specification.", _USAGE), "By name."),
            "total_instance_seconds": number("All of it, added up.", minimum=0),
            "pools": array(record("A dedicated pool.", _POOL_USAGE), "By their ids."),
            "total_node_seconds": number("All nodes' time, added up.", minimum=0),
        },
    ),
    "NotificationList": record(
        "Who was told of which status.",
        {"notifications": array(record("A notification.", _NOTIFICATION), "The newest first.")},
    ),
    "InjectedFault": record("Something that goes wrong on purpose.", _FAULT),
    "FaultList": record(
        "Injected faults.", {"faults": array(reference("InjectedFault"), "The oldest first.")}
    ),
    "Pool": _POOL,
    "PoolList": record("Pools.", {"pools": array(reference("Pool"), "By their ids.")}),
    "Done": record("Done.", {}),
}
