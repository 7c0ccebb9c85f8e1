"""Schemas of what `/_drydock/traffic` answers."""

from __future__ import annotations

from simulator.facts.statuses import ServiceStatus
from simulator.lifecycle.objects import InstanceState
from simulator.openapi import array, count, integer, maybe, number, record, text, word
from simulator.rules.openapi import Schema

_FIGURES = {
    "requests_total": count("Requests answered."),
    "errors_total": count("Those of them with a status of 4xx or 5xx."),
    "requests_per_s": number("Requests a second, now.", minimum=0),
    "errors_per_s": number("Errors a second, now.", minimum=0),
    "in_flight": count("Requests that instances are working on."),
    "p50_ms": maybe(number("Latency of half of the requests at most.")),
    "p90_ms": maybe(number("Latency of 90% at most.")),
    "p99_ms": maybe(number("Latency of 99% at most.")),
    "max_ms": maybe(number("The longest latency.")),
    "request_bytes": count("Sent to instances, heads included."),
    "response_bytes": count("Received from instances, heads included."),
    "codes": {
        "type": "object",
        "description": "Requests by the HTTP status of their answer.",
        "additionalProperties": count(""),
    },
}
_INSTANCE = {
    "instance_id": text("Id."),
    "state": word("How it is.", *InstanceState),
    "requests_total": count("Requests sent to it since the server was started."),
    "errors_total": count("Those answered with 5xx, or not at all."),
    "requests_per_s": number("Requests a second, now.", minimum=0),
    "in_flight": count("Requests that it is working on."),
}
_VERSION = {
    "version_id": text("Id within the service."),
    "model_name": text("The model that runs."),
    "model_version": text("Its version."),
    "weight": integer("Percentage of the traffic.", minimum=0, maximum=100),
    "wanted_share": number("The part of the requests that it is to get.", minimum=0, maximum=1),
    "measured_share": maybe(
        number("The part that it got in the last minute.", minimum=0, maximum=1)
    ),
    "instances": array(record("An instance.", _INSTANCE), "Its instances."),
    **_FIGURES,
}
TRAFFIC: Schema = record(
    "What the gateway counted.",
    {
        "services": array(
            record(
                "A service.",
                {
                    "service_id": text("Id."),
                    "name": text("Name."),
                    "status": word("What it does now.", *ServiceStatus),
                    "requests_last_minute": count("Requests answered in the last minute."),
                    "versions": array(record("A version.", _VERSION), "Its versions."),
                    **_FIGURES,
                },
            ),
            "All services.",
        )
    },
)
