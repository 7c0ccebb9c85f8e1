"""What a fault is: plain data.

A fault has a kind, a target, parameters, and a time. Its time is real time, epoch milliseconds, and
not the platform's: what it does is done to real requests, 300 ms of latency are real ones, and five
minutes of it are as long as the load test that meets them, however the platform clock goes.

A kind is a name in `kinds.FaultKind` with its parameters in `PARAMETERS`; what it does stands where
it is done, `applying.py` for those on the request path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from simulator.faults.kinds import FaultKind

LATENCY_MAX_MS = 60_000
KBPS_MAX = 1_000_000


Share = Annotated[
    float, Field(ge=0.01, le=100, description="Of the requests, percent; to two places.")
]


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LatencyParameters(_Parameters):
    """Of latency. The predict deadline begins after it, as after a slow network."""

    ms: int = Field(ge=1, le=LATENCY_MAX_MS, description="How much later, real milliseconds.")
    share: Share = 100.0


class AbortParameters(_Parameters):
    """Of aborted requests."""

    status: int = Field(ge=400, le=599, description="HTTP status of the answer.")
    share: Share = 100.0


class SlowParameters(_Parameters):
    """Of slow answers: all are, and each gets the bandwidth for itself."""

    kbps: int = Field(ge=1, le=KBPS_MAX, description="How fast a body comes, KiB a second.")


Parameters = LatencyParameters | AbortParameters | SlowParameters
PARAMETERS: dict[FaultKind, type[Parameters]] = {
    FaultKind.LATENCY: LatencyParameters,
    FaultKind.ABORT: AbortParameters,
    FaultKind.SLOW: SlowParameters,
}
"""By kind, what a fault of it has."""


@dataclass(frozen=True)
class Target:
    """Whom a fault happens to: a version of a service, a whole service, or all services."""

    service_id: str = ""
    version_id: str = ""

    def __post_init__(self) -> None:
        if self.version_id and not self.service_id:
            raise ValueError(f"a fault of version {self.version_id} names no service")


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong on purpose.

    Attributes:
        since_ms: it happens from then on.
        until_ms: it ends by itself then; None: it stays until it is removed.
        ended_ms: when it ended or was removed; None before.
    """

    fault_id: str
    kind: FaultKind
    target: Target
    parameters: Parameters
    since_ms: int
    until_ms: int | None = None
    ended_ms: int | None = None


def described(fault: Fault) -> str:
    """What the fault does, without whom it happens to: `300 ms latency for 10% of the requests`."""
    match fault.parameters:
        case LatencyParameters(ms=ms, share=share):
            return f"{ms} ms latency for {_share(share)}"
        case AbortParameters(status=status, share=share):
            return f"HTTP {status} instead of an answer for {_share(share)}"
        case SlowParameters(kbps=kbps):
            return f"answers at {kbps} KiB/s"


def whom(target: Target) -> str:
    """Whom it happens to, as its service says it."""
    if target.version_id:
        return f"version {target.version_id}"
    return "the service" if target.service_id else "every service"


def _share(percent: float) -> str:
    return "all requests" if percent == 100 else f"{percent:g}% of the requests"
