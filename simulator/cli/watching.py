"""Following a deployment to its end, with a live line on a terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from simulator.cli.failures import Failure
from tui.clean import clean_line

if TYPE_CHECKING:
    from simulator.cli.client import Server
    from simulator.cli.output import Working

Json = dict[str, Any]

POLL_S = 0.1
LOG_LINES = 15
ARRIVED = frozenset({"running", "finished"})
"""Statuses of a service that was deployed; the job of a batch service may be done at once."""
UNDER_WAY = frozenset({"deploying", "pending", "waiting"})
"""Statuses of a service that is on its way to running."""


def follow_deployment(server: Server, working: Working, service_id: str) -> tuple[Json, float]:
    """Wait until a service runs; returns its detail and how many real seconds that took.

    Args:
        working: shows how far it is.

    Raises:
        Failure: the deployment failed, with the reason and the end of the log; or the service was
            stopped or deleted meanwhile.
    """
    started = time.monotonic()
    while True:
        detail = server.service(service_id)
        seconds = time.monotonic() - started
        if detail["status"] in ARRIVED:
            return detail, seconds
        if detail["status"] not in UNDER_WAY:
            raise failure_of(server, detail)
        working.show(progress_line(detail, seconds))
        time.sleep(POLL_S)


def progress_line(detail: Json, seconds: float) -> str:
    """Status, instances, last event and real seconds since the beginning, in a line."""
    event = detail["last_event"]
    said = f" · {event['text']}" if event else ""
    ready = f"{detail['instances_ready']}/{detail['instances_wanted']} ready"
    return f"{detail['status']} · {ready} · {seconds:.1f} s{said}"


def failure_of(server: Server, detail: Json) -> Failure:
    """Why a service does not do what it should."""
    name, status = detail["name"], detail["status"]
    why = ": ".join(part for part in (detail["reason"], detail["message"]) if part)
    return Failure(
        f"{name} {'has failed' if status == 'failed' else f'is {status}'}"
        + (f": {why}" if why else ""),
        evidence=detail["evidence"] or _log_end(server, detail["service_id"]),
        hint=f"`drydock why {name}` tells why and what to do, `drydock logs {name}` what it wrote",
    )


def _log_end(server: Server, service_id: str) -> str:
    try:
        lines = server.logs(service_id, tail=LOG_LINES)
        return "\n".join(clean_line(line["text"]) for line in lines)
    except Failure:
        return ""  # the deployment's own failure is what matters
