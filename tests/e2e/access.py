"""What the gateway's access log says of a service."""

from __future__ import annotations

from simulator.access_log import Entry, aside, parse_line
from tests.e2e.server import DrydockServer


def entries_of(server: DrydockServer, service_id: str) -> list[Entry]:
    """One for each request to the service that is in the log, the one put aside included."""
    log = server.home / "access.log"
    lines = [line for file in (aside(log), log) if file.exists() for line in file.open("rb")]
    entries = [entry for line in lines if (entry := parse_line(line)) is not None]
    return [one for one in entries if one.service == service_id]
