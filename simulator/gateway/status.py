"""How the data plane is doing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Where the gateway stands."""

    OFF = "off"
    """There is none, by choice: inference requests are not served."""
    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    """Envoy died and is being brought back."""


@dataclass(frozen=True)
class GatewayStatus:
    """What is known about the data plane.

    Attributes:
        address: `host:port`; empty before the first start.
        pid: process id of Envoy; None when none runs.
        restarts: how often Envoy died and was started again.
        error: what is wrong now, in one sentence; empty when nothing is. A refused update stays
            here until the next one is taken up.
        log_tail: Envoy's last lines when `error` is about its death, else empty. Outside text.
    """

    phase: Phase
    address: str = ""
    pid: int | None = None
    restarts: int = 0
    error: str = ""
    log_tail: tuple[str, ...] = ()
