"""Waiting until an instance that left the gateway has answered what it was sent.

Envoy replaces a cluster whose endpoints change, so that its own counters of the instance are gone;
but it closes idle connections of the old cluster at once and the others after their answer. What is
open between Envoy and the instance is therefore what still runs.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil

from simulator.clock import steady_s
from simulator.gateway.state import Endpoint

PAUSE_S = 0.05
UNIX_SOCKETS = Path("/proc/net/unix")
_LISTENS = 0x10000
"""Flag of a listening socket (`__SO_ACCEPTCON`)."""


async def drained(pid: int | None, endpoint: Endpoint, within_s: float) -> bool:
    """Wait until Envoy has no connection to the endpoint, at most `within_s` real seconds.

    Args:
        pid: Envoy's; None when it does not run, so that nothing is open.

    Returns:
        Whether none is open.
    """
    ends = steady_s() + within_s
    while pid is not None and await asyncio.to_thread(open_connections, pid, endpoint) > 0:
        left_s = ends - steady_s()
        if left_s <= 0:
            return False
        await asyncio.sleep(min(PAUSE_S, left_s))
    return True


def open_connections(pid: int, endpoint: Endpoint) -> int:
    """Connections of the process to the endpoint. 0 where the system does not tell: then nothing is
    waited for, and the instance ends its requests itself when it is told to stop."""
    if endpoint.path:
        return _to_path(endpoint.path)
    try:
        found = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return 0
    mine = (endpoint.host, endpoint.port)
    return sum(one.status == psutil.CONN_ESTABLISHED and tuple(one.raddr) == mine for one in found)


def _to_path(path: str) -> int:
    """Connections to a Unix socket, whoever made them: only the gateway and probes do."""
    try:
        lines = UNIX_SOCKETS.read_text(errors="replace").splitlines()[1:]
    except OSError:
        return 0
    rows = (line.split(maxsplit=7) for line in lines if line.endswith(f" {path}"))
    return sum(not int(row[3], 16) & _LISTENS for row in rows)
