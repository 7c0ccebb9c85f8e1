"""What `/_drydock` answers about one service: its routing, its collection, why it does not run."""

from __future__ import annotations

from simulator.collection.collector import STATES
from simulator.facts.statuses import ServiceStatus
from simulator.gateway.state import Balancing
from simulator.openapi import array, flag, integer, maybe, number, record, text, word
from simulator.rules.openapi import Schema, reference

SERVICE_PARTS: dict[str, Schema] = {
    "Routing": record(
        "How requests reach a service.",
        {
            "balancing": word("Which instance of a version gets a request.", *Balancing),
            "websocket": flag("Whether it speaks WebSocket."),
            "requests_per_s": maybe(integer("Traffic limit; 0 for none; null: the server's.")),
            "max_body_bytes": maybe(integer("Largest request; 0 for no limit; null: 12 MB.")),
            "timeout_s": maybe(number("Seconds until the first byte; null: the server's.")),
            "direct": flag("Whether callers are told the instances' addresses."),
        },
    ),
    "Addresses": record(
        "Where instances can be called directly.",
        {
            "addresses": array(
                record(
                    "An instance that is ready.",
                    {
                        "instance_id": text("Id."),
                        "version_id": text("Its version."),
                        "address": text("unix:/path, or host:port."),
                        "url": text("The same as a URL; empty for a Unix socket."),
                    },
                ),
                "By their numbers.",
            )
        },
    ),
    "Collection": record(
        "What is collected of a service's requests.",
        {
            "enabled": flag("Whether requests are collected."),
            "share_percent": number("Of the requests that are drawn, 0.01 to 100."),
            "only_failed": flag("Only those whose answer has a status of 400 or above."),
            "content_types": array(text("Such as image/*."), "Of requests; empty for all."),
            "max_body_bytes": integer("What is kept of each body."),
            "budget_bytes": integer("What all files may take together."),
            "destination": text("Folder: obs://bucket/folder/."),
            "folder": text("Where the service's own files are."),
            "status": record(
                "How it goes.",
                {
                    "state": word("See `trouble` for failed.", *STATES),
                    "exchanges": integer("Written since the server started."),
                    "used_bytes": maybe(integer("What the files take; null before the first.")),
                    "waiting": integer("Exchanges about to be written."),
                    "trouble": text("Why they cannot be written; empty while they can."),
                },
            ),
        },
    ),
    "Explanation": record(
        "Why a service is as it is.",
        {
            "service_id": text("Id."),
            "name": text("Name."),
            "status": word("Its status.", *ServiceStatus),
            "cause": text("Name of the cause; empty when nothing is wrong."),
            "summary": text("What happened."),
            "known": maybe(
                record(
                    "What the cause means.",
                    {
                        "meaning": text("A sentence."),
                        "fix": text("What to do."),
                        "source": text("The document that it follows from."),
                    },
                )
            ),
            "evidence": array(
                record("What shows it.", {"title": text("Of what."), "text": text("As it is.")}),
                "Raw text.",
            ),
            "cloud": maybe(
                record(
                    "What the cloud would have shown.",
                    {
                        "status": word("The service's status.", *ServiceStatus),
                        "error_msg": text("As the service's detail has it."),
                        "waited_s": number("Platform seconds from the deployment until then."),
                        "here_s": number("Platform seconds that it took here."),
                    },
                )
            ),
            "timeline": array(reference("HistoryEvent"), "What led to it, oldest first."),
        },
    ),
}
