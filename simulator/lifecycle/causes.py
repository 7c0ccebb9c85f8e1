"""Why an instance that runs has never answered: from where it listens, and from its last probe.

Pure. The reasons are the names by which `drydock why` explains them.
"""

from __future__ import annotations

from ipaddress import ip_address

from simulator.lifecycle.objects import Listening

WRONG_PORT = "WrongPort"
LOOPBACK_ONLY = "LoopbackOnly"
NOTHING_LISTENS = "NothingListens"
HEALTH_CHECK_FAILED = "HealthCheckFailed"
SILENT = (WRONG_PORT, LOOPBACK_ONLY, NOTHING_LISTENS, HEALTH_CHECK_FAILED)
"""All of them."""


def why_silent(probe: str, listening: Listening | None) -> tuple[str, str]:
    """A reason, empty where none can be told, and what is known in words.

    Args:
        probe: the last probe's result in words; empty where there was none.
        listening: where it listens; None where that cannot be told.
    """
    if listening is None:
        return "", probe
    wanted = listening.wanted
    if not listening.sockets:
        return NOTHING_LISTENS, f"it listens on no TCP port, and so not on port {wanted} either"
    there = [host for host, port in listening.sockets if port == wanted]
    if not there:
        found = " and ".join(_words(host, port) for host, port in listening.sockets)
        return WRONG_PORT, f"it listens on {found}, and not on port {wanted}, where it is called"
    if all(ip_address(host).is_loopback for host in there):
        return LOOPBACK_ONLY, (
            f"it listens on port {wanted} at {there[0]} alone, where only the instance itself can "
            "call it, and not at 0.0.0.0"
        )
    return (HEALTH_CHECK_FAILED if probe else ""), probe


def _words(host: str, port: int) -> str:
    return f"port {port} at {host}"
